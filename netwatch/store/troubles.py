"""What went wrong with the database: its errors in the house's words, counted for the metrics of RELIABILITY 10."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from netwatch.errors import Conflict, StoreAway, StoreBroken, StoreBusy
from netwatch.store import ballast
from netwatch.store.errors import DiskFull, translate
from netwatch.store.ground import Ground, disk_is_full

_REASONS = {StoreBusy: "busy", DiskFull: "full", StoreAway: "away", StoreBroken: "broken", Conflict: "conflict"}
_UNWRITABLE = frozenset({DiskFull, StoreAway, StoreBroken})


@dataclass(frozen=True, slots=True)
class Health:
    """What the metrics of RELIABILITY 10 show about the database."""

    writable: bool  # the last write was accepted
    wal_bytes: int
    free_bytes: int
    ballast_present: bool
    errors: Mapping[str, int]  # by reason: busy, away, full, broken, conflict
    unknown_outcomes: Mapping[str, int]  # by how it was resolved: committed, absent, unresolved


class Troubles:
    """Translates and counts. `file` is the SQLite database, None for a server."""

    def __init__(self, file: Path | None, state_directory: Path) -> None:
        self.writable = True
        self.unknown: Counter[str] = Counter()  # outcomes of a failed COMMIT
        self._file = file
        self._state_directory = state_directory
        self._errors: Counter[str] = Counter()

    def translated(self, error: Exception) -> Exception:
        """Return the netwatch error for one of the database's, counted; a full disk gives up its ballast."""
        translated = translate(error)
        if type(translated) is StoreAway and self._file is not None and disk_is_full(self._file.parent):
            translated = DiskFull(str(translated))  # SQLite cannot always tell: its shared memory file had no room
        if isinstance(translated, DiskFull):
            translated.ballast_freed = ballast.drop(self._state_directory)
        for kind, reason in _REASONS.items():
            if isinstance(translated, kind):
                self._errors[reason] += 1
                self.writable = self.writable and kind not in _UNWRITABLE
                break
        return translated

    def health(self, ground: Ground | None) -> Health:
        """Return what the metrics show. Asks the file system, not the database."""
        try:
            disk = os.statvfs(self._state_directory)
            free = disk.f_bavail * disk.f_frsize
        except OSError:
            free = 0
        wal = ground.log_bytes() if ground else 0
        return Health(self.writable, wal, free, ballast.present(self._state_directory), dict(self._errors), dict(self.unknown))
