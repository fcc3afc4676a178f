"""What netwatch believes of each device, how it came to that, and when nothing was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, delete, insert, or_, select, text, update
from sqlalchemy.dialects import sqlite

from netwatch.detect.state import State
from netwatch.store import schema

if TYPE_CHECKING:
    from netwatch.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class StoredState:
    """The state of one device as it is shown; what survives a restart."""

    device: str
    state: State
    since: datetime
    reason: str = ""
    explained_by: str | None = None  # the entry device that explains an `unreachable`
    loss_ratio: float = 0.01


@dataclass(frozen=True, slots=True)
class StoredTransition:
    """One change of one device's state."""

    device: str
    at: datetime
    from_state: State | None  # None: seen for the first time
    to_state: State
    reason: str


@dataclass(frozen=True, slots=True)
class BlindPeriod:
    """A time in which nothing was measured: of one device, or (None) of all. Never counted as downtime."""

    id: int
    device: str | None
    began_at: datetime
    ended_at: datetime | None
    reason: str


def upsert(tx: Transaction, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows or replace those with the same primary key, in one statement."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    if tx.connection.dialect.name == "postgresql":
        changes = ", ".join(f"{name} = excluded.{name}" for name in rows[0] if name not in keys)
        _insert_arrays(tx, table, rows, f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}")
        return
    statement = sqlite.insert(table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    tx.connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def insert_rows(tx: Transaction, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert many rows with the same columns."""
    if not rows:
        return
    if tx.connection.dialect.name == "postgresql":
        _insert_arrays(tx, table, rows, "")
    else:
        tx.connection.execute(insert(table), rows)


def _insert_arrays(tx: Transaction, table: Table, rows: Sequence[dict[str, Any]], suffix: str) -> None:
    """Send one array a column instead of one message a row: a quarter of the time on PostgreSQL."""
    dialect, names = tx.connection.dialect, list(rows[0])
    arrays, values = [], {}
    for name in names:
        kind = table.c[name].type
        write: Any = kind.dialect_impl(dialect).bind_processor(dialect)
        values[name] = [row[name] if write is None else write(row[name]) for row in rows]
        arrays.append(f"CAST(:{name} AS {kind.compile(dialect)}[])")
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM unnest({', '.join(arrays)}){suffix}"  # noqa: S608 - our names
    tx.connection.execute(text(statement), values)


def insert_row(tx: Transaction, table: Any, values: dict[str, Any]) -> int:
    """Insert one row and return the number the database gave it."""
    key = tx.connection.execute(insert(table).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


class States:
    """Device states and their history."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def load(self) -> dict[str, StoredState]:
        """Return the last state of every device."""
        rows = self._tx.connection.execute(select(schema.device_states))
        return {
            row.device: StoredState(row.device, State(row.state), row.since, row.reason, row.explained_by, row.loss_ratio)
            for row in rows
        }

    def save(self, states: Iterable[StoredState]) -> int:
        """Write states, in the order they were true; a changed one adds a row to the history at its `since`.

        Several states of one device may come in one call (a queue kept while the database was away). Return the changes.
        """
        ordered = list(states)
        before = self._states_of({state.device for state in ordered})
        history, newest = [], {}
        for state in ordered:
            known = before.get(state.device)
            if known != state.state:
                history.append(
                    {
                        "device": state.device,
                        "at": state.since,
                        "from_state": known,
                        "to_state": str(state.state),
                        "reason": state.reason,
                    }
                )
                before[state.device] = str(state.state)
            newest[state.device] = {
                "device": state.device,
                "state": str(state.state),
                "since": state.since,
                "reason": state.reason,
                "explained_by": state.explained_by,
                "loss_ratio": state.loss_ratio,
                "updated_at": self._tx.now,
            }
        upsert(self._tx, schema.device_states, list(newest.values()))
        if history:
            insert_rows(self._tx, schema.transitions, history)
        return len(history)

    def remove(self, devices: Iterable[str]) -> None:
        """Forget the present state of devices that left the inventory; their history stays."""
        names = list(devices)
        for start in range(0, len(names), 500):
            part = names[start : start + 500]
            self._tx.connection.execute(delete(schema.device_states).where(schema.device_states.c.device.in_(part)))

    def history(
        self, *, device: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[StoredTransition]:
        """Return state changes, oldest first, from `since` on and before `until`."""
        table = schema.transitions
        query = select(table).order_by(table.c.at, table.c.id)
        if device is not None:
            query = query.where(table.c.device == device)
        if since is not None:
            query = query.where(table.c.at >= since)
        if until is not None:
            query = query.where(table.c.at < until)
        return [
            StoredTransition(
                row.device, row.at, State(row.from_state) if row.from_state else None, State(row.to_state), row.reason
            )
            for row in self._tx.connection.execute(query)
        ]

    def forget_history(self, before: datetime) -> int:
        """Delete state changes older than `before`; return how many."""
        return self._tx.connection.execute(delete(schema.transitions).where(schema.transitions.c.at < before)).rowcount

    def _states_of(self, devices: set[str]) -> dict[str, str]:
        table, names, found = schema.device_states, sorted(devices), {}
        for start in range(0, len(names), 500):
            rows = self._tx.connection.execute(
                select(table.c.device, table.c.state).where(table.c.device.in_(names[start : start + 500]))
            )
            found.update({row.device: row.state for row in rows})
        return found


class Blind:
    """Periods in which nothing was measured."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def begin(self, reason: str, at: datetime, *, device: str | None = None) -> int:
        """Open a period and return its number; the one already open for the same device and reason goes on."""
        table = schema.blind_periods
        known = self._tx.connection.scalar(
            select(table.c.id).where(table.c.device == device, table.c.reason == reason, table.c.ended_at.is_(None))
        )
        if known is not None:
            return int(known)
        return self._add(reason, at, None, device)

    def end(self, at: datetime, *, reason: str | None = None, device: str | None = None) -> int:
        """Close the open periods of a device (None: of the whole monitor), of one reason or of all; return how many."""
        table = schema.blind_periods
        statement = update(table).where(table.c.device == device, table.c.ended_at.is_(None))
        if reason is not None:
            statement = statement.where(table.c.reason == reason)
        return self._tx.connection.execute(statement.values(ended_at=at)).rowcount

    def add(self, reason: str, began_at: datetime, ended_at: datetime, *, device: str | None = None) -> int:
        """Note a period that is already over, such as the gap found at start; return its number."""
        return self._add(reason, began_at, ended_at, device)

    def list(self, *, since: datetime | None = None, until: datetime | None = None) -> list[BlindPeriod]:
        """Return the periods that touch the time from `since` to `until`, oldest first."""
        table = schema.blind_periods
        query = select(table).order_by(table.c.began_at, table.c.id)
        if since is not None:
            query = query.where(or_(table.c.ended_at.is_(None), table.c.ended_at > since))
        if until is not None:
            query = query.where(table.c.began_at < until)
        return [
            BlindPeriod(row.id, row.device, row.began_at, row.ended_at, row.reason) for row in self._tx.connection.execute(query)
        ]

    def _add(self, reason: str, began_at: datetime, ended_at: datetime | None, device: str | None) -> int:
        values = {"device": device, "began_at": began_at, "ended_at": ended_at, "reason": reason}
        return insert_row(self._tx, schema.blind_periods, values)
