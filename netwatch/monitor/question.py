"""What one verdict is made of, and the verdict: a question reads nothing that moves, so it may be answered beside the probing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from netwatch.detect.state import State
from netwatch.diagnose.cause import Cause
from netwatch.diagnose.localise import localise, unreachable
from netwatch.diagnose.observations import dump
from netwatch.diagnose.snapshot import Snapshot, VantageView
from netwatch.incident import Change, Incident, IncidentPolicy, OutageView, reconcile
from netwatch.monitor.fleet import Fleet
from netwatch.monitor.records import EVIDENT
from netwatch.monitor.watch import Watch


@dataclass(frozen=True, slots=True)
class Known:
    """The incidents in hand, in the times of the present clock."""

    incidents: tuple[Incident, ...]
    closed: frozenset[str]  # keys of those whose ticket has ended
    policy: IncidentPolicy


@dataclass(frozen=True, slots=True)
class Answer:
    """One verdict."""

    changes: Sequence[Change] = ()
    hidden: Mapping[str, str] | None = None  # device -> entry that explains its silence
    evidence: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Everything known at one instant. Times are monotonic seconds unless they are datetimes."""

    fleet: Fleet
    now: float
    offset: datetime  # wall clock of monotonic 0
    vantage: VantageView
    known: Known
    trails: Mapping[str, Watch]  # whose echoes are evidence: the watches themselves
    waiting: frozenset[str]  # certain, but an ancestor has no fresh sample
    flapping: frozenset[str]
    dark: frozenset[str]  # behind a window without probing: planned work

    def wall(self, at: float) -> datetime:
        """Return the wall-clock time of a monotonic one."""
        return self.offset + timedelta(seconds=at)

    def snapshot(self) -> Snapshot:
        """Freeze what is known of the network."""
        return self.fleet.snapshot(self.now, self.wall(self.now), self.wall, self.vantage)

    def answer(self) -> Answer:
        """Judge: pure, but for the echoes that are read for the evidence."""
        if not self.fleet.troubled:
            return Answer(self.reconciled((), {}), {})
        snapshot = self.snapshot()
        causes = localise(snapshot)
        hidden = unreachable(snapshot, causes)
        changes = self.reconciled(causes, hidden)
        evidence: Mapping[str, Any] | None = None
        if any(change.verb in EVIDENT for change in changes):
            evidence = {**dump(snapshot), "echoes": self._echoes(changes)}
        return Answer(changes, hidden, evidence)

    def reconciled(
        self, causes: Sequence[Cause], hidden: Mapping[str, str], more: Mapping[str, OutageView] | None = None
    ) -> Sequence[Change]:
        """Compare causes with the incidents in hand."""
        views = {**self._outages(hidden), **(more or {})}
        known = self.known
        return reconcile(known.incidents, causes, views, self.wall(self.now), known.policy, closed=known.closed)

    def _outages(self, hidden: Mapping[str, str]) -> dict[str, OutageView]:
        """Say of every device that is silent, or was part of an incident, what an incident needs to know."""
        fleet = self.fleet
        devices = set(fleet.troubled)
        for incident in self.known.incidents:
            devices |= incident.locus | incident.affected.keys()
        views = {}
        for watch in fleet.of(sorted(devices)):
            state, name = watch.state, watch.device
            speaks = fleet.speaks(name)
            silent = state.state is State.DOWN and not speaks
            serves_since = fleet.spoke_at(name) if speaks else state.since
            held = watch.covered or name in self.waiting or self.now < watch.grace_until or name in self.dark
            views[name] = OutageView(
                certain=silent and not state.answers and not held,
                silent=silent or state.state is State.SUSPECT or name in self.flapping,
                since=self.wall(fleet.silent_since(watch)) if state.state in (State.DOWN, State.SUSPECT) else None,
                answered_at=self.wall(serves_since) if speaks or state.state is State.UP else None,
                hidden_by=hidden.get(name),
            )
        return views

    def _echoes(self, changes: Sequence[Change]) -> dict[str, list[Any]]:
        """Return the remembered echoes of the places the changes are about: RFC 3339 time, microseconds or null when lost."""
        names: set[str] = set()
        for change in changes:
            for device in change.incident.locus:
                names.add(device)
                names |= self.fleet.graph.ancestors(device) if device in self.trails else set()
        return {
            device: [
                [self.wall(at).isoformat(timespec="milliseconds"), None if rtt is None else round(rtt * 1e6)]
                for at, rtt in self.trails[device].recent()
            ]
            for device in sorted(names)
            if device in self.trails
        }
