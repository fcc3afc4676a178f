"""Planned work added from the command line, the heartbeats of the processes, and every inventory that was ever loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, insert, select, update

from netwatch.errors import NotFound
from netwatch.inventory.model import Window
from netwatch.store import records, schema
from netwatch.store.states import insert_row, upsert

if TYPE_CHECKING:
    from netwatch.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """One maintenance window and who made it."""

    window: Window
    created_by: str
    created_at: datetime
    ended_at: datetime | None  # ended early by a person


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When a process last finished a cycle: the other one shows it."""

    process: str
    last_cycle_at: datetime
    isolated: bool
    version: str


@dataclass(frozen=True, slots=True)
class InventorySnapshot:
    """One inventory as it was loaded, numbered."""

    number: int
    digest: str
    loaded_at: datetime
    author: str
    text: str


class Maintenance:
    """Windows from the command line; those of the inventory file are not here."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, window: Window, *, by: str) -> None:
        """Store a window, with its journal entry. Raises ValueError for one that ends before it starts."""
        if window.ends_at <= window.starts_at:
            raise ValueError("a maintenance window ends after it starts")
        self._tx.connection.execute(
            insert(schema.maintenance_windows).values(
                id=window.id,
                starts_at=window.starts_at,
                ends_at=window.ends_at,
                created_by=by,
                created_at=self._tx.now,
                body=records.dump(window),
            )
        )
        self._note(
            "add", by, {"window": window.id, "reason": window.reason, "starts_at": window.starts_at, "ends_at": window.ends_at}
        )

    def end(self, window: str, *, by: str, at: datetime) -> None:
        """End a window early. Raises NotFound when there is none, or it was ended before."""
        table = schema.maintenance_windows
        statement = update(table).where(table.c.id == window, table.c.ended_at.is_(None))
        if self._tx.connection.execute(statement.values(ended_at=at)).rowcount != 1:
            raise NotFound(f"there is no running maintenance window {window}")
        self._note("end", by, {"window": window, "at": at})

    def list(self, *, not_ended_before: datetime | None = None) -> Sequence[StoredWindow]:
        """Return windows by start; with a time, only those that are not over by then (repeating ones never are by themselves)."""
        table = schema.maintenance_windows
        rows = self._tx.connection.execute(select(table).order_by(table.c.starts_at, table.c.id))
        found = [_window(row) for row in rows]
        if not_ended_before is None:
            return found
        return [
            stored
            for stored in found
            if (stored.ended_at is None or stored.ended_at > not_ended_before)
            and (stored.window.repeat is not None or stored.window.ends_at > not_ended_before)
        ]

    def _note(self, action: str, by: str, fields: dict[str, Any]) -> None:
        self._tx.journal.append(
            {"kind": "maintenance", "action": action, "performed_by": by, "recorded_by": by, "fields": fields}
        )


class Heartbeats:
    """One row per process."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def beat(self, process: str, last_cycle_at: datetime, *, isolated: bool, version: str) -> None:
        """Note the last finished cycle."""
        row = {"process": process, "last_cycle_at": last_cycle_at, "isolated": int(isolated), "version": version}
        upsert(self._tx, schema.heartbeats, [row])

    def last(self, process: str) -> Heartbeat | None:
        """Return the last heartbeat of a process, None before the first."""
        row = self._tx.connection.execute(select(schema.heartbeats).where(schema.heartbeats.c.process == process)).one_or_none()
        return None if row is None else Heartbeat(row.process, row.last_cycle_at, bool(row.isolated), row.version)


class InventorySnapshots:
    """Every inventory that was loaded, in order."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, digest: str, text: str, *, author: str) -> int:
        """Keep an inventory and return its number; the same content as the newest one is not kept twice."""
        newest = self.newest()
        if newest is not None and newest.digest == digest:
            return newest.number
        values = {"digest": digest, "loaded_at": self._tx.now, "author": author, "text": text}
        number = insert_row(self._tx, schema.inventory_snapshots, values)
        fields = {"number": number, "digest": digest}
        self._tx.journal.append({"kind": "inventory", "action": "loaded", "performed_by": author, "fields": fields})
        return number

    def newest(self) -> InventorySnapshot | None:
        """Return the last inventory that was loaded."""
        row = self._tx.connection.execute(
            select(schema.inventory_snapshots).order_by(schema.inventory_snapshots.c.id.desc()).limit(1)
        ).one_or_none()
        return None if row is None else _snapshot(row)

    def get(self, number: int) -> InventorySnapshot:
        """Return one inventory. Raises NotFound."""
        row = self._tx.connection.execute(
            select(schema.inventory_snapshots).where(schema.inventory_snapshots.c.id == number)
        ).one_or_none()
        if row is None:
            raise NotFound(f"there is no inventory number {number}")
        return _snapshot(row)

    def list(self) -> Sequence[InventorySnapshot]:
        """Return all inventories without their text, newest first."""
        table = schema.inventory_snapshots
        query = select(table.c.id, table.c.digest, table.c.loaded_at, table.c.author).order_by(table.c.id.desc())
        return [
            InventorySnapshot(row.id, row.digest, row.loaded_at, row.author, "") for row in self._tx.connection.execute(query)
        ]


def _window(row: Row[Any]) -> StoredWindow:
    return StoredWindow(records.load(Window, row.body), row.created_by, row.created_at, row.ended_at)


def _snapshot(row: Row[Any]) -> InventorySnapshot:
    return InventorySnapshot(row.id, row.digest, row.loaded_at, row.author, row.text)
