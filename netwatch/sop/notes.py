"""What changes on a ticket without leaving its step: facts of the network, joined reports, lateness, papers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from netwatch.errors import Reason, Refused
from netwatch.sop.act import Act, Context, Performed
from netwatch.sop.deadline import document_faults, numbered
from netwatch.sop.entry import Entry, exact
from netwatch.sop.procedure import Procedure
from netwatch.sop.record import SYSTEM, Document, Ticket
from netwatch.sop.recording import channel_of, recording_faults
from netwatch.sop.replay import apply

CLOSED = Reason("ticket_closed", "tiket sudah ditutup; dokumennya terkunci", "the ticket is closed; its documents are locked")
CHANGEABLE = ("affected", "affected_opds", "incident", "proposal", "flags")


def note(
    procedure: Procedure,
    ticket: Ticket,
    name: str,
    *,
    now: datetime,
    performed_by: str = SYSTEM,
    recorded_by: str = SYSTEM,
    channel: str | None = None,
    fields: Mapping[str, Any] | None = None,
    documents: Sequence[Document] = (),
    changes: Mapping[str, Any] | None = None,
    request_id: str | None = None,
) -> Performed:
    """Return the ticket with one note under a name of the caller's choice (`recovered`, `late`, `report_joined`, ...).

    `changes`: new values of `affected`, `affected_opds`, `incident`, `proposal`; `flags` are merged, a flag of null is taken
    away. A note never leaves the step and asks no guard: a network that heals closes nothing. Raises Refused when the ticket is
    closed or a document is unknown; ValueError for a change that a note cannot make.
    """
    reasons = [] if ticket.is_open else [CLOSED]
    reasons += document_faults(procedure, ticket, documents)
    if reasons:
        raise Refused(reasons)
    unknown = set(changes or ()) - set(CHANGEABLE)
    if unknown:
        raise ValueError(f"a note cannot change {', '.join(sorted(unknown))}")
    made = exact(changes or {})
    entry = Entry(
        kind="ticket_note",
        ticket=ticket.id,
        incident=made.get("incident", ticket.incident),
        step=ticket.step.key,
        to=None,
        action=name,
        performed_by=performed_by,
        performed_at=now.astimezone(UTC),
        recorded_by=recorded_by,
        recorded_at=now.astimezone(UTC),
        channel=channel or ("system" if recorded_by == SYSTEM else "cli"),
        fields=exact(fields or {}),
        documents=numbered(ticket, documents, at=now, by=recorded_by),
        due_at=ticket.step.due_at,
        procedure_revision=ticket.procedure_revision,
        calendar_version=ticket.calendar_version,
        changes=made,
        request_id=request_id,
    )
    return Performed(apply(ticket, entry), entry)


def attach(procedure: Procedure, ticket: Ticket, act: Act, context: Context) -> Performed:
    """Hand in papers: each becomes a new revision. Raise Refused with every reason: closed, unknown key, too early, no role."""
    reasons = [] if ticket.is_open else [CLOSED]
    reasons += document_faults(procedure, ticket, act.documents)
    reasons += recording_faults(procedure, ticket, act, context)
    if not context.people.roles_of(act.performed_by, context.now) and not context.may_type_for_others(act.recorded_by):
        reasons.append(
            Reason(
                "role_missing",
                f"{act.performed_by} tidak memegang jabatan apa pun sekarang",
                f"{act.performed_by} holds no role now",
            )
        )
    if not act.documents:
        reasons.append(Reason("nothing_attached", "tidak ada berkas", "no file"))
    if reasons:
        raise Refused(list(dict.fromkeys(reasons)))
    entry = Entry(
        kind="ticket_documents",
        ticket=ticket.id,
        incident=ticket.incident,
        step=ticket.step.key,
        to=None,
        action="attach",
        performed_by=act.performed_by,
        performed_at=(act.performed_at or context.now).astimezone(UTC),
        recorded_by=act.recorded_by,
        recorded_at=context.now.astimezone(UTC),
        channel=channel_of(act),
        fields={},
        documents=numbered(ticket, act.documents, at=context.now, by=act.recorded_by),
        due_at=ticket.step.due_at,
        procedure_revision=ticket.procedure_revision,
        calendar_version=ticket.calendar_version,
        changes={"flags": {"touched": True}},
        request_id=act.request_id,
    )
    return Performed(apply(ticket, entry), entry)
