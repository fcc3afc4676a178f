"""Acts that stay in the step: hold, resume, note of an emergency action. Pure."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from netwatch.errors import Reason, Refused
from netwatch.sop.act import Act, Context, Performed
from netwatch.sop.deadline import document_faults, numbered
from netwatch.sop.entry import Entry, hold_of, time_text
from netwatch.sop.people import OPD_HEAD
from netwatch.sop.procedure import Procedure
from netwatch.sop.record import Hold, Ticket
from netwatch.sop.recording import channel_of, parse_fields, recording_faults
from netwatch.sop.replay import apply

REQUIRED = {"hold": ("hold_reason", "expected_end"), "resume": (), "emergency_action": ("reason",)}
KINDS = {"hold": "ticket_held", "resume": "ticket_resumed", "emergency_action": "ticket_note"}


def refused_here(procedure: Procedure, ticket: Ticket, action: str) -> Reason | None:
    """Return why an aside makes no sense in this step or state, whoever asks."""
    aside = procedure.asides[action]
    allowed = aside.allowed_in if aside.allowed_in is not None else procedure.hold.allowed_in
    if action == "resume":
        return None if ticket.hold is not None else Reason("not_held", "tiket tidak sedang ditahan", "the ticket is not on hold")
    if ticket.step.key not in allowed:
        steps = ", ".join(str(procedure.steps[key].number) for key in allowed)
        return Reason("aside_not_here", f"'{action}' hanya pada langkah {steps}", f"'{action}' is for steps {steps} only")
    if action == "hold" and ticket.hold is not None:
        return Reason("already_held", "tiket sudah ditahan", "the ticket is on hold already")
    return None


def perform_aside(procedure: Procedure, ticket: Ticket, act: Act, context: Context) -> Performed:
    """Perform an act that stays in the step. Raises Refused with every reason."""
    aside = procedure.asides[act.action]
    at = (act.performed_at or context.now).astimezone(UTC)
    fields, reasons = parse_fields(procedure, act, names=aside.takes, people=context.people, devices=context.devices)
    offices = frozenset({ticket.opd} if ticket.opd is not None else ticket.affected_opds)
    found = [
        refused_here(procedure, ticket, act.action),
        context.people.may_act(act.performed_by, aside.by, at, offices if OPD_HEAD in aside.by else None),
    ]
    absent = [name for name in REQUIRED[act.action] if fields.get(name) is None]
    if absent:
        names = ", ".join(f"{name} ({procedure.fields[name].label})" for name in absent)
        found.append(Reason(act.action, f"{aside.label}: belum ada {names}", f"{aside.gloss}: missing {', '.join(absent)}"))
    reasons += [reason for reason in found if reason is not None]
    reasons += recording_faults(procedure, ticket, act, context)
    reasons += document_faults(procedure, ticket, act.documents)
    hold = None
    if act.action == "hold" and not absent:
        fields = {"held_since": time_text(at), **fields}
        body = {
            "reason": fields["hold_reason"],
            "since": fields["held_since"],
            "expected_end": fields["expected_end"],
            "by": act.performed_by,
        }
        hold = hold_of({**body, "until": None})
        if hold.expected_end <= hold.since:
            reasons.append(
                Reason(
                    "hold_ends_before",
                    "perkiraan selesai mendahului mulai ditahan",
                    "the expected end lies before the start of the hold",
                )
            )
    if reasons:
        raise Refused(list(dict.fromkeys(reasons)))
    return recorded(ticket, act, context, fields, hold)


def recorded(ticket: Ticket, act: Act, context: Context, fields: dict[str, Any], hold: Hold | None) -> Performed:
    """Return the ticket with the permitted aside."""
    at = (act.performed_at or context.now).astimezone(UTC)
    flags: dict[str, Any] = {"touched": True}
    if act.action == "emergency_action":
        flags["emergency_action"] = {"reason": fields["reason"], "by": act.performed_by, "at": time_text(at)}
    entry = Entry(
        kind=KINDS[act.action],
        ticket=ticket.id,
        incident=ticket.incident,
        step=ticket.step.key,
        to=None,
        action=act.action,
        performed_by=act.performed_by,
        performed_at=at,
        recorded_by=act.recorded_by,
        recorded_at=context.now.astimezone(UTC),
        channel=channel_of(act),
        fields=fields,
        documents=numbered(ticket, act.documents, at=context.now, by=act.recorded_by),
        due_at=ticket.step.due_at,
        procedure_revision=ticket.procedure_revision,
        calendar_version=ticket.calendar_version,
        changes={"flags": flags},
        hold=hold,
        request_id=act.request_id,
    )
    return Performed(apply(ticket, entry), entry)
