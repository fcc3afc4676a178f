"""The only place that asks the machine what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Three clocks that real machines have; tests and the simulator bring their own."""

    def now(self) -> datetime:
        """Return the wall clock: aware, UTC. For records only; it may step."""

    def monotonic(self) -> float:
        """Return seconds that never step back; they stand still while the machine is suspended."""

    def boottime(self) -> float:
        """Return seconds that also count suspension (CLOCK_BOOTTIME)."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """Return the wall clock in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return CLOCK_MONOTONIC in seconds."""
        return time.monotonic()

    def boottime(self) -> float:
        """Return CLOCK_BOOTTIME in seconds."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
