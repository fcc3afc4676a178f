"""What the probing process answers: metrics and health over TCP; live state, reload, wakes over its unix socket.

Served from threads of its own, so that a slow reader never delays a probe.
"""

from __future__ import annotations

import json
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from netwatch.errors import NetwatchError, Reason
from netwatch.monitor import device_series
from netwatch.monitor.live import Live
from netwatch.monitor.wake import LARGEST_BODY, Wake, read_wakes
from netwatch.settings import Listen

LONGEST_S = 10.0


Answer = tuple[int, str, bytes | Iterable[bytes]]  # status, content type, body; a body in pieces ends with the connection


class CannotListen(NetwatchError):
    """A socket cannot be bound; the sentence says what to do."""

    def __init__(self, indonesian: str, english: str) -> None:
        super().__init__(english)
        self.reason = Reason("cannot_listen", indonesian, english)


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
            return 200, "text/plain; charset=utf-8", b"netwatch monitor is alive\n"
        if path == "/-/ready":
            reasons = self._live.not_ready()
            body = "\n".join(reasons) or "netwatch monitor is ready"
            return (503 if reasons else 200), "text/plain; charset=utf-8", (body + "\n").encode()
        if path == "/metrics":
            encode, content_type = choose_encoder(accept)
            return 200, content_type, chain(device_series.chunks(self._live.pipeline), (encode(self._registry),))
        if path == "/live" and local:
            return 200, "application/json", json.dumps(self._live.status()).encode()
        return 404, "text/plain; charset=utf-8", b"not found\n"

    def post(self, path: str, body: Callable[[], bytes], *, local: bool) -> Answer:
        """Answer POST and PUT: only over the unix socket."""
        if not local:
            return 403, "text/plain; charset=utf-8", b"changes are taken over the unix socket only\n"
        if path == "/-/reload":
            error = self._reload()
            answer = {"ok": error is None, "faults": error.splitlines() if error else []}
            return (422 if error else 200), "application/json", json.dumps(answer).encode()
        if path == "/-/wake":
            try:
                wakes = read_wakes(body())
            except ValueError as error:
                return 400, "text/plain; charset=utf-8", f"{error}\n".encode()
            return 200, "application/json", json.dumps({"results": self._wake(wakes)}).encode()
        if path.startswith("/probe/"):
            known = self._probe_now(path.removeprefix("/probe/"))
            return (202, "text/plain", b"probing\n") if known else (404, "text/plain", b"no such device\n")
        return 404, "text/plain; charset=utf-8", b"not found\n"


def _handler(answers: Answers, *, local: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = LONGEST_S
        server_version = "netwatch"
        sys_version = ""

        def do_GET(self) -> None:
            self._send(*answers.get(self.path.split("?", maxsplit=1)[0], self.headers.get("Accept", ""), local=local))

        do_HEAD = do_GET  # noqa: N815  # the library's names

        def do_POST(self) -> None:
            self._send(*answers.post(self.path.split("?", maxsplit=1)[0], self._body, local=local))

        do_PUT = do_POST  # noqa: N815

        def _body(self) -> bytes:
            length = self.headers.get("Content-Length", "0")
            if not length.isdigit() or int(length) > LARGEST_BODY:
                raise ValueError(f"expected a body of at most {LARGEST_BODY} octets")
            return self.rfile.read(int(length))

        def _send(self, status: int, content_type: str, body: bytes | Iterable[bytes]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            if isinstance(body, bytes):
                self.send_header("Content-Length", str(len(body)))
                body = (body,)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            if self.command != "HEAD":
                for piece in body:
                    self.wfile.write(piece)

        def address_string(self) -> str:
            return "local" if local else super().address_string()

        def log_message(self, format: str, *_: Any) -> None:  # noqa: A002, ARG002  # the library's; scrapes are no news
            return

    return Handler


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


class _TcpServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listen: Listen, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        super().__init__((listen.host, listen.port), handler)


class HttpServer:
    """Both servers, each in a thread."""

    def __init__(self, answers: Answers, *, listen: Listen | None, path: Path) -> None:
        self._path = path
        self._servers: list[socketserver.BaseServer] = []
        self._started = False
        if listen is not None:
            try:
                self._servers.append(_TcpServer(listen, _handler(answers, local=False)))
            except OSError as error:
                raise CannotListen(
                    f"tidak dapat mendengarkan di {listen} ({error.strerror}): ubah monitor.listen,"
                    " atau hentikan program yang memakai porta itu",
                    f"cannot listen on {listen}: {error.strerror}; change monitor.listen or stop the program that has the port",
                ) from error
        try:
            path.unlink(missing_ok=True)
            before = os.umask(0o117)
            try:
                self._servers.append(_UnixServer(str(path), _handler(answers, local=True)))
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
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.5}, name="http", daemon=True).start()

    def stop(self) -> None:
        """End both servers and remove the socket."""
        for server in self._servers:
            if self._started:
                server.shutdown()
            server.server_close()
        self._path.unlink(missing_ok=True)
