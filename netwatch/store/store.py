"""The database as the rest of the house sees it: open, one transaction, and what to do when a COMMIT gives no clear answer."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from netwatch.clock import Clock, SystemClock
from netwatch.errors import StoreAway, StoreBroken, StoreBusy, StoreError
from netwatch.store import schema
from netwatch.store.engine import BUSY_TIMEOUT_S, database_file, has_wal_reset_bug, make_engine, parse_url, sqlite_module
from netwatch.store.errors import AlreadyCommitted, DiskFull, Taken, UnknownOutcome, translate
from netwatch.store.ground import Ground, changed
from netwatch.store.opening import missing, revision_of, unwritable, wrong_revision
from netwatch.store.transaction import Transaction
from netwatch.store.troubles import Health, Troubles

T = TypeVar("T")
_NOTE_ID = insert(schema.transactions)


class Store:
    """One database. Threads may share it; each transaction has a connection of its own."""

    def __init__(self, url: URL, engine: Engine, *, state_directory: Path, clock: Clock) -> None:
        self.url = url
        self.engine = engine
        self.state_directory = state_directory
        self.clock = clock
        self.file = database_file(url)
        self.ground = Ground(self.file) if self.file is not None else None
        self.warnings: list[str] = []
        self._lock = threading.Lock()
        self._readonly = False
        self._troubles = Troubles(self.file, state_directory)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        state_directory: Path | str,
        clock: Clock | None = None,
        create: bool = False,
        any_revision: bool = False,
        readonly: bool = False,
    ) -> Self:
        """Open a database that `netwatch db upgrade` made. Raises StoreError with a sentence that says what to do.

        `create` (only for `db upgrade`, and never beside what a lost database left behind) makes the file; `any_revision` opens
        an older or newer schema; `readonly` leaves a backup's file as it is.
        """
        parsed = parse_url(url)
        state = Path(state_directory).absolute()
        file = database_file(parsed)
        if file is not None and not create and not file.exists():
            raise missing(file, state)
        store = cls(
            parsed, make_engine(parsed, create=create, readonly=readonly), state_directory=state, clock=clock or SystemClock()
        )
        store._readonly = readonly
        try:
            store._connect(create=create)
            if not any_revision:
                store._check_revision()
        except BaseException:
            store.close()
            raise
        return store

    # --- transactions --------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def begin(self, tx_id: str) -> Iterator[Transaction]:
        """Give one writing transaction; commit when the block ends, roll back when it raises.

        When COMMIT fails, the database is opened anew and asked for `tx_id`: found means the block counts as done; not found
        raises the error, and nothing was written; nobody to ask raises UnknownOutcome. Raises AlreadyCommitted when `tx_id` was
        used before, StoreBusy, StoreAway, StoreBroken, and Conflict for what a unique index refuses.
        """
        committing = False
        try:
            self.check_files()
            with self.engine.connect().execution_options(netwatch_begin="BEGIN IMMEDIATE") as connection:
                connection.begin()
                tx = self._enter(connection, tx_id)
                yield tx
                committing = True
                connection.commit()
        except DBAPIError as error:
            translated = self.translated(error)
            if not committing:
                raise translated from error
            self._resolve(tx_id, translated, error)
        except PoolTimeout as error:
            raise self.translated(error) from error
        self._troubles.writable = True

    @contextlib.contextmanager
    def read(self) -> Iterator[Transaction]:
        """Give one snapshot to read from. Blocks no writer and is blocked by none; keep it short, it holds the log's space."""
        try:
            self.check_files()
            options = {} if self.file else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            with self.engine.connect().execution_options(**options) as connection, connection.begin():
                yield Transaction(connection, tx_id=None, now=self.clock.now())
        except (DBAPIError, PoolTimeout) as error:
            raise self.translated(error) from error

    def run(self, tx_id: str, work: Callable[[Transaction], T], *, patience_s: float = 30.0) -> T:
        """Do `work` in one transaction, exactly once, and return its result.

        `work` may be called again, so it must have no effect outside the transaction. Locks, a full disk with ballast left and
        unknown outcomes are tried again for `patience_s` seconds; then the error. Raises AlreadyCommitted when the work had been
        done before this call (after a crash): read the result from the database.
        """
        waited, pause = 0.0, 0.05
        kept: list[T] = []  # the result of an attempt whose outcome is unknown
        while True:
            result: list[T] = []
            try:
                with self.begin(tx_id) as tx:
                    result.append(work(tx))
            except AlreadyCommitted:
                if not kept:
                    raise
                self._troubles.unknown["committed"] += 1
                return kept[0]  # the attempt before got through after all
            except UnknownOutcome:
                kept = result or kept
                if waited >= patience_s:
                    raise
            except StoreBusy:
                waited += BUSY_TIMEOUT_S
                if waited >= patience_s:
                    raise
            except DiskFull as error:
                if not error.ballast_freed:
                    raise
            else:
                return result[0]
            time.sleep(pause)
            waited, pause = waited + pause, min(2 * pause, 2.0)

    def committed(self, tx_id: str) -> bool:
        """Say whether a transaction is in the database, after everything that was under way is decided."""
        try:
            self.check_files()
            with self.engine.connect().execution_options(netwatch_begin="BEGIN IMMEDIATE") as connection, connection.begin():
                self._lock_head(connection)
                table = schema.transactions
                return connection.scalar(select(table.c.id).where(table.c.id == tx_id)) is not None
        except DBAPIError as error:
            raise self.translated(error) from error

    # --- the ground ----------------------------------------------------------------------------------------------------------

    def check_files(self) -> None:
        """Compare the database's file with the one that was opened. Raises StoreBroken when it was deleted or replaced."""
        if self.ground is None:
            return
        try:
            self.ground.check()
        except StoreBroken as error:
            self.translated(error)
            raise

    def reopen(self) -> None:
        """Close every connection and open the database again, as a person who put it back would want."""
        with self._lock:
            self._disconnect()
            try:
                self._connect(create=False)
            except DBAPIError as error:
                raise self.translated(error) from error

    def quick_check(self) -> None:
        """Open anew and let SQLite look at its pages: an error of a dying disk can claim a damage that is not there.

        Raises StoreBroken when the damage is real.
        """
        self.reopen()
        if self.file is None:
            return
        with self.read() as tx:
            said = [row[0] for row in tx.connection.exec_driver_sql("PRAGMA quick_check(20)")]
        if said != ["ok"]:
            error = changed(self.file, f"is damaged ({'; '.join(said)})", f"rusak ({'; '.join(said)})")
            self.translated(error)
            raise error

    def checkpoint_log(self) -> bool:
        """Copy the write-ahead log into the database and cut it to nothing (hourly); False when a reader was in the way."""
        return self.ground is None or self.ground.cut_log()

    def health(self) -> Health:
        """Return what the metrics show. Asks the file system, not the database."""
        return self._troubles.health(self.ground)

    def facts(self) -> dict[str, Any]:
        """Return what one line at start tells: library, promises, head of the journal."""
        with self.read() as tx:
            head = str(tx.journal.head())
            if self.file is None:
                version = tx.connection.exec_driver_sql("SHOW server_version").scalar()
                promise = tx.connection.exec_driver_sql("SHOW fsync").scalar()
                return {"database": "postgresql", "version": version, "fsync": promise, "journal_head": head}
            mode = tx.connection.exec_driver_sql("PRAGMA journal_mode").scalar()
            synchronous = tx.connection.exec_driver_sql("PRAGMA synchronous").scalar()
        version = sqlite_module().sqlite_version
        return {"database": "sqlite", "version": version, "journal_mode": mode, "synchronous": synchronous, "journal_head": head}

    def translated(self, error: Exception) -> Exception:
        """Return the netwatch error for one of the database's, counted for the metrics; a full disk gives up its ballast."""
        return self._troubles.translated(error)

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            self._disconnect()

    # --- inside --------------------------------------------------------------------------------------------------------------

    def _connect(self, *, create: bool) -> None:
        if self.ground is None:
            return
        try:
            self.ground.open(create=create, readonly=self._readonly)
        except sqlite_module().Error as error:
            translated = self.translated(error)
            if isinstance(translated, DiskFull) and translated.ballast_freed:
                self._connect(create=create)
                return
            if type(translated) is StoreAway and self.file is not None and _is_not_ours(self.file, readonly=self._readonly):
                raise unwritable(self.file) from error
            raise translated from error
        version = sqlite_module().sqlite_version
        if has_wal_reset_bug(version):
            self.warnings = [f"SQLite {version} can damage a database in WAL mode; using the slower rollback journal"]

    def _disconnect(self) -> None:
        self.engine.dispose()
        if self.ground is not None:
            self.ground.close()

    def _check_revision(self) -> None:
        found = revision_of(self.engine)
        if found != schema.REVISION:
            raise wrong_revision(found)

    def _enter(self, connection: Connection, tx_id: str) -> Transaction:
        self._lock_head(connection)
        now = self.clock.now()
        try:
            connection.execute(_NOTE_ID, {"id": tx_id, "at": now})
        except DBAPIError as error:
            translated = translate(error)
            raise AlreadyCommitted(tx_id) if isinstance(translated, Taken) else translated from error
        return Transaction(connection, tx_id=tx_id, now=now)

    def _lock_head(self, connection: Connection) -> None:
        if self.file is None:
            connection.execute(select(schema.journal_head.c.seq).with_for_update())

    def _resolve(self, tx_id: str, translated: Exception, error: DBAPIError) -> None:
        """Find out whether a failed COMMIT happened; return when it did."""
        try:
            self.reopen()
            done = self.committed(tx_id)
        except StoreError as away:
            self._troubles.unknown["unresolved"] += 1
            raise UnknownOutcome(
                f"COMMIT failed and the database cannot be asked whether it happened ({away})", tx_id=tx_id
            ) from error
        self._troubles.unknown["committed" if done else "absent"] += 1
        if not done:
            raise translated from error


def _is_not_ours(file: Path, *, readonly: bool) -> bool:
    return file.exists() and not os.access(file, os.R_OK if readonly else os.R_OK | os.W_OK)
