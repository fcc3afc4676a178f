"""Lateness: when a step is late, who is reminded, who is told next (G10). It never advances or closes anything. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from netwatch.sop.people import OPD_HEAD, People
from netwatch.sop.procedure import Procedure
from netwatch.sop.record import Ticket
from netwatch.sop.ticket_json import is_overdue
from netwatch.sop.working_time import Calendar, OutsideCalendar

__all__ = ["Notice", "is_overdue", "net_due_at", "notices", "reminder_at", "times_of"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One message that is due: whom to tell that a step nears its due time or is past it."""

    key: str  # the same message has the same key, so that it is sent once: TICKET/STEP/ATTEMPT/reminder | late-N
    at: datetime  # when it fell due
    days_late: int | None  # None: the reminder before the due time; 0: just late; 1, 2: working days
    roles: tuple[str, ...]
    persons: tuple[str, ...]


def reminder_at(procedure: Procedure, calendar: Calendar, ticket: Ticket) -> datetime | None:
    """Return when the actor is reminded: half a working day before the due time. None without a due time."""
    due = ticket.step.due_at
    if due is None:
        return None
    try:
        day = calendar.working_day(due.astimezone(calendar.zone).date())
        return max(calendar.before(due, day * procedure.deadline.reminder.before_due), ticket.step.entered_at)
    except OutsideCalendar:
        return None


def times_of(procedure: Procedure, calendar: Calendar, ticket: Ticket) -> list[tuple[int, datetime]]:
    """Return the rungs of the ladder: (working days late, moment). Rungs beyond the calendar's range are left out."""
    due = ticket.step.due_at
    if due is None:
        return []
    rungs: list[tuple[int, datetime]] = []
    for rule in procedure.deadline.escalation:
        try:
            rungs.append((rule.after_days, due if rule.after_days == 0 else calendar.due(due, rule.after_days)))
        except OutsideCalendar:
            break
    return rungs


def notices(procedure: Procedure, calendar: Calendar, people: People, ticket: Ticket, now: datetime) -> list[Notice]:
    """Return every notice of the present step that is due by now, oldest first; who sends them drops those already sent by key.

    A hold does not silence them: gross time always runs. On a held ticket the reminder is left out, as its actor is waiting.
    """
    if not ticket.is_open:
        return []
    found: list[Notice] = []
    place = f"{ticket.id}/{ticket.step.key}/{ticket.step.attempt}"
    soon = reminder_at(procedure, calendar, ticket)
    if soon is not None and ticket.hold is None and soon <= now and not is_overdue(ticket, now):
        actor = (procedure.steps[ticket.step.key].actor,)
        found.append(Notice(f"{place}/reminder", soon, None, actor, holders(people, ticket, actor, now)))
    rules = {rule.after_days: rule.notify for rule in procedure.deadline.escalation}
    for days, at in times_of(procedure, calendar, ticket):
        if at < now:
            roles = roles_of(procedure, ticket, rules[days])
            found.append(Notice(f"{place}/late-{days}", at, days, roles, holders(people, ticket, roles, now)))
    return found


def roles_of(procedure: Procedure, ticket: Ticket, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the roles behind `actor`, `superior` and plain roles; each once."""
    actor = procedure.steps[ticket.step.key].actor
    superior = procedure.roles[actor].superior
    meant = {"actor": actor, "superior": superior}
    return tuple(dict.fromkeys(role for name in names if (role := meant.get(name, name)) is not None))


def holders(people: People, ticket: Ticket, roles: tuple[str, ...], now: datetime) -> tuple[str, ...]:
    """Return the persons to tell; of the office's heads only the first, the head of that very office."""
    offices = frozenset({ticket.opd} if ticket.opd is not None else ticket.affected_opds)
    found: list[str] = []
    for role in roles:
        held = people.holders(role, now, offices if role == OPD_HEAD else None)
        found += held[:1] if role == OPD_HEAD else held
    return tuple(dict.fromkeys(found))


def net_due_at(calendar: Calendar, ticket: Ticket, now: datetime) -> datetime | None:
    """Return the due time moved by the working time the present step was on hold: reported beside the gross one (G10)."""
    visit = ticket.step
    if visit.due_at is None:
        return None
    held = timedelta()
    for hold in (*ticket.holds, *((ticket.hold,) if ticket.hold is not None else ())):
        held += calendar.working_time(max(hold.since, visit.entered_at), min(hold.until or now, now))
    try:
        return calendar.after(visit.due_at, held)
    except OutsideCalendar:
        return None
