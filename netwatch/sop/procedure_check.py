"""Is a procedure sound? Every name exists, every state can be reached, every open state can end. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from netwatch.sop.guards import GUARDS
from netwatch.sop.record import SYSTEM
from netwatch.strict_yaml import Loc, suggestion

if TYPE_CHECKING:
    from netwatch.sop.procedure import Procedure
    from netwatch.sop.procedure_parts import Transition

Found = tuple[Loc, str]

DONE = "done"


def faults_of(procedure: Procedure) -> list[Found]:
    """Return every fault as (place, sentence); an empty list for a sound procedure."""
    return [*names(procedure), *field_faults(procedure), *action_faults(procedure), *graph_faults(procedure)]


def names(procedure: Procedure) -> Iterator[Found]:
    """Find references to things that are not defined."""
    known: dict[str, Collection[str]] = {
        "role": procedure.roles,
        "document": procedure.documents,
        "field": procedure.fields,
        "tool": procedure.tools,
        "symbol": procedure.symbols,
        "step": procedure.steps,
        "state": {*procedure.steps, *procedure.final_states},
        "action": procedure.actions,
        "guard": procedure.guards,
        "task": {*procedure.system_tasks, *procedure.human_tasks},
        "side": procedure.sides,
    }
    for what, loc, name in references(procedure):
        if name not in known[what]:
            yield loc, f"{what} '{name}' is not defined{suggestion(name, known[what])}"


def references(procedure: Procedure) -> Iterator[tuple[str, Loc, str]]:
    """Yield every use of a name: what it should be, where it stands, the name."""
    for key, step in procedure.steps.items():
        at = ("steps", key)
        yield "role", (*at, "actor"), step.actor
        yield "symbol", (*at, "symbol"), step.symbol
        lists = (
            ("role", "with", step.with_),
            ("role", "witness", step.witness),
            ("document", "outputs", step.outputs),
            ("field", "record", step.record),
            ("task", "system_may", step.system_may),
            ("task", "needs_person", step.needs_person),
        )
        for what, part, items in lists:
            yield from ((what, (*at, part, position), name) for position, name in enumerate(items))
        yield from (("document", (*at, "requires", "records", n), name) for n, name in enumerate(step.requires.records))
        yield from (("tool", (*at, "requires", "tools", n), name) for n, name in enumerate(step.requires.tools))
    for number, transition in enumerate(procedure.transitions):
        yield from transition_references(number, transition)
    yield from section_references(procedure)


def transition_references(number: int, transition: Transition) -> Iterator[tuple[str, Loc, str]]:
    """Yield the names one transition uses."""
    at = ("transitions", number)
    yield "action", (*at, "action"), transition.action
    yield "state", (*at, "to"), transition.to
    yield from (("step", (*at, "from", n), name) for n, name in enumerate(transition.from_))
    yield from (("role", (*at, "by", n), name) for n, name in enumerate(transition.by))
    yield from (("guard", (*at, "guards", n), name) for n, name in enumerate(transition.guards))


def section_references(procedure: Procedure) -> Iterator[tuple[str, Loc, str]]:
    """Yield the names used outside steps and transitions."""
    for key, document in procedure.documents.items():
        yield "step", ("documents", key, "first_at"), document.first_at
        yield "role", ("documents", key, "created_by"), document.created_by
        yield from (("role", ("documents", key, "signed_by", n), name) for n, name in enumerate(document.signed_by))
    for key, action in procedure.actions.items():
        yield "document", ("actions", key, "evidence"), action.evidence
        yield from (("field", ("actions", key, "takes", n), name) for n, name in enumerate(action.takes))
        yield from (("field", ("actions", key, "sets"), name) for name in action.sets)
    for key, aside in procedure.asides.items():
        yield from (("role", ("asides", key, "by", n), name) for n, name in enumerate(aside.by))
        yield from (("field", ("asides", key, "takes", n), name) for n, name in enumerate(aside.takes))
        yield from (("step", ("asides", key, "allowed_in", n), name) for n, name in enumerate(aside.allowed_in or ()))
    yield from (("role", ("roles", key, "superior"), role.superior) for key, role in procedure.roles.items() if role.superior)
    yield from (("side", ("fault_locations", key, "side"), place.side) for key, place in procedure.fault_locations.items())
    yield from (("action", ("sides", key, "branch"), side.branch) for key, side in procedure.sides.items() if side.branch)
    yield from (("step", ("hold", "allowed_in", n), name) for n, name in enumerate(procedure.hold.allowed_in))
    yield from (("role", ("hold", "by", n), name) for n, name in enumerate(procedure.hold.by))
    for number, rule in enumerate(procedure.deadline.escalation):
        place = ("deadline", "escalation", number, "notify")
        yield from (("role", (*place, n), name) for n, name in enumerate(rule.notify) if name not in {"actor", "superior"})


def field_faults(procedure: Procedure) -> Iterator[Found]:
    """Find fields whose type and values do not fit."""
    for key, kind in procedure.fields.items():
        if kind.values_from is not None and kind.values_from not in {"origins", "fault_kinds", "fault_locations"}:
            yield ("fields", key, "values_from"), f"'{kind.values_from}' is not a list of choices"
        elif kind.type == "choice" and not procedure.choices_of(key) and key != "target_ticket":
            yield ("fields", key), f"choice '{key}' has no values"
        if kind.holder is not None and kind.holder not in procedure.roles:
            yield ("fields", key, "holder"), f"role '{kind.holder}' is not defined{suggestion(kind.holder, procedure.roles)}"
        if kind.document is not None and kind.document not in procedure.documents:
            yield ("fields", key, "document"), f"document '{kind.document}' is not defined"


def action_faults(procedure: Procedure) -> Iterator[Found]:
    """Find what the code cannot perform: unknown guards, an action twice in one step, a daemon that does too much."""
    for key in procedure.guards:
        if key not in GUARDS:
            yield ("guards", key), f"guard '{key}' has no function in sop/guards.py{suggestion(key, GUARDS)}"
    twice = Counter((step, transition.action) for transition in procedure.transitions for step in transition.from_)
    for number, transition in enumerate(procedure.transitions):
        for state in transition.from_:
            if twice[state, transition.action] > 1:
                yield ("transitions", number, "action"), f"step '{state}' has action '{transition.action}' more than once"
        if transition.automatic != (transition.id in procedure.system.transitions):
            yield (
                ("transitions", number, "automatic"),
                f"{transition.id}: 'automatic' and system.transitions say different things",
            )
        if SYSTEM in transition.by and not transition.automatic:
            yield ("transitions", number, "by"), f"{transition.id}: the daemon may perform automatic transitions only"
    ids = Counter(transition.id for transition in procedure.transitions)
    for number, transition in enumerate(procedure.transitions):
        if ids[transition.id] > 1:
            yield ("transitions", number, "id"), f"transition '{transition.id}' stands here more than once"
    numbers = Counter(step.number for step in procedure.steps.values())
    for key, step in procedure.steps.items():
        if numbers[step.number] > 1:
            yield ("steps", key, "number"), f"step number {step.number} stands here more than once"


def graph_faults(procedure: Procedure) -> Iterator[Found]:
    """Find states nobody can enter, steps nobody can leave, and steps from which `done` is out of reach."""
    onward: dict[str, set[str]] = {key: set() for key in procedure.steps}
    for transition in procedure.transitions:
        for state in transition.from_:
            onward.setdefault(state, set()).add(transition.to)
    reached = closure({procedure.first_step}, onward)
    backward: dict[str, set[str]] = {}
    for state, targets in onward.items():
        for target in targets:
            backward.setdefault(target, set()).add(state)
    can_end = closure({DONE}, backward)
    for key, step in procedure.steps.items():
        if key not in reached:
            yield ("steps", key), f"step '{key}' cannot be reached from '{procedure.first_step}'"
        if key == DONE:
            continue
        if not onward[key] - {key}:
            yield ("steps", key), f"step '{key}' is a dead end"
        elif key not in can_end:
            yield ("steps", key), f"'{DONE}' cannot be reached from step '{key}'"
        if step.symbol == "decision" and len(onward[key]) < 2:
            yield ("steps", key), f"decision step '{key}' has fewer than two exits"
    yield from final_faults(procedure, onward, reached)


def final_faults(procedure: Procedure, onward: dict[str, set[str]], reached: set[str]) -> Iterator[Found]:
    """Find final states that nobody can enter, or that somebody can leave."""
    for key in procedure.final_states:
        if key not in reached:
            yield ("final_states", key), f"final state '{key}' cannot be reached"
        if key != DONE and onward.get(key):
            yield ("final_states", key), f"final state '{key}' can be left"


def closure(start: set[str], onward: dict[str, set[str]]) -> set[str]:
    """Return everything reachable from `start`, itself included."""
    reached, waiting = set(start), list(start)
    while waiting:
        for target in onward.get(waiting.pop(), ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached
