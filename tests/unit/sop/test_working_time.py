"""Deadlines: the specification's vectors, both rules, and what must hold for every moment (SOP.md section 6, FEATURES B7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from netwatch.errors import InvalidFile
from netwatch.sop.working_time import RULES, Calendar, OutsideCalendar, load_calendar
from tests.unit.sop.city import ROOT, calendar, procedure

VECTORS = yaml.safe_load((ROOT / "tests" / "data" / "deadline_vectors.yaml").read_text(encoding="utf-8"))
FIRST, MINUTES = datetime(2026, 1, 2, tzinfo=UTC), 697 * 24 * 60
MOMENTS = st.integers(0, MINUTES * 60).map(lambda seconds: FIRST + timedelta(seconds=seconds))
DAYS = st.integers(1, 12)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda v: v["entered"])
def test_the_specifications_vectors_hold_for_both_rules(vector: dict[str, Any]) -> None:
    """14 vectors: start of the clock, one and twelve days, and the end-of-day rule."""
    entered = at(vector["entered"])
    assert calendar().start(entered) == at(vector["start"])
    assert calendar().due(entered, 1) == at(vector["due_1"])
    assert calendar().due(entered, 12) == at(vector["due_12"])
    assert calendar().due(entered, 1, rule="end_of_next_working_day") == at(vector["due_1_end_of_day"])


@pytest.mark.parametrize("case", VECTORS["out_of_range"], ids=lambda c: c["entered"])
def test_outside_the_calendar_there_is_an_error_never_a_date(case: dict[str, Any]) -> None:
    """A deadline that cannot be known is not guessed."""
    with pytest.raises(OutsideCalendar, match="holiday calendar"):
        calendar().due(at(case["entered"]), case["days"])


@cache
def _joint_leave_worked(folder: str) -> Calendar:
    changed = procedure().deadline.model_copy(
        update={"holidays": procedure().deadline.holidays.model_copy(update={"include_joint_leave": False})}
    )
    return load_calendar(ROOT / "config" / "holidays.yaml", procedure().model_copy(update={"deadline": changed}))


@pytest.mark.parametrize("year", VECTORS["working_days_per_year"], ids=lambda y: y["year"])
def test_working_days_per_year_are_the_decrees(year: dict[str, int]) -> None:
    """240 and 242 with joint leave off, 248 and 250 with it worked."""

    def count(which: Calendar) -> int:
        first = date(year["year"], 1, 1)
        return sum(which.is_working_day(first + timedelta(days=n)) for n in range(365))

    assert count(calendar()) == year["joint_leave_off"]
    assert count(_joint_leave_worked("")) == year["joint_leave_worked"]


@given(MOMENTS, MOMENTS, DAYS, st.sampled_from(RULES))
def test_who_starts_later_is_never_due_earlier(one: datetime, other: datetime, days: int, rule: str) -> None:
    """Monotone in the start."""
    early, late = sorted((one, other))
    assert calendar().due(early, days, rule=rule) <= calendar().due(late, days, rule=rule)


@given(MOMENTS, DAYS, st.sampled_from(RULES))
def test_nothing_is_ever_due_outside_working_time(entered: datetime, days: int, rule: str) -> None:
    """The due time lies on a working day, between opening and closing, after the start."""
    due = calendar().due(entered, days, rule=rule)
    day = due.astimezone(calendar().zone).date()
    assert calendar().is_working_day(day)
    assert calendar().opening(day) <= due <= calendar().closing(day)
    assert due > calendar().start(entered) >= entered


@given(MOMENTS, st.integers(0, 40 * 60))
def test_adding_working_time_adds_exactly_that(moment: datetime, minutes: int) -> None:
    """A hold adds exactly its working time."""
    working = timedelta(minutes=minutes)
    assert calendar().working_time(moment, calendar().after(moment, working)) == working


@given(MOMENTS, st.integers(0, 2 * 24 * 60))
def test_going_back_working_time_goes_back_exactly_that(moment: datetime, minutes: int) -> None:
    """The reminder lies half a working day before the due time."""
    earlier = calendar().before(moment + timedelta(days=14), timedelta(minutes=minutes))
    assert calendar().working_time(earlier, moment + timedelta(days=14)) == timedelta(minutes=minutes)


def test_the_deadline_explains_itself_in_both_languages() -> None:
    """What was skipped is named, with the clock times in WIB and a period."""
    entered = at("2026-12-23T16:20:00+07:00")
    said = calendar().explain(entered, 1)
    assert said == (
        "mulai Senin 28-12-2026 07.30 WIB, Cuti Bersama Hari Raya Natal, Hari Raya Natal, Sabtu, Minggu dilewati,"
        " tenggat Selasa 29-12-2026 07.30 WIB (1 hari kerja)"
    )
    assert "skipping joint leave, Christmas, Christmas Day, Saturday, Sunday" in calendar().explain(entered, 1, "en")


def test_the_days_that_remain_are_counted_for_the_warning() -> None:
    """Below 60 netwatch warns."""
    assert calendar().days_remaining(at("2027-12-01T00:00:00+07:00")) == 30


def test_the_version_follows_the_content_not_the_comments(tmp_path: Path) -> None:
    """A ticket remembers under which calendar its deadlines were computed."""
    text = (ROOT / "config" / "holidays.yaml").read_text(encoding="utf-8")
    same, other = tmp_path / "same.yaml", tmp_path / "other.yaml"
    same.write_text("# another comment\n" + text, encoding="utf-8")
    other.write_text(text.replace("date: 2026-05-27", "date: 2026-05-26"), encoding="utf-8")
    assert load_calendar(same, procedure()).version == calendar().version
    assert load_calendar(other, procedure()).version != calendar().version


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("date: 2026-08-17", "date: 2028-08-17", "outside the range"),
        ("date: 2026-12-25", "date: 2026-12-24", "more than once"),
        ("to: 2027-12-31", "to: 2025-12-31", "ends before it begins"),
        ("to: 2026-03-17", "to: 2026-02-17", "Ramadan ends"),
        ("kind: national", "kind: nasional", "national"),
    ],
)
def test_a_wrong_calendar_is_refused_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Never a calendar that is half right."""
    file = tmp_path / "holidays.yaml"
    file.write_text((ROOT / "config" / "holidays.yaml").read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidFile, match=said) as caught:
        load_calendar(file, procedure())
    assert all(fault.line > 0 for fault in caught.value.faults)
