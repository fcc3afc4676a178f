"""A trap causes echoes and a look, and changes no state by itself."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from netwatch.inventory.graph import Graph
from netwatch.inventory.model import Device, Inventory, Role, Site, SiteKind, Uplink, Window, WindowMode
from netwatch.monitor.http import Answers, HttpServer
from netwatch.monitor.wake import DEVICE_BURST, ECHO_BURST, ECHOES_S, LOOK_BURST, MOST, Wake, Waker, read_wakes
from netwatch.observation import SnmpReading, TrapKind, UpsStatus
from tests.unit.monitor.desk import NOON, OFFICES, Desk, city


class Looks:
    """Notes who is to be read."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def look(self, device: str) -> None:
        self.asked.append(device)


class Station(Desk):
    """A desk with a waker."""

    def __init__(self, inventory: Inventory) -> None:
        super().__init__(inventory)
        self.looks = Looks()
        self.waker = Waker(self.pipeline, self.looks, clock=self.clock, random=Random(2))
        self.run(30)
        self.air.sent.clear()

    def wake(self, device: str, reason: TrapKind = TrapKind.LINK_DOWN, *, ago: float = 0.0) -> dict[str, int]:
        return self.waker.take([Wake(device, reason, self.clock.now() - timedelta(seconds=ago))])

    def extra(self) -> list[str]:
        """Return whom the echoes went to that no round had asked for."""
        return [device for device, scheduled in self.air.sent if not scheduled]


def station() -> Station:
    return Station(city(*OFFICES))


def with_ups() -> Inventory:
    """A city in which one office has a UPS."""
    inventory = city(*OFFICES)
    ups = Device("kel1-ups", "kel1", Role.UPS, "198.51.100.200", (Uplink("kel1-sw/kel1-ups", "kel1-ups", "kel1-sw"),))
    return Inventory("core", inventory.sites, {**inventory.devices, "kel1-ups": ups}, {})


def test_a_wake_asks_the_device_its_ancestors_its_children_and_its_site_at_once():
    desk = station()
    assert desk.wake("kel1-rtr") == {"woke": 1, "limited": 0, "unknown": 0}
    desk.run(0.5)
    assert {"kel1-rtr", "kel1-sw", "dist", "core"} <= set(desk.extra())
    assert desk.looks.asked == ["kel1-rtr"]


def test_a_wake_of_a_distribution_router_asks_everybody_right_behind_it():
    desk = station()
    desk.wake("dist")
    desk.run(0.5)
    assert {f"{office}-rtr" for office in OFFICES} <= set(desk.extra())


def test_a_wake_changes_no_state_and_writes_nothing():
    desk = station()
    before = {watch.device: watch.state for watch in desk.fleet}
    records = len(desk.records)
    for reason in TrapKind:
        desk.wake("kel1-rtr", reason)
    assert {watch.device: watch.state for watch in desk.fleet} == before
    desk.run(5)
    assert not desk.fleet.troubled
    assert [record for record in desk.records[records:] if type(record).__name__ == "Moment"] == []


def test_a_thousand_traps_about_a_device_that_answers_open_nothing():
    desk = station()
    for _ in range(1000):
        desk.wake("kel1-rtr", TrapKind.LINK_DOWN)
        desk.run(0.5)
    assert desk.tickets() == []
    assert desk.verbs() == []
    assert desk.states("kel1-rtr")[-1] == "up"


def test_a_wake_finds_what_fell_silent_sooner_than_the_round_would():
    """The echo makes it suspect, not the trap: without the wake its slot would have come later."""
    desk = station()
    routers = [desk.fleet.watches[f"{office}-rtr"] for office in OFFICES]
    while not any(watch.sent_at == desk.now for watch in routers):
        desk.run(0.5)
    waiting = next(watch.device for watch in routers if watch.sent_at == desk.now)  # its next turn is ten seconds away
    desk.air.silent = {waiting}
    desk.run(0.5)
    assert waiting not in desk.fleet.troubled
    desk.wake(waiting)
    assert waiting not in desk.fleet.troubled
    desk.run(2)
    assert waiting in desk.fleet.troubled
    desk.run(40)
    assert desk.states(waiting)[-1] == "down"


def test_the_echoes_of_a_wake_do_not_feed_the_loss_estimate():
    desk = station()
    before = desk.fleet.watches["kel2-rtr"].state.loss_ratio
    for _ in range(3):
        desk.wake("kel2-rtr")
    desk.pipeline.schedule.rounds.clear()
    desk.run(3)
    assert desk.fleet.watches["kel2-rtr"].state.loss_ratio == before


def test_a_device_that_the_inventory_does_not_have_wakes_nobody():
    desk = station()
    assert desk.wake("siapa") == {"woke": 0, "limited": 0, "unknown": 1}
    desk.run(0.5)
    assert desk.extra() == []


def test_a_device_that_calls_without_end_is_obeyed_a_few_times_a_minute():
    desk = station()
    woke = 0
    for _ in range(120):
        woke += desk.wake("kel1-rtr")["woke"]
        desk.run(0.5)
    assert woke == DEVICE_BURST + 5, "three at once, then one in ten seconds"


def test_a_storm_of_all_devices_keeps_to_its_share_of_the_echoes():
    offices = [f"k{number}" for number in range(400)]
    desk = Station(city(*offices))
    devices = [watch.device for watch in desk.fleet]
    seconds = 10
    for _ in range(2 * seconds):
        for device in devices:
            desk.wake(device)
        desk.run(0.5)
    assert len(desk.extra()) <= ECHO_BURST + ECHOES_S * seconds
    assert len(desk.extra()) >= ECHOES_S * seconds
    assert len(desk.looks.asked) <= LOOK_BURST + 10 * seconds
    assert desk.waker.results["limited"] > 0
    assert not desk.fleet.troubled


def test_a_device_that_is_not_to_be_probed_now_is_not_probed_because_it_calls():
    desk = station()
    at = desk.clock.now()
    hour = timedelta(hours=1)
    desk.judge.windows = (Window("w", "pindah rak", at - hour, at + hour, devices=("kel3-rtr",), mode=WindowMode.NO_PROBING),)
    desk.judge.cover(desk.now)
    desk.wake("kel3-rtr")
    desk.run(1)
    assert "kel3-rtr" not in desk.extra()


# Power


def dark(desk: Station) -> set[str]:
    """Let the site of the UPS go dark and return the codes of the evidence."""
    desk.air.silent = {"kel1-rtr", "kel1-sw", "kel1-ups"}
    desk.run(40)
    return {fact.code for fact in desk.incident().cause.evidence}


def test_on_battery_just_before_the_silence_is_evidence():
    desk = Station(with_ups())
    desk.wake("kel1-ups", TrapKind.ON_BATTERY)
    desk.run(60)
    assert "on_battery" in dark(desk)


def test_without_a_call_there_is_no_hint():
    assert "on_battery" not in dark(Station(with_ups()))


def test_a_call_that_mains_are_back_takes_the_hint_back():
    desk = Station(with_ups())
    desk.wake("kel1-ups", TrapKind.ON_BATTERY)
    desk.run(60)
    desk.wake("kel1-ups", TrapKind.ON_MAINS)
    assert "on_battery" not in dark(desk)


def test_a_hint_of_an_hour_ago_is_none():
    desk = Station(with_ups())
    desk.wake("kel1-ups", TrapKind.ON_BATTERY)
    desk.run(3600)
    assert "on_battery" not in dark(desk)


def test_a_wake_that_waited_while_the_monitor_was_away_keeps_its_time():
    desk = Station(with_ups())
    desk.wake("kel1-ups", TrapKind.ON_BATTERY, ago=590)
    desk.run(60)
    assert "on_battery" not in dark(desk), "650 seconds before the silence"


def test_what_the_ups_says_when_it_is_read_is_believed_before_its_trap():
    desk = Station(with_ups())
    desk.wake("kel1-ups", TrapKind.ON_BATTERY)
    mains = UpsStatus(on_battery=False, source="upsOutputSource=3")
    desk.pipeline.read(SnmpReading("kel1-ups", desk.now, answered=True, ups=mains))
    assert len(desk.fleet.power) == 0
    battery = UpsStatus(on_battery=True, source="upsOutputSource=5")
    desk.pipeline.read(SnmpReading("kel1-ups", desk.now, answered=True, ups=battery))
    assert "on_battery" in dark(desk)


def test_a_hint_is_kept_also_of_a_device_that_calls_too_often():
    desk = Station(with_ups())
    for _ in range(20):
        desk.wake("kel1-ups", TrapKind.LINK_DOWN)
    assert desk.wake("kel1-ups", TrapKind.ON_BATTERY) == {"woke": 0, "limited": 1, "unknown": 0}
    assert len(desk.fleet.power) == 1


def test_a_ups_without_pings_gives_a_hint_all_the_same():
    inventory = with_ups()
    devices = {**inventory.devices, "kel1-ups": Device("kel1-ups", "kel1", Role.UPS, "198.51.100.200", monitor=("snmp",))}
    desk = Station(Inventory("core", {**inventory.sites, "x": Site("x", "x", SiteKind.OFFICE)}, devices, {}))
    desk.wake("kel1-ups", TrapKind.ON_BATTERY)
    desk.air.silent = {"kel1-rtr", "kel1-sw"}
    desk.run(40)
    assert "on_battery" in {fact.code for fact in desk.incident().cause.evidence}


def test_a_ups_that_left_the_inventory_leaves_no_hint_and_does_no_harm():
    inventory = with_ups()
    devices = {**inventory.devices, "kel1-ups": Device("kel1-ups", "kel1", Role.UPS, "198.51.100.200", monitor=("snmp",))}
    desk = Station(Inventory("core", inventory.sites, devices, {}))
    desk.wake("kel1-ups", TrapKind.ON_BATTERY)
    desk.fleet.adopt(Graph.of(city(*OFFICES)), 10.0)
    desk.air.silent = {"kel1-rtr", "kel1-sw"}
    desk.run(40)
    assert "kel1-ups" not in desk.judge.question(desk.now).snapshot().devices
    assert "on_battery" not in {fact.code for fact in desk.incident().cause.evidence}


# The way in


def answers(taken: list[Wake]) -> Answers:
    def wake(wakes: Sequence[Wake]) -> Mapping[str, int]:
        taken.extend(wakes)
        return {"woke": len(wakes)}

    nothing: Any = None
    return Answers(nothing, nothing, lambda: None, lambda _: True, wake)


def body(**changes: object) -> bytes:
    return json.dumps({"wakes": [{"device": "kec-sw", "reason": "link_down", "at": NOON.isoformat(), **changes}]}).encode()


def test_wakes_come_in_over_the_unix_socket_only():
    taken: list[Wake] = []
    assert answers(taken).post("/-/wake", body, local=False)[0] == 403
    status, _, said = answers(taken).post("/-/wake", body, local=True)
    assert (status, said) == (200, b'{"results": {"woke": 1}}')
    assert taken == [Wake("kec-sw", TrapKind.LINK_DOWN, NOON)]


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"[]",
        b"{}",
        b'{"wakes": {}}',
        b'{"wakes": [7]}',
        body(device=7),
        body(reason="is_down"),
        body(reason=None),
        body(at="kemarin"),
        body(at="0001-01-01T00:00:00+14:00"),
        body(at=datetime(2026, 11, 24).isoformat()),  # noqa: DTZ001 - that is the point
        json.dumps({"wakes": [{}] * (MOST + 1)}).encode(),
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_wake_is_refused_whole(given: bytes):
    taken: list[Wake] = []
    assert answers(taken).post("/-/wake", lambda: given, local=True)[0] == 400
    assert taken == []


def test_the_time_of_a_wake_is_kept_in_utc():
    (wake,) = read_wakes(body(at="2026-11-24T12:00:00+07:00"))
    assert wake.at == NOON
    assert wake.at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("length", ["999999999999", "-1", "banyak"])
def test_a_body_that_would_not_end_is_not_read(tmp_path: Path, length: str):
    taken: list[Wake] = []
    server = HttpServer(answers(taken), listen=None, path=tmp_path / "monitor.sock")
    server.start()
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            line.connect(str(tmp_path / "monitor.sock"))
            line.sendall(f"POST /-/wake HTTP/1.0\r\nContent-Length: {length}\r\n\r\n".encode() + body())
            assert line.recv(4096).startswith(b"HTTP/1.0 400")
    finally:
        server.stop()
    assert taken == []
