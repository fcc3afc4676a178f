"""The database as the rest of the house sees it: open, one transaction, and what to do when a COMMIT gives no clear answer."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, insert, inspect, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from netwatch.clock import Clock, SystemClock
from netwatch.errors import Conflict, StoreAway, StoreBroken, StoreBusy, StoreError
from netwatch.store import ballast, schema
from netwatch.store.engine import (
    BUSY_TIMEOUT_S,
    connect_sqlite,
    database_file,
    has_wal_reset_bug,
    make_engine,
    parse_url,
    sqlite_module,
)
from netwatch.store.errors import AlreadyCommitted, DiskFull, Taken, UnknownOutcome, told, translate
from netwatch.store.transaction import Transaction

T = TypeVar("T")
Identity = tuple[int, int]  # device and inode


@dataclass(frozen=True, slots=True)
class Health:
    """What the metrics of RELIABILITY 10 show about the database."""

    writable: bool  # the last write was accepted
    wal_bytes: int
    free_bytes: int
    ballast_present: bool
    errors: Mapping[str, int]  # by reason: busy, away, full, broken, conflict
    unknown_outcomes: Mapping[str, int]  # by how it was resolved: committed, absent, unresolved


class Store:
    """One database. Threads may share it; each transaction has a connection of its own."""

    def __init__(self, url: URL, engine: Engine, *, state_directory: Path, clock: Clock) -> None:
        self.url = url
        self.engine = engine
        self.state_directory = state_directory
        self.clock = clock
        self.file = database_file(url)
        self.warnings: list[str] = []
        self._identity: Identity | None = None
        self._wal: Identity | None = None
        self._anchor: Any = None
        self._lock = threading.Lock()
        self._readonly = False
        self._writable = True
        self._errors: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()

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
        self._writable = True

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
                self._unknown["committed"] += 1
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
        """Compare the database's file with the one that was opened. Raises StoreBroken when it was deleted or replaced.

        SQLite itself would go on committing into a file that has no name any more.
        """
        if self.file is None:
            return
        if _identity(self.file) != self._identity:
            raise self._broken(self.file, "was deleted or replaced in use", "dihapus atau diganti selagi dipakai")
        if self._wal is not None and _identity(self._wal_file) != self._wal:
            raise self._broken(self._wal_file, "was deleted or replaced in use", "dihapus atau diganti selagi dipakai")

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
            raise self._broken(self.file, f"is damaged ({'; '.join(said)})", f"rusak ({'; '.join(said)})")

    def checkpoint_log(self) -> bool:
        """Copy the write-ahead log into the database and cut it to nothing (hourly); False when a reader was in the way."""
        if self.file is None or self._anchor is None:
            return True
        try:
            busy = self._anchor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite_module().Error as error:
            raise StoreAway(f"the log of the database could not be copied ({error})") from error
        return not busy

    def drop_ballast(self) -> bool:
        """Free the reserved space on a full disk; say whether there was any."""
        return ballast.drop(self.state_directory)

    def health(self) -> Health:
        """Return what the metrics show. Asks the file system, not the database."""
        wal = self._wal_file.stat().st_size if self.file and self._wal_file.exists() else 0
        try:
            disk = os.statvfs(self.state_directory)
            free = disk.f_bavail * disk.f_frsize
        except OSError:
            free = 0
        return Health(self._writable, wal, free, ballast.present(self.state_directory), dict(self._errors), dict(self._unknown))

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

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            self._disconnect()

    # --- inside --------------------------------------------------------------------------------------------------------------

    @property
    def _wal_file(self) -> Path:
        assert self.file is not None
        return self.file.with_name(self.file.name + "-wal")

    def _connect(self, *, create: bool) -> None:
        if self.file is None:
            return
        # The anchor only sits there: while it is open, no other connection is the last one, whose closing deletes the log.
        try:
            self._anchor = connect_sqlite(self.file, create=create, readonly=self._readonly)
            self._anchor.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite_module().Error as error:
            translated = self.translated(error)
            if isinstance(translated, DiskFull) and translated.ballast_freed:
                self._connect(create=create)
                return
            raise translated from error
        if has_wal_reset_bug(sqlite_module().sqlite_version):
            warning = (
                f"SQLite {sqlite_module().sqlite_version} can damage a database in WAL mode; using the slower rollback journal"
            )
            if warning not in self.warnings:
                self.warnings.append(warning)
        self._identity = _identity(self.file)
        self._wal = _identity(self._wal_file)

    def _disconnect(self) -> None:
        self.engine.dispose()
        if self._anchor is not None:
            with contextlib.suppress(Exception):  # a connection that cannot be closed is as good as closed
                self._anchor.close()
            self._anchor = None
        self._wal = None

    def _check_revision(self) -> None:
        found = revision_of(self.engine)
        if found != schema.REVISION:
            raise wrong_revision(found)

    def _enter(self, connection: Connection, tx_id: str) -> Transaction:
        self._lock_head(connection)
        now = self.clock.now()
        try:
            connection.execute(insert(schema.transactions).values(id=tx_id, at=now))
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
            self._unknown["unresolved"] += 1
            raise UnknownOutcome(
                f"COMMIT failed and the database cannot be asked whether it happened ({away})", tx_id=tx_id
            ) from error
        self._unknown["committed" if done else "absent"] += 1
        if not done:
            raise translated from error

    def translated(self, error: Exception) -> Exception:
        """Return the netwatch error for one of the database's, counted for the metrics; a full disk gives up its ballast."""
        translated = translate(error)
        if type(translated) is StoreAway and self.file is not None and _is_full(self.file.parent):
            translated = DiskFull(str(translated))  # SQLite cannot always tell: its shared memory file had no room
        if isinstance(translated, DiskFull):
            translated.ballast_freed = self.drop_ballast()
        reasons = {
            StoreBusy: "busy",
            DiskFull: "full",
            StoreAway: "away",
            StoreBroken: "broken",
            Conflict: "conflict",
        }
        for kind, reason in reasons.items():
            if isinstance(translated, kind):
                self._errors[reason] += 1
                if kind in {DiskFull, StoreAway, StoreBroken}:
                    self._writable = False
                break
        return translated

    def _broken(self, file: Path, english: str, indonesian: str) -> StoreBroken:
        self._writable = False
        self._errors["broken"] += 1
        return told(
            StoreBroken,
            "database_changed",
            f"{file} {indonesian}; tidak ada lagi yang ditulis: hentikan netwatch, kembalikan berkas itu atau pulihkan cadangan",
            f"{file} {english}; nothing is written any more: stop netwatch, put the file back or restore a backup",
        )


def revision_of(engine: Engine) -> str | None:
    """Return the schema revision of a database, None when it has no tables yet. Raises StoreError."""
    try:
        with engine.connect() as connection, connection.begin():
            if not inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found
    except DBAPIError as error:
        raise translate(error) from error


# What may lie in a state directory that never had a database.
_HARMLESS = {ballast.NAME, "known_hosts", "lost+found", "backups"}


def leftovers(state_directory: Path, file: Path | None) -> list[str]:
    """Return what in a state directory says that there was a database once."""
    if not state_directory.is_dir():
        return []
    own = file.name if file is not None else None
    return sorted(
        entry.name
        for entry in state_directory.iterdir()
        if entry.name not in _HARMLESS
        and entry.name != own
        and not entry.name.endswith((".sock", ".lock", ".log"))
        and not (entry.is_dir() and not any(entry.iterdir()))
    )


def missing(file: Path, state_directory: Path) -> StoreError:
    """Return the error that says what to do about a database that is not there."""
    left = ", ".join(leftovers(state_directory, file)[:3])
    if left:
        return told(
            StoreError,
            "database_lost",
            f"basis data {file} hilang, padahal {state_directory} masih berisi {left}: kembalikan berkasnya atau jalankan"
            " `netwatch db restore`; hanya jika semuanya boleh dibuang, `netwatch db upgrade --force`",
            f"the database {file} is gone, but {state_directory} still holds {left}: put the database back or run"
            " `netwatch db restore`; only if all of it may be given up, `netwatch db upgrade --force`",
        )
    return told(
        StoreError,
        "no_database",
        f"belum ada basis data {file}; jalankan `netwatch db upgrade`",
        f"there is no database {file}; run `netwatch db upgrade`",
    )


def wrong_revision(found: str | None) -> StoreError:
    """Return the error that names both schema numbers and the way out."""
    needed = schema.REVISION
    if found is None:
        indonesian, english = (
            "basis data masih kosong; jalankan `netwatch db upgrade`",
            "the database is empty; run `netwatch db upgrade`",
        )
    elif found < needed:
        indonesian = f"skema basis data {found}, netwatch ini memerlukan {needed}; jalankan `netwatch db upgrade`"
        english = f"the database has schema {found}, this netwatch needs {needed}; run `netwatch db upgrade`"
    else:
        indonesian = (
            f"skema basis data {found}, netwatch ini hanya mengenal {needed}; pasang netwatch yang lebih baru,"
            " atau pulihkan cadangan yang dibuat sebelum peningkatan"
        )
        english = (
            f"the database has schema {found}, this netwatch knows only {needed}; install the newer netwatch,"
            " or restore the backup that was made before the upgrade"
        )
    return told(StoreError, "schema", indonesian, english)


def _identity(path: Path) -> Identity | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a thousand times a second
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _is_full(folder: Path) -> bool:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize < 2**20
