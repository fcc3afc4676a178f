"""One act of a person (or one of the two automatic ones): guards, then an entry, then its effect. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from netwatch.errors import Reason, Refused
from netwatch.sop import suggest
from netwatch.sop.act import Act, Context, Performed
from netwatch.sop.asides import perform_aside
from netwatch.sop.case import Case
from netwatch.sop.deadline import document_faults, due_of, numbered
from netwatch.sop.entry import Entry, time_text
from netwatch.sop.guards import GUARDS
from netwatch.sop.notes import CLOSED
from netwatch.sop.offer import offered
from netwatch.sop.procedure import Procedure
from netwatch.sop.procedure_parts import Transition
from netwatch.sop.record import SYSTEM, Ticket
from netwatch.sop.recording import channel_of, parse_fields, recording_faults
from netwatch.sop.replay import apply


def perform(procedure: Procedure, ticket: Ticket, act: Act, context: Context) -> Performed:
    """Perform one action. Raises Refused with every reason at once; then nothing has changed."""
    if not ticket.is_open:
        raise Refused([CLOSED])
    if act.action in procedure.asides:
        return perform_aside(procedure, ticket, act, context)
    transition = procedure.transition(ticket.step.key, act.action)
    if transition is None:
        raise Refused([not_here(procedure, ticket, act.action)])
    at = (act.performed_at or context.now).astimezone(UTC)
    bare = Case(procedure, ticket, transition, context, at, channel_of(act), act.performed_by, documents=act.documents)
    fields, faults = parse_fields(procedure, act, names=offered(bare), people=context.people, devices=context.devices)
    case = Case(
        procedure,
        ticket,
        transition,
        context,
        at,
        channel_of(act),
        act.performed_by,
        fields=filled(bare, fields),
        documents=act.documents,
    )
    reasons = [
        *faults,
        *recording_faults(procedure, ticket, act, context, named=override_of(fields)),
        *document_faults(procedure, ticket, act.documents),
        *guard_reasons(case),
    ]
    if reasons:
        raise Refused(list(dict.fromkeys(reasons)))
    entry = entry_of(case, act)
    return Performed(apply(ticket, entry), entry)


def not_here(procedure: Procedure, ticket: Ticket, action: str) -> Reason:
    """Say that the step has no such action, and which it has."""
    here = ", ".join(transition.action for transition in procedure.leaving(ticket.step.key))
    step = procedure.steps[ticket.step.key]
    return Reason(
        "action_not_here",
        f"'{action}' bukan tindakan langkah {step.number} ({step.label}); yang ada: {here}",
        f"'{action}' is not an action of step {step.number} ({step.gloss}); there are: {here}",
    )


def guard_reasons(case: Case) -> list[Reason]:
    """Ask the role and every guard of the transition; return all that refuse."""
    named = case.transition.guards
    found = [] if "official_active" in named else [case.performer_refused()]
    found += [GUARDS[name](case) for name in named]
    return [reason for reason in found if reason is not None]


def override_of(fields: Mapping[str, Any]) -> str | None:
    """Return the division head who takes an exception on himself (G22): a second person named by the act."""
    person = fields.get("override_by")
    return person if isinstance(person, str) else None


def filled(case: Case, given: Mapping[str, Any]) -> dict[str, Any]:
    """Add what the act itself says: who and when, what the action means, the files handed in, what was measured and proposed."""
    procedure, action = case.procedure, case.procedure.actions[case.transition.action]
    fields: dict[str, Any] = {**{k: v for k, v in given.items() if v is not None}}
    for name, value in action.sets.items():
        fields.setdefault(name, value)
    if not action.takes:
        return fields
    local = case.at.astimezone(procedure.zone)
    for name in procedure.steps[case.ticket.step.key].record:
        kind = procedure.fields[name]
        if name in fields or kind.fill is None:
            continue
        if kind.fill == "performed_by" and case.performed_by is not None:
            fields[name] = [case.performed_by] if kind.many else case.performed_by
        elif kind.fill == "performed_at":
            fields[name] = local.date().isoformat() if kind.type == "date" else time_text(case.at)
        elif kind.fill == "document" and kind.document is not None:
            hashes = [document.sha256 for document in case.papers(kind.document, of=case.ticket.step) if document.sha256]
            if hashes:
                fields[name] = hashes if kind.type == "list of text" else hashes[-1]
        elif kind.fill == "system":
            value = measured(name, case, fields)
            if value is not None:
                fields[name] = value
    return fields


def measured(name: str, case: Case, fields: Mapping[str, Any]) -> Any:
    """Return what netwatch itself knows for a field, or None."""
    ticket, since = case.ticket, case.context.stable_since
    match name:
        case "system_proposal":
            return suggest.proposal_text(ticket)
        case "matches_proposal":
            proposed = suggest.location(ticket)
            return fields.get("fault_location") == proposed if proposed is not None else None
        case "recovered_at":
            return time_text(since) if since is not None else None
        case "outage_duration":
            began, ended = ticket.recorded("occurred_at"), fields.get("recovered_at")
            return suggest.duration(began, ended) if began and ended else None
    return None


def entry_of(case: Case, act: Act) -> Entry:
    """Return the journal's line of a permitted act."""
    transition, context = case.transition, case.context
    due_at, unknown = due_of(case.procedure, context.calendar, transition.to, case.at)
    flags = flags_of(case, transition)
    if unknown is not None:
        flags["deadline_unknown"] = unknown
    return Entry(
        kind="ticket_act",
        ticket=case.ticket.id,
        incident=case.ticket.incident,
        step=case.ticket.step.key,
        to=transition.to,
        action=transition.action,
        performed_by=act.performed_by,
        performed_at=case.at,
        recorded_by=act.recorded_by,
        recorded_at=context.now.astimezone(UTC),
        channel=case.channel,
        fields=case.fields,
        documents=numbered(case.ticket, act.documents, at=context.now, by=act.recorded_by),
        due_at=due_at,
        procedure_revision=case.ticket.procedure_revision,
        calendar_version=context.calendar.version,
        changes={"flags": flags} if flags else {},
        request_id=act.request_id,
    )


def flags_of(case: Case, transition: Transition) -> dict[str, Any]:
    """Return the flags an act sets on the ticket (null: takes away)."""
    fields, flags = case.fields, dict[str, Any]()
    if case.performed_by != SYSTEM:
        flags["touched"] = True
    if "late" in case.ticket.flags:
        flags["late"] = None  # the step that was late is left; its visit keeps due_at and left_at
    if fields.get("override_reason") and fields.get("override_by"):
        flags["recovery_override"] = {
            "reason": fields["override_reason"],
            "by": fields["override_by"],
            "follow_up": fields["follow_up"],
            "at": time_text(case.at),
        }
    if transition.to == "connection_check" and "recovery_override" in case.ticket.flags:
        flags["recovery_override"] = None  # a new round measures anew
    if fields.get("emergency_confirmed") is not None and "emergency_action" in case.ticket.flags:
        flags["emergency_action"] = {
            **case.ticket.flags["emergency_action"],
            "confirmed": fields["emergency_confirmed"],
            "confirmed_by": case.performed_by,
        }
    if transition.to == "cancelled" and case.performed_by == SYSTEM:
        flags["short_outage"] = True
    if fields.get("target_ticket"):
        flags["merged_into"] = fields["target_ticket"]
    if fields.get("target_sop"):
        flags["transferred_to"] = fields["target_sop"]
    return flags
