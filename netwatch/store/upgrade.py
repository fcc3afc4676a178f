"""Bring a database to the newest schema: in one transaction, after a backup; the only place that creates one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError

from netwatch.clock import Clock, SystemClock
from netwatch.errors import StoreError
from netwatch.store import ballast, schema
from netwatch.store.engine import database_file, parse_url
from netwatch.store.errors import translate
from netwatch.store.journal import begin_chain
from netwatch.store.opening import leftovers, mark, missing, revision_of, wrong_revision
from netwatch.store.store import Store
from netwatch.store.transaction import Transaction

ADVISORY_LOCK = 0x6E657477  # any number that only netwatch uses


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What was done."""

    before: str | None  # None: the database is new
    after: str
    backup: Path | None


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, made in code."""
    made = Config()
    made.set_main_option("script_location", "netwatch.store:migrations")
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def newest() -> str:
    """Return the newest revision there is a migration for."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def upgrade(
    url: str,
    *,
    state_directory: Path | str,
    clock: Clock | None = None,
    force: bool = False,
    procedure_digest: str | None = None,
    backup: Callable[[Store], Path] | None = None,
) -> Upgraded:
    """Create the database, or bring it to the newest schema; an existing one is backed up first (by `backup`).

    A failing migration leaves the old schema as it was. Raises StoreError: a newer schema, or a database that is missing beside
    what it left behind (`force` gives that up).
    """
    state = Path(state_directory).absolute()
    state.mkdir(mode=0o750, parents=True, exist_ok=True)
    _refuse_to_replace(url, state, force=force)
    store = Store.open(url, state_directory=state, clock=clock or SystemClock(), create=True, any_revision=True)
    try:
        before = revision_of(store.engine)
        if before is not None and before > schema.REVISION:
            raise wrong_revision(before)
        if before is None and store.file is None and not force and (left := leftovers(state, None)):
            raise StoreError(
                f"the database is empty, but {state} still holds {', '.join(left[:3])}; `netwatch db restore`, or --force"
            )
        made = backup(store) if backup is not None and before not in {None, schema.REVISION} else None
        migrate(store.engine, "head")
        _begin_chain(store, procedure_digest)
        with store.read() as tx:
            mark(state, tx.journal.chain())
        ballast.keep(state)
    finally:
        store.close()
    return Upgraded(before, schema.REVISION, made)


def migrate(engine: Engine, revision: str) -> None:
    """Move the schema up to a revision, or down to an earlier one ("base": nothing), in one transaction."""
    with engine.connect().execution_options(netwatch_begin="BEGIN IMMEDIATE") as connection:
        try:
            if connection.dialect.name == "sqlite":
                # A table that is rebuilt would lose its referrers; the check before COMMIT finds what is left without its parent.
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
            with connection.begin():
                _wait_for_others(connection)
                direction = command.downgrade if revision == "base" or _is_older(connection, revision) else command.upgrade
                direction(config(connection), revision)
                if connection.dialect.name == "sqlite" and (lost := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                    raise StoreError(f"the migration would leave {len(lost)} rows without their parent; nothing was changed")
        except DBAPIError as error:
            raise translate(error) from error
        finally:
            connection.invalidate()  # the next one is set up anew, with foreign keys


def _wait_for_others(connection: Connection) -> None:
    """Let one upgrade at a time run: both units may start together. SQLite's BEGIN IMMEDIATE has already waited."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))


def _is_older(connection: Connection, revision: str) -> bool:
    from alembic.migration import MigrationContext

    present = MigrationContext.configure(connection).get_current_revision()
    return present is not None and revision not in {"head", "heads"} and revision < present


def _begin_chain(store: Store, procedure_digest: str | None) -> None:
    with store.engine.connect().execution_options(netwatch_begin="BEGIN IMMEDIATE") as connection, connection.begin():
        _wait_for_others(connection)
        if connection.execute(select(schema.journal_head)).first() is None:
            begin_chain(Transaction(connection, tx_id="genesis", now=store.clock.now()), procedure_digest=procedure_digest)


def _refuse_to_replace(url: str, state_directory: Path, *, force: bool) -> None:
    file = database_file(parse_url(url))
    if file is None or file.exists() or force:
        return
    if leftovers(state_directory, file):
        raise missing(file, state_directory)
    file.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
