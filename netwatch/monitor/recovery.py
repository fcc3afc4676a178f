"""When something silent answers again: who is asked afresh before anybody judges (DIAGNOSIS 2.2). Times are monotonic seconds."""

from __future__ import annotations

from random import Random

from netwatch.detect import barrier
from netwatch.detect.state import State, forget
from netwatch.monitor.fleet import Fleet
from netwatch.monitor.judge import Judge
from netwatch.monitor.schedule import EchoSchedule
from netwatch.monitor.watch import Watch

SETTLE_S = 0.3  # beyond the timeout, until an echo has been answered or lost for certain


class Recovery:
    """Asks, and lets the verdict wait. `timeout`: of an echo, in seconds."""

    def __init__(self, fleet: Fleet, judge: Judge, schedule: EchoSchedule, random: Random) -> None:
        self._fleet = fleet
        self._judge = judge
        self._schedule = schedule
        self._random = random

    def answers_again(self, entry: Watch, at: float, timeout: float) -> None:
        """Judge afresh whatever is behind a silent device that answers, after it had time to boot (DIAGNOSIS 2.2)."""
        self.ask_above(entry, at, timeout)
        hidden = self._fleet.troubled & self._fleet.graph.behind(entry.device)
        behind = [watch for watch in self._fleet.of(sorted(hidden)) if watch.shown is not State.DOWN]  # judged for itself already
        order = barrier.spread([watch.device for watch in behind], lambda names: self._random.sample(names, len(names)))
        reason = f"behind_recovered entry={entry.device}"
        for watch in behind:
            self._fleet.set_state(watch, forget(watch.state))
            watch.grace_until = at + barrier.BOOT_GRACE_S
            self._judge.touch(watch, reason)
            self._schedule.heat(watch, at + order[watch.device])
        self._judge.want(at)

    def ask_above(self, watch: Watch, at: float, timeout: float) -> None:
        """Ask what is silent above a device that answers; the verdict waits for it: it may be back, only not yet asked."""
        silent = self._fleet.of(sorted(self._fleet.troubled & self._fleet.graph.ancestors(watch.device)))
        for ancestor in silent:
            self._schedule.heat(ancestor, at)
        if silent:
            self._judge.hold(at + timeout + SETTLE_S)
