"""config/sop.yaml as typed, frozen data: 13 steps, roles, papers, actions, guards, transitions. Checked as a graph when loaded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from netwatch.errors import InvalidFile
from netwatch.strict_yaml import Day, Flag, Model, Number, Whole, load_yaml, validate

FIELD_TYPES = ("text", "datetime", "date", "bool", "integer", "choice", "person", "device", "list of text")
FieldType = Literal["text", "datetime", "date", "bool", "integer", "choice", "person", "device", "list of text"]
Fill = Literal["performed_by", "performed_at", "system", "action", "document"]


class Labelled(Model):
    """Anything with a name in two languages."""

    label: str  # Indonesian, shown to users
    gloss: str  # English
    gap: str | None = None  # the reading behind it (SOP.md, G1..G22)

    def text(self, language: str) -> str:
        """Return the name in `id` or `en`."""
        return self.gloss if language == "en" else self.label


class Origin(Model):
    """The document the procedure was read from."""

    number: str
    revision: str
    name: str
    gloss: str
    created_on: Day
    revised_on: Day
    effective_on: Day
    agency: str
    division: str
    warning: str
    recording: str
    related_sops: dict[str, Labelled]


class Symbol(Labelled):
    """A sign of the flow chart's legend."""

    glyph: str


class Role(Labelled):
    """Who performs (pelaksana)."""

    column: Whole | None
    superior: str | None


class AppointmentRules(Model):
    """What an appointment needs."""

    kinds: dict[str, Labelled]
    required: tuple[str, ...]
    nip: dict[str, str]
    gap: str


class Recording(Model):
    """How an act is recorded: who did it, who typed it, through which channel."""

    required: tuple[str, ...]
    channels: dict[str, Labelled]
    rules: tuple[str, ...]


class DocumentKind(Labelled):
    """A kind of paper (kelengkapan, dokumen)."""

    created_by: str
    signed_by: tuple[str, ...]
    first_at: str
    optional: Flag = False
    template: str | None = None


class HolidaySource(Model):
    """Which calendar counts."""

    source: str
    include_joint_leave: Flag


ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class OfficeHours(Model):
    """Opening and closing of one kind of day, `HH:MM` local."""

    open: ClockTime
    close: ClockTime
    break_: str | None = Field(default=None, alias="break")


class WeekHours(Model):
    """Office hours of a week."""

    monday_thursday: OfficeHours
    friday: OfficeHours


class Reminder(Model):
    """How long before the due time the actor is reminded, in working days."""

    before_due: Number
    unit: Literal["working_day"]


class EscalationRule(Model):
    """Who is told how many working days after the due time."""

    after_days: Whole
    notify: tuple[str, ...]  # actor, superior, or a role


class DeadlineRules(Model):
    """How due times are computed (SOP.md section 6)."""

    time_zone: str
    unit: Literal["working_day"]
    working_days: tuple[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], ...]
    holidays: HolidaySource
    office_hours: WeekHours
    office_hours_ramadan: WeekHours
    rule: Literal["same_time_next_working_day", "end_of_next_working_day"]
    definition: str
    reminder: Reminder
    escalation: tuple[EscalationRule, ...]
    gross_and_net: str
    gaps: tuple[str, ...]


class Parameter(Labelled):
    """A number of the procedure."""

    value: Whole


class SideKind(Labelled):
    """Whose side a fault is on, and the action that leaves step 4 for it."""

    branch: str | None


class FaultLocation(Labelled):
    """What a person establishes in step 4."""

    side: str


class FieldKind(Labelled):
    """Something a step records."""

    type: FieldType = "text"
    values: dict[str, str] | None = None  # of a choice: key -> Indonesian
    values_from: str | None = None  # of a choice: a section of the procedure
    many: Flag = False  # several persons
    holder: str | None = None  # of a person: the role he must hold
    min_length: Whole | None = None  # of a text, in characters
    fill: Fill | None = None  # who writes it when nobody does
    document: str | None = None  # fill: document; the paper whose SHA-256 stands here


class ActionKind(Labelled):
    """A named transition that a role performs."""

    takes: tuple[str, ...] = ()  # fields besides those its guards ask for
    sets: dict[str, str] = Field(default_factory=dict)  # what the action itself says
    evidence: str = "act_evidence"  # the paper that proves it when another person types


class GuardText(Labelled):
    """A condition of an action; the condition itself is code (sop/guards.py)."""

    check: str


class SopRow(Model):
    """The row of the SOP's table, word for word."""

    text: str
    columns: dict[str, str]
    kelengkapan: str
    waktu: str
    output: str


class Requirements(Model):
    """What a step needs."""

    records: tuple[str, ...]
    any_of: tuple[str, ...] = ()
    tools: tuple[str, ...]


class Step(Labelled):
    """One of the 13 steps (langkah)."""

    number: Whole
    sop_row: SopRow
    actor: str
    with_: tuple[str, ...] = Field(default=(), alias="with")
    witness: tuple[str, ...] = ()
    symbol: str
    days: Whole | None  # working days; None: no limit
    requires: Requirements
    outputs: tuple[str, ...]
    record: tuple[str, ...]
    system_may: tuple[str, ...]
    needs_person: tuple[str, ...]

    @property
    def participants(self) -> tuple[str, ...]:
        """Return the roles that take part, the actor first (steps 5, 8, 9, 10 mark two columns)."""
        return (self.actor, *self.with_, *self.witness)


class Transition(Model):
    """One way out of some steps."""

    id: str
    from_: tuple[str, ...] = Field(alias="from")
    to: str
    action: str
    by: tuple[str, ...]
    guards: tuple[str, ...]
    automatic: Flag
    gap: str | None = None


class HoldRules(Model):
    """Ditahan: where, by whom, why."""

    allowed_in: tuple[str, ...]
    by: tuple[str, ...]
    reasons: dict[str, Labelled]
    required: tuple[str, ...]
    gaps: tuple[str, ...]


class Aside(Labelled):
    """An act that stays in the step."""

    by: tuple[str, ...]
    takes: tuple[str, ...]
    allowed_in: tuple[str, ...] | None = None  # None: wherever a hold is allowed
    evidence: str = "act_evidence"


class Reopening(Model):
    """A fault that comes back after `done` is a new ticket."""

    how: str
    link: str
    flag: str
    window_parameter: str
    gap: str


class SystemRules(Model):
    """What the daemon may and may never do."""

    transitions: tuple[str, ...]
    may: dict[str, Labelled]
    may_not: dict[str, Labelled]


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
        """Return what a ticket remembers of the procedure it was born under: the SOP's revision and a digest of this file's content."""
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
    """Read and check a procedure. Raise InvalidFile with every fault: syntax, types, then names and the graph (procedure_check)."""
    from netwatch.sop.procedure_check import faults_of

    document = load_yaml(Path(path))
    procedure = validate(document, Procedure)
    faults = faults_of(procedure)
    if faults:
        raise InvalidFile([document.fault(loc, text) for loc, text in faults])
    text = json.dumps(document.value, sort_keys=True, ensure_ascii=False)
    return procedure.model_copy(update={"digest": hashlib.sha256(text.encode()).hexdigest()})
