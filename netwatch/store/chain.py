"""The journal's own checks: hashes, gaps, columns, checkpoints, and heads known outside (I1; RELIABILITY 8)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, select

from netwatch.store import schema
from netwatch.store.canonical import canonical, instant
from netwatch.store.journal import BEFORE_FIRST, COPIED, Head, chained
from netwatch.store.violation import Violation

if TYPE_CHECKING:
    from netwatch.store.transaction import Transaction

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Outside:
    """A head that left the house: from a paper (the first 16 digits are enough), a mail, Prometheus, a backup's manifest."""

    head: Head

    def agrees(self, found: str) -> bool:
        """Compare with the hash of the same entry."""
        return found.startswith(self.head.hash.replace(" ", "").lower())


def parse_head(text: str) -> Head:
    """Read `SEQ:HASH` as papers print it. Raises ValueError."""
    seq, colon, digits = text.partition(":")
    digits = digits.replace(" ", "").replace("…", "").lower()
    if not colon or not seq.strip().isdigit() or not 16 <= len(digits) <= 64 or set(digits) - set("0123456789abcdef"):
        raise ValueError(f"expected SEQ:HASH with 16 to 64 digits, as in 12345:9f2c81d0a1b2c3d4; found {text!r}")
    return Head(int(seq), digits)


def check_chain(tx: Transaction, *, since: int = 0, outside: Sequence[Outside] = ()) -> Iterator[Violation]:
    """Walk the journal from `since` on. A changed entry is reported once: the walk goes on from the stored hash."""
    hashes: dict[int, str] = {}
    checkpointed: dict[int, str] = {}
    wanted = {known.head.seq for known in outside} | {row.seq for row in _checkpoints(tx)}
    previous, expected = _before(tx, since), since
    chain = tx.setting("chain")
    for row in _rows(tx, since):
        if row.seq != expected:
            yield Violation("I1", "gap", f"entries {expected} to {row.seq - 1} are missing", expected)
        if chained(previous, row.body) != row.hash:
            yield Violation(
                "I1", "hash", f"entry {row.seq} does not continue entry {row.seq - 1}, or its text was changed", row.seq
            )
        yield from _check_row(row, chain, checkpointed)
        if row.seq in wanted:
            hashes[row.seq] = row.hash
        previous, expected = row.hash, row.seq + 1
    yield from _check_head(tx, expected - 1, previous)
    yield from _check_checkpoints(tx, hashes, checkpointed, since)
    for known in outside:
        yield from _check_outside(tx, known, expected - 1)


def _before(tx: Transaction, since: int) -> str:
    if since <= 0:
        return BEFORE_FIRST
    found: str | None = tx.connection.scalar(select(schema.journal.c.hash).where(schema.journal.c.seq == since - 1))
    return found or BEFORE_FIRST


def _rows(tx: Transaction, since: int) -> Iterator[Row[Any]]:
    table, last = schema.journal, since - 1
    while True:
        rows = tx.connection.execute(select(table).where(table.c.seq > last).order_by(table.c.seq).limit(BATCH)).all()
        yield from rows
        if len(rows) < BATCH:
            return
        last = rows[-1].seq


def _check_row(row: Row[Any], chain: str | None, checkpointed: dict[int, str]) -> Iterator[Violation]:
    """Compare the text with its canonical form and with the columns beside it."""
    try:
        body = json.loads(row.body)
        if canonical(body) != row.body:
            yield Violation("I1", "form", "the text is not in its canonical form", row.seq)
    except (ValueError, AttributeError) as error:
        yield Violation("I1", "form", f"the text cannot be read ({error})", row.seq)
        return
    if body.get("seq") != row.seq:
        yield Violation("I1", "place", f"the text says seq {body.get('seq')}", row.seq)
    if body.get("chain") != chain:
        yield Violation("I1", "chain", "the entry belongs to the chain of another installation", row.seq)
    for name in COPIED:
        if getattr(row, name) != body.get(name):
            yield Violation("I1", "column", f"column {name} says {getattr(row, name)!r}, the text {body.get(name)!r}", row.seq)
    if instant(row.recorded_at) != body.get("recorded_at"):
        yield Violation("I1", "column", f"column recorded_at says {instant(row.recorded_at)}", row.seq)
    if row.kind == "checkpoint":
        checkpointed[body["fields"]["seq"]] = body["fields"]["hash"]


def _check_head(tx: Transaction, last: int, last_hash: str) -> Iterator[Violation]:
    head = tx.journal.head()
    if (head.seq, head.hash) != (last, last_hash):
        yield Violation("I1", "head", f"the head says entry {head.seq}, the last one is {last}, or their hashes differ", last + 1)


def _checkpoints(tx: Transaction) -> Sequence[Row[Any]]:
    return tx.connection.execute(select(schema.journal_checkpoints).order_by(schema.journal_checkpoints.c.seq)).all()


def _check_checkpoints(tx: Transaction, hashes: dict[int, str], noted: dict[int, str], since: int) -> Iterator[Violation]:
    rows = {row.seq: row.hash for row in _checkpoints(tx)}
    for seq, known in rows.items():
        if seq >= since and hashes.get(seq) != known:
            said = "is missing" if seq not in hashes else "has another hash"
            yield Violation("I1", "checkpoint", f"the head published for entry {seq} does not fit: the entry {said}", seq)
    for seq, known in noted.items():
        if rows.get(seq) != known:
            yield Violation(
                "I1", "checkpoint", f"the journal notes a published head for entry {seq} that the table does not", seq
            )


def _check_outside(tx: Transaction, known: Outside, last: int) -> Iterator[Violation]:
    seq = known.head.seq
    if seq > last:
        yield Violation(
            "I1", "outside", f"{seq - last} entries are missing: entry {seq} was published, the last one here is {last}", last + 1
        )
        return
    found: str | None = tx.connection.scalar(select(schema.journal.c.hash).where(schema.journal.c.seq == seq))
    if found is None or not known.agrees(found):
        said = "is missing" if found is None else f"has {found[:16]}…"
        yield Violation("I1", "outside", f"entry {seq} was published as {known.head.hash[:16]}…, here it {said}", seq)
