"""The state in which people see each device: what its echoes say, with windows, flapping and the last verdict laid over them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime

from netwatch.clock import Clock
from netwatch.detect.state import State
from netwatch.monitor.fleet import Fleet
from netwatch.monitor.records import StateChange
from netwatch.monitor.stability import Stability
from netwatch.monitor.watch import Watch


class Faces:
    """What is to be shown next. Times are monotonic seconds; `wall` gives the time of day of one."""

    def __init__(self, fleet: Fleet, stability: Stability, clock: Clock) -> None:
        self.touched: dict[str, str] = {}  # device -> why its state moved
        self.unsure: dict[str, str] = {}  # device -> why it moved: whether its state is stored is not known
        self._fleet = fleet
        self._stability = stability
        self._clock = clock

    def wanted(self) -> bool:
        """Tell whether something moved that nobody was shown yet."""
        return bool(self.touched or self.unsure)

    def changes(
        self, hidden: Mapping[str, str], waiting: Collection[str], now: float, wall: Callable[[float], datetime]
    ) -> list[StateChange]:
        """Work out the state of every device that moved, and of every silent one, and note the changes."""
        changes = []
        names = self.touched.keys() | self._fleet.troubled | self.unsure.keys()
        for watch in self._fleet.of(sorted(names)):
            entry = hidden.get(watch.device)
            shown = self._show(watch, entry, waiting)
            if shown is not State.UNREACHABLE:
                entry = None
            elif entry is None:
                entry = watch.explained_by
            if shown is watch.shown and entry == watch.explained_by:
                if watch.device in self.unsure:
                    changes.append(self._again(watch))
                continue
            changes.append(self._move(watch, shown, entry, now, wall))
        self.touched.clear()
        self.unsure.clear()
        return changes

    def _again(self, watch: Watch) -> StateChange:
        """Say a state again that the database refused."""
        since = datetime.fromtimestamp(watch.since, UTC) if watch.since else self._clock.now()
        reason = self.unsure[watch.device]
        return StateChange(watch.device, watch.shown, watch.shown, since, reason, watch.explained_by, watch.state.loss_ratio)

    def _show(self, watch: Watch, entry: str | None, waiting: Collection[str]) -> State:
        state = watch.state.state
        if watch.covered:
            return State.MAINTENANCE
        if self._stability.is_flapping(watch.device):
            return State.FLAPPING
        if state is State.SUSPECT or (state is State.DOWN and (watch.device in waiting or watch.state.answers)):
            return watch.shown  # not settled: what was shown stays
        if state is State.DOWN and self._fleet.speaks(watch.device):
            return State.DEGRADED  # answers SNMP, not ICMP: it lives (DIAGNOSIS 3.4, agent)
        if state is State.DOWN:
            return State.DOWN if entry is None else State.UNREACHABLE
        if state is State.UP and (watch.state.degraded or self._fleet.agent_is_silent(watch.device)):
            return State.DEGRADED
        return state

    def _move(self, watch: Watch, shown: State, entry: str | None, now: float, wall: Callable[[float], datetime]) -> StateChange:
        reason = self.touched.get(watch.device, "verdict")
        before, watch.shown = watch.shown, shown
        watch.explained_by = entry if shown is State.UNREACHABLE else None
        at = watch.state.since if shown in (State.DOWN, State.UNREACHABLE, State.UP) and watch.state.since else now
        since = wall(at)
        watch.since = since.timestamp()
        if (before is State.UP and shown is State.DOWN) or (before is State.DOWN and shown is State.UP):
            self._stability.changed(watch.device, now, counts=self._fleet.above_is_up(watch.device))
        return StateChange(watch.device, before, shown, since, reason, watch.explained_by, watch.state.loss_ratio)
