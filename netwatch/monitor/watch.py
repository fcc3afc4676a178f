"""What the running monitor keeps of one device: small, because a city has ten thousand of them."""

from __future__ import annotations

from array import array
from datetime import datetime
from typing import Any

from netwatch.detect.state import DeviceState, State

CALM_ECHOES = 6  # kept of a device that answers
TROUBLED_ECHOES = 48  # kept from the first lost echo on: what the evidence is made of
LOST = -1.0  # stands for "no reply" among the round-trip times
_UNKNOWN = DeviceState()  # one for all that were never asked


class Watch:
    """One device under watch. `owner` of the probe engine's target, so that a reply finds it without a look-up."""

    __slots__ = (
        "_cursor",
        "_recent",
        "covered",
        "device",
        "due",
        "explained_by",
        "grace_until",
        "hot",
        "interval",
        "refused_by",
        "shown",
        "since",
        "slot",
        "state",
        "target",
        "unprobed",
    )

    def __init__(self, device: str, interval: float) -> None:
        self.device = device
        self.interval = interval
        self.state = _UNKNOWN
        self.target: Any = None  # the probe engine's handle
        self.shown = State.UNKNOWN  # what people see; written to the store when it changes
        self.since: datetime | None = None  # wall clock, of `shown`
        self.explained_by: str | None = None  # the entry behind which this device is unreachable
        self.refused_by: str | None = None  # router that refused the last lost echo
        self.grace_until = 0.0  # no incident of its own before this monotonic time (recovery barrier)
        self.covered = False  # a maintenance window lies over it: no incident
        self.unprobed = False  # and it asks for no probing
        self.hot = False  # probed by its own due time instead of its slot in the round
        self.due = 0.0
        self.slot = -1
        self._recent = array("d", bytes(CALM_ECHOES * 16))
        self._cursor = 0

    def remember(self, sent_at: float, rtt: float) -> None:
        """Keep one echo (round-trip time in seconds, or `LOST`), forgetting the oldest."""
        cursor = self._cursor
        self._recent[cursor] = sent_at
        self._recent[cursor + 1] = rtt
        self._cursor = (cursor + 2) % len(self._recent)

    def recent(self) -> list[tuple[float, float | None]]:
        """Return the remembered echoes, oldest first: (sent at, round-trip time in seconds or None when lost)."""
        ring, cursor = self._recent, self._cursor
        order = list(range(cursor, len(ring), 2)) + list(range(0, cursor, 2))
        return [(ring[i], None if ring[i + 1] == LOST else ring[i + 1]) for i in order if ring[i]]

    def last_rtt(self) -> float | None:
        """Return the newest round-trip time in seconds; None when the newest echo was lost or none was made."""
        at = (self._cursor - 2) % len(self._recent)
        rtt = self._recent[at + 1]
        return rtt if self._recent[at] and rtt != LOST else None

    def loss(self) -> float:
        """Return the share of the remembered echoes that were lost, 0..1."""
        echoes = self.recent()
        return sum(1 for _, rtt in echoes if rtt is None) / len(echoes) if echoes else 0.0

    def keep(self, echoes: int) -> None:
        """Keep this many echoes from now on (`CALM_ECHOES`, `TROUBLED_ECHOES`); the newest of those already kept stay."""
        if len(self._recent) == echoes * 2:
            return
        newest = self.recent()[-echoes:]
        self._recent = array("d", bytes(echoes * 16))
        self._cursor = 0
        for sent_at, rtt in newest:
            self.remember(sent_at, LOST if rtt is None else rtt)
