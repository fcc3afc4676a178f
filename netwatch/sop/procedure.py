"""The whole procedure of config/sop.yaml: typed, frozen, checked as a graph when loaded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from netwatch.errors import InvalidFile
from netwatch.sop.procedure_parts import (
    ActionKind,
    AppointmentRules,
    Aside,
    DeadlineRules,
    DocumentKind,
    FaultLocation,
    FieldKind,
    GuardText,
    HoldRules,
    Labelled,
    Origin,
    Parameter,
    Recording,
    Reopening,
    Role,
    SideKind,
    Step,
    Symbol,
    SystemRules,
    Transition,
)
from netwatch.strict_yaml import Model, load_yaml, validate


class Procedure(Model):
    """The whole procedure."""

    schema_version: Literal["1"]
    sop: Origin
    symbols: dict[str, Symbol]
    roles: dict[str, Role]
    appointments: AppointmentRules
    recording: Recording
    origins: dict[str, Labelled]
    documents: dict[str, DocumentKind]
    tools: dict[str, Labelled]
    deadline: DeadlineRules
    parameters: dict[str, Parameter]
    final_states: dict[str, Labelled]
    sides: dict[str, SideKind]
    fault_locations: dict[str, FaultLocation]
    fault_kinds: dict[str, Labelled]
    fields: dict[str, FieldKind]
    ticket_fields: dict[str, Labelled]
    actions: dict[str, ActionKind]
    guards: dict[str, GuardText]
    system_tasks: dict[str, Labelled]
    human_tasks: dict[str, Labelled]
    steps: dict[str, Step]
    transitions: tuple[Transition, ...]
    hold: HoldRules
    asides: dict[str, Aside]
    reopening: Reopening
    system: SystemRules
    gaps: dict[str, Labelled]
    digest: str = ""  # SHA-256 of the content, set by load_procedure

    @property
    def revision(self) -> str:
        """Return what a ticket remembers of the procedure it was born under: the SOP's revision and a digest of the content."""
        return f"{self.sop.revision}-{self.digest[:12]}"

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone in which days are counted."""
        return ZoneInfo(self.deadline.time_zone)

    @property
    def first_step(self) -> str:
        """Return the key of step 1."""
        return min(self.steps, key=lambda key: self.steps[key].number)

    def leaving(self, step: str) -> tuple[Transition, ...]:
        """Return the transitions that leave a step, in the order of the file."""
        return tuple(transition for transition in self.transitions if step in transition.from_)

    def transition(self, step: str, action: str) -> Transition | None:
        """Return the transition of that action from that step, or None."""
        return next((transition for transition in self.leaving(step) if transition.action == action), None)

    def choices_of(self, field: str) -> tuple[str, ...]:
        """Return all values of a choice before any guard narrows them; empty when they are not in the procedure."""
        kind = self.fields[field]
        if kind.values is not None:
            return tuple(kind.values)
        if kind.values_from is not None:
            return tuple(getattr(self, kind.values_from))
        if field == "hold_reason":
            return tuple(self.hold.reasons)
        return tuple(self.sop.related_sops) if field == "target_sop" else ()

    def choice_label(self, field: str, value: str, language: str) -> str:
        """Return the name of one value of a choice for people."""
        kind = self.fields[field]
        if kind.values is not None:
            return kind.values.get(value, value) if language == "id" else value.replace("_", " ")
        section = self.hold.reasons if field == "hold_reason" else self.sop.related_sops if field == "target_sop" else {}
        if kind.values_from is not None:
            section = getattr(self, kind.values_from)
        return section[value].text(language) if value in section else value


def load_procedure(path: Path | str) -> Procedure:
    """Read and check a procedure. Raise InvalidFile with every fault: syntax, types, then names and the graph."""
    from netwatch.sop.procedure_check import faults_of

    document = load_yaml(Path(path))
    procedure = validate(document, Procedure)
    faults = faults_of(procedure)
    if faults:
        raise InvalidFile([document.fault(loc, text) for loc, text in faults])
    text = json.dumps(document.value, sort_keys=True, ensure_ascii=False)
    return procedure.model_copy(update={"digest": hashlib.sha256(text.encode()).hexdigest()})
