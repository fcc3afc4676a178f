"""What the trap process shows: metrics and health over TCP, from a thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from netwatch.page import NOT_FOUND, PLAIN, Answer, handler, readiness, serve, tcp_server
from netwatch.release import release
from netwatch.settings import Listen
from netwatch.trapd.view import View


class TrapCollector(Collector):
    """Makes the metric families of one scrape from the running process."""

    def __init__(self, view: View) -> None:
        self._view = view

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand, so that registering does not collect."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        view = self._view
        counts = view.counts
        build = GaugeMetricFamily(
            "netwatch_build_info", "Version of the running program; always 1.", labels=["version", "revision"]
        )
        build.add_metric([release(), ""], 1)
        yield build
        admission = view.door.admission
        unread = {"coalesced": admission.replaced, "overflowed": admission.overflowed}
        yield _counter("netwatch_traps", "Datagrams heard, by what became of them.", "result", {**counts.results, **unread})
        yield _counter(
            "netwatch_trap_notifications", "Authorised notifications that wake, by what they say.", "kind", counts.kinds
        )
        yield _counter("netwatch_trap_wakes", "Wakes carried to the monitor, by its answer.", "result", counts.wakes)
        yield _gauge("netwatch_trap_wakes_waiting", "Wakes the monitor has not heard yet.", view.courier.waiting())
        yield CounterMetricFamily("netwatch_trap_answers", "Informs acknowledged, and reports for SNMPv3.", value=counts.answers)
        yield _gauge("netwatch_trap_devices", "Devices of the inventory whose address is known here.", len(view.devices()))
        if counts.heard_at is not None:
            yield _gauge("netwatch_trap_last_timestamp_seconds", "When an authorised device last called.", counts.heard_at)
        yield _counter("netwatch_socket_drops", "Traps the kernel dropped for want of buffer.", "family", {"traps": view.drops()})
        yield _gauge("netwatch_event_loop_lag_seconds", "How late the loop last woke up.", counts.loop_lag)
        yield _gauge("netwatch_config_last_reload_successful", "Whether the last reload was taken.", float(view.reload_ok))
        yield _gauge(
            "netwatch_config_last_reload_success_timestamp_seconds",
            "When a configuration was last taken.",
            view.reloaded_at.timestamp(),
        )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _counter(name: str, text: str, label: str, values: dict[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


class Page:
    """The HTTP server. Raises CannotListen when its port is taken."""

    def __init__(self, listen: Listen, view: View) -> None:
        self._view = view
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._registry.register(TrapCollector(view))
        self._server = tcp_server(listen, handler(self._get), setting="traps.metrics")

    def start(self) -> None:
        """Serve in the background."""
        serve(self._server)

    def stop(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()

    def _get(self, path: str, accept: str) -> Answer:
        if path == "/metrics":
            encode, content_type = choose_encoder(accept)
            return 200, content_type, encode(self._registry)
        if path == "/-/healthy":
            return 200, PLAIN, b"netwatch trap receiver is alive\n"
        if path == "/-/ready":
            return readiness(self._view.not_ready(), "netwatch trap receiver")
        return NOT_FOUND
