"""What the probing process answers: metrics and health over TCP; live state, reload, wakes over its unix socket.

Served from threads of its own, so that a slow reader never delays a probe.
"""

from __future__ import annotations

import json
import os
import socketserver
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler
from itertools import chain
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from netwatch.errors import CannotListen
from netwatch.monitor import device_series
from netwatch.monitor.live import Live
from netwatch.monitor.wake import LARGEST_BODY, Wake, read_wakes
from netwatch.page import NOT_FOUND, PLAIN, Answer, UnixServer, handler, readiness, serve, tcp_server
from netwatch.settings import Listen


class Answers:
    """What each path answers."""

    def __init__(
        self,
        live: Live,
        registry: CollectorRegistry,
        reload: Callable[[], str | None],
        probe_now: Callable[[str], bool],
        wake: Callable[[Sequence[Wake]], Mapping[str, int]],
    ) -> None:
        self._live = live
        self._registry = registry
        self._reload = reload
        self._probe_now = probe_now
        self._wake = wake

    def get(self, path: str, accept: str, *, local: bool) -> Answer:
        """Answer GET and HEAD."""
        if path == "/-/healthy":
            return 200, PLAIN, b"netwatch monitor is alive\n"
        if path == "/-/ready":
            return readiness(self._live.not_ready(), "netwatch monitor")
        if path == "/metrics":
            encode, content_type = choose_encoder(accept)
            return 200, content_type, chain(device_series.chunks(self._live.pipeline), (encode(self._registry),))
        if path == "/live" and local:
            return 200, "application/json", json.dumps(self._live.status()).encode()
        return NOT_FOUND

    def post(self, path: str, body: Callable[[], bytes], *, local: bool) -> Answer:
        """Answer POST and PUT: only over the unix socket."""
        if not local:
            return 403, PLAIN, b"changes are taken over the unix socket only\n"
        if path == "/-/reload":
            error = self._reload()
            answer = {"ok": error is None, "faults": error.splitlines() if error else []}
            return (422 if error else 200), "application/json", json.dumps(answer).encode()
        if path == "/-/wake":
            try:
                wakes = read_wakes(body())
            except ValueError as error:
                return 400, PLAIN, f"{error}\n".encode()
            return 200, "application/json", json.dumps({"results": self._wake(wakes)}).encode()
        if path.startswith("/probe/"):
            known = self._probe_now(path.removeprefix("/probe/"))
            return (202, "text/plain", b"probing\n") if known else (404, "text/plain", b"no such device\n")
        return NOT_FOUND


def _handler(answers: Answers, *, local: bool) -> type[BaseHTTPRequestHandler]:
    return handler(partial(answers.get, local=local), partial(answers.post, local=local), largest=LARGEST_BODY)


class HttpServer:
    """Both servers, each in a thread."""

    def __init__(self, answers: Answers, *, listen: Listen | None, path: Path) -> None:
        self._path = path
        self._servers: list[socketserver.BaseServer] = []
        self._started = False
        if listen is not None:
            seen = _handler(answers, local=False)
            self._servers.append(tcp_server(listen, seen, setting="monitor.listen"))
        try:
            path.unlink(missing_ok=True)
            before = os.umask(0o117)
            try:
                self._servers.append(UnixServer(str(path), _handler(answers, local=True)))
            finally:
                os.umask(before)
        except OSError as error:
            self.stop()
            said = error.strerror or error
            raise CannotListen(
                f"soket {path} tidak dapat dibuat ({said}): buat foldernya dan beri pengguna ini hak tulis,"
                " atau ubah monitor.socket",
                f"cannot make the socket {path}: {said}; make its directory, writable for this user, or change monitor.socket",
            ) from error

    def start(self) -> None:
        """Serve in the background."""
        self._started = True
        for server in self._servers:
            serve(server)

    def stop(self) -> None:
        """End both servers and remove the socket."""
        for server in self._servers:
            if self._started:
                server.shutdown()
            server.server_close()
        self._path.unlink(missing_ok=True)
