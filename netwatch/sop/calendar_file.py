"""holidays.yaml (with the procedure's office hours) -> Calendar; every fault with its place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Literal

from pydantic import Field

from netwatch.errors import InvalidFile
from netwatch.sop.procedure import Procedure
from netwatch.sop.procedure_parts import OfficeHours
from netwatch.sop.working_time import WEEKDAYS, Calendar, Holiday, Hours
from netwatch.strict_yaml import Day, Flag, Loc, Model, load_yaml, validate


class Span(Model):
    """First and last day, both included."""

    from_: Day = Field(alias="from")
    to: Day


class SourceModel(Model):
    """Where dates come from and whether somebody compared them with the decree."""

    label: str
    gloss: str
    verified: Flag


class HolidayModel(Model):
    """One day off."""

    date: Day
    kind: Literal["national", "joint_leave", "regional"]
    label: str
    gloss: str


class RamadanModel(Span):
    """One fasting month: other office hours."""

    verified: Flag
    label: str
    gloss: str


class HolidaysModel(Model):
    """The whole file."""

    schema_version: Literal["1"]
    range: Span
    sources: dict[str, SourceModel]
    holidays: tuple[HolidayModel, ...]
    ramadan: tuple[RamadanModel, ...] = ()


def read_calendar(path: Path | str, procedure: Procedure) -> Calendar:
    """Read holidays.yaml. Raise InvalidFile with every fault."""
    document = load_yaml(Path(path))
    model = validate(document, HolidaysModel)
    faults = [document.fault(loc, text) for loc, text in faults_of(model)]
    if faults:
        raise InvalidFile(faults)
    rules = procedure.deadline
    off = {"national", "regional", *(["joint_leave"] if rules.holidays.include_joint_leave else [])}
    text = json.dumps([document.value, rules.model_dump(mode="json")], sort_keys=True, ensure_ascii=False)
    return Calendar(
        zone=procedure.zone,
        first=model.range.from_,
        last=model.range.to,
        working_days=frozenset(WEEKDAYS.index(day) for day in rules.working_days),
        holidays={h.date: Holiday(h.date, h.kind, h.label, h.gloss) for h in model.holidays if h.kind in off},
        hours=hours(rules.office_hours.monday_thursday),
        friday=hours(rules.office_hours.friday),
        ramadan_hours=hours(rules.office_hours_ramadan.monday_thursday),
        ramadan_friday=hours(rules.office_hours_ramadan.friday),
        ramadan=tuple((month.from_, month.to) for month in model.ramadan),
        rule=rules.rule,
        version=hashlib.sha256(text.encode()).hexdigest()[:12],
    )


def faults_of(model: HolidaysModel) -> Iterator[tuple[Loc, str]]:
    """Find days outside the range, days twice, and spans that end before they begin."""
    if model.range.to < model.range.from_:
        yield ("range", "to"), "the range ends before it begins"
    seen: set[object] = set()
    for number, holiday in enumerate(model.holidays):
        place = ("holidays", number, "date")
        if not model.range.from_ <= holiday.date <= model.range.to:
            yield place, f"{holiday.date.isoformat()} is outside the range"
        if holiday.date in seen:
            yield place, f"{holiday.date.isoformat()} stands here more than once"
        seen.add(holiday.date)
    for number, month in enumerate(model.ramadan):
        if month.to < month.from_:
            yield ("ramadan", number, "to"), "Ramadan ends before it begins"


def hours(model: OfficeHours) -> Hours:
    """Return opening and closing time."""
    return Hours(time.fromisoformat(model.open), time.fromisoformat(model.close))
