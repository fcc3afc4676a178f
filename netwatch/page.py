"""HTTP from threads of its own, for what a process tells of itself: a slow reader never delays a probe or a trap."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from netwatch.errors import CannotListen
from netwatch.settings import Listen

LONGEST_S = 10.0  # for one request
PLAIN = "text/plain; charset=utf-8"

Answer = tuple[int, str, bytes | Iterable[bytes]]  # status, content type, body; a body in pieces ends with the connection
Get = Callable[[str, str], Answer]  # path and Accept
Post = Callable[[str, Callable[[], bytes]], Answer]  # path and what reads the body, which raises ValueError for one too large

NOT_FOUND: Answer = (404, PLAIN, b"not found\n")


def readiness(reasons: list[str], who: str) -> Answer:
    """Answer /-/ready: 503 with one reason a line, or that `who` is ready (CONVENTIONS 1)."""
    return (503 if reasons else 200), PLAIN, ("\n".join(reasons) or f"{who} is ready").encode() + b"\n"


def handler(get: Get, post: Post | None = None, *, largest: int = 0) -> type[BaseHTTPRequestHandler]:
    """Return a handler that answers GET and HEAD by `get`, POST and PUT by `post` with a body of at most `largest` octets."""

    class Handler(BaseHTTPRequestHandler):
        timeout = LONGEST_S
        server_version = "netwatch"
        sys_version = ""

        def do_GET(self) -> None:
            self._send(*get(self.path.split("?", maxsplit=1)[0], self.headers.get("Accept", "")))

        do_HEAD = do_GET  # noqa: N815  # the library's names

        def do_POST(self) -> None:
            self._send(*(post(self.path.split("?", maxsplit=1)[0], self._body) if post is not None else NOT_FOUND))

        do_PUT = do_POST  # noqa: N815

        def _body(self) -> bytes:
            length = self.headers.get("Content-Length", "0")
            if not length.isdigit() or int(length) > largest:
                raise ValueError(f"expected a body of at most {largest} octets")
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

        def address_string(self) -> str:  # a unix socket has no address to name
            return str(self.client_address[0]) if self.client_address else "local"

        def log_message(self, format: str, *_: Any) -> None:  # noqa: A002, ARG002  # the library's; scrapes are no news
            return

    return Handler


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Serves a path of the file system."""

    daemon_threads = True
    request_queue_size = 64


class _TcpServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listen: Listen, made: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        super().__init__((listen.host, listen.port), made)


def tcp_server(listen: Listen, made: type[BaseHTTPRequestHandler], *, setting: str) -> ThreadingHTTPServer:
    """Return a server on this address. Raises CannotListen, naming the setting to change."""
    try:
        return _TcpServer(listen, made)
    except OSError as error:
        raise CannotListen(
            f"tidak dapat mendengarkan di {listen} ({error.strerror}): ubah {setting},"
            " atau hentikan program yang memakai porta itu",
            f"cannot listen on {listen}: {error.strerror}; change {setting} or stop the program that has the port",
        ) from error


def serve(server: socketserver.BaseServer) -> None:
    """Serve in the background."""
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.5}, name="http", daemon=True).start()
