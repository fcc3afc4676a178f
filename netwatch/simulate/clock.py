"""The clocks of a machine that does not exist: they move when they are told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SimulatedClock:
    """Wall, monotonic and boottime clock of one simulated machine.

    `elapsed` is the true time of the simulated world in seconds since the start. The three clocks are what the machine makes of
    it: the wall clock may be stepped, the monotonic clock stands still while the machine is suspended.
    """

    __slots__ = ("_monotonic_base", "_start", "_stepped", "_suspended", "elapsed")

    def __init__(self, start: datetime, *, uptime: float = 1000.0) -> None:
        self._start = start.astimezone(UTC)
        self._monotonic_base = uptime
        self._stepped = 0.0
        self._suspended = 0.0
        self.elapsed = 0.0

    def now(self) -> datetime:
        """Return the wall clock: aware, UTC, with every step it was given."""
        return self._start + timedelta(seconds=self.elapsed + self._stepped)

    def monotonic(self) -> float:
        """Return seconds that never step and do not count suspension."""
        return self._monotonic_base + self.elapsed - self._suspended

    def boottime(self) -> float:
        """Return seconds since boot, suspension included."""
        return self._monotonic_base + self.elapsed

    def true_time(self) -> datetime:
        """Return the time a correct wall clock would show."""
        return self._start + timedelta(seconds=self.elapsed)

    def advance_to(self, elapsed: float) -> None:
        """Let the world and the machine live on to `elapsed` seconds. Time does not run backwards."""
        if elapsed < self.elapsed:
            raise ValueError(f"simulated time would run backwards: {elapsed} < {self.elapsed}")
        self.elapsed = elapsed

    def step_wall(self, seconds: float) -> None:
        """Step the wall clock, as NTP or a person does; intervals must not notice."""
        self._stepped += seconds

    def suspend_until(self, elapsed: float) -> None:
        """Let the world live on to `elapsed` while the machine sleeps: boottime and wall clock move, monotonic stands still."""
        before = self.elapsed
        self.advance_to(elapsed)
        self._suspended += elapsed - before

    def elapsed_at(self, monotonic: float) -> float:
        """Return the world's time of an instant of the monotonic clock (true after the last suspension)."""
        return monotonic - self._monotonic_base + self._suspended
