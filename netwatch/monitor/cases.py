"""The incidents the monitor has in hand, and when one of them earns a ticket (DIAGNOSIS 1.3, 2.4, 3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from netwatch.detect.state import silent_for
from netwatch.diagnose.cause import Side
from netwatch.incident import Change, Incident, IncidentPolicy, IncidentState
from netwatch.monitor.fleet import Fleet
from netwatch.monitor.mass import MassGuard
from netwatch.monitor.question import Known
from netwatch.monitor.records import Stored
from netwatch.monitor.steady import Steady
from netwatch.monitor.watch import Watch

REMEMBERED_S = 86_400.0  # a recovered incident is named by the next one of its place (`follows`) for a day
TICKETS_AT_ONCE = 500  # asked for in one go
ASK_AGAIN_S = 30.0  # a ticket that was refused, or that nobody answered for, is asked for again so much later


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """netwatch.yaml, tickets: seconds."""

    open_after: float = 180.0
    reopen_within: float = 1800.0


@dataclass(frozen=True, slots=True)
class Decided:
    """What one judgement changed, and the changed incidents as they were before it."""

    changes: tuple[Change, ...] = ()
    before: Mapping[str, Incident] = field(default_factory=dict)


class Cases:
    """Open and recently recovered incidents by key, as the database will have them once the writer is done."""

    def __init__(self, fleet: Fleet, policy: GatePolicy) -> None:
        self.fleet = fleet
        self.policy = policy
        self.known: dict[str, Incident] = {}
        self.steady = Steady()
        self.mass = MassGuard()
        self.opened: dict[str, int] = {}  # cause kind -> tickets opened by this process
        self._closed: frozenset[str] = frozenset()  # tickets of known incidents that people have ended
        self._asked: dict[str, float] = {}  # key -> when the ticket was asked for
        self._held_until = float("-inf")

    def load(self, incidents: Sequence[Incident], now: datetime) -> None:
        """Take over what the database knows, at the start. What ended later than now, by an older clock, has just ended."""
        self.known = {incident.key: incident for incident in incidents}
        self.steady.not_after(now, incidents)

    def resume(self, refused: Iterable[str], stored: Stored) -> None:
        """Go on from what is stored: incidents whose changes were refused are as the database has them, or never were."""
        keys = set(refused)
        for key in keys:
            self.known.pop(key, None)
            self.steady.forget(key)
        for incident in stored.incidents:
            if incident.state is not IncidentState.MERGED and incident.key not in self.known:
                self.known[incident.key] = incident
        self._asked = {key: at for key, at in self._asked.items() if key in self.known}
        self._closed |= stored.ended

    def open(self) -> list[Incident]:
        """Return the open incidents."""
        return [incident for incident in self.known.values() if incident.state is IncidentState.OPEN]

    def any_open(self) -> bool:
        """Tell whether an incident is open."""
        return any(incident.state is IncidentState.OPEN for incident in self.known.values())

    def now_known(self) -> Known:
        """Return what a question has to know of the incidents in hand."""
        closed = frozenset(incident.key for incident in self.known.values() if incident.ticket in self._closed)
        policy = IncidentPolicy(reopen_within=self.policy.reopen_within)
        return Known(self.steady.told(self.known.values()), closed, policy)

    def take(self, changes: Sequence[Change], at: datetime, now: float) -> Decided:
        """Take over what a verdict changes."""
        changes = self.steady.recorded(changes)
        before = {key: self.known[key] for key in {change.incident.key for change in changes} if key in self.known}
        for change in changes:
            known, incident = before.get(change.incident.key), change.incident
            if known is not None and incident.ticket is None and known.ticket is not None:  # opened while this was thought about
                incident = replace(incident, ticket=known.ticket)
            self.known[incident.key] = incident
        self._forget_old(at)
        self.mass.judge([incident.locus for incident in self.open()], len(self.fleet), now)
        return Decided(tuple(changes), before)

    def clock_stepped(self, seconds: float) -> None:
        """Go on counting the age of what is known though the wall clock jumped."""
        self.steady.stepped(seconds, self.known.values())

    def hold(self, until: float) -> None:
        """Let no ticket be asked for before `until`: after a gap in the measuring every silent device is asked afresh first."""
        self._held_until = max(self._held_until, until)

    def _forget_old(self, at: datetime) -> None:
        limit = max(self.policy.reopen_within, REMEMBERED_S)
        for key, incident in list(self.known.items()):
            ended = self.steady.ended_at(incident)
            if incident.state is not IncidentState.OPEN and (ended is None or (at - ended).total_seconds() > limit):
                del self.known[key]
                self.steady.forget(key)
                self._asked.pop(key, None)

    def earned(self, now: float) -> list[Incident]:
        """Return the incidents whose gate has passed and which have no ticket yet; each again only after half a minute."""
        if self.mass.active or now < self._held_until:
            return []
        passed: list[Incident] = []
        for incident in self.open():
            if incident.ticket is not None or not wants_ticket(incident):
                continue
            if now - self._asked.get(incident.key, float("-inf")) < ASK_AGAIN_S:
                continue
            if len(passed) == TICKETS_AT_ONCE:
                break  # the others a second later
            if self.silence(incident, now) >= self._open_after(incident):
                self._asked[incident.key] = now
                passed.append(incident)
        return passed

    def silence(self, incident: Incident, now: float) -> float:
        """Return for how many seconds the longest silent device of the locus has not answered once, neither echo nor SNMP.

        A device under a maintenance window is not counted: still silent at the end of it, it has its ticket then.
        """
        counting = (watch for watch in self.fleet.of(incident.locus) if not watch.covered)
        return max((self._silent_for(watch, now) for watch in counting), default=0.0)

    def _silent_for(self, watch: Watch, now: float) -> float:
        if self.fleet.speaks(watch.device):
            return 0.0
        return min(silent_for(watch.state, now), now - self.fleet.spoke_at(watch.device))

    def _open_after(self, incident: Incident) -> float:
        sites = (self.fleet.graph.inventory.site_of(device) for device in incident.locus if device in self.fleet.watches)
        return min((float(site.open_after or self.policy.open_after) for site in sites), default=self.policy.open_after)

    def written(self, key: str, ticket: str | None) -> None:
        """Take the ticket number from the writer; without one the incident asks again."""
        incident = self.known.get(key)
        if incident is not None and ticket is not None and incident.ticket is None:
            self._asked.pop(key, None)
            self.known[key] = replace(incident, ticket=ticket)
            kind = incident.cause.kind.value
            self.opened[kind] = self.opened.get(kind, 0) + 1

    def tickets(self) -> tuple[str, ...]:
        """Return the tickets of the known incidents: whether they are still open is asked with every heartbeat."""
        return tuple(sorted(incident.ticket for incident in self.known.values() if incident.ticket is not None))

    def ended(self, tickets: frozenset[str]) -> None:
        """Take note which of those tickets have ended: their incidents are never reopened, the next one follows them."""
        self._closed = tickets


def wants_ticket(incident: Incident) -> bool:
    """Tell whether an incident may become a ticket: the monitor's own trouble is none against an office."""
    return incident.cause.side is not Side.MONITOR
