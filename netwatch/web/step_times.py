"""How long the steps of the procedure take: a histogram over every visit that has ended, from the stored tickets."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable

from prometheus_client.core import HistogramMetricFamily

from netwatch.sop.record import Ticket
from netwatch.store import Transaction

DAY_S = 86_400.0
BOUNDS_S = (3_600.0, 4 * 3_600.0, DAY_S, 2 * DAY_S, 3 * DAY_S, 5 * DAY_S, 7 * DAY_S, 14 * DAY_S, 30 * DAY_S)
"""An hour, half an office day, then days: a step has one working day, over a weekend three days by the clock."""


class StepTimes:
    """Adds up the visits of steps. A closed ticket no longer changes: it is read once in the life of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # two scrapers may ask at once
        self._counted: set[str] = set()
        self._closed = _Sums()

    def family(self, tx: Transaction, open_tickets: Iterable[Ticket], steps: Iterable[str]) -> HistogramMetricFamily:
        """Return the histogram of one snapshot of the database; every one of `steps` has a series, from the start."""
        with self._lock:
            new = sorted(tx.tickets.closed_ids() - self._counted)
            for ticket in tx.tickets.several(new):
                self._closed.add(ticket)
            self._counted.update(new)
            sums = self._closed.copy()
        for ticket in open_tickets:
            sums.add(ticket)
        family = HistogramMetricFamily(
            "netwatch_ticket_step_duration_seconds",
            "Time from entering a step to leaving it, nights and holidays included; steps that have ended.",
            labels=["step"],
        )
        for step in sorted({*steps, *sums.buckets}):
            buckets, total = sums.of(step)
            family.add_metric([step], buckets=buckets, sum_value=total)
        return family


class _Sums:
    def __init__(self) -> None:
        self.buckets: dict[str, list[int]] = {}
        self.seconds: dict[str, float] = {}

    def add(self, ticket: Ticket) -> None:
        for visit in ticket.visits:
            if visit.left_at is None:
                continue
            seconds = (visit.left_at - visit.entered_at).total_seconds()
            counts = self.buckets.setdefault(visit.key, [0] * (len(BOUNDS_S) + 1))
            counts[bisect_left(BOUNDS_S, seconds)] += 1
            self.seconds[visit.key] = self.seconds.get(visit.key, 0.0) + seconds

    def copy(self) -> _Sums:
        other = _Sums()
        other.buckets = {step: list(counts) for step, counts in self.buckets.items()}
        other.seconds = dict(self.seconds)
        return other

    def of(self, step: str) -> tuple[list[tuple[str, float]], float]:
        """Return cumulative buckets and the sum in seconds, as Prometheus wants them."""
        seen, found = 0, []
        for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), self.buckets.get(step, [0] * (len(BOUNDS_S) + 1)), strict=True):
            seen += count
            found.append((bound, float(seen)))
        return found, self.seconds.get(step, 0.0)
