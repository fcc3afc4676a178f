"""What a service and systemd say to each other: how we are (sd_notify(3)), and the sockets opened for us (sd_listen_fds(3)).

Outside of systemd nothing is said and nothing handed over.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

FIRST_HANDED_OVER = 3  # the first descriptor


class Notifier:
    """Sends to $NOTIFY_SOCKET. Without one every call does nothing."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        watchdog = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self.watchdog_s = int(watchdog) / 1e6 if watchdog.isdigit() and ours else None

    def send(self, *lines: str) -> None:
        """Send the lines as one message; a systemd that does not listen is not our trouble."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            try:
                out.sendto("\n".join(lines).encode(), self._address)
            except OSError:
                return

    def ready(self, status: str) -> None:
        """Say that start-up or a reload is over."""
        self.send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """Say that a reload begins. The time must go with it (CONVENTIONS 6, systemd 252)."""
        self.send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """Say that we are going."""
        self.send("STOPPING=1")

    def alive(self) -> None:
        """Feed the watchdog. Call it from progress (a finished round), never from a timer."""
        self.send("WATCHDOG=1")


def handed_over() -> list[socket.socket]:
    """Return the sockets that systemd's socket unit opened for this process (LISTEN_PID, LISTEN_FDS), else nothing."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(os.environ.get("LISTEN_FDS", "0"))
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    sockets = [socket.socket(fileno=fd) for fd in range(FIRST_HANDED_OVER, FIRST_HANDED_OVER + count)]
    for each in sockets:
        each.settimeout(0)
        os.set_inheritable(each.fileno(), False)  # noqa: FBT003 - the library has no keyword for it
    return sockets
