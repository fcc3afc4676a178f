"""Which devices started anew, and since when the others are known to run on: by what their agents say, reading by reading."""

from __future__ import annotations

from netwatch.detect.restart import Restart, Running, follow
from netwatch.observation import SnmpReading

SLACK_S = 60.0  # between the start of a device and the start of its agent's clock, and of its first lost echo


class Restarts:
    """What is remembered of each device that told an uptime. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.running: dict[str, Running] = {}
        self._steady: dict[str, float] = {}  # device -> since when every reading followed from the one before
        self._started: dict[str, float] = {}  # device -> when it last started anew
        self._down: dict[str, float] = {}  # device -> when it was last called down: certainly silent, not a lost echo or two

    def went_down(self, device: str, at: float) -> None:
        """Note that a device answers no echoes: the sign that makes the restart of an agent one of its device."""
        self._down[device] = at

    def take(self, reading: SnmpReading) -> Restart:
        """Compare a reading with the one before it."""
        if not reading.answered:
            return Restart.UNKNOWN
        device, before = reading.device, self.running.get(reading.device)
        now = Running(
            reading.at,
            reading.uptime_s,
            reading.host_uptime_s,
            reading.boots,
            {port.name: port.last_change_s for port in reading.ports if port.last_change_s is not None},
        )
        lost = before is not None and self._down.get(device, before.at) > before.at
        self.running[device], found = follow(before, now, lost=lost)
        if found is Restart.DEVICE and reading.uptime_s is not None:
            self._started[device] = reading.at - reading.uptime_s
        if found not in (Restart.NONE, Restart.WRAPPED) and reading.uptime_s is not None:
            self._steady[device] = reading.at
        return found

    def rebooted(self, device: str, since: float, until: float) -> bool | None:
        """Tell whether a device started anew after `since`, from a reading after `until`; None when that is not known."""
        running = self.running.get(device)
        if running is None or running.at <= until:
            return None
        if self._started.get(device, float("-inf")) >= since - SLACK_S:
            return True
        return False if self._steady.get(device, float("inf")) <= since else None

    def forget(self, device: str) -> None:
        """Drop what is known of a device that left or moved."""
        self.running.pop(device, None)
        self._steady.pop(device, None)
        self._started.pop(device, None)
        self._down.pop(device, None)
