"""Write one record in one transaction: state, incident, ticket, journal and outbox together or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from netwatch import casework
from netwatch.casework import World
from netwatch.diagnose.cause import Evidence
from netwatch.errors import Conflict
from netwatch.incident import Change, Incident, IncidentState, to_json
from netwatch.monitor.cases import REMEMBERED_S
from netwatch.monitor.records import (
    EVIDENT,
    AfterRecovery,
    Beat,
    Blind,
    ClockStep,
    Moment,
    OpenTicket,
    Record,
    Stored,
    Sweep,
    Written,
)
from netwatch.release import release
from netwatch.store import Store, Transaction
from netwatch.store.errors import AlreadyCommitted
from netwatch.store.states import StoredState

MONITOR = "monitor"
PATIENCE_S = 5.0  # for a lock: then it is said that the database is away, and the record waits in the queue


class Stale(Conflict):
    """A change was decided on something that is no longer true: another monitor, or a person, was first."""


class Writer:
    """Turns records into rows. Called by the one writer thread, or inline by the simulator."""

    def __init__(self, store: Store, world: World) -> None:
        self.world = world
        self._store = store

    def __call__(self, record: Record) -> Written:
        """Write one record exactly once. Raises StoreError when it has to be tried again later."""
        write = _KINDS[type(record)]
        try:
            return self._store.run(record.tx, lambda tx: write(tx, self.world, record), patience_s=PATIENCE_S)
        except AlreadyCommitted:
            return self._store_read(record)

    def stored(self, record: Record) -> Stored | None:
        """Return what is stored where a record was refused; None when the record is not one that is decided again.

        Raises StoreError when the database cannot be read now.
        """
        if not isinstance(record, Moment):
            return None
        with self._store.read() as tx:
            known = {one.key: one for one in tx.incidents.load_known(record.at - timedelta(seconds=REMEMBERED_S))}
            for key in {change.incident.key for change in record.changes} - known.keys():
                if (found := tx.incidents.by_key(key)) is not None:
                    known[key] = found
            tickets = tuple(sorted(one.ticket for one in known.values() if one.ticket is not None))
            return Stored(tuple(known.values()), ended(tx, tickets))

    def _store_read(self, record: Record) -> Written:
        """Return what a record that was written before a crash or an unknown outcome had brought."""
        if not isinstance(record, OpenTicket):
            return Written(record)
        with self._store.read() as tx:
            incident = tx.incidents.by_key(record.incident)
        return Written(record, ticket=None if incident is None else incident.ticket)


def _moment(tx: Transaction, world: World, record: Moment) -> Written:
    tx.states.save(
        StoredState(state.device, state.after, state.since, state.reason, state.explained_by, state.loss_ratio)
        for state in record.states
    )
    checked: set[str] = set()
    for change in record.changes:
        stored = tx.incidents.by_key(change.incident.key)
        if change.incident.key not in checked:
            _check(tx, change, stored, record.before.get(change.incident.key))
            checked.add(change.incident.key)
        _change(tx, world, change, stored, record)
    return Written(record)


def _check(tx: Transaction, change: Change, stored: Incident | None, before: Incident | None) -> None:
    """Refuse a change of an incident that is not as it was when the change was decided. Raises Stale."""
    if (stored is None) != (before is None):
        raise Stale(f"incident {change.incident.key} is {'not stored' if stored is None else 'stored already'}")
    if stored is None or before is None:
        return
    if _body(stored) != _body(before):
        raise Stale(f"incident {change.incident.key} was changed by somebody else")
    if change.verb == "reopened" and stored.ticket is not None and not tx.tickets.get(stored.ticket).is_open:
        raise Stale(f"ticket {stored.ticket} has ended: what comes back to its place is another fault")


def _body(incident: Incident) -> Mapping[str, Any]:
    """Return an incident without what the database gives it."""
    return to_json(replace(incident, id=None, ticket=None))


def _change(tx: Transaction, world: World, change: Change, stored: Incident | None, record: Moment) -> None:
    reason = _reason(change.reason)
    if stored is None:
        incident = replace(change.incident, id=None)
        incident = replace(incident, id=tx.incidents.insert(incident, verb=change.verb, reason=reason))
    else:
        incident = replace(change.incident, id=stored.id, ticket=stored.ticket)
        tx.incidents.update(incident, verb=change.verb, reason=reason)
    assert incident.id is not None
    if record.evidence is not None and change.verb in EVIDENT:
        tx.incidents.add_evidence(incident.id, "snapshot", record.evidence)
    if incident.ticket is not None:
        _TOLD.get(change.verb, casework.update_affected)(tx, world, incident, record.at)


def _reason(reason: Evidence) -> Mapping[str, Any]:
    return {"code": reason.code, **reason.values}


def _open_ticket(tx: Transaction, world: World, record: OpenTicket) -> Written:
    incident = tx.incidents.by_key(record.incident)
    if incident is None or incident.state is not IncidentState.OPEN:
        return Written(record)
    if incident.ticket is not None:
        return Written(record, ticket=incident.ticket)
    return Written(record, ticket=casework.open_ticket_for_incident(tx, world, incident, record.at).id)


def _after_recovery(tx: Transaction, world: World, record: AfterRecovery) -> Written:  # noqa: ARG001
    incident = tx.incidents.by_key(record.incident)
    if incident is not None and incident.id is not None:
        tx.incidents.add_evidence(incident.id, "after_recovery", record.body)
    return Written(record)


def _blind(tx: Transaction, world: World, record: Blind) -> Written:  # noqa: ARG001  # every writer takes the same
    known = [period for period in tx.blind.list() if period.ended_at is None and period.reason == record.reason]
    if known and record.until is not None:
        began = max(period.began_at for period in known)
        tx.blind.end(max(record.until, began), reason=record.reason)
        if record.until < began:  # the wall clock was set back meanwhile: the time by the new clock was not measured either
            tx.blind.add(record.reason, record.since, record.until)
    elif record.until is not None:
        tx.blind.add(record.reason, record.since, record.until)
    else:
        tx.blind.begin(record.reason, record.since)
    fields = {"since": record.since.isoformat(), "until": record.until.isoformat() if record.until else None}
    tx.journal.append(_note("blind", record.reason, record, fields))
    return Written(record)


def _clock_step(tx: Transaction, world: World, record: ClockStep) -> Written:  # noqa: ARG001
    tx.journal.append(_note("clock", "clock_stepped", record, {"milliseconds": round(record.seconds * 1000)}))
    return Written(record)


def _beat(tx: Transaction, world: World, record: Beat) -> Written:  # noqa: ARG001
    tx.heartbeat.beat(MONITOR, record.at, isolated=record.isolated, version=release())
    windows = tuple(stored.window for stored in tx.maintenance.list(not_ended_before=record.at))
    return Written(record, windows=windows, ended=ended(tx, record.tickets))


def ended(tx: Transaction, tickets: tuple[str, ...]) -> frozenset[str]:
    """Return those of these tickets that are no longer open."""
    return frozenset(ticket for ticket in tickets if not tx.tickets.get(ticket).is_open)


def _sweep(tx: Transaction, world: World, record: Sweep) -> Written:
    casework.sweep(tx, world, record.at)
    return Written(record)


def _note(kind: str, action: str, record: Record, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": kind,
        "action": action,
        "performed_by": "system",
        "recorded_by": "system",
        "performed_at": record.at,
        "fields": dict(fields),
    }


_TOLD: Mapping[str, Callable[[Transaction, World, Any, Any], object]] = {
    "recovered": casework.note_recovery,
    "reopened": casework.note_outage_again,
}
_KINDS: Mapping[type[Any], Callable[[Transaction, World, Any], Written]] = {
    Moment: _moment,
    OpenTicket: _open_ticket,
    AfterRecovery: _after_recovery,
    Blind: _blind,
    ClockStep: _clock_step,
    Beat: _beat,
    Sweep: _sweep,
}
