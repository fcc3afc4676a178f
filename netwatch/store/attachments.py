"""Files handed in with a ticket: stored under their SHA-256, whole on disk before any transaction names them (I8)."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from netwatch.errors import NotFound, StoreAway
from netwatch.store import schema
from netwatch.store.errors import DiskFull

if TYPE_CHECKING:
    from netwatch.store.transaction import Transaction

FOLDER = "attachments"  # below the state directory
PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on disk."""

    sha256: str
    size: int
    path: Path


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a transaction named."""

    sha256: str
    size: int
    media_type: str
    stored_at: datetime


def keep(state_directory: Path, pieces: bytes | Iterable[bytes]) -> StoredFile:
    """Write a file so that a power cut leaves all of it or nothing: temporary name, fsync, rename, fsync of the folder.

    Call it before the transaction that names the file. Raises StoreAway (DiskFull when the disk is full); nothing is left behind.
    """
    folder = state_directory / FOLDER
    digest, size = hashlib.sha256(), 0
    temporary: Path | None = None
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".incoming-", dir=folder)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            for piece in (pieces,) if isinstance(pieces, bytes) else pieces:
                digest.update(piece)
                size += file.write(piece)
            file.flush()
            os.fchmod(file.fileno(), 0o640)
            os.fsync(file.fileno())
        target = folder / digest.hexdigest()
        temporary.replace(target)
        temporary = None
        sync_folder(folder)
    except OSError as error:
        kind = DiskFull if error.errno in {errno.ENOSPC, errno.EDQUOT} else StoreAway
        raise kind(f"the file could not be stored below {folder}: {error.strerror}; nothing was recorded") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return StoredFile(digest.hexdigest(), size, target)


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def path_of(state_directory: Path, sha256: str) -> Path:
    """Return where a file lies. Raises NotFound for a name that is no SHA-256, or a file that is not there."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise NotFound("this is not the SHA-256 of a file")
    path = state_directory / FOLDER / sha256
    if not path.is_file():
        raise NotFound(f"the file {sha256} is not in {path.parent}")
    return path


def digest_of(path: Path) -> tuple[str, int]:
    """Return SHA-256 and size of a file on disk, read in pieces."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def sweep(state_directory: Path, named: set[str], *, older_than: float) -> list[str]:
    """Delete files that no transaction named and that were written before `older_than` (seconds since 1970); return their names.

    Give it 24 hours: a file is on disk before its transaction.
    """
    folder, removed = state_directory / FOLDER, []
    for path in _files(folder):
        if path.name not in named and path.stat().st_mtime < older_than:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            removed.append(path.name)
    return removed


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_file())


class Attachments:
    """One row per content; which ticket it belongs to is in the ticket's documents."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, file: StoredFile, media_type: str) -> None:
        """Name a file that `keep` wrote; the same content twice is one row."""
        table = schema.attachments
        if self._tx.connection.scalar(select(table.c.size).where(table.c.sha256 == file.sha256)) is None:
            values = {"sha256": file.sha256, "size": file.size, "media_type": media_type, "stored_at": self._tx.now}
            self._tx.connection.execute(insert(table).values(values))

    def get(self, sha256: str) -> Attachment:
        """Return one row. Raises NotFound."""
        row = self._tx.connection.execute(select(schema.attachments).where(schema.attachments.c.sha256 == sha256)).one_or_none()
        if row is None:
            raise NotFound(f"no ticket names the file {sha256}")
        return Attachment(row.sha256, row.size, row.media_type, row.stored_at)

    def all(self) -> Sequence[Attachment]:
        """Return every row."""
        rows = self._tx.connection.execute(select(schema.attachments).order_by(schema.attachments.c.sha256))
        return [Attachment(row.sha256, row.size, row.media_type, row.stored_at) for row in rows]
