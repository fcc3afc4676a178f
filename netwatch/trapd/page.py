"""What the trap process shows: metrics and health over TCP, from a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6
from typing import Any

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from netwatch.release import release
from netwatch.settings import Listen
from netwatch.trapd.ear import CannotListen
from netwatch.trapd.view import View

LONGEST_S = 10.0


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
        registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        registry.register(TrapCollector(view))
        try:
            self._server = _server(listen, _handler(registry, view.not_ready))
        except OSError as error:
            raise CannotListen(
                f"tidak dapat mendengarkan di {listen} ({error.strerror}): ubah traps.metrics,"
                " atau hentikan program yang memakai porta itu",
                f"cannot listen on {listen}: {error.strerror}; change traps.metrics or stop the program that has the port",
            ) from error

    def start(self) -> None:
        """Serve in the background."""
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.5}, name="http", daemon=True).start()

    def stop(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()


def _server(listen: Listen, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    class Server(ThreadingHTTPServer):
        daemon_threads = True
        address_family = AF_INET6 if ":" in listen.host else AF_INET

    return Server((listen.host, listen.port), handler)


def _handler(registry: CollectorRegistry, not_ready: Callable[[], list[str]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = LONGEST_S
        server_version = "netwatch"
        sys_version = ""

        def do_GET(self) -> None:
            path = self.path.split("?", maxsplit=1)[0]
            plain = "text/plain; charset=utf-8"
            if path == "/metrics":
                encode, content_type = choose_encoder(self.headers.get("Accept", ""))
                self._send(200, content_type, encode(registry))
            elif path == "/-/healthy":
                self._send(200, plain, b"netwatch trap receiver is alive\n")
            elif path == "/-/ready":
                reasons = not_ready()
                self._send(
                    503 if reasons else 200, plain, ("\n".join(reasons) or "netwatch trap receiver is ready").encode() + b"\n"
                )
            else:
                self._send(404, plain, b"not found\n")

        do_HEAD = do_GET  # noqa: N815  # the library's names

        def _send(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *_: Any) -> None:  # noqa: A002, ARG002  # the library's; scrapes are no news
            return

    return Handler
