"""The parts of config/sop.yaml as typed, frozen data: one class a section."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from netwatch.strict_yaml import Day, Flag, Model, Number, Whole

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
