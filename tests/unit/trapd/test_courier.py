"""The line to the monitor: what waits while it is away, and for how long."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

import pytest

from netwatch.observation import TrapKind
from netwatch.trapd.counts import Counts
from netwatch.trapd.courier import AT_ONCE, KEEP_S, Courier, monitor_at
from tests.unit.monitor.desk import HandClock

pytestmark = pytest.mark.asyncio


class Monitor:
    """Takes wakes, or is away."""

    def __init__(self) -> None:
        self.away = False
        self.calls: list[Sequence[Mapping[str, str]]] = []

    def __call__(self, wakes: Sequence[Mapping[str, str]]) -> Mapping[str, int]:
        if self.away:
            raise ConnectionRefusedError
        self.calls.append(wakes)
        return {"woke": len(wakes), "limited": 0, "unknown": 0}

    def heard(self) -> list[tuple[str, str]]:
        return [(wake["device"], wake["reason"]) for call in self.calls for wake in call]


class Way:
    """A courier, its clock and its monitor."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.monitor = Monitor()
        self.counts = Counts()
        self.courier = Courier(self.monitor, self.counts, clock=self.clock)


async def test_a_wake_is_delivered_with_its_time():
    way = Way()
    way.courier.wake("kec-sw", TrapKind.LINK_DOWN)
    assert await way.courier.deliver()
    assert way.monitor.calls == [[{"device": "kec-sw", "reason": "link_down", "at": way.clock.now().isoformat()}]]
    assert way.courier.waiting() == 0
    assert way.counts.wakes["woke"] == 1


async def test_while_the_monitor_is_away_the_newest_of_each_device_and_reason_waits():
    way = Way()
    way.monitor.away = True
    for _ in range(1000):
        way.courier.wake("kec-sw", TrapKind.LINK_DOWN)
        way.courier.wake("kec-ups", TrapKind.ON_BATTERY)
        way.clock.mono += 0.1
    assert not await way.courier.deliver()
    assert way.courier.away
    assert way.courier.waiting() == 2
    way.monitor.away = False
    assert await way.courier.deliver()
    assert not way.courier.away
    assert sorted(way.monitor.heard()) == [("kec-sw", "link_down"), ("kec-ups", "on_battery")]


async def test_a_link_that_comes_back_does_not_push_out_that_power_was_lost():
    way = Way()
    way.monitor.away = True
    way.courier.wake("kec-ups", TrapKind.ON_BATTERY)
    way.courier.wake("kec-ups", TrapKind.LINK_UP)
    way.monitor.away = False
    await way.courier.deliver()
    assert ("kec-ups", "on_battery") in way.monitor.heard()


async def test_a_wake_that_is_too_old_is_dropped_and_counted():
    way = Way()
    way.monitor.away = True
    way.courier.wake("old", TrapKind.LINK_DOWN)
    way.clock.mono += KEEP_S - 1
    way.courier.wake("young", TrapKind.LINK_DOWN)
    way.clock.mono += 2
    way.monitor.away = False
    await way.courier.deliver()
    assert way.monitor.heard() == [("young", "link_down")]
    assert way.counts.wakes["expired"] == 1


async def test_a_city_that_calls_at_once_is_carried_in_several_calls():
    way = Way()
    for number in range(AT_ONCE + 1):
        way.courier.wake(f"device-{number}", TrapKind.LINK_DOWN)
    await way.courier.deliver()
    assert way.courier.waiting() == 1
    await way.courier.deliver()
    assert [len(call) for call in way.monitor.calls] == [AT_ONCE, 1]


async def test_a_wake_that_came_while_the_older_was_on_its_way_is_delivered_too():
    way = Way()
    way.courier.wake("kec-sw", TrapKind.LINK_DOWN)
    inside = asyncio.Event()
    go = threading.Event()
    loop = asyncio.get_running_loop()
    real = way.monitor.__call__

    def slowly(wakes: Sequence[Mapping[str, str]]) -> Mapping[str, int]:
        loop.call_soon_threadsafe(inside.set)
        assert go.wait(30)
        return real(wakes)

    way.courier._post = slowly
    under_way = asyncio.create_task(way.courier.deliver())
    await inside.wait()
    way.clock.mono += 1
    way.courier.wake("kec-sw", TrapKind.LINK_DOWN)
    go.set()
    await under_way
    assert way.courier.waiting() == 1


# The real line


class Desk(ThreadingMixIn, UnixStreamServer):
    """An HTTP server on a unix socket that answers what it is told to."""

    daemon_threads = True


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[Path, list[bytes], list[tuple[int, bytes]]]]:
    asked: list[bytes] = []
    answers: list[tuple[int, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path.encode() + b" " + self.rfile.read(int(self.headers["Content-Length"])))
            status, body = answers.pop(0)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "local"

        def log_message(self, *_: object) -> None:
            return

    path = tmp_path / "monitor.sock"
    server = Desk(str(path), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield path, asked, answers
    server.shutdown()
    thread.join()
    server.server_close()


async def test_the_monitor_is_asked_over_its_socket(desk: tuple[Path, list[bytes], list[tuple[int, bytes]]]):
    path, asked, answers = desk
    answers.append((200, b'{"results": {"woke": 1, "limited": 0, "unknown": 0}}'))
    counts = Counts()
    courier = Courier(monitor_at(path), counts, clock=HandClock())
    courier.wake("kec-sw", TrapKind.LINK_UP)
    assert await courier.deliver()
    (call,) = asked
    assert call.startswith(b"/-/wake ")
    assert json.loads(call.partition(b" ")[2])["wakes"][0]["device"] == "kec-sw"
    assert counts.wakes["woke"] == 1


@pytest.mark.parametrize(
    "answer", [(500, b""), (200, b"not json"), (200, b"[]"), (200, b"{}"), (404, b"{}"), (200, b'{"results": {"woke": "x"}}')]
)
async def test_whatever_the_other_side_answers_the_wake_waits_on(
    desk: tuple[Path, list[bytes], list[tuple[int, bytes]]], answer: tuple[int, bytes]
):
    path, _, answers = desk
    answers.append(answer)
    courier = Courier(monitor_at(path), Counts(), clock=HandClock())
    courier.wake("kec-sw", TrapKind.LINK_UP)
    assert not await courier.deliver()
    assert courier.waiting() == 1


async def test_no_socket_means_that_the_monitor_is_away(tmp_path: Path):
    courier = Courier(monitor_at(tmp_path / "nobody.sock"), Counts(), clock=HandClock())
    courier.wake("kec-sw", TrapKind.LINK_UP)
    assert not await courier.deliver()
    assert courier.away
