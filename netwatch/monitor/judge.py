"""One frozen snapshot, one verdict, one transaction: from troubled devices to incidents and to the states that people see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from netwatch.clock import Clock
from netwatch.detect.barrier import RECOVERY_SPREAD_S
from netwatch.detect.state import State, forget
from netwatch.diagnose.snapshot import VantageView
from netwatch.incident import OutageView
from netwatch.inventory.model import Window, WindowMode
from netwatch.monitor.cases import Cases, Decided
from netwatch.monitor.faces import Faces
from netwatch.monitor.fleet import Fleet
from netwatch.monitor.question import Question
from netwatch.monitor.records import Blind, Moment, Recorder, StateChange, Stored
from netwatch.monitor.refusals import Refusals, pieces
from netwatch.monitor.stability import Stability
from netwatch.monitor.thinking import AtOnce, Thinking
from netwatch.monitor.vantage import IsolationCheck, own_link_down
from netwatch.monitor.watch import Watch
from netwatch.monitor.windows import covered

BARRIER_WAIT_S = 20.0  # how long a verdict waits for a fresh look at an ancestor (DIAGNOSIS 2.1)
FLUSH_S = 1.0  # states that need no verdict are written this often
SHARE = 4.0  # after a verdict that took t seconds the next waits 4 t: a mass outage must not starve the probing
ASIDE_FROM = 200  # silent devices and devices of known incidents: from here on a verdict is made beside the probing
REJUDGE_S = 30.0  # while anything is silent: whatever was missed, nobody is forgotten for longer
LEAST_APART_S = 0.2
MOST_APART_S = 10.0
HOLD_APART_S = 6.0


class Judge:
    """Judges when something has changed and says what is to be written. Times are monotonic seconds unless they are datetimes."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        cases: Cases,
        recorder: Recorder,
        isolation: IsolationCheck,
        clock: Clock,
        boot: str,
        aside: Thinking | None = None,
    ) -> None:
        self.fleet = fleet
        self.cases = cases
        self.frozen = False
        self.windows: tuple[Window, ...] = fleet.graph.inventory.maintenance
        self.stability = Stability()
        self._faces = Faces(fleet, self.stability, clock)
        self._recorder = recorder
        self._isolation = isolation
        self._clock = clock
        self._offset = clock.now() - timedelta(seconds=clock.monotonic())
        self._boot = boot
        self._sequence = 0
        self._hidden: Mapping[str, str] = {}  # device -> entry, by the last verdict
        self._at_once = AtOnce()
        self._aside: Thinking = aside or self._at_once  # for large questions
        self._asked: Thinking | None = None  # who is thinking about the present question
        self._asked_at = 0.0
        self._due: float | None = None  # when the next verdict is wanted
        self._not_before = 0.0
        self._held_until = float("-inf")
        self._flush_at = 0.0
        self._judged_at = 0.0
        self._covered: set[str] = set()
        self._refusals = Refusals()
        self._waiting: dict[str, float] = {}  # certain, but an ancestor has no fresh sample: until when to wait

    def tx(self) -> str:
        """Return a transaction id that no other start of the monitor will use."""
        self._sequence += 1
        return f"{self._boot}-{self._sequence}"

    def wall(self, at: float) -> datetime:
        """Return the wall-clock time of a monotonic one."""
        return self._offset + timedelta(seconds=at)

    def resync(self) -> None:
        """Take the wall clock anew after it stepped; what is already recorded keeps its times."""
        self._offset = self._clock.now() - timedelta(seconds=self._clock.monotonic())
        self.anew(self._clock.monotonic())

    # What the pipeline tells

    def touch(self, watch: Watch, reason: str) -> None:
        """Note that the state of this device moved; it is shown with the next verdict or flush."""
        self._faces.touched[watch.device] = reason

    def want(self, at: float) -> None:
        """Ask for a verdict at `at`, or sooner if somebody else asked."""
        self._due = at if self._due is None else min(self._due, at)

    def hold(self, until: float) -> None:
        """Give no verdict before `until`; a hold that ended less than five seconds ago is not renewed, so that verdicts go on."""
        if until - self._held_until > HOLD_APART_S:
            self._held_until = until
            self._not_before = max(self._not_before, until)

    def verdict_wanted(self, watch: Watch, at: float) -> None:
        """Ask for a verdict on a device that is silent for certain, made on fresh looks at its ancestors."""
        self._waiting[watch.device] = at + BARRIER_WAIT_S
        self.want(at)

    # The verdict

    def run(self, now: float) -> None:
        """Judge if something has changed and the last verdict was long enough ago; else write the states that moved.

        Cut off, it judges nothing, and writes only states.
        """
        if self.frozen:
            if self._faces.wanted() and now >= self._flush_at:
                self._flush(now)
            return
        if self.fleet.troubled and now >= self._judged_at + REJUDGE_S:
            self.want(now)
        if self._asked is not None:
            self._conclude(now)
        elif self._due is not None and now >= self._due and now >= self._not_before:
            self._ask(now)
            self._conclude(now)
        elif self._faces.wanted() and now >= self._flush_at:
            self._flush(now)

    def _flush(self, now: float) -> None:
        self._flush_at = now + FLUSH_S
        self._write(now, self._shown(now), Decided())

    def _shown(self, now: float) -> list[StateChange]:
        return self._faces.changes(self._hidden, self._waiting, now, self.wall)

    def refused(self, record: Moment, stored: Stored, now: float) -> None:
        """Decide again what the database refused, from what it holds: the states are written again, the incidents judged anew.

        Refused again and again, it is tried less and less often, and in pieces, so that one bad change holds up no other.
        """
        self.anew(now)
        self.cases.resume({change.incident.key for change in record.changes}, stored)
        self._faces.unsure.update((state.device, state.reason) for state in record.states)
        again = now + self._refusals.pause(now)
        self._flush_at = max(self._flush_at, again)
        if record.changes:
            self.want(again)

    def _ask(self, now: float) -> None:
        """Pose the question of this moment."""
        self._due = None
        self._judged_at = now
        self._asked_at = self._clock.monotonic()
        self._wait_for_fresh_looks(now)
        large = len(self.fleet.troubled) + sum(len(one.affected) for one in self.cases.known.values()) >= ASIDE_FROM
        self._asked = self._aside if large else self._at_once
        self._asked.begin(self.question(now, frozen=large))

    def _conclude(self, now: float) -> None:
        """Take the answer, if there is one, and write what it says."""
        assert self._asked is not None
        thinking, self._asked = self._asked, None
        answer = thinking.answer()
        if answer is None:
            self._asked = thinking
            return
        took = self._clock.monotonic() - self._asked_at
        self._not_before = max(self._not_before, now + min(max(LEAST_APART_S, SHARE * took), MOST_APART_S))
        self._hidden = answer.hidden or {}
        decided = self.cases.take(answer.changes, self.wall(now), now)
        if self.fleet.troubled:
            if self.cases.mass.active or self._waiting:
                self.want(now + 1.0)
            self._want_after_grace(now)
        self._write(now, self._shown(now), decided, answer.evidence)

    def anew(self, now: float) -> None:
        """Drop what is being thought about, because something it rests on has changed, and ask again."""
        if self._asked is not None:
            self._asked = None
            self.want(now)

    def question(self, now: float, *, frozen: bool = False) -> Question:
        """Gather what is known now; `frozen` when it will be read while things move on."""
        return Question(
            fleet=self.fleet.frozen() if frozen else self.fleet,
            now=now,
            offset=self._offset,
            vantage=VantageView(carrier=self._isolation.carrier()),
            known=self.cases.now_known(),
            trails=self.fleet.watches,
            waiting=frozenset(self._waiting),
            flapping=self.stability.flapping(),
            dark=self._behind_the_unprobed(),
        )

    def _wait_for_fresh_looks(self, now: float) -> None:
        for device, until in list(self._waiting.items()):
            watch = self.fleet.watches.get(device)
            settled = watch is None or watch.state.state is not State.DOWN or not self.fleet.unsettled_ancestors(device)
            if settled or now >= until:
                del self._waiting[device]

    def _want_after_grace(self, now: float) -> None:
        later = [watch.grace_until for watch in self.fleet.of(self.fleet.troubled) if watch.grace_until > now]
        if later:
            self.want(min(later))

    def _behind_the_unprobed(self) -> frozenset[str]:
        """Return the devices behind a window without probing through which nobody answers: planned work, until its end."""
        dark: set[str] = set()
        for watch in self.fleet.of(self._covered):
            behind = self.fleet.graph.behind(watch.device) if watch.unprobed else frozenset()
            if not any(below.state.state is State.UP for below in self.fleet.of(behind)):
                dark |= behind
        return frozenset(dark)

    def _write(
        self, now: float, states: Sequence[StateChange], decided: Decided, evidence: Mapping[str, Any] | None = None
    ) -> None:
        if not states and not decided.changes:
            return
        moment = Moment(self.tx(), self.wall(now), tuple(states), decided.changes, evidence, decided.before)
        for part in pieces(moment, self.tx) if self._refusals.lately(now) else (moment,):
            self._recorder.submit(part)

    # Overlays

    def cover(self, now: float) -> None:
        """Lay maintenance windows over the devices they name, and lift those that have ended; then judge what is silent."""
        places = covered(self.windows, self.fleet.graph, self.wall(now), always=self.fleet.in_maintenance)
        for watch in self.fleet.of(sorted(places.keys() | self._covered)):
            mode = places.get(watch.device)
            unprobed = mode is WindowMode.NO_PROBING
            inside = mode in (WindowMode.NO_PROBING, WindowMode.SILENT)
            if inside == watch.covered and unprobed == watch.unprobed:
                continue
            if unprobed:
                self.fleet.set_state(watch, forget(watch.state))
            elif watch.unprobed:  # asked again from now on: until it is settled, nobody behind it is judged
                for below in self.fleet.of(self.fleet.graph.behind(watch.device)):
                    below.grace_until = max(below.grace_until, now + RECOVERY_SPREAD_S + BARRIER_WAIT_S)
            watch.covered, watch.unprobed = inside, unprobed
            self.anew(now)
            self.touch(watch, "window_began" if inside else "window_ended")
            self.want(now)
        self._covered = set(places)
        for device, flapping in self.stability.judge(now):
            watch = self.fleet.watches[device]
            self.touch(watch, "flapping_began" if flapping else "flapping_ended")
            self.want(now)

    def freeze(self, now: float, since: float) -> None:
        """Stop judging because the monitor itself is cut off: nothing is known, the gap is no data (DIAGNOSIS 2.3)."""
        self.frozen = True
        self._asked = None
        self._isolation.since = since
        vantage = self.fleet.graph.inventory.vantage
        cause = own_link_down(vantage, carrier=self._isolation.carrier(), silent_s=now - since)
        view = OutageView(certain=True, silent=True, since=self.wall(since), answered_at=None, hidden_by=None)
        changes = self.question(now).reconciled((cause,), {}, {vantage: view})
        decided = self.cases.take(changes, self.wall(now), now)
        for watch in self.fleet:
            self.fleet.set_state(watch, forget(watch.state))
            watch.hot = False
            self.touch(watch, "monitor_isolated")
        self._waiting.clear()
        self._hidden, self._flush_at = {}, now + LEAST_APART_S  # the states of everybody follow in a turn of their own
        self._write(now, (), decided)
        self._recorder.submit(Blind(self.tx(), self.wall(now), self.wall(since), None, "isolated"))

    def thaw(self, now: float) -> None:
        """Judge again because something answers: every device is unknown until it was asked afresh."""
        self.frozen = False
        since = self._isolation.since if self._isolation.since is not None else now
        self._isolation.since = None
        for watch in self.fleet:
            watch.grace_until = now + RECOVERY_SPREAD_S
        self.want(now)
        self._recorder.submit(Blind(self.tx(), self.wall(now), self.wall(since), self.wall(now), "isolated"))
