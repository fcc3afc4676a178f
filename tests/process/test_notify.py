"""What systemd hears from the monitor (Type=notify): ready, alive after rounds, reloading, stopping."""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.process.station import PATIENCE_S, Station


@pytest.fixture
def notices(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket on which systemd listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify.sock"))
        yield listening


def test_systemd_hears_of_every_stage(local: Station, notices: socket.socket) -> None:
    address = {"NOTIFY_SOCKET": str(notices.getsockname()), "WATCHDOG_USEC": "60000000"}
    process = local.start(more=address)
    heard = hear(notices, lambda lines: "READY=1" in lines)
    assert any(line.startswith("STATUS=") for line in heard[-1])
    assert ["READY=1" in lines for lines in heard].count(True) == 1

    alive = [hear_at(notices, "WATCHDOG=1") for _ in range(4)]
    rounds = local.metrics()["netwatch_scheduler_last_cycle_timestamp_seconds"]
    assert rounds > 0, "fed from finished rounds"
    assert alive[-1] - alive[-2] > 0.9, "once a round, not at every tick"

    process.send_signal(signal.SIGHUP)
    heard = hear(notices, lambda lines: "RELOADING=1" in lines)
    assert any(line.startswith("MONOTONIC_USEC=") for line in heard[-1]), "systemd 252 wants the time with it"
    hear(notices, lambda lines: "READY=1" in lines)

    local.inventory.write_text("version: 1\nvantage: nowhere\n", encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    hear(notices, lambda lines: "RELOADING=1" in lines)
    hear(notices, lambda lines: "READY=1" in lines)  # a refused reload is over, too

    assert local.stop(process) == 0
    heard = hear(notices, lambda lines: "STOPPING=1" in lines)
    assert not any("READY=1" in lines for lines in heard)


def hear(notices: socket.socket, wanted: Callable[[list[str]], bool]) -> list[list[str]]:
    """Return everything heard up to the wanted notice."""
    heard: list[list[str]] = []
    notices.settimeout(PATIENCE_S)
    while True:
        heard.append(notices.recv(4096).decode().splitlines())
        if wanted(heard[-1]):
            return heard


def hear_at(notices: socket.socket, line: str) -> float:
    hear(notices, lambda lines: line in lines)
    return time.monotonic()


def test_a_watchdog_that_is_not_fed_when_the_loop_stands_still(local: Station, notices: socket.socket) -> None:
    """What systemd needs to notice a hang: silence."""
    process = local.start(more={"NOTIFY_SOCKET": str(notices.getsockname())})
    hear_at(notices, "WATCHDOG=1")
    process.send_signal(signal.SIGSTOP)
    notices.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while notices.recv(4096):  # what it said before
            continue
    notices.settimeout(3)
    with pytest.raises(TimeoutError):
        notices.recv(4096)
    process.send_signal(signal.SIGCONT)
    hear_at(notices, "WATCHDOG=1")
