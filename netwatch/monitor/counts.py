"""What the probing counted since the start: plain integers, read by the metrics collector."""

from __future__ import annotations


class Counts:
    """Counters of the monitor. A city makes a thousand echoes a second, so these are bare attributes."""

    __slots__ = ("answered", "blind_s", "clock_steps", "local_errors", "lost", "rtt_buckets", "rtt_sum")

    BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # seconds

    def __init__(self) -> None:
        self.answered = 0
        self.lost = 0
        self.local_errors: dict[str, int] = {}
        self.clock_steps: dict[str, int] = {"forward": 0, "back": 0}
        self.blind_s: dict[str, float] = {}
        self.rtt_buckets = [0] * (len(self.BOUNDS) + 1)
        self.rtt_sum = 0.0

    def not_probed(self, reason: str) -> None:
        """Count a probe that was not made."""
        self.local_errors[reason] = self.local_errors.get(reason, 0) + 1

    def blind(self, reason: str, seconds: float) -> None:
        """Count seconds in which nothing was measured."""
        self.blind_s[reason] = self.blind_s.get(reason, 0.0) + seconds
