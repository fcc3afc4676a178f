"""Tickets as JSON: exactly, for the store (`to_json`, `from_json`), and as INTERFACES shows them (`public`). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from netwatch.sop.entry import document_body, document_of, exact, hold_body, hold_of, maybe_text, maybe_time, time_of, time_text
from netwatch.sop.procedure import Procedure
from netwatch.sop.record import StepVisit, Ticket, TicketState

ORIGIN_SHOWN = {"automatic": "monitor"}  # INTERFACES says "monitor" where the SOP's data says "automatic"


def to_json(ticket: Ticket) -> dict[str, Any]:
    """Return everything a ticket holds as JSON values; `from_json` gives the same ticket back."""
    return {
        "id": ticket.id,
        "origin": ticket.origin,
        "state": ticket.state.value,
        "procedure_revision": ticket.procedure_revision,
        "calendar_version": ticket.calendar_version,
        "site": ticket.site,
        "opd": ticket.opd,
        "opened_at": time_text(ticket.opened_at),
        "visits": [visit_json(visit) for visit in ticket.visits],
        "affected": exact(ticket.affected),
        "affected_opds": list(ticket.affected_opds),
        "incident": ticket.incident,
        "proposal": exact(ticket.proposal),
        "documents": [document_body(document) for document in ticket.documents],
        "hold": None if ticket.hold is None else hold_body(ticket.hold),
        "holds": [hold_body(hold) for hold in ticket.holds],
        "flags": exact(ticket.flags),
        "closed_at": maybe_text(ticket.closed_at),
        "version": ticket.version,
    }


def from_json(value: Mapping[str, Any]) -> Ticket:
    """Read a ticket that `to_json` wrote."""
    return Ticket(
        id=value["id"],
        origin=value["origin"],
        state=TicketState(value["state"]),
        procedure_revision=value["procedure_revision"],
        calendar_version=value["calendar_version"],
        site=value["site"],
        opd=value["opd"],
        opened_at=time_of(value["opened_at"]),
        visits=tuple(visit_of(visit) for visit in value["visits"]),
        affected=dict(value["affected"]),
        affected_opds=tuple(value["affected_opds"]),
        incident=value["incident"],
        proposal=dict(value["proposal"]),
        documents=tuple(document_of(document) for document in value["documents"]),
        hold=None if value["hold"] is None else hold_of(value["hold"]),
        holds=tuple(hold_of(hold) for hold in value["holds"]),
        flags=dict(value["flags"]),
        closed_at=maybe_time(value["closed_at"]),
        version=value["version"],
    )


def visit_json(visit: StepVisit) -> dict[str, Any]:
    """Write one entry into a step."""
    return {
        "key": visit.key,
        "attempt": visit.attempt,
        "entered_at": time_text(visit.entered_at),
        "due_at": maybe_text(visit.due_at),
        "left_at": maybe_text(visit.left_at),
        "action": visit.action,
        "performed_by": visit.performed_by,
        "record": exact(visit.record),
        "papers_before": visit.papers_before,
    }


def visit_of(value: Mapping[str, Any]) -> StepVisit:
    """Read one entry into a step."""
    return StepVisit(
        key=value["key"],
        attempt=value["attempt"],
        entered_at=time_of(value["entered_at"]),
        due_at=maybe_time(value["due_at"]),
        left_at=maybe_time(value["left_at"]),
        action=value["action"],
        performed_by=value["performed_by"],
        record=dict(value["record"]),
        papers_before=value["papers_before"],
    )


def public(
    ticket: Ticket, procedure: Procedure, *, now: datetime, incident: Mapping[str, Any] | None = None, language: str = "id"
) -> dict[str, Any]:
    """Return TICKET of INTERFACES. `incident` is its JSON (id, state, began_at, ended_at, cause), which this room does not know.

    More than INTERFACES promises: `attempt` of every visit in `history`, `flags`, `holds`, `affected_opds`, `version`.
    """
    visit = ticket.step
    step = procedure.steps[visit.key]
    return {
        "schema": "netwatch.ticket/1",
        "id": ticket.id,
        "origin": ORIGIN_SHOWN.get(ticket.origin, ticket.origin),
        "state": ticket.state.value,
        "procedure_revision": ticket.procedure_revision,
        "step": {
            "number": step.number,
            "key": visit.key,
            "label": step.text(language),
            "role": step.actor,
            "entered_at": time_text(visit.entered_at),
            "due_at": maybe_text(visit.due_at),
            "overdue": is_overdue(ticket, now),
            "attempt": visit.attempt,
        },
        "site": ticket.site,
        "opd": ticket.opd,
        "affected": [{"device": device, **exact(entry)} for device, entry in sorted(ticket.affected.items())],
        "affected_opds": list(ticket.affected_opds),
        "incident": incident,
        "hold": None
        if ticket.hold is None
        else {**hold_body(ticket.hold), "label": procedure.hold.reasons[ticket.hold.reason].text(language)},
        "documents": [document_body(document) for document in ticket.documents],
        "opened_at": time_text(ticket.opened_at),
        "closed_at": maybe_text(ticket.closed_at),
        "history": [visit_json(past) for past in ticket.visits],
        "holds": [hold_body(hold) for hold in ticket.holds],
        "flags": exact(ticket.flags),
        "version": ticket.version,
    }


def is_overdue(ticket: Ticket, now: datetime) -> bool:
    """Say whether the present step of an open ticket is past its due time. Gross time: a hold does not stop it (G10)."""
    return ticket.is_open and ticket.step.due_at is not None and now > ticket.step.due_at
