"""The chain of everything that happened: append-only, hash-linked, one for the whole installation (RELIABILITY 8)."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, insert, select, update

from netwatch.errors import StoreBroken
from netwatch.store import schema
from netwatch.store.canonical import canonical, parse_instant, plain, rich

if TYPE_CHECKING:
    from netwatch.store.transaction import Transaction

VERSION = version("netwatch")
CHAIN = "netwatch.journal/1"
BEFORE_FIRST = "0" * 64
EMPTY: Mapping[str, Any] = {
    "ticket": None,
    "incident": None,
    "step": None,
    "action": None,
    "performed_by": None,
    "performed_at": None,
    "recorded_by": None,
    "os_uid": None,
    "channel": None,
    "fields": {},
    "documents": [],
    "procedure_revision": None,
    "calendar_version": None,
    "inventory_version": None,
}
OURS = frozenset({"chain", "seq", "tx", "part"})  # what only the journal may fill in
COPIED = ("tx", "part", "kind", "ticket", "incident", "action", "performed_by", "recorded_by")  # columns beside the body


_INSERT = insert(schema.journal)  # compiled once: half the time of an entry
_MOVE_HEAD = update(schema.journal_head)


def chained(previous: str, body: str) -> str:
    """Return the hash of an entry: hex SHA-256 over the chain's name, the hash before it and its own text."""
    return hashlib.sha256(f"{CHAIN}\n{previous}\n{body}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry: publishing it outside is what makes the chain worth something."""

    seq: int
    hash: str

    def __str__(self) -> str:
        """Show it as papers do: `12345:9f2c81d0…`, whole."""
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One entry as read back. `text` is the record; `body` is it parsed (floats restored, times still text)."""

    seq: int
    hash: str
    text: str

    @property
    def body(self) -> dict[str, Any]:
        """Return the parsed body."""
        parsed: dict[str, Any] = rich(json.loads(self.text))
        return parsed

    @property
    def recorded_at(self) -> datetime:
        """Return when it was written."""
        return parse_instant(self.body["recorded_at"])


class Journal:
    """The journal inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._head: Head | None = None
        self._part = 0

    def append(self, body: Mapping[str, Any]) -> int:
        """Write one entry and return its seq. `body` needs `kind`; what else is known goes in (EMPTY lists the usual keys).

        `recorded_at` defaults to the transaction's time. Datetimes and floats are made canonical. Raises ValueError for a value
        that has no canonical form and for the keys that only the journal fills in.
        """
        if not body.get("kind") or OURS & body.keys():
            raise ValueError(f"an entry needs 'kind' and may not bring {sorted(OURS)}")
        head = self.head()
        seq = head.seq + 1
        whole = {**EMPTY, "recorded_at": self._tx.now, "netwatch_version": VERSION, **body}
        whole |= {"chain": self.chain(), "seq": seq, "tx": self._tx.id, "part": self._part}
        whole = plain(whole)
        text = canonical(whole)
        entry_hash = chained(head.hash, text)
        columns = {name: whole[name] for name in COPIED}
        columns["recorded_at"] = parse_instant(whole["recorded_at"])
        execute = self._tx.connection.execute
        execute(_INSERT, {"seq": seq, "hash": entry_hash, "body": text, **columns})
        execute(_MOVE_HEAD, {"seq": seq, "hash": entry_hash})
        self._head = Head(seq, entry_hash)
        self._part += 1
        return seq

    def head(self) -> Head:
        """Return the newest entry. Inside a writing transaction nobody else can move it."""
        if self._head is None or not self._tx.writes:
            row = self._tx.connection.execute(select(schema.journal_head.c.seq, schema.journal_head.c.hash)).one_or_none()
            if row is None:
                raise StoreBroken("the journal has no head; this database was not made by `netwatch db upgrade`")
            self._head = Head(row.seq, row.hash)
        return self._head

    def chain(self) -> str:
        """Return the random id of this installation's chain."""
        return self._tx.installation("chain")

    def of_ticket(self, ticket: str) -> list[Recorded]:
        """Return the entries of one ticket, oldest first."""
        return [_recorded(row) for row in self._select(schema.journal.c.ticket == ticket)]

    def of_incident(self, incident: int) -> list[Recorded]:
        """Return the entries of one incident, oldest first."""
        return [_recorded(row) for row in self._select(schema.journal.c.incident == incident)]

    def entries(self, *, since: int = 0, batch: int = 1000) -> Iterator[Recorded]:
        """Yield all entries from `since` on, read in batches so that no statement lives long."""
        while True:
            rows = self._select((schema.journal.c.seq >= since) & (schema.journal.c.seq < since + batch))
            yield from (_recorded(row) for row in rows)
            newest = rows[-1].seq if rows else None
            if newest is None:
                later = self._tx.connection.scalar(select(schema.journal.c.seq).where(schema.journal.c.seq >= since).limit(1))
                if later is None:
                    return
            since += batch

    def checkpoint(self, reason: str) -> Head:
        """Note the head of this moment for publication, and note in the chain that it was noted. Return that head.

        Called once a day, for every issued paper (`reason` names it) and at shutdown.
        """
        head = self.head()
        self._tx.connection.execute(
            insert(schema.journal_checkpoints).values(seq=head.seq, hash=head.hash, at=self._tx.now, reason=reason)
        )
        self.append({"kind": "checkpoint", "fields": {"seq": head.seq, "hash": head.hash, "reason": reason}})
        return head

    def last_checkpoint(self) -> tuple[Head, datetime] | None:
        """Return the newest published head and when it was noted."""
        table = schema.journal_checkpoints
        row = self._tx.connection.execute(select(table).order_by(table.c.seq.desc()).limit(1)).one_or_none()
        return None if row is None else (Head(row.seq, row.hash), row.at)

    def keep_private(self, text: str, *, ticket: str | None) -> dict[str, str]:
        """Store free text or a contact beside the chain; return what the body carries instead: {"private": digest}.

        The salt is random, so that a short text cannot be guessed from its digest.
        """
        salt = secrets.token_hex(16)
        digest = hashlib.sha256(f"{salt}{text}".encode()).hexdigest()
        self._tx.connection.execute(insert(schema.private_texts).values(digest=digest, salt=salt, text=text, ticket=ticket))
        return {"private": digest}

    def private(self, digest: str) -> str | None:
        """Return a private text, or None: redacted."""
        found: str | None = self._tx.connection.scalar(
            select(schema.private_texts.c.text).where(schema.private_texts.c.digest == digest)
        )
        return found

    def redact(self, digests: Sequence[str], *, reason: str, performed_by: str) -> int:
        """Delete private texts for good. The chain stays whole; the redaction is an entry. Return its seq."""
        table = schema.private_texts
        self._tx.connection.execute(table.delete().where(table.c.digest.in_(digests)))
        return self.append(
            {"kind": "redaction", "performed_by": performed_by, "fields": {"digests": sorted(digests), "reason": reason}}
        )

    def _select(self, condition: Any) -> Sequence[Row[int, str, str]]:
        table = schema.journal
        return self._tx.connection.execute(
            select(table.c.seq, table.c.hash, table.c.body).where(condition).order_by(table.c.seq)
        ).all()


def _recorded(row: Row[int, str, str]) -> Recorded:
    return Recorded(row.seq, row.hash, row.body)


def begin_chain(tx: Transaction, *, procedure_digest: str | None) -> None:
    """Write entry 0 of a new installation: it names the chain, its format and the procedure."""
    execute = tx.connection.execute
    execute(insert(schema.installation).values(name="chain", value=secrets.token_hex(16)))
    execute(insert(schema.journal_head).values(one=1, seq=-1, hash=BEFORE_FIRST))
    tx.journal.append({"kind": "genesis", "fields": {"journal": CHAIN, "schema": schema.REVISION, "procedure": procedure_digest}})
