from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from netwatch.sop.record import StepVisit, Ticket, TicketState
from netwatch.web.step_times import StepTimes

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)


@dataclass
class StoredTickets:
    """The closed tickets of a database, and how many were read."""

    closed: list[Ticket] = field(default_factory=list)
    read: int = 0

    def closed_ids(self) -> set[str]:
        return {ticket.id for ticket in self.closed}

    def several(self, numbers: Sequence[str]) -> Iterator[Ticket]:
        for ticket in self.closed:
            if ticket.id in numbers:
                self.read += 1
                yield ticket


def ticket(number: str, *hours: float, state: TicketState = TicketState.OPEN) -> Ticket:
    """Return a ticket that left `connection_check` after each of these hours, and is in it once more."""
    spent = (timedelta(hours=each) for each in hours)
    visits = [StepVisit("connection_check", n, NOON, None, left_at=NOON + time) for n, time in enumerate(spent, 1)]
    here = StepVisit("connection_check", len(visits) + 1, NOON, None)
    return Ticket(number, "letter", state, "r1", "c1", "kec-sekupang", None, NOON, (*visits, here))


def values(times: StepTimes, stored: StoredTickets, *still_open: Ticket) -> dict[str, float]:
    tx: Any = SimpleNamespace(tickets=stored)
    family = times.family(tx, still_open, ["connection_check", "work_report"])
    return {f"{s.name.rpartition('_')[2]} {s.labels['step']} {s.labels.get('le', '')}".strip(): s.value for s in family.samples}


def test_a_step_counts_once_it_is_left_and_the_present_one_does_not() -> None:
    seen = values(StepTimes(), StoredTickets(), ticket("a", 0.5, 30))
    assert seen["count connection_check"] == 2
    assert seen["sum connection_check"] == 30.5 * 3600
    assert seen["bucket connection_check 3600.0"] == 1
    assert seen["bucket connection_check 86400.0"] == 1
    assert seen["bucket connection_check 172800.0"] == 2


def test_a_step_that_nobody_left_yet_is_there_with_zero() -> None:
    """A rate needs a first value; it was measured, and it is none."""
    assert values(StepTimes(), StoredTickets())["count work_report"] == 0


def test_a_ticket_that_closes_between_two_scrapes_is_counted_on_and_read_once() -> None:
    times, stored = StepTimes(), StoredTickets()
    open_ticket = ticket("a", 1, 2)
    assert values(times, stored, open_ticket)["count connection_check"] == 2
    stored.closed.append(replace(ticket("a", 1, 2, 3), state=TicketState.DONE))
    for _ in range(3):
        assert values(times, stored)["count connection_check"] == 3
    assert stored.read == 1
