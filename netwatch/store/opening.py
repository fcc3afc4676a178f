"""May this database be opened? What is missing, what is too old, and what to do about it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from netwatch.errors import StoreAway, StoreError
from netwatch.store import ballast, schema
from netwatch.store.errors import told, translate


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


MARK = "installation"  # a file in the state directory: the id of the chain that lives here


def mark(state_directory: Path, chain: str) -> None:
    """Leave a mark that a database was made for this state directory, so that losing it is noticed."""
    path = state_directory / MARK
    path.write_text(f"{chain}\n", encoding="ascii")
    path.chmod(0o640)


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


def unwritable(file: Path) -> StoreAway:
    """Return the error for a database that this user may not write, or that lies on a read-only file system."""
    return told(
        StoreAway,
        "database_unwritable",
        f"basis data {file} tidak dapat ditulisi oleh pengguna ini: jalankan netwatch sebagai pemiliknya, perbaiki hak berkas"
        " (chown), atau pasang sistem berkasnya untuk ditulisi",
        f"the database {file} cannot be written by this user: run netwatch as its owner, mend the owner of the file (chown),"
        " or mount its file system for writing",
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
