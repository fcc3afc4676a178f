"""The one walk from an echo to an incident: the only module of the monitor that knows the order of the steps.

Synchronous, without a clock or a socket of its own: `tick` and the callbacks of the probe engine drive it, so that the daemon and
the simulator run the same code. Times are monotonic seconds unless they are datetimes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from netwatch.clock import Clock
from netwatch.detect import barrier
from netwatch.detect.state import (
    AGENT_SILENT,
    Event,
    Policy,
    State,
    Transition,
    advance,
    drop_suspicion,
    fast_lane,
    forget,
    next_delay,
    take_fast_lane,
)
from netwatch.monitor.aftermath import Aftermath
from netwatch.monitor.cases import Cases
from netwatch.monitor.counts import Counts
from netwatch.monitor.fleet import Fleet
from netwatch.monitor.judge import Judge
from netwatch.monitor.ports import Prober, Readers
from netwatch.monitor.records import Beat, Blind, ClockStep, Moment, OpenTicket, Recorder, Sweep, Written
from netwatch.monitor.recovery import Recovery
from netwatch.monitor.schedule import EchoSchedule
from netwatch.monitor.vantage import IsolationCheck
from netwatch.monitor.watch import LOST, Watch
from netwatch.observation import Echo, SnmpReading

CHECK_EVERY_S = 1.0
BEAT_EVERY_S = 10.0
SWEEP_EVERY_S = 60.0
GATE_LEAST_S = 180.0  # after this long a silent device is probed at the pace of the rounds again


class Pipeline:
    """Watches a fleet: what to probe, what to believe, what to judge, what to write."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        cases: Cases,
        judge: Judge,
        recorder: Recorder,
        clock: Clock,
        isolation: IsolationCheck,
        policy: Policy,
        readers: Readers | None = None,
        random: Random | None = None,
    ) -> None:
        self.fleet = fleet
        self.cases = cases
        self.judge = judge
        self.recorder = recorder
        self.policy = policy
        self.counts = Counts()
        self.isolation = isolation
        self.aftermath = Aftermath()
        self.started_at = clock.monotonic()
        self._random = random or Random()  # noqa: S311  # spreads probes, keeps no secret
        self.schedule = EchoSchedule(self.started_at)
        self._recovery = Recovery(fleet, judge, self.schedule, self._random)
        self._prober: Prober | None = None
        self._readers = readers
        self._clock = clock
        self._ignore_before = self.started_at  # echoes sent before a pause say nothing
        self._ticked_at = self.started_at
        self._check_at = self._beat_at = self.started_at
        self._sweep_at = self.started_at + SWEEP_EVERY_S
        for watch in fleet:
            self.schedule.add(watch)

    def connect(self, prober: Prober) -> None:
        """Take the probe engine, which itself needs this pipeline to report to."""
        self._prober = prober

    # What the probe engine reports

    def answered(self, target: Any, sent_at: float, rtt: float, scheduled: bool) -> None:  # noqa: FBT001  # hot path, called by position
        """Take one answer."""
        watch: Watch = target.owner
        if sent_at < self._ignore_before or watch.unprobed:
            return
        watch.remember(sent_at, rtt)
        self.counts.answered += 1
        self.counts.rtt_sum += rtt
        self.counts.rtt_buckets[bisect_left(Counts.BOUNDS, rtt)] += 1
        self.isolation.answered_at = sent_at
        before = watch.state
        moved = advance(before, Echo(watch.device, sent_at, rtt, None, scheduled), self.policy)
        watch.state = moved.state
        if moved.event is not None:
            self._changed(watch, moved, sent_at)
        elif before.state is State.DOWN and moved.state.answers:
            if moved.state.answers == 1:
                self._recovery.answers_again(watch, sent_at, self.policy.timeout)
            self.schedule.heat(watch, sent_at + next_delay(moved.state, self.policy, gate_passed=False))

    def lost(self, target: Any, sent_at: float, refused_by: str | None, scheduled: bool) -> None:  # noqa: FBT001
        """Take one echo without an answer."""
        watch: Watch = target.owner
        if sent_at < self._ignore_before or watch.unprobed:
            return
        self.isolation.left_at = max(self.isolation.left_at, sent_at)
        watch.remember(sent_at, LOST)
        self.counts.lost += 1
        if self.judge.frozen:
            return
        watch.refused_by = refused_by or watch.refused_by
        moved = advance(watch.state, Echo(watch.device, sent_at, None, refused_by, scheduled), self.policy)
        self.fleet.set_state(watch, moved.state)
        if moved.event is not None:
            self._changed(watch, moved, sent_at)
        elif moved.state.state is State.SUSPECT and fast_lane(moved.state, self.fleet.port_down_times(watch.device), self.policy):
            moved = take_fast_lane(moved.state)
            self.fleet.set_state(watch, moved.state)
            self._changed(watch, moved, sent_at)

    def not_probed(self, target: Any, at: float, reason: str) -> None:
        """Take a probe that was not made: a fact about the monitor, no state moves."""
        self.counts.not_probed(reason)
        watch: Watch = target.owner
        self.isolation.local_error(at, reason, watch.device)
        if watch.hot:
            self.schedule.heat(watch, at + self.policy.suspect_interval)

    def read(self, reading: SnmpReading) -> None:
        """Take what a device said of itself by SNMP: evidence, never proof of silence or of life."""
        known = self.fleet.snmp.get(reading.device)
        self.fleet.take(reading)
        self.aftermath.read(reading)
        watch = self.fleet.watches.get(reading.device)
        if watch is not None and (reading.answered is not known or not reading.answered):
            self.judge.touch(watch, "agent_answers" if reading.answered else AGENT_SILENT)
        if watch is not None and reading.answered and watch.state.state is State.DOWN:
            self.schedule.heat(watch, reading.at)
        if self.fleet.troubled:
            self.judge.want(reading.at)

    def power_hint(self, device: str, at: float, *, on_battery: bool) -> None:
        """Take what a trap said of the power at a site: a hint for the next verdict, which only something silent asks for."""
        if on_battery:
            self.fleet.power.note(device, at)
        else:
            self.fleet.power.withdraw(device)
        if self.fleet.troubled:
            self.judge.want(self._clock.monotonic())

    # The steps

    def _changed(self, watch: Watch, moved: Transition, at: float) -> None:
        """Do what a change of one device's state asks for."""
        event = moved.event
        self.fleet.set_state(watch, moved.state)
        self.judge.touch(watch, moved.reason)
        if event is Event.BECAME_SUSPECT:
            self.schedule.heat(watch, at + self.policy.suspect_interval)
            self.schedule.burst(
                self.fleet.of(barrier.circle(self.fleet.graph, watch.device, self.fleet.reach, self._random.sample))
            )
            if self._readers is not None:
                self._readers.look(watch.device)
            return
        if event is Event.BECAME_DOWN:
            self.cases.mass.lost(watch.device, at)
            self.aftermath.restarts.went_down(watch.device, at)
            self.judge.verdict_wanted(watch, at)
            return
        watch.refused_by = None
        self.schedule.cool(watch)
        if event in (Event.BECAME_UP, Event.CLEARED) and self.fleet.troubled:
            self._recovery.ask_above(watch, at, self.policy.timeout)
        if event in (Event.BECAME_UP, Event.CLEARED) and (self.fleet.troubled or self.cases.any_open()):
            self.judge.want(at)

    def tick(self, now: float) -> None:
        """Send what is due, judge what has changed, write what was decided. Called every 50 ms or so."""
        if now - self._ticked_at > 2 * self.policy.interval:
            self.blind(now, now - self._ticked_at, "paused")
        self._ticked_at = now
        calm, extra = self.schedule.due(now)
        self._send(calm, now, scheduled=True)
        self._send(extra, now, scheduled=False)
        if now >= self._check_at:
            self._check_at = now + CHECK_EVERY_S
            self._check(now)
        self.judge.run(now)
        for written in self.recorder.collect():
            self._take(written, now)

    def _take(self, written: Written, now: float) -> None:
        """Learn what became of a record."""
        if isinstance(written.record, OpenTicket):
            self.cases.written(written.record.incident, written.ticket)
        if isinstance(written.record, Moment) and written.stored is not None:
            self.judge.refused(written.record, written.stored, now)
        elif isinstance(written.record, Moment) and written.error is None:
            self.aftermath.note(written.record, now)
        if written.ended is not None:
            self.cases.ended(written.ended)
        if written.windows is not None:
            self.judge.windows = (*self.fleet.graph.inventory.maintenance, *written.windows)

    def _send(self, watches: Sequence[Watch], now: float, *, scheduled: bool) -> None:
        targets = []
        for watch in watches:
            if watch.hot:
                if watch.target is None:  # its name resolves no more: not measured, which is not silence
                    self.fleet.set_state(watch, forget(watch.state))
                    self.judge.touch(watch, "name_not_resolved")
                if watch.state.state in (State.SUSPECT, State.DOWN):
                    silent = now - watch.state.since
                    self.schedule.heat(watch, now + next_delay(watch.state, self.policy, gate_passed=silent > GATE_LEAST_S))
                else:
                    self.schedule.cool(watch)
            if watch.target is not None and not watch.unprobed:
                targets.append(watch.target)
        if targets and self._prober is not None:
            self._prober.send_many(targets, scheduled=scheduled)

    def _check(self, now: float) -> None:
        """Look once a second: whether this seat is cut off, windows begin or end, an incident has earned its ticket."""
        if self.judge.frozen:
            if not self.isolation.quiet(now):
                self.judge.thaw(now)
        elif self.isolation.broken(now, len(self.fleet)):  # nothing may be troubled: what cannot be sent is not lost
            self._ignore_before = now
            self.judge.freeze(now, self.isolation.answered_at or self.started_at)
        self.judge.cover(now)
        if not self.judge.frozen:
            for incident in self.cases.earned(now):
                self.recorder.submit(OpenTicket(self.judge.tx(), self.wall(now), incident.key))
            for again in self.aftermath.due(now, self.wall(now), self.fleet.graph, self.judge.tx):
                self.recorder.submit(again)
            if self._readers is not None:
                for device in self.fleet.suspects():
                    self._readers.look(device)
        if now >= self._beat_at:
            self._beat_at = now + BEAT_EVERY_S
            self.recorder.submit(Beat(self.judge.tx(), self.wall(now), isolated=self.judge.frozen, tickets=self.cases.tickets()))
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_EVERY_S
            self.recorder.submit(Sweep(self.judge.tx(), self.wall(now)))

    def blind(self, now: float, seconds: float, reason: str) -> None:
        """Record that nothing was measured for the last `seconds`: suspicions are dropped, `down` stays.

        The wall clock is taken anew: the monotonic one stands still while a machine sleeps.
        """
        self._ignore_before = now
        for watch in self.fleet.of(sorted(self.fleet.troubled)):
            kept = drop_suspicion(watch.state)
            if kept is not watch.state:
                self.fleet.set_state(watch, kept)
                self.schedule.cool(watch)
        self.cases.hold(now + self.policy.confirm_window)
        self.counts.blind(reason, seconds)
        self.judge.resync()
        until = self.wall(now)
        self.recorder.submit(Blind(self.judge.tx(), until, until - timedelta(seconds=seconds), until, reason))

    def clock_stepped(self, seconds: float) -> None:
        """Note that the wall clock jumped. New records carry the new time; stored deadlines and states stay."""
        self.counts.clock_steps["forward" if seconds > 0 else "back"] += 1
        self.judge.resync()
        self.cases.clock_stepped(seconds)
        self.recorder.submit(ClockStep(self.judge.tx(), self._clock.now(), seconds))

    def wall(self, at: float) -> datetime:
        """Return the wall-clock time of a monotonic one."""
        return self.judge.wall(at)

    def adopt(self, policy: Policy) -> None:
        """Judge by new numbers and a new graph from now on; what was believed of each device stays."""
        self.policy = policy
        self.judge.anew(self._clock.monotonic())
        self.judge.want(self._clock.monotonic())
