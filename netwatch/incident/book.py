"""The incidents in hand while they are reconciled, and the list of what happened to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from netwatch.diagnose.cause import Cause, CauseKind, Evidence
from netwatch.diagnose.explain import certainty
from netwatch.incident.life import (
    CauseChanged,
    Change,
    Incident,
    IncidentState,
    Joined,
    Left,
    Merged,
    Opened,
    Outage,
    OutageView,
    Recovered,
    Reopened,
    Split,
)
from netwatch.incident.places import ends, is_out

NAMES_IN_REASON = 10
Value = str | int | float | bool | None


class Book:
    """Working state of one `reconcile`: incidents by key, who holds which silent device, and the changes so far."""

    def __init__(
        self, known: Sequence[Incident], causes: Sequence[Cause], views: Mapping[str, OutageView], now: datetime
    ) -> None:
        self.incidents = {incident.key: incident for incident in known}
        self.views = views
        self.now = now
        self.changes: list[Change] = []
        self.entries: frozenset[str] = frozenset().union(*(cause.locus for cause in causes))
        self._holder: dict[str, str] = {}  # silent device -> key; open incidents win over recovered ones
        self._at: dict[str, str] = {}  # device -> key of the open incident that has it in its locus
        self._at_end: dict[str, list[str]] = {}  # device -> keys of the open incidents whose link ends there
        for incident in sorted(known, key=lambda one: (one.state is IncidentState.OPEN, one.began_at, one.key)):
            self._index(incident)

    def _index(self, incident: Incident) -> None:
        if incident.state is IncidentState.MERGED:
            return
        key = incident.key
        self._holder.update((device, key) for device, outage in incident.affected.items() if outage.until is None)
        if incident.state is IncidentState.OPEN:
            self._at.update(dict.fromkeys(incident.locus, key))
            for device in ends(incident.cause):
                self._at_end.setdefault(device, []).append(key)

    # Questions

    def certain(self, devices: Iterable[str]) -> frozenset[str]:
        """Return those that are silent for certain."""
        views = self.views
        return frozenset(device for device in devices if device in views and views[device].certain)

    def near(self, cause: Cause, felt: Iterable[str]) -> list[Incident]:
        """Return the open incidents that can be this fault: at its locus, behind it, or with a link that ends at its element."""
        keys = {self._at[device] for device in felt if device in self._at}
        keys |= {self._at[device] for device in cause.affected if device in self._at}
        keys |= set(self._at_end.get(cause.element, ()))
        found = [self.incidents[self.survivor(key)] for key in keys]
        return list({one.key: one for one in found if one.state is IncidentState.OPEN}.values())

    def onset(self, devices: Iterable[str]) -> datetime:
        """Return the first lost echo among devices."""
        return min((self.views[device].since or self.now for device in devices), default=self.now)

    def victim_of(self, device: str) -> Incident | None:
        """Return the incident that has this device among its silent victims, not in its locus."""
        key = self._holder.get(device)
        if key is None or (device in self.incidents[key].locus and self.incidents[key].state is IncidentState.OPEN):
            return None
        return self.incidents[key]

    def survivor(self, key: str) -> str:
        """Follow merges to the incident that goes on."""
        while (into := self.incidents[key].merged_into) is not None:
            key = into
        return key

    # Verbs

    def let_go(self, key: str) -> None:
        """Let the devices that answer again leave; when the whole locus has returned, the incident has recovered."""
        incident = self.incidents[key]
        if incident.state is IncidentState.MERGED:
            return
        returned: dict[str, Outage] = {}
        gone = []
        for device, outage in incident.affected.items():
            if outage.until is not None:
                continue
            view = self.views.get(device)
            if view is None:
                gone.append(device)
                returned[device] = replace(outage, until=max(self.now, outage.since))
            elif not view.silent and view.answered_at is not None:
                returned[device] = replace(outage, until=max(view.answered_at, outage.since))
        if returned:
            self._drop(returned, key)
            incident = replace(incident, affected={**incident.affected, **returned})
            self._note(Left, incident, "no_longer_watched" if len(gone) == len(returned) else "answers_again", **_names(returned))
        if incident.state is IncidentState.OPEN:
            untils = [outage.until for device, outage in incident.affected.items() if device in incident.locus]
            last = [until for until in untils if until is not None]
            if len(last) == len(untils):
                ended_at = max(last, default=self.now)
                healed = replace(incident, state=IncidentState.RECOVERED, ended_at=ended_at)
                self._note(Recovered, healed, "locus_answers", **_names(incident.locus))

    def merge(self, incidents: Sequence[Incident]) -> str:
        """Let the oldest of several open incidents go on and the others end in it; return its key.

        One that has a ticket goes before one that has none: otherwise the same fault would ask for a second ticket.
        """
        first, *others = sorted(incidents, key=lambda one: (one.ticket is None, one.began_at, one.key))
        survivor = self.incidents[first.key]
        for other in others:
            ended = replace(other, state=IncidentState.MERGED, ended_at=self.now, merged_into=survivor.key)
            self._note(Merged, ended, "one_cause", into=survivor.key)
            moved = {device: outage for device, outage in other.affected.items() if not is_out(survivor, device)}
            survivor = replace(survivor, locus=survivor.locus | other.locus, affected={**survivor.affected, **moved})
            self._index(survivor)
        if others:
            self._note(Joined, survivor, "swallowed", **_names(one.key for one in others))
        return survivor.key

    def grow(self, key: str, cause: Cause, locus: frozenset[str]) -> None:
        """Take the silent devices of a cause into an open incident; an entry that now lies behind another is an entry no more."""
        incident = self.incidents[key]
        joining = self._joining(incident, cause, locus)
        behind = {
            device
            for device in (incident.locus - locus if locus else ())
            if device in cause.affected
            and device not in self.entries
            and self._hidden(device)
            and (device in joining or is_out(incident, device))
        }
        grown = (incident.locus | locus) - behind
        if not joining and grown == incident.locus:
            return
        affected = {**incident.affected, **joining}
        for device in behind:
            affected[device] = replace(affected[device], state="unreachable")
        for device in locus & incident.affected.keys() - joining.keys():
            affected[device] = replace(affected[device], state="down")
        began_at = min([incident.began_at, *(affected[device].since for device in grown if affected[device].until is None)])
        changed = replace(incident, locus=grown, affected=affected, began_at=began_at)
        stale = self._waited_for(joining, key)
        self._index(changed)
        self._note(Joined, changed, "late_victims" if joining else "locus_moved", **_names(joining or grown))
        self.release(stale, key)

    def open(self, cause: Cause, locus: frozenset[str], onset: datetime, *, split_from: str | None, follows: str | None) -> str:
        """Open an incident and return its key."""
        names = sorted(locus)
        key = "+".join(names[:3]) + (f"+{len(names) - 3}" if len(names) > 3 else "") + "@" + onset.isoformat()
        while key in self.incidents:
            key += "'"
        blank = Incident(key, locus, cause, IncidentState.OPEN, onset, split_from=split_from, follows=follows)
        joining = self._joining(blank, cause, locus)
        incident = replace(blank, affected=joining)
        stale = self._waited_for(joining, key)
        self._index(incident)
        if split_from is None:
            self._note(Opened, incident, "new_place", kind=cause.kind.value, element=cause.element, follows=follows)
        else:
            self._note(
                Split, incident, "still_silent_after_recovery", kind=cause.kind.value, element=cause.element, origin=split_from
            )
        self.release(stale, key)
        return key

    def reopen(self, key: str, cause: Cause, locus: frozenset[str]) -> None:
        """Continue a recovered incident: the same place within the time that counts as the same fault."""
        old = self.incidents[key]
        joining = self._joining(old, cause, locus)
        affected = {**old.affected, **joining}
        again = replace(
            old, state=IncidentState.OPEN, ended_at=None, reopened=old.reopened + 1, cause=cause, locus=locus, affected=affected
        )
        stale = self._waited_for(joining, key)
        self._index(again)
        ended = None if old.ended_at is None else old.ended_at.isoformat()
        self._note(Reopened, again, "same_place_again", kind=cause.kind.value, element=cause.element, recovered_at=ended)
        self.release(stale, key)

    def release(self, devices: Iterable[str], key: str) -> None:
        """Take devices out of the incidents whose victims they were: they belong to `key` now."""
        leaving: dict[str, dict[str, Outage]] = {}
        for device in sorted(devices):
            for incident in self.incidents.values():
                if incident.key != key and incident.state is not IncidentState.MERGED and is_out(incident, device):
                    outage = incident.affected[device]
                    until = max(incident.ended_at or self.now, outage.since)
                    leaving.setdefault(incident.key, {})[device] = replace(outage, until=until)
        for origin, outages in leaving.items():
            incident = self.incidents[origin]
            self._note(Left, replace(incident, affected={**incident.affected, **outages}), "own_fault", **_names(outages))
            self._holder.update(dict.fromkeys(outages, key))

    def set_cause(self, key: str, cause: Cause) -> None:
        """Give an incident its present cause; only another kind, element, side, domain or word of certainty is worth a line."""
        incident = self.incidents[key]
        old = incident.cause
        if _signature(old) == _signature(cause):
            return
        reason: dict[str, Value] = {"old_kind": old.kind.value, "old_element": old.element, "old_side": old.side.value}
        changed = replace(incident, cause=cause)
        self._index(changed)
        self._note(CauseChanged, changed, "new_snapshot", **reason)

    # Smaller things

    def _joining(self, incident: Incident, cause: Cause, locus: frozenset[str]) -> dict[str, Outage]:
        """Return the parts of certain devices that are not in an incident yet; the monitor's own trouble takes nobody along."""
        wanted = locus if cause.kind is CauseKind.MONITOR else cause.affected | locus
        joining = {}
        for device in wanted:
            view = self.views.get(device)
            if view is None or not view.certain or is_out(incident, device):
                continue
            holder = self._holder.get(device)
            if device not in locus and holder is not None and self.incidents[holder].state is IncidentState.OPEN:
                continue
            hidden = view.hidden_by is not None and device not in locus
            joining[device] = Outage(view.since or self.now, None, "unreachable" if hidden else "down")
        return joining

    def _waited_for(self, joining: Iterable[str], key: str) -> list[str]:
        """Return those of the joining devices that a recovered incident still waits for: their part in it ends now."""
        holders = [(device, self._holder.get(device)) for device in joining]
        return [
            device
            for device, holder in holders
            if holder is not None and holder != key and self.incidents[holder].state is IncidentState.RECOVERED
        ]

    def _hidden(self, device: str) -> bool:
        view = self.views.get(device)
        return view is not None and view.hidden_by is not None

    def _drop(self, devices: Iterable[str], key: str) -> None:
        for device in devices:
            if self._holder.get(device) == key:
                del self._holder[device]

    def _note(self, verb: type[Change], incident: Incident, code: str, **values: Value) -> None:
        self.incidents[incident.key] = incident
        self.changes.append(verb(incident, Evidence(code, values)))


def _signature(cause: Cause) -> tuple[str, ...]:
    return cause.kind.value, cause.element, cause.side.value, cause.domain.value, certainty(cause.confidence)


def _names(devices: Iterable[str]) -> dict[str, Value]:
    """Return names for a reason: how many, and the first ten."""
    names = sorted(devices)
    return {"count": len(names), "devices": " ".join(names[:NAMES_IN_REASON])}
