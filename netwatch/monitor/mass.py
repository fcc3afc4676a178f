"""The mass-event guard: when a third of the city falls silent, look again before opening tickets (DIAGNOSIS 2.4). Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

MASS_SHARE = 0.30
MASS_LEAST = 5
MASS_WINDOW_S = 120.0
MASS_SNAPSHOT_S = 30.0
MASS_SNAPSHOTS = 2
MASS_LONGEST_S = 600.0  # then the tickets open: in a large city one place that never rests would hold up all others


class MassGuard:
    """More than 30 % of the devices and more than five lost within two minutes: wait for two equal snapshots 30 s apart."""

    def __init__(self) -> None:
        self._lost: deque[tuple[float, str]] = deque()
        self._loci: frozenset[frozenset[str]] | None = None
        self._seen_at = 0.0
        self._equal = 0
        self._raised_at = 0.0
        self.active = False

    def lost(self, device: str, at: float) -> None:
        """Note that a device fell silent for certain."""
        self._lost.append((at, device))

    def judge(self, loci: Iterable[frozenset[str]], devices: int, now: float) -> None:
        """Look at the loci of the present snapshot; raises or lifts the guard."""
        while self._lost and self._lost[0][0] < now - MASS_WINDOW_S:
            self._lost.popleft()
        count = len({device for _, device in self._lost})
        if not self.active and count > MASS_LEAST and count > devices * MASS_SHARE:
            self.active, self._loci, self._equal, self._seen_at, self._raised_at = True, None, 0, now, now
        if not self.active:
            return
        present = frozenset(loci)
        if now - self._raised_at >= MASS_LONGEST_S:
            self._lift()
        elif self._loci is None or present != self._loci:
            self._loci, self._equal, self._seen_at = present, 0, now
        elif now - self._seen_at >= MASS_SNAPSHOT_S:
            self._equal += 1
            self._seen_at = now
            if self._equal >= MASS_SNAPSHOTS:
                self._lift()

    def _lift(self) -> None:
        self.active = False
        self._lost.clear()
