"""A reload: everything that was said is taken, what goes on goes on, and what would be lost is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from netwatch.casework import World
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import Inventory, SnmpSettings, Status
from netwatch.monitor.assembly import Assembly
from netwatch.monitor.readers import SnmpReaders
from netwatch.monitor.reload import adopt, objections
from netwatch.monitor.vantage import SystemVantage
from netwatch.settings import Credential, Secret
from tests.unit.monitor.desk import OFFICES, Desk, Seat, Target, city

HIT = {"kel1-rtr", "kel1-sw"}


class Engine:
    """Keeps the targets."""

    def __init__(self) -> None:
        self.timeout = 1.0
        self.removed: list[str] = []

    def add(self, device: str, address: str, owner: Any) -> Target:
        return Target(device, owner, address)

    def remove(self, target: Target) -> None:
        self.removed.append(target.device)


class Daemon:
    """A desk with the parts that a reload touches."""

    def __init__(self, world: World, inventory: Inventory | None = None) -> None:
        self.world = with_inventory(world, inventory or world.inventory)
        self.desk = Desk(self.world.inventory)
        self.engine = Engine()
        for watch in self.desk.fleet:
            watch.target = self.engine.add(watch.device, self.world.inventory.devices[watch.device].address, watch)
        self.readers = SnmpReaders(self.desk.fleet, world.settings.snmp, {}, clock=self.desk.clock)
        self.parts = Assembly(
            settings=world.settings,
            world=self.world,
            store=cast("Any", None),
            engine=cast("Any", self.engine),
            pipeline=self.desk.pipeline,
            recorder=cast("Any", None),
            writer=cast("Any", type("Writer", (), {})()),
            readers=self.readers,
            live=cast("Any", None),
            clock=self.desk.clock,
        )
        self.desk.run(30)

    def reload(self, new: World, credentials: Mapping[str, Credential] | None = None) -> None:
        """Take over a configuration that nothing speaks against."""
        assert objections(new, self.desk.cases) == []
        adopt(self.parts, new, {device.id: device.address for device in new.inventory.devices.values()}, credentials or {})


def with_inventory(world: World, inventory: Inventory) -> World:
    return replace(world, inventory=inventory, graph=Graph.of(inventory))


def changed(world: World, device: str, **fields: Any) -> World:
    devices = world.inventory.devices
    return with_inventory(world, replace(world.inventory, devices={**devices, device: replace(devices[device], **fields)}))


def asked(desk: Desk, device: str, seconds: float) -> int:
    """How many scheduled echoes a device gets in so many seconds."""
    before = desk.air.sent.count((device, True))
    desk.run(seconds)
    return desk.air.sent.count((device, True)) - before


def test_a_changed_interval_is_kept_from_now_on_and_the_device_stays_what_it_was(world):
    daemon = Daemon(world)
    assert asked(daemon.desk, "kel1-rtr", 120) == 12
    daemon.reload(changed(world, "kel1-rtr", interval=60))
    assert asked(daemon.desk, "kel1-rtr", 120) == 2
    assert asked(daemon.desk, "kel2-rtr", 120) == 12
    assert daemon.desk.states("kel1-rtr") == ["up"]


def test_a_changed_interval_of_all_devices_comes_with_the_detection(world):
    daemon = Daemon(world)
    settings = replace(world.settings, detection=replace(world.settings.detection, interval=30))
    daemon.reload(replace(world, settings=settings))
    assert asked(daemon.desk, "kel1-rtr", 120) == 4
    assert daemon.desk.pipeline.policy.interval == 30


def test_a_silent_device_whose_interval_changes_goes_on_being_silent(world):
    daemon = Daemon(world)
    daemon.desk.air.silent = set(HIT)
    daemon.desk.run(60)
    key = daemon.desk.incident().key
    daemon.reload(changed(world, "kel1-rtr", interval=60))
    daemon.desk.run(200)
    assert daemon.desk.incident().key == key
    assert len(daemon.desk.tickets()) == 1


def test_a_new_probe_timeout_is_the_engines_too(world):
    daemon = Daemon(world)
    settings = replace(world.settings, detection=replace(world.settings.detection, timeout=2.5))
    daemon.reload(replace(world, settings=settings))
    assert daemon.engine.timeout == daemon.desk.pipeline.policy.timeout == 2.5


def test_new_credentials_and_snmp_settings_are_used_for_the_next_reading(world):
    daemon = Daemon(world)
    opened = changed(world, "kel1-rtr", monitor=frozenset({"icmp", "snmp"}), snmp=SnmpSettings(credential="ro"))
    assert daemon.readers.readable() == []
    daemon.reload(opened)
    assert daemon.readers.readable() == []
    settings = replace(opened.settings, snmp=replace(opened.settings.snmp, timeout=7))
    daemon.reload(replace(opened, settings=settings), {"ro": Credential("ro", community=Secret("komunitas-contoh"))})
    assert daemon.readers.readable() == ["kel1-rtr"]
    assert daemon.readers._settings.timeout == 7


def test_the_monitor_looks_towards_the_new_address_of_the_vantage(world):
    looked: list[str] = []

    class Looking(Seat):
        def aim(self, address: str) -> None:
            looked.append(address)

    daemon = Daemon(world)
    daemon.desk.pipeline.isolation._vantage = Looking()
    daemon.reload(changed(world, "core", address="192.0.2.77"))
    assert looked == ["192.0.2.77"]


def test_a_seat_that_is_aimed_elsewhere_forgets_the_interface_of_before(tmp_path: Path):
    """Loopback needs no carrier; every other interface of a machine without `/sys/class/net` has none."""
    seat = SystemVantage("127.0.0.1", sys_class_net=tmp_path)
    assert seat.carrier() is True
    seat.aim("192.0.2.1")
    assert seat.carrier() is not True
    seat.aim("127.0.0.1")
    assert seat.carrier() is True


def test_a_device_of_an_open_incident_cannot_leave_and_may_when_it_has_healed(world):
    daemon = Daemon(world)
    daemon.desk.air.silent = set(HIT)
    daemon.desk.run(60)
    smaller = with_inventory(world, city(*OFFICES[1:]))
    (fault,) = objections(smaller, daemon.desk.cases)
    assert "'kel1-rtr'" in fault.text
    retired = changed(world, "kel1-rtr", status=Status.RETIRED)
    assert objections(retired, daemon.desk.cases) != []
    daemon.desk.air.silent = set()
    daemon.desk.run(60)
    daemon.reload(smaller)
    assert not HIT & daemon.desk.fleet.watches.keys()
    assert set(daemon.engine.removed) >= HIT
    daemon.desk.run(60)
    assert daemon.desk.cases.open() == []


def test_a_new_device_is_asked_and_a_moved_one_is_asked_at_its_new_address(world):
    daemon = Daemon(world, city(*OFFICES[1:]))
    daemon.reload(changed(world, "kel2-rtr", address="203.0.113.5"))
    daemon.desk.run(20)
    assert daemon.desk.states("kel1-rtr") == ["up"]
    assert daemon.desk.fleet.watches["kel2-rtr"].target.address == "203.0.113.5"
    assert daemon.desk.states("kel2-rtr") == ["up"]


def test_other_gates_count_from_now_on(world):
    daemon = Daemon(world)
    daemon.desk.air.silent = set(HIT)
    daemon.desk.run(100)
    assert daemon.desk.tickets() == []
    tickets = replace(world.settings.tickets, open_after=60)
    daemon.reload(replace(world, settings=replace(world.settings, tickets=tickets)))
    daemon.desk.run(5)
    assert len(daemon.desk.tickets()) == 1


@pytest.mark.parametrize("above", ["kel2-rtr", "dist"])
def test_an_outage_is_judged_by_the_new_uplinks(world, above):
    """The switch of one office is moved to another router, which then fails: it is behind that one now."""
    daemon = Daemon(world)
    (uplink,) = world.inventory.devices["kel1-sw"].uplinks
    moved = replace(uplink, id=f"{above}/kel1-sw", to=above)
    daemon.reload(changed(world, "kel1-sw", uplinks=(moved,)))
    daemon.desk.air.silent = {"kel1-rtr", "kel2-rtr", "kel2-sw", "kel1-sw"}
    daemon.desk.run(60)
    assert daemon.desk.fleet.watches["kel1-sw"].explained_by == ("kel2-rtr" if above == "kel2-rtr" else None)
