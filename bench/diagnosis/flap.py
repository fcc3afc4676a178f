"""One line that goes and comes six times, through the real book of incidents: how many tickets would people get?"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bench.diagnosis import faults, observe
from bench.diagnosis.backbones import Backbone
from bench.diagnosis.generator import NOISE, World, generate
from bench.diagnosis.observe import CONFIRM_S, MIDNIGHT, Seen
from netwatch.diagnose.cause import CauseKind
from netwatch.diagnose.localise import localise, unreachable
from netwatch.diagnose.snapshot import Snapshot
from netwatch.incident import Change, Incident, IncidentPolicy, IncidentState, Opened, OutageView, Split, reconcile

OUTAGES = 6
OUTAGE_S = (40.0, 120.0)
SERVICE_S = (60.0, 300.0)
ANSWERS_S = 12.0  # three answers over ten seconds
NOT_ONE = frozenset({CauseKind.REDUNDANCY, CauseKind.AGENT})


@dataclass(slots=True)
class Flaps:
    """Totals over many lines. `by_cause`: tickets if each kind and element were a ticket of its own."""

    lines: int = 0
    tickets: int = 0
    by_cause: int = 0

    def add(self, tickets: int, by_cause: int) -> None:
        """Count one line."""
        self.lines += 1
        self.tickets += tickets
        self.by_cause += by_cause


def flaps(backbones: Sequence[Backbone], seed: int, lines: int) -> Flaps:
    """Let about so many lines flap, spread over the networks."""
    total = Flaps()
    each = max(1, round(lines / len(backbones)))
    for backbone in backbones:
        rng = random.Random(f"{seed}/{backbone.name}/flap")
        world = generate(backbone, NOISE["normal"], rng)
        done = 0
        for _ in range(20 * each):
            if done == each:
                break
            fault = faults.link_fault(rng.choice(world.links).number, "cut")
            if observe.silence(world, [fault]):
                done += 1
                total.add(*flap(world, fault, rng))
    return total


def flap(world: World, fault: faults.Fault, rng: random.Random) -> tuple[int, int]:
    """Play six outages of one line and return how many incidents were opened, and how many places keyed by cause there were."""
    book = _Hand()
    at = MIDNIGHT
    causes: set[tuple[CauseKind, str]] = set()
    for _ in range(OUTAGES):
        lasts = rng.uniform(*OUTAGE_S)
        seen = observe.observe(world, faults.Event("flap", (fault,)), rng, witness=True)
        first = at + timedelta(seconds=min(seen.silent.values()) + CONFIRM_S)
        for now in (first, at + timedelta(seconds=lasts)):
            snapshot = _moved(observe.snapshot(world, seen, after=False), at)
            causes |= book.judge(snapshot, seen, at, now)
        at += timedelta(seconds=lasts)
        book.healed(at, at + timedelta(seconds=ANSWERS_S))
        at += timedelta(seconds=rng.uniform(*SERVICE_S))
    return book.opened, len(causes)


def _moved(snapshot: Snapshot, at: datetime) -> Snapshot:
    """Return a snapshot of another hour."""
    later = at - MIDNIGHT
    views = dict(snapshot.devices)
    for name, view in views.items():
        if view.since is not None:
            views[name] = replace(view, since=view.since + later)
    return Snapshot(snapshot.graph, at, views, snapshot.ports, snapshot.vantage)


class _Hand:
    """The incidents in hand, as the monitor keeps them."""

    def __init__(self) -> None:
        self.known: dict[str, Incident] = {}
        self.opened = 0
        self._out: set[str] = set()

    def judge(self, snapshot: Snapshot, seen: Seen, began: datetime, now: datetime) -> set[tuple[CauseKind, str]]:
        """Take one verdict during an outage; return the causes that would be tickets."""
        causes = localise(snapshot)
        hidden = unreachable(snapshot, causes)
        views = {}
        for name, onset in seen.silent.items():
            since = began + timedelta(seconds=onset)
            certain = since + timedelta(seconds=CONFIRM_S) <= now
            views[name] = OutageView(certain=certain, silent=True, since=since, hidden_by=hidden.get(name))
            self._out.add(name)
        self._apply(reconcile(list(self.known.values()), causes, views, now, IncidentPolicy()))
        return {(cause.kind, cause.element) for cause in causes if cause.kind not in NOT_ONE}

    def healed(self, answered: datetime, now: datetime) -> None:
        """Let everybody answer again."""
        views = {name: OutageView(certain=False, silent=False, answered_at=answered) for name in self._out}
        self._apply(reconcile(list(self.known.values()), [], views, now, IncidentPolicy()))

    def _apply(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self.opened += isinstance(change, Opened | Split)
            self.known[change.incident.key] = change.incident
        self.known = {key: one for key, one in self.known.items() if one.state is not IncidentState.MERGED}
