"""The file an SQLite database stands on, watched: SQLite itself goes on committing into a file that has no name any more."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from netwatch.errors import StoreAway, StoreBroken
from netwatch.store.engine import connect_sqlite, sqlite_module
from netwatch.store.errors import told

Identity = tuple[int, int]  # device and inode


class Ground:
    """The database's file and its log, known by device and inode.

    We keep no descriptor of our own: closing any descriptor of the file would drop SQLite's POSIX locks. One SQLite connection,
    the anchor, only sits there: while it is open no other connection is the last one, whose closing would delete the log.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.log = file.with_name(file.name + "-wal")
        self._anchor: Any = None
        self._known: Identity | None = None
        self._known_log: Identity | None = None

    def open(self, *, create: bool, readonly: bool) -> None:
        """Drop the anchor and remember the files. Raises StoreError, or an error of the driver."""
        self._anchor = connect_sqlite(self.file, create=create, readonly=readonly)
        self._anchor.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the log exists from the first read on
        self._anchor.execute("PRAGMA busy_timeout=0")  # cutting the log waits for nobody
        self._known, self._known_log = identity(self.file), identity(self.log)

    def close(self) -> None:
        """Lift the anchor."""
        self._known_log = None
        if self._anchor is not None:
            with contextlib.suppress(Exception):  # what cannot be closed is as good as closed
                self._anchor.close()
            self._anchor = None

    def check(self) -> None:
        """Compare the files with those that were opened. Raises StoreBroken when one was deleted or replaced."""
        if identity(self.file) != self._known:
            raise changed(self.file)
        if self._known_log is not None and identity(self.log) != self._known_log:
            raise changed(self.log)

    def cut_log(self) -> bool:
        """Copy the log into the database and cut it to nothing; False when a reader was in the way. Raises StoreAway."""
        if self._anchor is None:
            return True
        try:
            busy = self._anchor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite_module().Error as error:
            raise StoreAway(f"the log of the database could not be copied ({error})") from error
        return not busy

    def log_bytes(self) -> int:
        """Return the size of the log, 0 when there is none."""
        try:
            return self.log.stat().st_size
        except OSError:
            return 0


def identity(path: Path) -> Identity | None:
    """Return device and inode of a file, None when it is gone."""
    try:
        found = os.stat(path)  # noqa: PTH116 - before every transaction
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def changed(
    file: Path, english: str = "was deleted or replaced in use", indonesian: str = "dihapus atau diganti saat dipakai"
) -> StoreBroken:
    """Return the error for a file that is not what was opened."""
    return told(
        StoreBroken,
        "database_changed",
        f"{file} {indonesian}; tidak ada lagi yang ditulis: hentikan netwatch, kembalikan berkas itu atau pulihkan cadangan",
        f"{file} {english}; nothing is written any more: stop netwatch, put the file back or restore a backup",
    )


def disk_is_full(folder: Path) -> bool:
    """Say whether less than 1 MiB is left."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize < 2**20
