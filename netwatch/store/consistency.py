"""Everything beside the journal agrees with it and with itself (I2-I8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, exists, func, select

from netwatch.store import schema
from netwatch.store.attachments import FOLDER, digest_of
from netwatch.store.incidents import locus_text
from netwatch.store.violation import UNREADABLE, Violation

if TYPE_CHECKING:
    from netwatch.store.transaction import Transaction


def check_incidents(tx: Transaction) -> Iterator[Violation]:
    """I2: the newest journal entry of each incident says what is stored. I3: only open incidents hold devices, all of them."""
    held: dict[int, set[str]] = {}
    for row in tx.connection.execute(select(schema.open_locus)):
        held.setdefault(row.incident, set()).add(row.device)
    newest = _newest_entries(tx)
    stored = tx.connection.execute(select(schema.incidents).order_by(schema.incidents.c.id)).all()
    for row in stored:
        seq, fields = newest.pop(row.id, (None, None))
        try:
            yield from _check_incident(row, seq, fields, held.pop(row.id, set()))
        except UNREADABLE as error:
            yield Violation("I2", "unreadable", f"the incident or its entry cannot be read ({error})", seq, f"incident {row.id}")
    for number, (seq, _) in newest.items():
        yield Violation("I2", "vanished", f"incident {number} is in the journal and is gone", seq, f"incident {number}")
    for number in held:
        yield Violation("I3", "locus", "devices are held by an incident that does not exist", subject=f"incident {number}")


def _check_incident(row: Row[Any], seq: int | None, text: str | None, held: set[str]) -> Iterator[Violation]:
    body, name = json.loads(row.body), f"incident {row.id}"
    if text is None:
        yield Violation("I2", "entry", "the journal knows nothing of it", subject=name)
    else:
        fields = json.loads(text)["fields"]
        if (fields["state"], fields["locus"], fields["key"]) != (row.state, sorted(body["locus"]), row.key):
            yield Violation("I2", "incident", f"its last entry says {fields['state']}, stored is {row.state}", seq, name)
    if (row.state, row.key, row.locus) != (body["state"], body["key"], locus_text(frozenset(body["locus"]))):
        yield Violation("I2", "column", "its columns and its body differ", subject=name)
    if held != (set(body["locus"]) if row.state == "open" else set()):
        yield Violation("I3", "locus", "the devices it holds are not its locus", subject=name)


def _newest_entries(tx: Transaction) -> dict[int, tuple[int | None, str | None]]:
    journal = schema.journal
    last = select(func.max(journal.c.seq)).where(journal.c.kind == "incident").group_by(journal.c.incident)
    rows = tx.connection.execute(select(journal.c.incident, journal.c.seq, journal.c.body).where(journal.c.seq.in_(last)))
    return {row.incident: (row.seq, row.body) for row in rows}


def check_uniqueness(tx: Transaction) -> Iterator[Violation]:
    """I3: one open incident per locus, one open ticket per incident, ticket numbers below their counter."""
    incidents, tickets = schema.incidents, schema.tickets
    doubled = select(incidents.c.locus).where(incidents.c.state == "open").group_by(incidents.c.locus).having(func.count() > 1)
    for locus in tx.connection.scalars(doubled):
        yield Violation("I3", "unique", f"more than one open incident for {locus}", subject=locus)
    two = (
        select(tickets.c.incident)
        .where(tickets.c.state == "open", tickets.c.incident.is_not(None))
        .group_by(tickets.c.incident)
        .having(func.count() > 1)
    )
    for number in tx.connection.scalars(two):
        yield Violation("I3", "unique", "more than one open ticket", subject=f"incident {number}")
    counters = {row.year: row.last for row in tx.connection.execute(select(schema.ticket_counters))}
    for number in tx.connection.scalars(select(tickets.c.id)):
        _, year, count = number.split("-")
        if int(count) > counters.get(int(year), 0):
            yield Violation("I3", "counter", f"the counter of {year} stands at {counters.get(int(year), 0)}", subject=number)


def check_outbox(tx: Transaction) -> Iterator[Violation]:
    """I4: every key once; what was sent had been decided and tried."""
    outbox = schema.outbox
    for key in tx.connection.scalars(select(outbox.c.key).group_by(outbox.c.key).having(func.count() > 1)):
        yield Violation("I4", "unique", "decided twice", subject=key)
    wrong = select(outbox.c.key, outbox.c.state).where(
        ((outbox.c.state == "sent") & ((outbox.c.attempts < 1) | outbox.c.ended_at.is_(None)))
        | ((outbox.c.state == "dead") & outbox.c.ended_at.is_(None))
        | ((outbox.c.state == "waiting") & outbox.c.ended_at.is_not(None))
    )
    for row in tx.connection.execute(wrong):
        yield Violation("I4", "outbox", f"{row.state}, and its attempts or its end say otherwise", subject=row.key)


def check_requests(tx: Transaction) -> Iterator[Violation]:
    """I5: an answer that was given has its transaction."""
    requests = schema.requests
    known = exists().where(schema.transactions.c.id == requests.c.tx) | exists().where(schema.journal.c.tx == requests.c.tx)
    for number in tx.connection.scalars(select(requests.c.id).where(~known)):
        yield Violation("I5", "request", "it was answered, and its transaction is not here", subject=number)


def check_states(tx: Transaction) -> Iterator[Violation]:
    """I6: changes of state follow each other and lead to the present state. I7: blind periods end after they begin."""
    last: dict[str, str] = {}
    for change in tx.connection.execute(select(schema.transitions).order_by(schema.transitions.c.id)):
        # A device that left the inventory and came back begins anew: its first change comes from nowhere.
        if change.from_state is not None and change.from_state != last.get(change.device, change.from_state):
            said = f"left {change.from_state}, but was {last[change.device]}"
            yield Violation("I6", "transition", said, subject=change.device)
        last[change.device] = change.to_state
    for row in tx.connection.execute(select(schema.device_states.c.device, schema.device_states.c.state)):
        if last.get(row.device, row.state) != row.state:
            yield Violation("I6", "state", f"is {row.state}, but its last change led to {last[row.device]}", subject=row.device)
    blind = schema.blind_periods
    for number in tx.connection.scalars(select(blind.c.id).where(blind.c.ended_at < blind.c.began_at)):
        yield Violation("I7", "blind", "it ends before it begins", subject=f"blind period {number}")


def check_pages(tx: Transaction) -> Iterator[Violation]:
    """I1: let SQLite look at its own pages (PostgreSQL does so when it reads them). It does not see a flipped bit in a row."""
    if tx.connection.dialect.name != "sqlite":
        return
    for (said,) in tx.connection.exec_driver_sql("PRAGMA quick_check(20)"):
        if said != "ok":
            yield Violation("I1", "pages", f"SQLite says: {said}")


def check_files(tx: Transaction, state_directory: Path) -> Iterator[Violation]:
    """I8: every file that was handed in is on disk with its hash; every document of a ticket has its row."""
    rows = {row.sha256: row.size for row in tx.connection.execute(select(schema.attachments))}
    for sha256, size in sorted(rows.items()):
        path = state_directory / FOLDER / sha256
        try:
            found = digest_of(path)
        except OSError as error:
            yield Violation("I8", "missing", f"the file cannot be read ({error.strerror})", subject=sha256)
            continue
        if found != (sha256, size):
            yield Violation("I8", "content", "the file was changed", subject=sha256)
    for row in tx.connection.execute(select(schema.tickets.c.id, schema.tickets.c.body).order_by(schema.tickets.c.id)):
        try:
            for document in json.loads(row.body)["documents"]:
                if document["sha256"] is not None and document["state"] == "recorded" and document["sha256"] not in rows:
                    yield Violation("I8", "document", f"{document['key']} names a file that was never stored", subject=row.id)
        except UNREADABLE:
            continue  # check_tickets has named it
