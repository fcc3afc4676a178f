"""Which devices lately said that their site runs on battery: hints for the diagnosis, by trap or by reading (DIAGNOSIS 1.4).

A trap alone proves nothing. It is kept for ten minutes, and what the UPS says when it is read confirms it or takes it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

KEEP_S = 600.0  # before a loss: how old a sign may be to have to do with it
AFTER_S = 60.0  # after it: a trap and the first lost echo come in either order


class PowerHints:
    """Signs of life on battery, by device. Times are monotonic seconds. At most one entry per device of the inventory."""

    def __init__(self) -> None:
        self._signs: dict[str, tuple[float, float]] = {}  # device -> first and last sign of one run on battery

    def note(self, device: str, at: float) -> None:
        """Take a sign that the site of this device runs on battery."""
        first, last = self._signs.get(device, (at, at))
        self._signs[device] = (min(first, at), max(last, at)) if at - last <= KEEP_S else (at, at)

    def withdraw(self, device: str) -> None:
        """Take the word of a device back: it says that mains are there, or it left the inventory."""
        self._signs.pop(device, None)

    def copy(self) -> PowerHints:
        """Return the hints as they are now."""
        copied = PowerHints()
        copied._signs = dict(self._signs)
        return copied

    def __len__(self) -> int:
        """Count the devices with a hint."""
        return len(self._signs)

    def standing(self, now: float, losses: Callable[[str], Iterable[float]]) -> list[str]:
        """Return the devices whose hint has to do with what is silent now, or is fresh; forget what is neither.

        `losses` says since when which devices of the same site are silent.
        """
        found = []
        for device, (first, last) in list(self._signs.items()):
            if now - last <= KEEP_S or any(first - AFTER_S <= since <= last + KEEP_S for since in losses(device)):
                found.append(device)
            else:
                del self._signs[device]
        return sorted(found)
