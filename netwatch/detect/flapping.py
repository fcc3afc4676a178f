"""Does a device change too often to be believed? A weighted window with two thresholds (DIAGNOSIS 1.6). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

SLOTS = 20
SLOT_S = 60.0
ENTER_PERCENT = 30.0
LEAVE_PERCENT = 15.0
LONGEST_S = 7200.0  # then decide: a device may not hide behind "flapping" for ever
_ALL = (1 << SLOTS) - 1
_WEIGHTS = tuple(1.18 - 0.02 * age for age in range(SLOTS))  # newest first: 0.80 + 0.02 i with i = 19 - age


class FlapEvent(StrEnum):
    """What `judge` found. `ended` always makes the caller emit the present state (Nagios #91)."""

    BEGAN = "began"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Flapping:
    """The last 20 minutes of one device. Bit 0 of the bit fields is the newest slot."""

    slot: int = 0  # number of the newest slot: monotonic seconds / 60
    changed: int = 0  # slots in which the settled state changed between up and down
    left_out: int = 0  # slots in which an ancestor was not up on every path: an outage above is not instability below
    began_at: float | None = None  # monotonic seconds; None: not flapping

    @property
    def is_flapping(self) -> bool:
        """Tell whether the device is flapping now."""
        return self.began_at is not None

    def record(self, changed_at: float, now: float, *, counts: bool) -> Flapping:
        """Note one change of the settled state between up and down; not `counts`: an ancestor was not up, leave its slot out."""
        moved = _moved(self, now)
        age = _age(moved, changed_at)
        bit = 1 << age if age < SLOTS else 0
        if counts:
            return replace(moved, changed=moved.changed | bit)
        return replace(moved, left_out=moved.left_out | bit)

    def leave_out(self, begin: float, end: float, now: float) -> Flapping:
        """Leave out every slot touched by a time in which an ancestor was not up (monotonic seconds)."""
        moved = _moved(self, now)
        bits = 0
        for age in range(_age(moved, end), min(SLOTS - 1, _age(moved, begin)) + 1):
            bits |= 1 << age
        return replace(moved, left_out=moved.left_out | bits)

    def value(self, now: float) -> float:
        """Return the weighted share of changing slots in percent."""
        moved = _moved(self, now)
        counting = moved.changed & ~moved.left_out
        return 100.0 * sum(weight for age, weight in enumerate(_WEIGHTS) if counting >> age & 1) / SLOTS

    def judge(self, now: float) -> tuple[Flapping, FlapEvent | None]:
        """Enter at 30 %, leave at 15 % or after two hours; leaving by time empties the window, so that it must earn it again."""
        moved = _moved(self, now)
        percent = moved.value(now)
        if moved.began_at is None:
            if percent >= ENTER_PERCENT:
                return replace(moved, began_at=now), FlapEvent.BEGAN
            return moved, None
        if percent <= LEAVE_PERCENT:
            return replace(moved, began_at=None), FlapEvent.ENDED
        if now - moved.began_at >= LONGEST_S:
            return Flapping(slot=moved.slot), FlapEvent.ENDED
        return moved, None


def _moved(window: Flapping, now: float) -> Flapping:
    """Return the window with its newest slot at `now`."""
    steps = int(now // SLOT_S) - window.slot
    if steps <= 0:
        return window
    shift = min(steps, SLOTS)
    return replace(
        window, slot=window.slot + steps, changed=window.changed << shift & _ALL, left_out=window.left_out << shift & _ALL
    )


def _age(window: Flapping, at: float) -> int:
    """Return how many slots ago `at` was; 0 is the newest."""
    return max(0, window.slot - int(at // SLOT_S))
