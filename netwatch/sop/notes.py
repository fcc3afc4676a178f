"""What changes on a ticket without leaving its step: facts of the network, papers, reports that join, lateness. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from netwatch.errors import Reason, Refused
from netwatch.sop.act import Performed
from netwatch.sop.deadline import document_faults, numbered
from netwatch.sop.entry import Entry, exact, time_text
from netwatch.sop.procedure import Procedure
from netwatch.sop.record import SYSTEM, Document, Ticket
from netwatch.sop.replay import apply

CLOSED = Reason("ticket_closed", "tiket sudah ditutup; dokumennya terkunci", "the ticket is closed; its documents are locked")


def note_recovery(
    ticket: Ticket, *, recovered_at: datetime, now: datetime, affected: Mapping[str, Any] | None = None
) -> Performed:
    """Note that service is back. It leaves the step as it is: a network that heals never closes a ticket."""
    return note(
        ticket,
        "note_recovery",
        now,
        fields={"recovered_at": recovered_at},
        affected=affected,
        flags={"recovered_at": recovered_at},
    )


def note_outage(ticket: Ticket, *, out_again_at: datetime, now: datetime, affected: Mapping[str, Any] | None = None) -> Performed:
    """Note that it is down again; the recovery noted before no longer counts."""
    fields = {"out_again_at": out_again_at}
    return note(ticket, "note_new_outage", now, fields=fields, affected=affected, flags={"recovered_at": None})


def change_affected(
    ticket: Ticket,
    *,
    affected: Mapping[str, Any],
    now: datetime,
    affected_opds: Sequence[str] | None = None,
    proposal: Mapping[str, Any] | None = None,
) -> Performed:
    """Replace the set of affected devices (late victims join, healed ones leave), and what netwatch proposes as the cause."""
    return note(ticket, "change_affected", now, affected=affected, affected_opds=affected_opds, proposal=proposal)


def link_incident(ticket: Ticket, *, incident: int | None, now: datetime) -> Performed:
    """Tie the ticket to an incident (a report that turns out to be one; a fault that came back within reopen_within)."""
    return note(ticket, "link_incident", now, fields={"incident": incident}, incident=incident)


def join_report(
    procedure: Procedure,
    ticket: Ticket,
    *,
    now: datetime,
    by: str,
    recorded_by: str,
    reporter_name: str,
    symptom: str,
    opd: str | None = None,
    letter_number: str | None = None,
    documents: Sequence[Document] = (),
    channel: str = "cli",
    request_id: str | None = None,
) -> Performed:
    """Attach a later report or letter to the open ticket of its place (G11); from now on netwatch may not cancel it by itself."""
    refuse_documents(procedure, ticket, documents)
    opds = list(ticket.affected_opds) + ([opd] if opd is not None and opd not in ticket.affected_opds else [])
    fields = {"reporter_name": reporter_name, "symptom": symptom, "opd": opd, "letter_number": letter_number}
    return note(
        ticket,
        "join_report",
        now,
        fields={name: value for name, value in fields.items() if value is not None},
        affected_opds=opds,
        flags={"touched": True},
        documents=numbered(ticket, documents, at=now, by=recorded_by),
        by=by,
        recorded_by=recorded_by,
        channel=channel,
        request_id=request_id,
    )


def attach(
    procedure: Procedure,
    ticket: Ticket,
    documents: Sequence[Document],
    *,
    now: datetime,
    by: str,
    recorded_by: str,
    channel: str = "cli",
    request_id: str | None = None,
) -> Performed:
    """Hand in papers: each becomes a new revision. Raise Refused when the ticket is closed, a key is unknown or its step not yet reached."""
    refuse_documents(procedure, ticket, documents)
    papers = numbered(ticket, documents, at=now, by=recorded_by)
    flags = {"touched": True} if by != SYSTEM else {}
    return note(
        ticket,
        "attach",
        now,
        flags=flags,
        documents=papers,
        by=by,
        recorded_by=recorded_by,
        channel=channel,
        kind="ticket_documents",
        request_id=request_id,
    )


def mark_late(ticket: Ticket, *, days: int, told: Sequence[str], now: datetime) -> Performed:
    """Mark the present step late by so many working days and remember who was told (G10). It never advances anything."""
    late = {"step": ticket.step.key, "attempt": ticket.step.attempt, "days": days}
    return note(ticket, "mark_late", now, fields={"days": days, "told": list(told)}, flags={"late": late})


def absorb(ticket: Ticket, other: Ticket, *, now: datetime) -> Performed:
    """Take over the offices and devices of a ticket merged into this one (G11)."""
    own = (ticket.opd, *ticket.affected_opds)
    opds = [*ticket.affected_opds, *(o for o in (other.opd, *other.affected_opds) if o is not None and o not in own)]
    affected = {**other.affected, **ticket.affected}
    return note(
        ticket, "absorb", now, fields={"merged_ticket": other.id}, affected=affected, affected_opds=opds, flags={"touched": True}
    )


def refuse_documents(procedure: Procedure, ticket: Ticket, documents: Sequence[Document]) -> None:
    """Raise Refused when papers cannot be handed in."""
    reasons = [] if ticket.is_open else [CLOSED]
    reasons += document_faults(procedure, ticket, documents)
    if reasons:
        raise Refused(reasons)


def note(
    ticket: Ticket,
    name: str,
    now: datetime,
    *,
    fields: Mapping[str, Any] | None = None,
    affected: Mapping[str, Any] | None = None,
    affected_opds: Sequence[str] | None = None,
    proposal: Mapping[str, Any] | None = None,
    incident: int | None = None,
    flags: Mapping[str, Any] | None = None,
    documents: tuple[Document, ...] = (),
    by: str = SYSTEM,
    recorded_by: str = SYSTEM,
    channel: str = "system",
    kind: str = "ticket_note",
    request_id: str | None = None,
) -> Performed:
    """Return the ticket with one note; parts that are None stay as they are."""
    changes: dict[str, Any] = {}
    if affected is not None:
        changes["affected"] = exact(affected)
    if affected_opds is not None:
        changes["affected_opds"] = list(dict.fromkeys(affected_opds))
    if proposal is not None:
        changes["proposal"] = exact(proposal)
    if name == "link_incident":
        changes["incident"] = incident
    if flags:
        changes["flags"] = {key: time_text(value) if isinstance(value, datetime) else value for key, value in flags.items()}
    entry = Entry(
        kind=kind,
        ticket=ticket.id,
        incident=changes.get("incident", ticket.incident),
        step=ticket.step.key,
        to=None,
        action=name,
        performed_by=by,
        performed_at=now.astimezone(UTC),
        recorded_by=recorded_by,
        recorded_at=now.astimezone(UTC),
        channel=channel,
        fields=exact(fields or {}),
        documents=documents,
        due_at=ticket.step.due_at,
        procedure_revision=ticket.procedure_revision,
        calendar_version=ticket.calendar_version,
        changes=changes,
        request_id=request_id,
    )
    return Performed(apply(ticket, entry), entry)
