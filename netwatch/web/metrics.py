"""The api's metrics, read from the database at scrape time: no series of things that are gone, nothing to keep in step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from netwatch.errors import StoreError
from netwatch.incident import IncidentState
from netwatch.release import release
from netwatch.sop.record import TicketState
from netwatch.sop.ticket_json import is_overdue
from netwatch.store import Transaction
from netwatch.store.tickets import TicketFilter
from netwatch.web.desk import Desk
from netwatch.web.step_times import StepTimes

EVERYTHING = 100_000


class ApiCollector(Collector):
    """Reads one snapshot of the database per scrape."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._step_times = StepTimes()

    def describe(self) -> Iterable[Metric]:
        """Promise nothing in advance: asking the database at registration would slow the start."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; while the database is away only those that do not need it."""
        yield from self._process()
        try:
            with self._desk.store.read() as tx:
                families = [*self._tickets(tx), *self._outbox(tx)]
        except StoreError:
            families = []
        yield from families

    def _process(self) -> Iterator[Metric]:
        desk = self._desk
        build = GaugeMetricFamily(
            "netwatch_build_info", "Version of the running program; always 1.", labels=["version", "revision"]
        )
        build.add_metric([release(), ""], 1)
        yield build
        yield GaugeMetricFamily(
            "netwatch_config_last_reload_successful",
            "Whether the last reload of the configuration was taken over.",
            value=float(desk.last_reload.ok),
        )
        if desk.last_success_at is not None:
            yield GaugeMetricFamily(
                "netwatch_config_last_reload_success_timestamp_seconds",
                "When the configuration in force was loaded.",
                value=desk.last_success_at.timestamp(),
            )
        yield GaugeMetricFamily(
            "netwatch_calendar_days_remaining",
            "Days until the holiday calendar ends; deadlines cannot be computed after it.",
            value=desk.world.calendar.days_remaining(desk.clock.now()),
        )
        refusals = CounterMetricFamily("netwatch_refusals", "Requests refused before they reached a ticket.", labels=["reason"])
        for reason, count in sorted(desk.refusals.items()):
            refusals.add_metric([reason], count)
        yield refusals

    def _tickets(self, tx: Transaction) -> Iterator[Metric]:
        counts = tx.tickets.count()
        tickets = GaugeMetricFamily(
            "netwatch_tickets", "Tickets by the step they are in and their state.", labels=["step", "state"]
        )
        for (step, state), count in sorted(counts.items()):
            tickets.add_metric([step, state], count)
        yield tickets
        steps = self._desk.world.procedure.steps
        overdue = Counter(dict.fromkeys(steps, 0))
        open_tickets = tx.tickets.list(TicketFilter(state=TicketState.OPEN, limit=EVERYTHING))
        for ticket in open_tickets:
            overdue[ticket.step.key] += is_overdue(ticket, tx.now)
        late = GaugeMetricFamily("netwatch_ticket_step_overdue", "Open tickets whose step is past its due time.", labels=["step"])
        for step, count in sorted(overdue.items()):
            late.add_metric([step], count)
        yield late
        timed = (key for key, step in steps.items() if step.days is not None)
        yield self._step_times.family(tx, open_tickets, timed)
        incidents = GaugeMetricFamily("netwatch_incidents", "Open incidents by the side of their cause.", labels=["side"])
        sides = Counter(incident.cause.side.value for incident in tx.incidents.list(state=IncidentState.OPEN, limit=EVERYTHING))
        for side, count in sorted(sides.items()):
            incidents.add_metric([side], count)
        yield incidents

    def _outbox(self, tx: Transaction) -> Iterator[Metric]:
        counts = tx.outbox.count()
        waiting = GaugeMetricFamily("netwatch_outbox_messages", "Messages decided and not yet handed over.", labels=["channel"])
        sent = CounterMetricFamily(
            "netwatch_notifications", "Messages by channel and what became of them.", labels=["channel", "result"]
        )
        for channel in sorted(
            {channel for channel, _ in counts} | {c.name for c in self._desk.world.settings.notifications.channels}
        ):
            waiting.add_metric([channel], counts.get((channel, "waiting"), 0))
            for result in ("sent", "dead"):
                sent.add_metric([channel, result], counts.get((channel, result), 0))
        yield waiting
        yield sent
