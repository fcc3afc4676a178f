"""The layout is pure: it can be judged without a kernel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from netwatch.inventory.document import load_inventory
from netwatch.inventory.model import Inventory
from tests.lab.house import INVENTORY
from tests.lab.plan import MONITOR, MONITOR_LINK, plan


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return load_inventory(Path(INVENTORY))


def test_every_device_has_a_namespace_and_every_uplink_a_cable(inventory: Inventory) -> None:
    laid = plan(inventory)
    assert set(laid.nodes) == {*inventory.devices, MONITOR}
    assert set(laid.cables) == {u.id for d in inventory.devices.values() for u in d.uplinks} | {MONITOR_LINK}


def test_ports_have_the_names_of_the_inventory(inventory: Inventory) -> None:
    """The evidence names ports; a lab with other names would never match it."""
    cable = plan(inventory).cables["dc-dist-1/sekupang-rtr"]
    assert (cable.upper.port, cable.lower.port) == ("ge1", "ge0")


def test_a_router_whose_way_down_is_gone_says_so_instead_of_sending_the_packet_back_up(inventory: Inventory) -> None:
    assert "unreachable 10.200.1.2/32 metric 4000" in plan(inventory).nodes["dc-core"].routes


def test_a_device_behind_a_switch_is_reached_through_the_router_before_it(inventory: Inventory) -> None:
    routes = plan(inventory).nodes["dc-dist-1"].routes
    assert any(r.startswith("10.100.1.2/32 via 10.200.1.2 onlink dev ge1 ") for r in routes)


def test_the_second_uplink_is_the_way_when_the_first_is_gone(inventory: Inventory) -> None:
    def hub_ways(without: set[str]) -> tuple[list[str], list[str]]:
        laid = plan(inventory, without)
        up = [r.split(" dev ")[1].split()[0] for r in laid.nodes["hub-tiban-rtr"].routes if r.startswith("default")]
        down = [r.split(" dev ")[1].split()[0] for r in laid.nodes["dc-core"].routes if r.startswith("10.255.2.1/32")]
        return up, down

    assert hub_ways(set()) == (["ge0", "ge1"], ["ge1", "ge2"])
    assert hub_ways({"dc-dist-1/hub-tiban-rtr"}) == (["ge1"], ["ge2"])


def test_an_address_that_is_a_name_is_refused_with_the_device(inventory: Inventory) -> None:
    broken = replace(inventory, devices={"dc-core": replace(inventory.devices["dc-core"], address="core.batam.invalid")})
    with pytest.raises(ValueError, match="dc-core: the lab builds IPv4 only"):
        plan(broken)


def test_a_port_the_kernel_cannot_name_is_refused(inventory: Inventory) -> None:
    device = inventory.devices["dc-sw"]
    broken = replace(device, uplinks=(replace(device.uplinks[0], port="GigabitEthernet0/0/1"),))
    with pytest.raises(ValueError, match="GigabitEthernet0/0/1"):
        plan(replace(inventory, devices={**inventory.devices, "dc-sw": broken}))
