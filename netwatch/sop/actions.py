"""What may be done on a ticket now, by whom, with what (INTERFACES `ticket-actions`). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from netwatch.errors import Reason
from netwatch.sop.act import Context
from netwatch.sop.asides import REQUIRED, refused_here
from netwatch.sop.case import Case, Paper, Want
from netwatch.sop.guards import GUARDS
from netwatch.sop.offer import papers_of, wants_of
from netwatch.sop.people import OPD_HEAD
from netwatch.sop.procedure import Procedure
from netwatch.sop.procedure_parts import Aside, Transition
from netwatch.sop.record import SYSTEM, Ticket


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a list of actions was made: what its texts and choices come from."""

    procedure: Procedure
    ticket: Ticket
    context: Context


@dataclass(frozen=True, slots=True)
class Available:
    """One action that the present step has, and what stands in its way."""

    action: str
    to: str  # step or final state; for hold, resume and emergency_action the step itself
    roles: tuple[str, ...]
    performers: tuple[str, ...]  # persons who may, now
    wants: tuple[Want, ...]
    papers: tuple[Paper, ...]
    refused: tuple[Reason, ...]  # what filling in and handing in cannot change; empty: may be done
    scene: Scene

    def to_json(self, language: str = "id") -> dict[str, Any]:
        """Return one item of `netwatch.ticket-actions/1`."""
        return action_json(self.scene, self, language)


def actions(procedure: Procedure, ticket: Ticket, context: Context) -> list[Available]:
    """Return every action of the present step that a person may perform, in the order of the procedure; none of a closed ticket.

    `context.caller` decides whether evidence is asked for (another person types) and whether the caller may act at all.
    """
    if not ticket.is_open:
        return []
    found = [available(procedure, ticket, context, transition) for transition in procedure.leaving(ticket.step.key)]
    shown = [action for action in found if action.roles]
    return shown + [
        aside_available(procedure, ticket, context, key) for key in procedure.asides if sensible(procedure, ticket, key)
    ]


def available(procedure: Procedure, ticket: Ticket, context: Context, transition: Transition) -> Available:
    """Return one transition as an action."""
    roles = tuple(role for role in transition.by if role != SYSTEM)
    case = Case(procedure, ticket, transition, context, context.now.astimezone(UTC), "cli")
    performers = tuple(dict.fromkeys(person for role in roles for person in case.holders(role)))
    channel = "cli" if context.caller is None or context.caller in performers else "scanned_paper"
    case = Case(procedure, ticket, transition, context, case.at, channel)
    refused = [] if "official_active" in transition.guards else [case.performer_refused()]
    refused += [GUARDS[name].fact(case) for name in transition.guards]
    refused += [unfillable(case, want) for want in wants_of(case).values()]
    refused.append(caller_refused(context, performers, roles))
    return Available(
        transition.action,
        transition.to,
        roles,
        performers,
        tuple(wants_of(case).values()),
        tuple(papers_of(case)),
        tuple(dict.fromkeys(reason for reason in refused if reason is not None)),
        Scene(procedure, ticket, context),
    )


def unfillable(case: Case, want: Want) -> Reason | None:
    """Say that a required choice has no value the guard would accept: nobody holds the role that must sign."""
    if not want.required or want.choices is None or want.choices:
        return None
    if want.name == "target_ticket":
        return None  # merge_target_open says it
    label = case.procedure.fields[want.name].label
    return Reason(
        "nobody_to_name", f"{want.name} ({label}): tidak ada pejabat yang dapat dipilih", f"{want.name}: nobody can be named"
    )


def caller_refused(context: Context, performers: Iterable[str], roles: Iterable[str]) -> Reason | None:
    """Say that the caller neither may act himself nor type for others."""
    if context.caller is None or context.caller in performers or context.may_type_for_others(context.caller):
        return None
    people = context.people
    return Reason(
        "role_missing",
        f"hanya {' atau '.join(people.label(role, 'id') for role in roles)}; yang berwenang: {', '.join(performers) or '-'}",
        f"only {' or '.join(people.label(role, 'en') for role in roles)}; who may: {', '.join(performers) or '-'}",
    )


def sensible(procedure: Procedure, ticket: Ticket, key: str) -> bool:
    """Say whether an aside belongs into the list at all."""
    return refused_here(procedure, ticket, key) is None


def aside_available(procedure: Procedure, ticket: Ticket, context: Context, key: str) -> Available:
    """Return hold, resume or emergency_action as an action that stays in the step."""
    aside: Aside = procedure.asides[key]
    offices = frozenset({ticket.opd} if ticket.opd is not None else ticket.affected_opds)
    people, now = context.people, context.now
    performers = tuple(
        dict.fromkeys(p for role in aside.by for p in people.holders(role, now, offices if role == OPD_HEAD else None))
    )
    wants = tuple(Want(name, required=name in REQUIRED[key], choices=procedure.choices_of(name) or None) for name in aside.takes)
    own = context.caller is None or context.caller in performers
    papers = () if own else (Paper(aside.evidence, required=True, have=False),)
    refused = caller_refused(context, performers, aside.by)
    reasons = () if refused is None else (refused,)
    return Available(key, ticket.step.key, aside.by, performers, wants, papers, reasons, Scene(procedure, ticket, context))


def actions_json(procedure: Procedure, ticket: Ticket, context: Context, language: str = "id") -> dict[str, Any]:
    """Return the document `netwatch.ticket-actions/1`: a script that reads only this can drive a ticket to `done`."""
    shown = [action.to_json(language) for action in actions(procedure, ticket, context)]
    return {"schema": "netwatch.ticket-actions/1", "ticket": ticket.id, "version": ticket.version, "actions": shown}


def action_json(scene: Scene, action: Available, language: str) -> dict[str, Any]:
    """Return one action."""
    procedure = scene.procedure
    kind = procedure.actions.get(action.action) or procedure.asides[action.action]
    return {
        "action": action.action,
        "label": kind.text(language),
        "to": action.to,
        "roles": list(action.roles),
        "performers": list(action.performers),
        "fields": [field_json(scene, want, language) for want in action.wants],
        "documents": [document_json(procedure, paper, language) for paper in action.papers],
        "refused_because": [reason.text(language) for reason in action.refused],
        "refused": [{"key": reason.key, "id": reason.id, "en": reason.en} for reason in action.refused],
    }


def field_json(scene: Scene, want: Want, language: str) -> dict[str, Any]:
    """Return one field: name, type, whether it is required, and what would be accepted."""
    procedure = scene.procedure
    kind = procedure.fields[want.name]
    shown: dict[str, Any] = {"name": want.name, "type": kind.type, "required": want.required, "label": kind.text(language)}
    choices = choices_of(scene, want)
    if choices is not None:
        shown["choices"] = list(choices)
    if kind.type == "choice":
        shown["choice_labels"] = {value: procedure.choice_label(want.name, value, language) for value in choices or ()}
    elif kind.type == "person" and choices is not None:
        shown["choice_labels"] = {who: scene.context.people.persons[who].name for who in choices}
    extras: Mapping[str, Any] = {
        "suggested": want.suggested,
        "many": kind.many or None,
        "min_length": kind.min_length,
        "instead": list(want.instead) or None,
        "differs_from": want.differs_from,
        "required_if": dict(want.required_if) or None,
    }
    return shown | {key: value for key, value in extras.items() if value is not None}


def choices_of(scene: Scene, want: Want) -> tuple[str, ...] | None:
    """Return the values a field accepts: narrowed by the action's guards, else all of its kind; None: anything of its type."""
    kind = scene.procedure.fields[want.name]
    if want.choices is not None:
        return want.choices
    if kind.type == "choice":
        return scene.procedure.choices_of(want.name)
    return None if kind.holder is None else scene.context.people.holders(kind.holder, scene.context.now)


def document_json(procedure: Procedure, paper: Paper, language: str) -> dict[str, Any]:
    """Return one paper: its key, whether it is required, and whether this step has it already."""
    shown = {
        "key": paper.key,
        "required": paper.required,
        "have": paper.have,
        "label": procedure.documents[paper.key].text(language),
    }
    return shown | ({"waived_by": list(paper.waived_by)} if paper.waived_by else {})
