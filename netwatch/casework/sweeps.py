"""Once a minute: what time alone changes. Deadlines are rows that are looked at, never jobs that can be lost (G3, G10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from netwatch.casework import messages
from netwatch.casework.network import context
from netwatch.casework.saving import save
from netwatch.casework.world import World
from netwatch.errors import Refused
from netwatch.sop import ticket as procedure
from netwatch.sop.act import Act
from netwatch.sop.entry import time_text
from netwatch.sop.record import SYSTEM, Ticket, TicketState
from netwatch.sop.working_time import OutsideCalendar
from netwatch.store import Transaction
from netwatch.store.tickets import TicketFilter

CANCEL = "cancel_self_recovered"
STORM = 5  # more steps newly overdue at once than this: the clock jumped rather than the offices (RELIABILITY 4, row 14)
EVERYTHING = 100_000


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    cancelled: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    reminded: tuple[str, ...] = ()
    reminded_again: tuple[int, ...] = ()  # incidents whose acknowledgement ran out
    storm: bool = False  # so many at once that one notice was held for a person instead


def sweep(tx: Transaction, world: World, now: datetime) -> Swept:
    """Cancel untouched tickets that healed, mark late steps, remind and escalate. Repeating it changes nothing and sends nothing twice."""
    tickets = tx.tickets.list(TicketFilter(state=TicketState.OPEN, limit=EVERYTHING))
    cancelled = [ticket for ticket in tickets if cancel_if_recovered(tx, world, ticket, now)]
    left = [ticket for ticket in tickets if ticket not in cancelled]
    late = [(ticket, days) for ticket in left if (days := _reached(world, ticket, now)) > _marked(ticket)]
    storm = len(late) > STORM
    if storm:
        _hold_back(tx, world, [ticket for ticket, _ in late], now)
    for ticket, days in late:
        _escalate(tx, world, ticket, days, now, tell=not storm)
    reminded = [ticket for ticket in left if _reached(world, ticket, now) < 0 and _remind(tx, world, ticket, now)]
    return Swept(
        cancelled=tuple(ticket.id for ticket in cancelled),
        late=tuple(ticket.id for ticket, _ in late),
        reminded=tuple(ticket.id for ticket in reminded),
        reminded_again=_acknowledgements(tx, world, now),
        storm=storm,
    )


def cancel_if_recovered(tx: Transaction, world: World, ticket: Ticket, now: datetime) -> bool:
    """Fire t31 on an untouched automatic ticket whose place has been up long enough; say whether it was cancelled."""
    if ticket.origin != "automatic" or world.procedure.transition(ticket.step.key, CANCEL) is None:
        return False
    act = Act(action=CANCEL, performed_by=SYSTEM, recorded_by=SYSTEM, performed_at=now)
    try:
        performed = procedure.perform(world.procedure, ticket, act, context(tx, world, ticket, now))
    except Refused:
        return False  # touched by somebody, or not up for long enough: the usual case
    save(tx, world, ticket, performed)
    return True


def _reached(world: World, ticket: Ticket, now: datetime) -> int:
    """Return the last rung of the ladder whose time has come, in working days after the due time; -1 before it."""
    due = ticket.step.due_at
    reached = -1
    if due is None:
        return reached
    for rung in world.procedure.deadline.escalation:
        try:
            at = world.calendar.due(due, rung.after_days) if rung.after_days else due
        except OutsideCalendar:
            break
        if now > at:
            reached = max(reached, rung.after_days)
    return reached


def _marked(ticket: Ticket) -> int:
    """Return the rung that this visit of this step was marked with; -1: not late yet."""
    late = ticket.flags.get("late")
    if not late or (late["step"], late["attempt"]) != (ticket.step.key, ticket.step.attempt):
        return -1
    return int(late["days"])


def _visit(ticket: Ticket) -> str:
    return f"{ticket.step.key}/{ticket.step.attempt}"


def _escalate(tx: Transaction, world: World, ticket: Ticket, days: int, now: datetime, *, tell: bool) -> None:
    """Mark the step late by so many days and tell everybody whose turn has come (G10)."""
    notify = next(rung.notify for rung in world.procedure.deadline.escalation if rung.after_days == days)
    roles = list(dict.fromkeys(role for name in notify if (role := _role(world, ticket, name))))
    told = messages.addressees(world, ticket, roles, now) if tell else []
    late = {"step": ticket.step.key, "attempt": ticket.step.attempt, "days": days}
    noted = procedure.note(world.procedure, ticket, "late", now=now, fields={"days": days, "told": told}, changes={"flags": {"late": late}})
    after = save(tx, world, ticket, noted)
    if tell:
        key = f"step_late/{_visit(ticket)}/{days}"
        messages.decide(tx, world, after, "step_late", key=key, roles=roles, at=now, more={"days": days})


def _role(world: World, ticket: Ticket, name: str) -> str | None:
    actor = world.procedure.steps[ticket.step.key].actor
    if name == "actor":
        return actor
    return world.procedure.roles[actor].superior if name == "superior" else name


def _remind(tx: Transaction, world: World, ticket: Ticket, now: datetime) -> bool:
    """Remind the actor half a working day before the due time, once per visit."""
    due = ticket.step.due_at
    if due is None or ticket.hold is not None:
        return False
    try:
        day = world.calendar.working_day(due.astimezone(world.calendar.zone).date())
        at = world.calendar.before(due, day * world.procedure.deadline.reminder.before_due)
    except OutsideCalendar:
        return False
    if now < at:
        return False
    actor = world.procedure.steps[ticket.step.key].actor
    return messages.decide(tx, world, ticket, "step_reminder", key=f"step_reminder/{_visit(ticket)}", roles=[actor], at=now, more={})


def _hold_back(tx: Transaction, world: World, newly: list[Ticket], now: datetime) -> None:
    """Send one notice for a storm of late steps; a person looks at the clock before anybody is blamed."""
    payload = {"kind": "many_late", "count": len(newly), "tickets": [ticket.id for ticket in newly], "at": time_text(now)}
    for channel in world.settings.notifications.channels:
        tx.outbox.put(f"many_late/{time_text(now)[:13]}/{channel.name}", channel.name, payload, now)


def _acknowledgements(tx: Transaction, world: World, now: datetime) -> tuple[int, ...]:
    """Remind again where an acknowledgement has run out and the incident is still open (M8)."""
    again = []
    for expired in tx.acknowledgements.expired(now):
        tx.acknowledgements.end(expired.incident, now)
        incident = tx.incidents.get(expired.incident)
        if incident.ended_at is not None:
            continue
        again.append(expired.incident)
        payload = {"kind": "acknowledgement_over", "incident": expired.incident, "ticket": incident.ticket, "by": expired.by}
        for channel in world.settings.notifications.channels:
            tx.outbox.put(f"acknowledgement/{expired.id}/{channel.name}", channel.name, payload, now)
    return tuple(again)
