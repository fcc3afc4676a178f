"""Notices when the wall clock steps or the machine was suspended: both are facts, neither is anybody's outage (RELIABILITY 3)."""

from __future__ import annotations

from dataclasses import dataclass

from netwatch.clock import Clock

STEP_S = 2.0


@dataclass(frozen=True, slots=True)
class Jump:
    """What happened between two looks, in seconds; 0 for nothing."""

    stepped: float = 0.0  # wall clock against the monotonic one
    suspended: float = 0.0  # CLOCK_BOOTTIME against the monotonic one


class ClockWatch:
    """Compares three clocks once a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wall, self._boot = self._offsets()

    def _offsets(self) -> tuple[float, float]:
        monotonic = self._clock.monotonic()
        return self._clock.now().timestamp() - monotonic, self._clock.boottime() - monotonic

    def look(self) -> Jump:
        """Return what happened since the last look. A suspension moves the wall clock too and is not counted twice."""
        wall, boot = self._offsets()
        suspended = boot - self._boot
        stepped = wall - self._wall - suspended
        self._wall, self._boot = wall, boot
        return Jump(stepped if abs(stepped) > STEP_S else 0.0, suspended if suspended > STEP_S else 0.0)
