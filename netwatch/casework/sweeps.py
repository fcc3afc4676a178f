"""Once a minute: what time alone changes. Deadlines are rows that are looked at, never jobs that can be lost (G3, G10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from netwatch.casework import messages
from netwatch.casework.network import States, context
from netwatch.casework.saving import save
from netwatch.casework.world import World
from netwatch.errors import Refused
from netwatch.sop import ticket as procedure
from netwatch.sop.act import Act
from netwatch.sop.entry import time_text
from netwatch.sop.escalation import Notice, notices
from netwatch.sop.record import SYSTEM, Ticket, TicketState
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
    """Cancel untouched tickets that healed, mark late steps, remind, escalate. Repeated, it changes nothing and sends nothing."""
    tickets = tx.tickets.list(TicketFilter(state=TicketState.OPEN, limit=EVERYTHING))
    states = tx.states.load()
    cancelled = [ticket for ticket in tickets if cancel_if_recovered(tx, world, ticket, now, states)]
    left = [ticket for ticket in tickets if ticket not in cancelled]
    told = {ticket.id: notices(world.procedure, world.calendar, world.people, ticket, now) for ticket in left}
    late = [(ticket, rung) for ticket in left if (rung := _new_rung(ticket, told[ticket.id])) is not None]
    storm = len(late) > STORM
    if storm:
        _hold_back(tx, world, [ticket for ticket, _ in late], now)
    for ticket, notice in late:
        _escalate(tx, world, ticket, notice, now, tell=not storm)
    reminded = [ticket for ticket in left if any(_remind(tx, world, ticket, notice, now) for notice in told[ticket.id])]
    return Swept(
        cancelled=tuple(ticket.id for ticket in cancelled),
        late=tuple(ticket.id for ticket, _ in late),
        reminded=tuple(ticket.id for ticket in reminded),
        reminded_again=_acknowledgements(tx, world, now),
        storm=storm,
    )


def cancel_if_recovered(tx: Transaction, world: World, ticket: Ticket, now: datetime, states: States) -> bool:
    """Fire t31 on an untouched automatic ticket whose place has been up long enough; say whether it was cancelled."""
    transition = world.procedure.transition(ticket.step.key, CANCEL)
    if transition is None or ticket.origin != "automatic" or ticket.flags.get("touched"):
        return False
    act = Act(action=CANCEL, performed_by=SYSTEM, recorded_by=SYSTEM, performed_at=now)
    try:
        performed = procedure.perform(world.procedure, ticket, act, context(tx, world, ticket, now, states=states))
    except Refused:
        return False  # not up, or not for long enough: the usual case
    save(tx, world, ticket, performed)
    return True


def _new_rung(ticket: Ticket, told: Sequence[Notice]) -> Notice | None:
    """Return the highest rung of the ladder whose time has come and that this visit is not marked with yet, else None."""
    marked = _marked(ticket)
    new = [notice for notice in told if notice.days_late is not None and notice.days_late > marked]
    return max(new, key=lambda notice: notice.at, default=None)


def _marked(ticket: Ticket) -> int:
    """Return the rung that this visit of this step was marked with; -1: not late yet."""
    late = ticket.flags.get("late")
    if not late or (late["step"], late["attempt"]) != (ticket.step.key, ticket.step.attempt):
        return -1
    return int(late["days"])


def _escalate(tx: Transaction, world: World, ticket: Ticket, notice: Notice, now: datetime, *, tell: bool) -> None:
    """Mark the step late by so many working days and tell everybody whose turn has come (G10)."""
    days = notice.days_late
    late = {"step": ticket.step.key, "attempt": ticket.step.attempt, "days": days}
    fields = {"days": days, "told": list(notice.persons) if tell else []}
    noted = procedure.note(world.procedure, ticket, "late", now=now, fields=fields, changes={"flags": {"late": late}})
    after = save(tx, world, ticket, noted)
    if tell:
        messages.decide(tx, world, after, "step_late", key=_key(notice), roles=notice.roles, at=now, more={"days": days})


def _remind(tx: Transaction, world: World, ticket: Ticket, notice: Notice, now: datetime) -> bool:
    """Remind the actor before the due time, once per visit of the step."""
    if notice.days_late is not None:
        return False
    return messages.decide(tx, world, ticket, "step_reminder", key=_key(notice), roles=notice.roles, at=now, more={})


def _key(notice: Notice) -> str:
    """Return the notice's key without the ticket, which `messages` puts in front."""
    return notice.key.partition("/")[2]


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
