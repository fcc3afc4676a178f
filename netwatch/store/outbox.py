"""Messages that were decided and are not yet handed over: decided in the transaction of their cause, sent after it (P5)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, func, insert, select, update

from netwatch.errors import NotFound
from netwatch.store import schema

if TYPE_CHECKING:
    from netwatch.store.transaction import Transaction

HELD = "outbox_held"


class MessageState(StrEnum):
    """Waiting for its time or its next attempt, handed over, or given up."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one channel. `key` makes it unique for ever, and is its Message-ID."""

    id: int
    key: str
    channel: str
    payload: Any
    decided_at: datetime
    not_before: datetime
    attempts: int
    state: MessageState
    ended_at: datetime | None
    error: str | None


class Outbox:
    """The outbox inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, key: str, channel: str, payload: Any, at: datetime) -> bool:
        """Decide a message, to be sent from `at` on. Return False when this key was decided before: nothing is added."""
        table = schema.outbox
        if self._tx.connection.scalar(select(table.c.id).where(table.c.key == key)) is not None:
            return False
        values = {"key": key, "channel": channel, "payload": json.dumps(payload, ensure_ascii=False), "not_before": at}
        self._tx.connection.execute(
            insert(table).values(decided_at=self._tx.now, attempts=0, state=MessageState.WAITING.value, **values)
        )
        return True

    def due(self, now: datetime, *, limit: int = 100) -> Sequence[Message]:
        """Return what should be sent now, oldest first; nothing while the outbox is held after a restore."""
        if self.held():
            return []
        table = schema.outbox
        query = (
            select(table).where(table.c.state == "waiting", table.c.not_before <= now).order_by(table.c.not_before, table.c.id)
        )
        return [_message(row) for row in self._tx.connection.execute(query.limit(limit))]

    def get(self, key: str) -> Message:
        """Return one message. Raises NotFound."""
        row = self._tx.connection.execute(select(schema.outbox).where(schema.outbox.c.key == key)).one_or_none()
        if row is None:
            raise NotFound(f"there is no message {key}")
        return _message(row)

    def list(self, state: MessageState | None = None, *, limit: int = 1000) -> Sequence[Message]:
        """Return messages, oldest first."""
        query = select(schema.outbox).order_by(schema.outbox.c.id).limit(limit)
        if state is not None:
            query = query.where(schema.outbox.c.state == str(state))
        return [_message(row) for row in self._tx.connection.execute(query)]

    def mark_sent(self, number: int, at: datetime) -> None:
        """Note that the channel took it."""
        self._set(number, state="sent", ended_at=at, attempts=schema.outbox.c.attempts + 1, error=None)

    def failed(self, number: int, error: str, *, again_at: datetime | None, at: datetime | None = None) -> None:
        """Note a failed attempt: try again at `again_at`, or (None) give up."""
        changes: dict[str, Any] = {"attempts": schema.outbox.c.attempts + 1, "error": error[:1000]}
        if again_at is None:
            changes |= {"state": "dead", "ended_at": at or self._tx.now}
        else:
            changes |= {"not_before": again_at}
        self._set(number, **changes)

    def count(self) -> dict[tuple[str, str], int]:
        """Return the number of messages by (channel, state)."""
        table = schema.outbox
        rows = self._tx.connection.execute(
            select(table.c.channel, table.c.state, func.count()).group_by(table.c.channel, table.c.state)
        )
        return {(row[0], row[1]): row[2] for row in rows}

    def held(self) -> bool:
        """Say whether the outbox waits for a person, because the database came from a backup."""
        return self._tx.setting(HELD) is not None

    def hold(self, reason: str) -> None:
        """Send nothing until `release`."""
        self._tx.set_setting(HELD, reason)

    def release(self, *, performed_by: str, drop_decided_before: datetime | None = None) -> int:
        """Send again. Messages decided before a time are given up instead; return how many. An entry in the journal says so."""
        table, dropped = schema.outbox, 0
        if drop_decided_before is not None:
            statement = update(table).where(table.c.state == "waiting", table.c.decided_at < drop_decided_before)
            values = {"state": "dead", "ended_at": self._tx.now, "error": "dropped after a restore"}
            dropped = self._tx.connection.execute(statement.values(values)).rowcount
        self._tx.set_setting(HELD, None)
        fields = {"dropped": dropped, "drop_decided_before": drop_decided_before}
        self._tx.journal.append({"kind": "outbox_released", "performed_by": performed_by, "fields": fields})
        return dropped

    def _set(self, number: int, **values: Any) -> None:
        done = self._tx.connection.execute(update(schema.outbox).where(schema.outbox.c.id == number).values(values))
        if done.rowcount != 1:
            raise NotFound(f"there is no message {number}")


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        key=row.key,
        channel=row.channel,
        payload=json.loads(row.payload),
        decided_at=row.decided_at,
        not_before=row.not_before,
        attempts=row.attempts,
        state=MessageState(row.state),
        ended_at=row.ended_at,
        error=row.error,
    )
