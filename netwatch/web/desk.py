"""What the api process works with: the configuration in force, the store, the line to the monitor."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from netwatch.casework import World, load_world
from netwatch.clock import Clock
from netwatch.errors import InvalidFile, NetwatchError
from netwatch.settings import load_settings
from netwatch.store import Store
from netwatch.web.monitor_line import MonitorLine

log = logging.getLogger("netwatch.web")


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a reload came to; on faults the old configuration stays in force."""

    ok: bool
    faults: tuple[str, ...] = ()


@dataclass(slots=True)
class Desk:
    """One per process. `world` is replaced as a whole; a request reads it once and keeps it to its end."""

    settings_file: Path
    world: World
    store: Store
    clock: Clock
    monitor: MonitorLine
    last_reload: Reloaded = Reloaded(ok=True)
    last_success_at: datetime | None = None
    refusals: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reload(self) -> Reloaded:
        """Read the configuration again. A bad file changes nothing; database and sockets are those of the start."""
        with self._lock:
            try:
                world = load_world(load_settings(self.settings_file))
            except InvalidFile as error:
                self.last_reload = Reloaded(ok=False, faults=tuple(str(fault) for fault in error.faults))
            except NetwatchError as error:
                self.last_reload = Reloaded(ok=False, faults=(str(error),))
            else:
                self.world = world
                self.last_reload = Reloaded(ok=True)
                self.last_success_at = self.clock.now()
        log.info("reloaded" if self.last_reload.ok else "reload_refused", extra={"faults": list(self.last_reload.faults)})
        return self.last_reload

    def count_refusal(self, key: str) -> None:
        """Count a refusal at the gate, for the metric."""
        self.refusals[key] = self.refusals.get(key, 0) + 1
