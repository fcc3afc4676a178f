"""Put a backup in the place of the database, so that nobody can take it for the old one (RELIABILITY 9)."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from netwatch.clock import Clock, SystemClock
from netwatch.errors import StoreBroken, StoreError
from netwatch.store import ballast, locks
from netwatch.store.attachments import FOLDER, sync_folder
from netwatch.store.backup import FILE, check_files, open_backup
from netwatch.store.copy import copy_rows
from netwatch.store.engine import database_file, make_engine, parse_url
from netwatch.store.errors import translate
from netwatch.store.journal import Head
from netwatch.store.opening import mark
from netwatch.store.store import Store
from netwatch.store.upgrade import config, migrate
from netwatch.store.verify import examine


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put where. `missing` counts entries that were in the replaced database, or were published, and are not here."""

    head: Head  # of the backup
    replaced: Head | None  # the last entry of the database that was there, when it could be read
    missing: int
    aside: Path | None  # where the replaced SQLite database lies now


def restore(
    folder: Path | str, url: str, *, state_directory: Path | str, clock: Clock | None = None, heads: Sequence[Head] = ()
) -> Restored:
    """Replace the database by a backup; the outbox is held afterwards, and the journal says that it was restored.

    The backup is verified first; a running process, a broken backup or a wrong head changes nothing. Raises StoreError.
    `heads` are heads known outside: those beyond the backup count as missing entries.
    """
    folder, state, clock = Path(folder).absolute(), Path(state_directory).absolute(), clock or SystemClock()
    with locks.hold_all(state):
        made_at = check_files(folder)["made_at"]
        head = _verify(folder, clock)
        replaced = _head_of(url, state, clock)
        aside = None
        file = database_file(parse_url(url))
        ballast.drop(state)
        if file is not None:
            aside = _place_file(folder / FILE, file, f"replaced-{clock.now():%Y%m%dT%H%M%SZ}")
        else:
            _place_rows(folder, url, clock)
        _place_attachments(folder / FOLDER, state / FOLDER)
        newest = max([head.seq, *(known.seq for known in [*heads, *([replaced] if replaced else [])])])
        restored = Restored(head, replaced, newest - head.seq, aside)
        _note(url, state, clock, restored, made_at)
        ballast.keep(state)
        return restored


def _verify(folder: Path, clock: Clock) -> Head:
    copy = open_backup(folder, clock)
    try:
        found = examine(copy)
    finally:
        copy.close()
    if found.violations:
        raise StoreBroken(f"the backup does not verify, nothing was changed: {found.violations[0]}")
    return found.head


def _head_of(url: str, state: Path, clock: Clock) -> Head | None:
    """Return the last entry of the database that is about to be replaced; None when there is none or it cannot be read."""
    with contextlib.suppress(StoreError):
        store = Store.open(url, state_directory=state, clock=clock, any_revision=True)
        try:
            store.checkpoint_log()
            with store.read() as tx:
                return tx.journal.head()
        finally:
            store.close()
    return None


def _place_file(source: Path, file: Path, suffix: str) -> Path | None:
    """Move the old database and its log aside, together, and the new one in. A log that stayed would corrupt the new one."""
    file.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.restoring")
    shutil.copyfile(source, temporary)
    temporary.chmod(0o640)
    with temporary.open("rb") as copied:
        os.fsync(copied.fileno())
    aside = file.with_name(f"{file.name}.{suffix}") if file.exists() else None
    for ending in ("", "-wal", "-shm"):
        old = file.with_name(file.name + ending)
        if old.exists():
            if aside is not None:
                old.rename(aside.with_name(aside.name + ending))
            else:
                old.unlink()
    temporary.rename(file)
    sync_folder(file.parent)
    return aside


def _place_rows(folder: Path, url: str, clock: Clock) -> None:
    """Replace everything in PostgreSQL in one transaction: seen wholly or not at all."""
    engine, copy = make_engine(parse_url(url)), open_backup(folder, clock)
    try:
        with copy.read() as tx, engine.begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            command.downgrade(config(connection), "base")
            command.upgrade(config(connection), "head")
            copy_rows(tx.connection, connection)
    except DBAPIError as error:
        raise translate(error) from error
    finally:
        copy.close()
        engine.dispose()


def _place_attachments(source: Path, target: Path) -> None:
    if not source.is_dir():
        return
    target.mkdir(mode=0o750, parents=True, exist_ok=True)
    for file in sorted(source.iterdir()):
        if not (target / file.name).exists():
            temporary = target / f".incoming-{file.name}"
            shutil.copyfile(file, temporary)
            with temporary.open("rb") as copied:
                os.fsync(copied.fileno())
            temporary.chmod(0o640)
            temporary.rename(target / file.name)
    sync_folder(target)


def _note(url: str, state: Path, clock: Clock, restored: Restored, made_at: str) -> None:
    store = Store.open(url, state_directory=state, clock=clock, any_revision=True)
    try:
        migrate(store.engine, "head")
        with store.begin(f"restore-{secrets.token_hex(8)}") as tx:
            tx.outbox.hold(f"restored from the backup of {made_at}")
            fields = {
                "backup_made_at": made_at,
                "head": str(restored.head),
                "replaced_head": str(restored.replaced) if restored.replaced else None,
                "missing_entries": restored.missing,
            }
            tx.journal.append({"kind": "restored", "performed_by": "system", "fields": fields})
            mark(state, tx.journal.chain())
    finally:
        store.close()
