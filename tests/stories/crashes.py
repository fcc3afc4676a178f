"""Die at a chosen point of a chosen transaction (RELIABILITY 5, "Crash at every commit point").

A point is an instant at which a process may end and the database may be left: before BEGIN, after each statement, before COMMIT,
after COMMIT before the program learns of it. `Crashes()` counts the points of a run; `Crashes(die_at=n)` ends the process at the
n-th. A dead process does no more database work: every later attempt dies too, until `restart`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from netwatch.simulate.death import Death


@dataclass
class Point:
    """One instant of one writing transaction."""

    number: int
    transaction: int
    place: str  # begin | statement | commit | committed
    statement: str = ""


@dataclass
class Crashes:
    """Counts the points and dies at one of them."""

    die_at: frozenset[int] = frozenset()
    points: list[Point] = field(default_factory=list)
    dead: bool = False
    died: int = 0
    _transaction: int = 0
    _writing: set[int] = field(default_factory=set)

    def restart(self) -> None:
        """A new process starts."""
        self.dead = False
        self._writing.clear()

    def _pass(self, place: str, statement: str = "") -> None:
        if self.dead:
            raise Death
        number = len(self.points)
        self.points.append(Point(number, self._transaction, place, statement))
        if number in self.die_at:
            self.dead = True
            self.died += 1
            raise Death

    def begin(self, connection: Any) -> None:
        """Before BEGIN (the program's own listener sends it afterwards)."""
        if self.dead:
            raise Death
        if "IMMEDIATE" in str(connection.get_execution_options().get("netwatch_begin", "")):
            self._transaction += 1
            self._writing.add(id(connection.connection.dbapi_connection))
            self._pass("begin")

    def statement(self, connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """After a statement."""
        if id(connection.connection.dbapi_connection) in self._writing:
            self._pass("statement", statement)

    @contextmanager
    def installed(self) -> Iterator[Crashes]:
        """Listen to every engine of this process."""
        original = DefaultDialect.do_commit

        def commit(dialect: Any, connection: Any) -> None:
            key = id(getattr(connection, "dbapi_connection", connection))
            if key not in self._writing:
                original(dialect, connection)
                return
            self._pass("commit")
            original(dialect, connection)
            self._writing.discard(key)
            self._pass("committed")

        def executed(*arguments: Any) -> None:
            self.statement(*arguments)

        DefaultDialect.do_commit = commit
        event.listen(Engine, "begin", self.begin, insert=True)
        event.listen(Engine, "after_cursor_execute", executed)
        try:
            yield self
        finally:
            DefaultDialect.do_commit = original
            event.remove(Engine, "begin", self.begin)
            event.remove(Engine, "after_cursor_execute", executed)

    def worth_dying_at(self, *, alike: int = 1) -> list[int]:
        """Return the points to try: all, but of transactions with equal statements only the first `alike` (beats, sweeps).

        Such transactions differ in their parameters only. Those that write an incident, a ticket, the
        journal or the outbox are always tried.
        """
        by_transaction: dict[int, list[Point]] = {}
        for point in self.points:
            by_transaction.setdefault(point.transaction, []).append(point)
        seen: dict[tuple[str, ...], int] = {}
        chosen: list[int] = []
        for points in by_transaction.values():
            statements = tuple(point.statement for point in points if point.statement)
            weighty = any(
                word in s.lower() for s in statements for word in ("insert into journal", "incident", "ticket", "outbox")
            )
            seen[statements] = seen.get(statements, 0) + 1
            if weighty or seen[statements] <= alike:
                chosen += [point.number for point in points]
        return chosen
