"""What the database refuses is decided again: how soon, and in which pieces. Times are monotonic seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from netwatch.monitor.records import Moment

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
SLOWER = 4.0  # each time: 0.2, 0.8, 3.2, 12.8, 30 s. Two monitors agree after one or two
FORGIVEN_S = 120.0  # after so long without a refusal the next one is the first again


class Refusals:
    """Counts the refusals in a row."""

    def __init__(self) -> None:
        self._count = 0
        self._at = float("-inf")

    def lately(self, now: float) -> bool:
        """Tell whether something was refused a short time ago."""
        return now - self._at < FORGIVEN_S

    def pause(self, now: float) -> float:
        """Take note of a refusal; return the seconds until what was refused is written again."""
        self._count = self._count + 1 if self.lately(now) else 0
        self._at = now
        return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * SLOWER ** min(self._count, 8))


def pieces(moment: Moment, tx: Callable[[], str]) -> Iterator[Moment]:
    """Yield a judgement in pieces, each a transaction of its own: its states, then each incident with all that happened to it.

    What one piece takes from another (a device that changes its incident) is refused when the other was, and decided again.
    """
    if moment.states:
        yield replace(moment, changes=(), evidence=None, before={})
    for key in dict.fromkeys(change.incident.key for change in moment.changes):
        own = tuple(change for change in moment.changes if change.incident.key == key)
        before = {key: moment.before[key]} if key in moment.before else {}
        yield replace(moment, tx=tx(), states=(), changes=own, before=before)
