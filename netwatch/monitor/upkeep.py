"""What the database needs every hour and every day; each method is one job, called in a thread."""

from __future__ import annotations

from datetime import timedelta

import structlog

from netwatch.clock import Clock
from netwatch.settings import Settings
from netwatch.store import Store

KEEP_TRANSITIONS = timedelta(days=730)  # two years of state changes (FEATURES M16)
KEEP_TRACES = timedelta(days=30)

log = structlog.get_logger("netwatch.monitor")


class Upkeep:
    """Backups, verification, checkpoints, retention."""

    def __init__(self, store: Store, settings: Settings, *, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
