"""The procedure drawn as text: Mermaid (README, board) or DOT (graphviz). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netwatch.sop.procedure import Procedure
from netwatch.sop.procedure_parts import Transition

SHAPES = {"terminator": "oval", "decision": "diamond", "process": "box"}


def mermaid(procedure: Procedure, language: str = "id") -> str:
    """Return the procedure as a Mermaid state diagram: one line a step, one an arrow with its action."""
    lines = ["stateDiagram-v2", "  direction TB", f"  [*] --> {procedure.first_step}"]
    lines += [f"  {key} : {text}" for key, text in nodes(procedure, language)]
    lines += [f"  {step} --> {transition.to} : {label(transition)}" for step, transition in arrows(procedure)]
    return "\n".join([*lines, *(f"  {key} --> [*]" for key in procedure.final_states)]) + "\n"


def dot(procedure: Procedure, language: str = "id") -> str:
    """Return the procedure as a graphviz graph; decisions are diamonds, branches the SOP does not write out are dashed."""
    lines = ["digraph sop {", "  rankdir=TB;", '  node [fontname="sans-serif"];']
    for key, text in nodes(procedure, language):
        step = procedure.steps.get(key)
        shape = SHAPES.get(step.symbol, "box") if step is not None else "oval"
        lines.append(f'  {key} [label="{quoted(text)}", shape={shape}];')
    for step_key, transition in arrows(procedure):
        style = ", style=dashed" if transition.gap else ""
        lines.append(f'  {step_key} -> {transition.to} [label="{quoted(label(transition))}"{style}];')
    return "\n".join([*lines, "}"]) + "\n"


def nodes(procedure: Procedure, language: str) -> Iterator[tuple[str, str]]:
    """Yield every state with its text: number and name of a step, name of another final state."""
    for key, step in sorted(procedure.steps.items(), key=lambda item: item[1].number):
        yield key, f"{step.number}. {step.text(language)}"
    for key, final in procedure.final_states.items():
        if key not in procedure.steps:
            yield key, final.text(language)


def arrows(procedure: Procedure) -> Iterator[tuple[str, Transition]]:
    """Yield every step with each way out of it."""
    for transition in procedure.transitions:
        for step in transition.from_:
            yield step, transition


def label(transition: Transition) -> str:
    """Return what stands at an arrow."""
    automatic = " [automatic]" if transition.automatic else ""
    return transition.action + automatic + (f" ({transition.gap})" if transition.gap else "")


def quoted(text: str) -> str:
    """Escape a text for DOT."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
