"""Deadlines over working days and office hours (SOP.md section 6, deadline_vectors.yaml). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from netwatch.errors import NetwatchError

if TYPE_CHECKING:
    from netwatch.sop.procedure import Procedure

SAME_TIME = "same_time_next_working_day"
END_OF_DAY = "end_of_next_working_day"
RULES = (SAME_TIME, END_OF_DAY)

DAY = timedelta(days=1)
FRIDAY = 4
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_NAMES = {
    "id": ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


class OutsideCalendar(NetwatchError):
    """A day outside the range of the holiday calendar: no deadline may be computed. Enter the year's decree in holidays.yaml."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening and closing time of one kind of day, local time. Breaks do not stop the clock."""

    open: time
    close: time


@dataclass(frozen=True, slots=True)
class Holiday:
    """One day off and why."""

    day: date
    kind: str  # national | joint_leave | regional
    label: str
    gloss: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which moments are working time. The file, not a library, decides."""

    zone: ZoneInfo
    first: date
    last: date
    working_days: frozenset[int]  # weekdays, Monday = 0
    holidays: Mapping[date, Holiday]  # those that are off; joint leave only when it counts
    hours: Hours  # Monday to Thursday
    friday: Hours
    ramadan_hours: Hours
    ramadan_friday: Hours
    ramadan: tuple[tuple[date, date], ...]  # first and last day of each
    rule: str = SAME_TIME
    version: str = ""  # digest of the data

    def is_working_day(self, day: date) -> bool:
        """Say whether the office works on the day. Raise OutsideCalendar outside the range."""
        if not self.first <= day <= self.last:
            raise OutsideCalendar(
                f"{day.isoformat()} is outside the holiday calendar ({self.first.isoformat()} to {self.last.isoformat()});"
                " add that year's joint decree to holidays.yaml"
            )
        return day.weekday() in self.working_days and day not in self.holidays

    def hours_of(self, day: date) -> Hours:
        """Return the office hours of a working day."""
        fasting = any(first <= day <= last for first, last in self.ramadan)
        if day.weekday() == FRIDAY:
            return self.ramadan_friday if fasting else self.friday
        return self.ramadan_hours if fasting else self.hours

    def opening(self, day: date) -> datetime:
        """Return when the office opens on the day, UTC."""
        return self._moment(day, self.hours_of(day).open)

    def closing(self, day: date) -> datetime:
        """Return when the office closes on the day, UTC."""
        return self._moment(day, self.hours_of(day).close)

    def next_working_day(self, day: date) -> date:
        """Return the first working day after the day."""
        day += DAY
        while not self.is_working_day(day):
            day += DAY
        return day

    def start(self, entered: datetime) -> datetime:
        """Return when the clock starts, UTC: at once in office hours (closing time is outside), else at the next opening."""
        entered = entered.astimezone(UTC)
        day = self._day(entered)
        if self.is_working_day(day):
            if entered < self.opening(day):
                return self.opening(day)
            if entered < self.closing(day):
                return entered
        return self.opening(self.next_working_day(day))

    def due(self, entered: datetime, days: int, *, rule: str | None = None) -> datetime:
        """Return the due time of `days` working days (>= 1), UTC. Raise OutsideCalendar when it cannot be known."""
        if days < 1:
            raise ValueError(f"a limit is at least one working day, not {days}")
        start = self.start(entered)
        day = self._day(start)
        for _ in range(days):
            day = self.next_working_day(day)
        if (rule or self.rule) == END_OF_DAY:
            return self.closing(day)
        same_time = self._moment(day, start.astimezone(self.zone).time())
        return min(max(same_time, self.opening(day)), self.closing(day))

    def working_time(self, begin: datetime, end: datetime) -> timedelta:
        """Return the office time between two moments (0 when they are in the wrong order)."""
        begin, end = begin.astimezone(UTC), end.astimezone(UTC)
        total = timedelta()
        day = self._day(begin)
        while begin < end and day <= self._day(end):
            if self.is_working_day(day):
                total += max(min(end, self.closing(day)) - max(begin, self.opening(day)), timedelta())
            day += DAY
        return total

    def after(self, moment: datetime, working: timedelta) -> datetime:
        """Return the moment that lies the given office time later; inside office hours, or at a closing time."""
        left = working
        moment = moment.astimezone(UTC)
        if left <= timedelta():
            return moment
        moment = self.start(moment)
        while True:
            close = self.closing(self._day(moment))
            if left <= close - moment:
                return moment + left
            left -= close - moment
            moment = self.opening(self.next_working_day(self._day(moment)))

    def before(self, moment: datetime, working: timedelta) -> datetime:
        """Return the moment that lies the given office time earlier."""
        left = working
        moment = moment.astimezone(UTC)
        day = self._day(moment)
        while True:
            if self.is_working_day(day):
                until = min(moment, self.closing(day))
                available = max(until - self.opening(day), timedelta())
                if left <= available:
                    return until - left
                left -= available
            day -= DAY

    def working_day(self, day: date) -> timedelta:
        """Return how long the office is open on the day, breaks included."""
        return self.closing(day) - self.opening(day)

    def whole_days_between(self, begin: datetime, end: datetime) -> int:
        """Count the working days after the day of `begin` up to and including the day of `end`."""
        day, last = self._day(begin), self._day(end)
        count = 0
        while day < last:
            day += DAY
            count += self.is_working_day(day)
        return count

    def is_working_moment(self, moment: datetime) -> bool:
        """Say whether a moment lies on a working day (office hours or not); False outside the range."""
        day = self._day(moment)
        return self.first <= day <= self.last and self.is_working_day(day)

    def days_remaining(self, now: datetime) -> int:
        """Return the days of calendar left; below 60 netwatch warns, below 0 no deadline can be computed."""
        return (self.last - self._day(now)).days

    def explain(self, entered: datetime, days: int, language: str = "id") -> str:
        """Say in one sentence how the due time comes about: when the clock starts, which days are skipped, when it ends."""
        start, due = self.start(entered), self.due(entered, days)
        skipped = self._skipped(self._day(entered), self._day(due), language)
        begin, end = self.show(start, language), self.show(due, language)
        if language == "en":
            middle = f", skipping {', '.join(skipped)}" if skipped else ""
            return f"starts {begin}{middle}, due {end} ({days} working {'day' if days == 1 else 'days'})"
        middle = f", {', '.join(skipped)} dilewati" if skipped else ""
        return f"mulai {begin}{middle}, tenggat {end} ({days} hari kerja)"

    def show(self, moment: datetime, language: str = "id") -> str:
        """Write a moment for people: `Senin 28-12-2026 09.15 WIB`."""
        local = moment.astimezone(self.zone)
        return f"{DAY_NAMES[language][local.weekday()]} {local:%d-%m-%Y %H.%M} {local.tzname()}"

    def _skipped(self, first: date, last: date, language: str) -> list[str]:
        """Name the days between two dates on which the office does not work."""
        names: list[str] = []
        for offset in range((last - first).days):
            day = first + DAY * offset
            if self.is_working_day(day):
                continue
            holiday = self.holidays.get(day)
            reason = (
                DAY_NAMES[language][day.weekday()] if holiday is None else holiday.gloss if language == "en" else holiday.label
            )
            if reason not in names:
                names.append(reason)
        return names

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _moment(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)


def load_calendar(path: Path | str, procedure: Procedure) -> Calendar:
    """Read and check holidays.yaml; office hours and the rule come from the procedure. Raise InvalidFile with every fault."""
    from netwatch.sop.calendar_file import read_calendar

    return read_calendar(path, procedure)
