"""A copy that can be trusted: made in one snapshot, verified, complete on disk before it gets its name (RELIABILITY 9).

A backup is a folder: `netwatch.db` (SQLite, whatever the live database is), `attachments/` by hard link, `configuration/`
without credentials, `manifest.json`. SQLite is copied by VACUUM INTO, PostgreSQL row by row in one snapshot: pg_dump need not be
there, the same `verify` reads both, and either database can be restored into the other.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from netwatch.errors import StoreAway, StoreBroken, StoreError
from netwatch.store import schema
from netwatch.store.attachments import FOLDER, digest_of, sync_folder
from netwatch.store.canonical import instant, parse_instant
from netwatch.store.copy import copy_rows, counts
from netwatch.store.engine import make_engine, parse_url
from netwatch.store.errors import DiskFull
from netwatch.store.journal import VERSION, Head
from netwatch.store.store import Store
from netwatch.store.verify import examine

FILE = "netwatch.db"
MANIFEST = "manifest.json"
SCHEMA = "netwatch.backup/1"


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup."""

    folder: Path
    made_at: datetime
    head: Head
    counts: dict[str, int]
    octets: int


def backup(store: Store, directory: Path | str, *, configuration: Iterable[Path] = ()) -> Backup:
    """Make a backup below a directory and return it. Blocks no writer.

    Nothing that looks like a backup is left when it fails. Raises StoreAway (DiskFull), and StoreBroken when the copy does not
    verify: then the live database does not either.
    """
    now, directory = store.clock.now(), Path(directory).absolute()
    temporary = directory / f".unfinished-{now:%Y%m%dT%H%M%SZ}-{os.getpid()}"
    try:
        directory.mkdir(mode=0o750, parents=True, exist_ok=True)
        temporary.mkdir(mode=0o750)
        _copy_database(store, temporary / FILE)
        made = _finish(store, temporary, now, [path for path in configuration if "credential" not in path.name])
        target = _free_name(directory, f"netwatch-{now:%Y%m%dT%H%M%SZ}")
        temporary.rename(target)
        sync_folder(directory)
    except OSError as error:
        kind = DiskFull if error.errno in {errno.ENOSPC, errno.EDQUOT} else StoreAway
        raise kind(f"the backup below {directory} failed: {error.strerror}") from error
    finally:
        if temporary.exists():
            shutil.rmtree(temporary, ignore_errors=True)
    return Backup(target, now, made.head, made.counts, made.octets)


def manifest_of(folder: Path) -> dict[str, Any]:
    """Read a backup's manifest. Raises StoreError when the folder is no whole backup."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{folder} is not a backup: its {MANIFEST} cannot be read ({error})") from error
    if manifest.get("schema") != SCHEMA:
        raise StoreError(f"{folder} is not a backup: its {MANIFEST} is {manifest.get('schema')!r}, expected {SCHEMA!r}")
    return manifest


def check_files(folder: Path) -> dict[str, Any]:
    """Compare every file of a backup with its manifest and return the manifest. Raises StoreBroken for the first that differs."""
    manifest = manifest_of(folder)
    for name, known in manifest["files"].items():
        try:
            found = digest_of(folder / name)
        except OSError as error:
            raise StoreBroken(f"{folder / name} cannot be read ({error.strerror}); take another backup") from error
        if found != (known["sha256"], known["size"]):
            raise StoreBroken(f"{folder / name} is not the file that was backed up; take another backup")
    return manifest


def open_backup(folder: Path, store_clock: Any = None) -> Store:
    """Open the database of a backup, read-only: verify and the CLI look into it without changing it."""
    return Store.open(f"sqlite:///{folder / FILE}", state_directory=folder, clock=store_clock, any_revision=True, readonly=True)


def _copy_database(store: Store, target: Path) -> None:
    if store.file is not None:
        store.check_files()
        # VACUUM cannot run inside a transaction, so it gets the driver's connection as it is.
        with store.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            try:
                driver.execute("VACUUM INTO ?", (str(target),))
            except Exception as error:
                raise store.translated(error) from error
    else:
        from netwatch.store.upgrade import migrate  # Alembic is a fifth of the daemon's start, and this is for PostgreSQL only

        engine = make_engine(parse_url(f"sqlite:///{target}"), create=True)
        try:
            migrate(engine, "head")
            with store.read() as tx, engine.connect() as connection, connection.begin():
                copy_rows(tx.connection, connection)
            with engine.connect() as connection:
                driver = connection.connection.driver_connection
                assert driver is not None
                driver.execute("PRAGMA journal_mode=DELETE")  # one file, complete by itself
        finally:
            engine.dispose()
    with target.open("rb") as file:
        os.fsync(file.fileno())
    target.chmod(0o640)


@dataclass(frozen=True, slots=True)
class _Made:
    head: Head
    counts: dict[str, int]
    octets: int


def _finish(store: Store, folder: Path, now: datetime, configuration: list[Path]) -> _Made:
    """Add the files, verify the copy, write the manifest."""
    copy = open_backup(folder, store.clock)
    try:
        with copy.read() as tx:
            named, head, rows, chain = (
                [row.sha256 for row in tx.attachments.all()],
                tx.journal.head(),
                counts(tx.connection),
                tx.journal.chain(),
            )
        _link_attachments(store.state_directory / FOLDER, folder / FOLDER, named)
        found = examine(copy)
    finally:
        copy.close()
    if found.violations:
        raise StoreBroken(f"the copy does not verify, so the database does not either: {found.violations[0]}")
    with store.read() as tx:
        live = tx.connection.scalar(select(schema.journal.c.hash).where(schema.journal.c.seq == head.seq))
    if live != head.hash:
        raise StoreBroken("the copy's last journal entry is not in the database")
    for path in configuration:
        (folder / "configuration").mkdir(exist_ok=True)
        shutil.copyfile(path, folder / "configuration" / path.name)
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            sha256, size = digest_of(path)
            files[str(path.relative_to(folder))] = {"sha256": sha256, "size": size}
    manifest = {
        "schema": SCHEMA,
        "made_at": instant(now),
        "netwatch_version": VERSION,
        "schema_revision": schema.REVISION,
        "database": "sqlite" if store.file is not None else "postgresql",
        "chain": chain,
        "journal_head": {"seq": head.seq, "hash": head.hash},
        "counts": rows,
        "files": files,
    }
    with (folder / MANIFEST).open("x", encoding="utf-8") as file:
        json.dump(manifest, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    for sub in (folder / FOLDER, folder / "configuration", folder):
        if sub.is_dir():
            sync_folder(sub)
    return _Made(head, rows, sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))


def _link_attachments(source: Path, target: Path, named: list[str]) -> None:
    """Hard links cost nothing, and an attachment is never written again; on another file system they become copies."""
    for name in named:
        target.mkdir(mode=0o750, exist_ok=True)
        if not (source / name).exists():
            continue  # verify names it
        try:
            os.link(source / name, target / name)
        except OSError:
            shutil.copyfile(source / name, target / name)


def _free_name(directory: Path, name: str) -> Path:
    for number in range(1, 1000):
        target = directory / (name if number == 1 else f"{name}-{number}")
        if not target.exists():
            return target
    raise StoreError(f"there are already a thousand backups named {name}")


def newest(directory: Path) -> datetime | None:
    """Return when the newest whole backup below a directory was made; None when there is none."""
    made = []
    for folder in directory.glob("netwatch-*") if directory.is_dir() else ():
        try:
            made.append(parse_instant(manifest_of(folder)["made_at"]))
        except (StoreError, KeyError, ValueError):
            continue
    return max(made, default=None)
