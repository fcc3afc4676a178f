"""What the database needs every hour and every day; each method is one job, called in a thread."""

from __future__ import annotations

import secrets
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from netwatch.clock import Clock
from netwatch.settings import Settings
from netwatch.store import Store, Transaction
from netwatch.store.backup import backup
from netwatch.store.troubles import Health
from netwatch.store.verify import examine

KEEP_TRANSITIONS = timedelta(days=730)  # two years of state changes (FEATURES M16)
KEEP_TRACES = timedelta(days=30)
KEEP_BACKUPS = 14
BACKUPS = "backups"  # folder in the state directory

log = structlog.get_logger("netwatch.monitor")


class Upkeep:
    """Backups, verification, checkpoints, retention."""

    def __init__(self, store: Store, settings: Settings, *, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self.violations: dict[str, int] = {}  # invariant -> how many the last verification found
        self.verified_ok: bool | None = None  # None: not verified since the start
        self.verified_at: datetime | None = None
        self.backed_up_at = newest_backup(settings.state_directory / BACKUPS)

    def backup(self) -> None:
        """Make the nightly backup below the state directory; old ones beyond the last 14 go."""
        made = backup(self._store, self._settings.state_directory / BACKUPS, configuration=self._configuration())
        self.backed_up_at = self._clock.now()
        log.info("backup", folder=made.folder.name, journal_seq=made.head.seq, octets=made.octets)
        for old in sorted(made.folder.parent.glob("netwatch-*"))[:-KEEP_BACKUPS]:
            shutil.rmtree(old)

    def verify(self) -> None:
        """Recompute the journal and check the invariants; a violation is an error in the log and in the metrics."""
        found = examine(self._store)
        self.verified_ok, self.verified_at = not found.violations, self._clock.now()
        self.violations = dict(Counter(violation.invariant for violation in found.violations))
        if found.violations:
            log.error(
                "journal_verify", first_bad_seq=found.first_bad_seq, violations=[str(each) for each in found.violations[:20]]
            )
        else:
            log.info("journal_verify", entries=found.entries, head_seq=found.head.seq, head_hash=found.head.hash)

    def checkpoint_journal(self) -> None:
        """Publish the head of the journal once a day: in the table, the chain, and the log that leaves the house."""
        head = self._store.run(self._tx("checkpoint"), lambda tx: tx.journal.checkpoint("daily"))
        log.info("journal_checkpoint", seq=head.seq, hash=head.hash)

    def forget_old(self) -> None:
        """Delete state changes and traces past their time; incidents, tickets and the journal stay for ever."""
        now = self._clock.now()

        def work(tx: Transaction) -> int:
            tx.forget_before(now - KEEP_TRACES)
            return tx.states.forget_history(now - KEEP_TRANSITIONS)

        log.info("retention", transitions=self._store.run(self._tx("retention"), work))

    def checkpoint_log(self) -> None:
        """Copy SQLite's write-ahead log into the database, so that it does not grow behind a long reader."""
        self._store.checkpoint_log()

    def _configuration(self) -> list[Path]:
        settings = self._settings
        return [settings.file, settings.people, settings.procedure, settings.holidays, settings.agency]

    def _tx(self, name: str) -> str:
        return f"{name}-{secrets.token_hex(8)}"

    def health(self) -> Health:
        """Return free space, ballast and log size for the metrics."""
        return self._store.health()


def newest_backup(folder: Path) -> datetime | None:
    """Return when the newest backup was made, by the time of its folder, so that a restart does not make it look fresh."""
    made = [entry.stat().st_mtime for entry in folder.glob("netwatch-*")] if folder.is_dir() else []
    return datetime.fromtimestamp(max(made), UTC) if made else None
