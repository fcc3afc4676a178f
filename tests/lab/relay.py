"""The board of a daemon inside a namespace, reachable from the browser outside: bytes are passed on, nothing is looked at."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.lab.city import City
from tests.lab.kernel import socket_in
from tests.lab.plan import MONITOR

BOARD = ("127.0.0.1", 9878)


class Relay:
    """One listening socket whose connections are each joined to a new connection elsewhere."""

    def __init__(self, listener: socket.socket, connect: Callable[[], socket.socket]) -> None:
        self._listener = listener
        self._connect = connect
        listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    @classmethod
    def from_host(cls, path: Path) -> Self:
        """Listen where a browser looks, and pass on to the unix socket of the process inside a user namespace."""

        def connect() -> socket.socket:
            inside = socket.socket(socket.AF_UNIX)
            inside.connect(str(path))
            return inside

        return cls(_tcp_listener(), connect)

    @classmethod
    def from_namespace(cls, city: City, path: Path | None) -> Self:
        """Pass on to the board in the monitor's namespace: from TCP, or from a unix socket for the process outside."""

        def connect() -> socket.socket:
            board = socket_in(city.namespace(MONITOR), socket.AF_INET, socket.SOCK_STREAM)
            board.connect(BOARD)
            return board

        if path is None:
            return cls(_tcp_listener(), connect)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        path.chmod(0o600)
        return cls(listener, connect)

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            try:
                other = self._connect()
            except OSError:
                caller.close()
                continue
            for source, sink in ((caller, other), (other, caller)):
                threading.Thread(target=_pass_on, args=(source, sink), daemon=True).start()


def _tcp_listener() -> socket.socket:
    listener = socket.socket(socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(BOARD)
    return listener


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
