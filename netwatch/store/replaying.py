"""Every ticket is what its journal entries make of it (I2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from netwatch.sop.record import Ticket
from netwatch.sop.ticket_json import from_json, to_json
from netwatch.store import schema
from netwatch.store.violation import UNREADABLE, Violation

if TYPE_CHECKING:
    from netwatch.store.transaction import Transaction

# Kinds that change a ticket. Others may name one (a refusal, a paper that was issued) and change nothing.
TICKET_KINDS = frozenset({"ticket_opened", "ticket_act", "ticket_held", "ticket_resumed", "ticket_documents", "ticket_note"})


def check_tickets(tx: Transaction, replay: Callable[[Sequence[Mapping[str, Any]]], Ticket]) -> Iterator[Violation]:
    """Replay each ticket's entries and compare with what is stored; find tickets that vanished."""
    journal, tickets = schema.journal, schema.tickets
    stored = {row.id: row for row in tx.connection.execute(select(tickets).order_by(tickets.c.id))}
    named = tx.connection.execute(
        select(journal.c.ticket, journal.c.seq)
        .where(journal.c.ticket.is_not(None), journal.c.kind == "ticket_opened")
        .order_by(journal.c.seq)
    )
    for row in named:
        if row.ticket not in stored:
            yield Violation("I2", "vanished", f"ticket {row.ticket} was opened in the journal and is gone", row.seq, row.ticket)
    for number, row in stored.items():
        try:
            yield from _check_ticket(tx, number, row, replay)
        except UNREADABLE as error:
            yield Violation("I2", "unreadable", f"the ticket or one of its entries cannot be read ({error})", subject=number)


def _check_ticket(
    tx: Transaction, number: str, row: Any, replay: Callable[[Sequence[Mapping[str, Any]]], Ticket]
) -> Iterator[Violation]:
    entries = [entry for entry in tx.journal.of_ticket(number) if entry.body["kind"] in TICKET_KINDS]
    if len(entries) != row.version:
        yield Violation("I2", "version", f"version {row.version} of the ticket has {len(entries)} entries", subject=number)
        return
    try:
        made = replay([entry.body for entry in entries])
    except UNREADABLE as error:
        yield Violation("I2", "replay", f"the entries cannot be replayed ({error})", subject=number)
        return
    differing = differences(made, json.loads(row.body))
    if differing:
        yield Violation("I2", "replay", f"the entries make another ticket: {', '.join(differing)}", subject=number)
    yield from _check_columns(row, number)


def differences(made: Ticket, stored: Mapping[str, Any]) -> list[str]:
    """Return the names of the parts in which a replayed ticket differs from the stored one."""
    replayed = json.loads(json.dumps(to_json(made)))
    return sorted(name for name in {*replayed, *stored} if replayed.get(name) != stored.get(name))


def _check_columns(row: Any, number: str) -> Iterator[Violation]:
    from netwatch.store.tickets import columns

    wanted = columns(from_json(json.loads(row.body)))
    for name, value in wanted.items():
        if name != "body" and getattr(row, name) != value:
            yield Violation("I2", "column", f"column {name} says {getattr(row, name)!r}, the ticket {value!r}", subject=number)
