"""What an action asks for: the fields and papers of its guards first, then what it takes besides. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netwatch.sop.case import OWN_HAND, Case, Paper, Want
from netwatch.sop.guards import GUARDS


def wants_of(case: Case) -> dict[str, Want]:
    """Return the fields an action takes, by name, in the order a person fills them in."""
    found: dict[str, Want] = {}
    for name in case.transition.guards:
        for want in GUARDS[name].wants(case):
            found.setdefault(want.name, want)
    action = case.procedure.actions[case.transition.action]
    for field in (*action.takes, *action.sets):
        found.setdefault(field, Want(field, required=False, choices=(action.sets[field],) if field in action.sets else None))
    return found


def offered(case: Case) -> tuple[str, ...]:
    """Return the names of the fields an action takes."""
    return tuple(wants_of(case))


def papers_of(case: Case) -> list[Paper]:
    """Return the papers of an action: its guards', its step's outputs, and the evidence when another person types."""
    found: dict[str, Paper] = {}
    for name in case.transition.guards:
        for paper in GUARDS[name].papers(case):
            found.setdefault(paper.key, paper)
    if case.channel not in OWN_HAND and not any(paper.required and not paper.have for paper in found.values()):
        key = case.procedure.actions[case.transition.action].evidence
        found[key] = Paper(key, required=True, have=False)
    for key in outputs(case):
        found.setdefault(key, Paper(key, required=False, have=case.has(key, of=case.ticket.step)))
    return list(found.values())


def outputs(case: Case) -> Iterable[str]:
    """Return the outputs of the step, for actions that go on (those that take fields)."""
    if case.procedure.actions[case.transition.action].takes:
        return case.procedure.steps[case.ticket.step.key].outputs
    return ()
