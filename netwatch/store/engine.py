"""How a connection is set up: what SQLite and PostgreSQL must promise before anything is written (RELIABILITY 3)."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from netwatch.errors import StoreAway, StoreBroken, StoreError

BUSY_TIMEOUT_S = 5.0
WAL_LIMIT = 64 * 2**20  # octets to which SQLite cuts the log after a checkpoint

# A client that was cut off must not hold its locks for the default of two hours.
_POSTGRESQL = {
    "application_name": "netwatch",
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "options": "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
    " -c synchronous_commit=on -c timezone=UTC -c client_min_messages=warning",
}


def sqlite_module() -> Any:
    """Return the SQLite to use: the one of the pysqlite3 wheel, or where there is no wheel the standard library's."""
    try:
        import pysqlite3.dbapi2 as module
    except ImportError:
        return sqlite3
    return module


def has_wal_reset_bug(version: str) -> bool:
    """Say whether this SQLite can corrupt a WAL database that two processes write.

    3.7.0 to 3.51.2 (sqlite.org/wal.html); the fix was also reported for 3.44.6 and 3.50.7.
    """
    number = tuple(int(part) for part in version.split("."))
    if number >= (3, 51, 3):
        return False
    return not ((3, 50, 7) <= number < (3, 51) or (3, 44, 6) <= number < (3, 45))


def parse_url(url: str) -> URL:
    """Return a database URL with the driver netwatch uses. Raises StoreError for anything but SQLite files and PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("database: expected sqlite:///PATH or postgresql://…") from error
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise StoreError("database: sqlite needs the path of a file (sqlite:///PATH)")
        return parsed.set(drivername="sqlite")
    if parsed.get_backend_name() in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(f"database: {parsed.get_backend_name()} is not supported; use sqlite:///PATH or postgresql://…")


def database_file(url: URL) -> Path | None:
    """Return the file of an SQLite database, None for PostgreSQL."""
    return Path(url.database or "").absolute() if url.get_backend_name() == "sqlite" else None


def connect_sqlite(path: Path, *, create: bool = False, wal: bool = True, readonly: bool = False) -> Any:
    """Open one SQLite connection of the driver and check what it promises. Raises StoreError, or the driver's errors.

    A database is created only when asked: opening a deleted one must fail, not make an empty one.
    """
    module = sqlite_module()
    mode = "ro" if readonly else "rwc" if create else "rw"
    if create:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o640))
    connection = module.connect(
        f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        for pragma in (
            "foreign_keys=ON",
            "synchronous=FULL",
            "recursive_triggers=ON",
            "cell_size_check=ON",
            "cache_size=-512",  # KiB a connection: the kernel keeps the pages too; 2 MiB each is felt beside 10,000 small devices
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if not readonly:
            _choose_journal(connection, wal=wal and not has_wal_reset_bug(module.sqlite_version))
        _check_promise(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_promise(connection: Any) -> None:
    synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    if synchronous != 2:
        raise StoreBroken(f"SQLite answers synchronous={synchronous} instead of 2: a power cut would lose acknowledged acts")


def _choose_journal(connection: Any, *, wal: bool) -> None:
    wanted = "wal" if wal else "delete"
    got = connection.execute("PRAGMA journal_mode").fetchone()[0]
    if got != wanted:
        got = connection.execute(f"PRAGMA journal_mode={wanted}").fetchone()[0]
    if got != wanted:
        raise StoreAway(f"SQLite keeps journal_mode={got}, wanted {wanted}; is another process using the database?")
    connection.execute(f"PRAGMA journal_size_limit={WAL_LIMIT}")


def make_engine(url: URL, *, create: bool = False, readonly: bool = False) -> Engine:
    """Return an engine whose connections keep the rules above. SQLite transactions begin the way the caller says."""
    file = database_file(url)
    if file is None:
        return create_engine(url, connect_args=_POSTGRESQL, pool_pre_ping=True, pool_size=5, max_overflow=10, pool_timeout=10)
    module = sqlite_module()
    engine = create_engine(
        "sqlite://",
        module=module,
        creator=lambda: connect_sqlite(file, create=create, readonly=readonly),
        poolclass=QueuePool,
        pool_size=5,
        max_overflow=10,
        pool_timeout=10,
    )
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    """Begin for real: the driver would begin late and deferred, and read-then-write then fails at once."""
    connection.exec_driver_sql(connection.get_execution_options().get("netwatch_begin", "BEGIN"))
