"""Tickets: the newest value of each, its number, and what was already answered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Select, func, insert, select, update

from netwatch.errors import Conflict, NotFound
from netwatch.sop.record import Ticket, TicketState
from netwatch.sop.ticket_json import from_json, to_json
from netwatch.store import schema
from netwatch.store.canonical import canonical, plain

if TYPE_CHECKING:
    from netwatch.store.transaction import Transaction


AT_ONCE = 500  # numbers in one question: SQLite and PostgreSQL both take them


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Which tickets to list. None: any."""

    state: TicketState | None = None
    site: str | None = None
    opd: str | None = None
    step: str | None = None
    incident: int | None = None
    held: bool | None = None
    overdue_at: datetime | None = None  # open, and the present step was due before this
    opened_since: datetime | None = None
    opened_before: datetime | None = None
    after: str | None = None  # the id of the last ticket of the page before
    limit: int = 1000


class Tickets:
    """One row per ticket. The caller writes the journal entry in the same transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def next_id(self, year: int) -> str:
        """Return the next free number of a year: NW-2026-000001. A number of an abandoned transaction is given again."""
        table = schema.ticket_counters
        bumped = self._tx.connection.execute(update(table).where(table.c.year == year).values(last=table.c.last + 1))
        if bumped.rowcount == 0:
            self._tx.connection.execute(insert(table).values(year=year, last=1))
        last: int = self._tx.connection.execute(select(table.c.last).where(table.c.year == year)).scalar_one()
        return f"NW-{year:04d}-{last:06d}"

    def insert(self, ticket: Ticket) -> None:
        """Store a new ticket. Raises Conflict when its incident already has an open one."""
        self._tx.connection.execute(insert(schema.tickets).values(columns(ticket)))

    def update(self, ticket: Ticket, expected_version: int) -> None:
        """Store the new value of a ticket that was read at `expected_version`. Raises Conflict when somebody else was first."""
        if ticket.version == expected_version:
            raise ValueError(f"{ticket.id}: a changed ticket has a new version")
        table = schema.tickets
        statement = update(table).where(table.c.id == ticket.id, table.c.version == expected_version)
        if self._tx.connection.execute(statement.values(columns(ticket))).rowcount != 1:
            raise self._lost_race(ticket.id)

    def get(self, number: str) -> Ticket:
        """Return one ticket. Raises NotFound."""
        row = self._tx.connection.execute(self._query().where(schema.tickets.c.id == number)).one_or_none()
        if row is None:
            raise NotFound(f"there is no ticket {number}")
        return _ticket(row)

    def list(self, wanted: TicketFilter = TicketFilter()) -> Sequence[Ticket]:
        """Return the tickets that match, by number."""
        return [_ticket(row) for row in self._tx.connection.execute(self._narrow(wanted))]

    def closed_ids(self) -> set[str]:
        """Return the numbers of the tickets that are over, without reading the tickets."""
        table = schema.tickets
        return set(self._tx.connection.scalars(select(table.c.id).where(table.c.state != str(TicketState.OPEN))))

    def several(self, numbers: Sequence[str]) -> Iterator[Ticket]:
        """Yield the tickets of these numbers, a few hundred in one question; a number that is not there is passed over."""
        for first in range(0, len(numbers), AT_ONCE):
            wanted = self._query().where(schema.tickets.c.id.in_(numbers[first : first + AT_ONCE]))
            yield from map(_ticket, self._tx.connection.execute(wanted))

    def count(self) -> dict[tuple[str, str], int]:
        """Return the number of tickets by (step, state): what the metrics show."""
        table = schema.tickets
        rows = self._tx.connection.execute(
            select(table.c.step, table.c.state, func.count()).group_by(table.c.step, table.c.state)
        )
        return {(row[0], row[1]): row[2] for row in rows}

    def open_of_incident(self, incident: int) -> Ticket | None:
        """Return the open ticket of an incident, or None."""
        found = self.list(TicketFilter(state=TicketState.OPEN, incident=incident))
        return found[0] if found else None

    def _query(self) -> Select[Any]:
        return select(schema.tickets.c.body)

    def _narrow(self, wanted: TicketFilter) -> Select[Any]:
        columns = schema.tickets.c
        query = self._query().order_by(columns.id).limit(wanted.limit)
        for name in ("site", "opd", "step", "incident"):
            if getattr(wanted, name) is not None:
                query = query.where(columns[name] == getattr(wanted, name))
        if wanted.state is not None:
            query = query.where(columns.state == str(wanted.state))
        if wanted.held is not None:
            query = query.where(columns.held == int(wanted.held))
        if wanted.overdue_at is not None:
            query = query.where(columns.state == "open", columns.due_at < wanted.overdue_at)
        if wanted.opened_since is not None:
            query = query.where(columns.opened_at >= wanted.opened_since)
        if wanted.opened_before is not None:
            query = query.where(columns.opened_at < wanted.opened_before)
        if wanted.after is not None:
            query = query.where(columns.id > wanted.after)
        return query

    def _lost_race(self, number: str) -> Conflict | NotFound:
        journal = schema.journal.c
        if self._tx.connection.scalar(select(schema.tickets.c.version).where(schema.tickets.c.id == number)) is None:
            return NotFound(f"there is no ticket {number}")
        last = self._tx.connection.execute(
            select(journal.action, journal.performed_by, journal.recorded_at)
            .where(journal.ticket == number)
            .order_by(journal.seq.desc())
            .limit(1)
        ).one_or_none()
        who = f": {last.action} by {last.performed_by} at {last.recorded_at:%Y-%m-%dT%H:%M:%SZ}" if last else ""
        return Conflict(f"ticket {number} was changed by somebody else meanwhile{who}; read it again")


class Requests:
    """What was already answered: repeating a request with the same id does it once (P2)."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def seen(self, request: str, *, asked: Any = None) -> Any | None:
        """Return the stored answer of a request, None when it is new.

        `asked` is what the caller wants now; the same id for something else raises Conflict.
        """
        row = self._tx.connection.execute(select(schema.requests).where(schema.requests.c.id == request)).one_or_none()
        if row is None:
            return None
        if asked is not None and row.digest != _digest(asked):
            raise Conflict(f"request {request} was already used for another act; take a new request id")
        return json.loads(row.result)

    def remember(self, request: str, result: Any, *, caller: str, asked: Any = None) -> None:
        """Keep the answer of a request, in the transaction that did it."""
        values = {"id": request, "at": self._tx.now, "caller": caller, "tx": self._tx.id, "digest": _digest(asked)}
        self._tx.connection.execute(insert(schema.requests).values(result=json.dumps(result, ensure_ascii=False), **values))


def _digest(asked: Any) -> str:
    return hashlib.sha256(canonical(plain(asked)).encode()).hexdigest()


def columns(ticket: Ticket) -> dict[str, Any]:
    """Return the row of a ticket."""
    return {
        "id": ticket.id,
        "state": str(ticket.state),
        "origin": ticket.origin,
        "site": ticket.site,
        "opd": ticket.opd,
        "step": ticket.step.key,
        "due_at": ticket.step.due_at,
        "held": int(ticket.hold is not None),
        "incident": ticket.incident,
        "opened_at": ticket.opened_at,
        "closed_at": ticket.closed_at,
        "version": ticket.version,
        "body": json.dumps(to_json(ticket), sort_keys=True, separators=(",", ":"), ensure_ascii=False),
    }


def _ticket(row: Row[Any]) -> Ticket:
    return from_json(json.loads(row.body))
