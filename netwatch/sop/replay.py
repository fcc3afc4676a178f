"""The pure effect of one entry on a ticket: replaying all entries gives exactly the ticket (RELIABILITY, invariant I2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from netwatch.sop.entry import Entry
from netwatch.sop.record import Hold, StepVisit, Ticket, TicketState

FINAL = {state.value: state for state in TicketState if state is not TicketState.OPEN}


def replay(entries: Iterable[Entry]) -> Ticket:
    """Build a ticket from all its entries in order. Raise ValueError when the first is not an opening."""
    ticket: Ticket | None = None
    for entry in entries:
        ticket = apply(ticket, entry)
    if ticket is None:
        raise ValueError("no entries")
    return ticket


def apply(ticket: Ticket | None, entry: Entry) -> Ticket:
    """Return the ticket after the entry. Asks no guard: what was journalled has happened. Raise ValueError if they do not fit."""
    if ticket is None:
        return opened(entry)
    if entry.ticket != ticket.id or entry.kind == "ticket_opened":
        raise ValueError(f"entry {entry.kind} of {entry.ticket} does not belong on {ticket.id}")
    changed = replace(
        ticket,
        documents=(*ticket.documents, *entry.documents),
        affected=entry.changes.get("affected", ticket.affected),
        affected_opds=tuple(entry.changes.get("affected_opds", ticket.affected_opds)),
        incident=entry.changes.get("incident", ticket.incident),
        proposal=entry.changes.get("proposal", ticket.proposal),
        flags=merged(ticket.flags, entry.changes.get("flags", {})),
        version=ticket.version + 1,
    )
    if entry.kind == "ticket_held":
        return replace(changed, hold=entry.hold)
    if entry.kind == "ticket_resumed":
        return without_hold(changed, entry)
    if entry.kind == "ticket_act":
        return moved(without_hold(changed, entry), entry)
    return changed


def opened(entry: Entry) -> Ticket:
    """Return a new ticket from its opening entry."""
    if entry.kind != "ticket_opened" or entry.to is None:
        raise ValueError(f"the first entry of {entry.ticket} is {entry.kind}, not an opening")
    start = entry.changes
    return Ticket(
        id=entry.ticket,
        origin=start["origin"],
        state=TicketState.OPEN,
        procedure_revision=entry.procedure_revision,
        calendar_version=entry.calendar_version,
        site=start["site"],
        opd=start["opd"],
        opened_at=entry.performed_at,
        visits=(StepVisit(entry.to, 1, entry.performed_at, entry.due_at, record=entry.fields),),
        affected=start["affected"],
        affected_opds=tuple(start["affected_opds"]),
        incident=entry.incident,
        proposal=start["proposal"],
        documents=entry.documents,
        flags=start["flags"],
        version=1,
    )


def moved(ticket: Ticket, entry: Entry) -> Ticket:
    """Leave the present step by the entry's action."""
    assert entry.to is not None
    left = replace(
        ticket.step,
        left_at=entry.performed_at,
        action=entry.action,
        performed_by=entry.performed_by,
        record={**ticket.step.record, **entry.fields},
    )
    visits = (*ticket.visits[:-1], left)
    state = FINAL.get(entry.to, TicketState.OPEN)
    if state in {TicketState.OPEN, TicketState.DONE}:
        attempt = 1 + sum(visit.key == entry.to for visit in visits)
        visits = (*visits, StepVisit(entry.to, attempt, entry.performed_at, entry.due_at, papers_before=len(ticket.documents)))
    closed_at = None if state is TicketState.OPEN else entry.performed_at
    return replace(ticket, visits=visits, state=state, closed_at=closed_at)


def without_hold(ticket: Ticket, entry: Entry) -> Ticket:
    """End a running hold: whoever acts on a held step has what he waited for."""
    if ticket.hold is None:
        return ticket
    ended: Hold = replace(ticket.hold, until=entry.performed_at)
    return replace(ticket, hold=None, holds=(*ticket.holds, ended))


def merged(flags: Mapping[str, Any], changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Set the changed flags; a flag set to null is gone."""
    if not changes:
        return flags
    return {key: value for key, value in {**flags, **changes}.items() if value is not None}
