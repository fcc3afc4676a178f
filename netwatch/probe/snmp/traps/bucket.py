"""A budget that comes back with time: so many at once, so many a second."""

from __future__ import annotations


class Bucket:
    """Tokens. Times are monotonic seconds."""

    __slots__ = ("_at", "_most", "_per_s", "_tokens")

    def __init__(self, per_s: float, most: float, now: float) -> None:
        self._per_s, self._most, self._tokens, self._at = per_s, most, most, now

    def holds(self, count: float, now: float) -> bool:
        """Tell whether so many tokens are there."""
        self._tokens = min(self._most, self._tokens + max(0.0, now - self._at) * self._per_s)
        self._at = now
        return self._tokens >= count

    def spend(self, count: float) -> None:
        """Take tokens that are there."""
        self._tokens -= count
