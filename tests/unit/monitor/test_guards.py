"""The mass-event guard, maintenance windows, clocks, systemd."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from netwatch.inventory.graph import Graph
from netwatch.inventory.model import Device, Inventory, Role, Site, SiteKind, Status, Uplink, Window, WindowMode
from netwatch.monitor.clockwatch import ClockWatch
from netwatch.monitor.mass import MASS_SNAPSHOT_S, MassGuard
from netwatch.monitor.vantage import IsolationCheck
from netwatch.monitor.windows import active, covered, in_maintenance
from netwatch.systemd import Notifier

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


def test_a_third_of_the_city_lost_at_once_raises_the_guard_until_two_snapshots_agree():
    guard = MassGuard()
    for number in range(40):
        guard.lost(f"device-{number}", 100.0)
    locus = [frozenset({"dc-core"})]
    guard.judge(locus, 100, 101.0)
    assert guard.active
    guard.judge(locus, 100, 101.0 + MASS_SNAPSHOT_S)
    assert guard.active
    guard.judge(locus, 100, 101.0 + 2 * MASS_SNAPSHOT_S)
    assert not guard.active


def test_a_snapshot_that_differs_starts_the_guard_over():
    guard = MassGuard()
    for number in range(40):
        guard.lost(f"device-{number}", 0.0)
    guard.judge([frozenset({"a"})], 100, 1.0)
    guard.judge([frozenset({"b"})], 100, 1.0 + MASS_SNAPSHOT_S)
    guard.judge([frozenset({"b"})], 100, 1.0 + 2 * MASS_SNAPSHOT_S)
    assert guard.active


def test_five_devices_of_ten_are_no_mass_event():
    guard = MassGuard()
    for number in range(5):
        guard.lost(f"device-{number}", 0.0)
    guard.judge([frozenset({"a"})], 10, 1.0)
    assert not guard.active


def test_losses_spread_over_an_hour_are_no_mass_event():
    guard = MassGuard()
    for number in range(40):
        guard.lost(f"device-{number}", number * 90.0)
        guard.judge([], 100, number * 90.0)
    assert not guard.active


def small_city() -> Inventory:
    devices = {
        "core": Device("core", "dc", Role.CORE, "127.0.0.1"),
        "router": Device("router", "office", Role.ROUTER, "127.0.0.2", (Uplink("core/router", "router", "core"),)),
        "switch": Device(
            "switch",
            "office",
            Role.SWITCH,
            "127.0.0.3",
            (Uplink("router/switch", "switch", "router"),),
            status=Status.MAINTENANCE,
        ),
    }
    sites = {"dc": Site("dc", "Data Center", SiteKind.DATA_CENTER), "office": Site("office", "Kantor Contoh", SiteKind.OFFICE)}
    return Inventory("core", sites, devices, {})


def window(**changes: object) -> Window:
    values = {"id": "w", "reason": "ganti UPS", "starts_at": NOON, "ends_at": NOON + timedelta(hours=2), "sites": ("office",)}
    return Window(**{**values, **changes})  # type: ignore[arg-type]


def test_a_window_covers_the_devices_of_its_site_while_it_is_open():
    graph = Graph.of(small_city())
    assert covered([window()], graph, NOON)["router"] is WindowMode.SILENT
    assert "router" not in covered([window()], graph, NOON - timedelta(seconds=1))
    assert "router" not in covered([window()], graph, NOON + timedelta(hours=2))


def test_the_strongest_of_two_windows_counts():
    graph = Graph.of(small_city())
    both = [window(), window(id="x", mode=WindowMode.NO_PROBING, sites=(), devices=("router",))]
    assert covered(both, graph, NOON)["router"] is WindowMode.NO_PROBING
    assert covered(both[::-1], graph, NOON)["router"] is WindowMode.NO_PROBING


def test_a_device_in_maintenance_is_covered_without_a_window():
    assert covered([], Graph.of(small_city()), NOON, always=in_maintenance(small_city())) == {"switch": WindowMode.SILENT}


def test_a_weekly_window_comes_back_every_week():
    weekly = window(repeat="weekly")
    assert active(weekly, NOON + timedelta(days=21, minutes=5))
    assert not active(weekly, NOON + timedelta(days=22))


class HandClock:
    def __init__(self) -> None:
        self.wall, self.mono, self.boot = NOON, 1000.0, 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.mono

    def boottime(self) -> float:
        return self.boot

    def pass_time(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.mono += seconds
        self.boot += seconds


def test_a_wall_clock_set_back_a_day_is_a_step_and_no_suspension():
    clock = HandClock()
    watch = ClockWatch(clock)
    clock.pass_time(1.0)
    clock.wall -= timedelta(days=1)
    jump = watch.look()
    assert round(jump.stepped) == -86400
    assert jump.suspended == 0.0
    clock.pass_time(1.0)
    assert watch.look().stepped == 0.0


def test_a_suspended_machine_is_a_suspension_and_no_step():
    clock = HandClock()
    watch = ClockWatch(clock)
    clock.wall += timedelta(hours=1)
    clock.boot += 3600.0
    jump = watch.look()
    assert round(jump.suspended) == 3600
    assert jump.stepped == 0.0


class Seat:
    def __init__(self, answer: bool | None) -> None:
        self.answer = answer

    def carrier(self) -> bool | None:
        return self.answer


def test_a_lost_carrier_is_isolation_only_while_nothing_answers():
    check = IsolationCheck(Seat(answer=False))
    check.answered(10.0)
    assert not check.broken(11.0)
    assert check.broken(14.0)


def test_probes_that_cannot_leave_this_machine_are_isolation():
    check = IsolationCheck(Seat(answer=True))
    check.answered(10.0)
    check.local_error(20.0, "enetunreach")
    assert check.broken(20.5)


def test_a_full_send_queue_is_no_isolation():
    check = IsolationCheck(Seat(answer=True))
    check.local_error(20.0, "enobufs")
    assert not check.broken(20.5)


def test_systemd_hears_ready_and_the_watchdog(tmp_path: Path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        notifier = Notifier({"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "60000000"})
        notifier.ready("probing 3 devices")
        notifier.alive()
        notifier.reloading()
        assert ear.recv(200) == b"READY=1\nSTATUS=probing 3 devices"
        assert ear.recv(200) == b"WATCHDOG=1"
        assert ear.recv(200).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        assert notifier.watchdog_s == 60.0


def test_without_systemd_nothing_is_sent():
    Notifier({}).ready("probing")
