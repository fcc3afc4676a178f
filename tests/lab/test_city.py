"""The lab itself, before anything is judged by it: what is broken is silent, what is not broken answers."""

from __future__ import annotations

import pytest

from netwatch.inventory.graph import Graph
from tests.lab import ask
from tests.lab.agents import Secrets
from tests.lab.city import City
from tests.lab.faults import EndName, Faults
from tests.lab.plan import MONITOR

SEKUPANG = {"sekupang-rtr", "sekupang-sw", "sekupang-host"}


def _behind(city: City, device: str) -> set[str]:
    return {device, *Graph.of(city.inventory).behind(device)}


def _silent_agents(city: City, *devices: str) -> list[str]:
    community = Secrets().community
    return ask.silent_agents(city.namespace(MONITOR), {d: (city.inventory.devices[d].address, community) for d in devices})


def test_the_whole_city_answers(city: City) -> None:
    assert city.silent() == set()


@pytest.mark.parametrize("end", ["upper", "lower"])
def test_a_cut_uplink_silences_its_site_and_no_other(city: City, faults: Faults, end: EndName) -> None:
    faults.cut("dc-dist-1/sekupang-rtr", end)
    assert city.silent() == SEKUPANG


def test_a_dead_distribution_router_silences_everything_behind_it(city: City, faults: Faults) -> None:
    faults.power_off("dc-dist-2")
    assert city.silent() == _behind(city, "dc-dist-2")


def test_a_dead_switch_leaves_its_router_alive(city: City, faults: Faults) -> None:
    faults.power_off("sekupang-sw")
    assert city.silent() == {"sekupang-sw", "sekupang-host"}


def test_a_site_without_power_is_silent(city: City, faults: Faults) -> None:
    faults.power_cut("kec-nongsa")
    assert city.silent() == {"nongsa-rtr", "nongsa-sw"}


@pytest.mark.parametrize("end", ["upper", "lower"])
def test_the_monitors_own_cable_silences_everything(city: City, faults: Faults, end: EndName) -> None:
    faults.cut_monitor(end)
    assert city.silent() == set(city.inventory.devices)


def test_a_cut_inside_the_providers_network_leaves_both_ports_up(city: City, faults: Faults, needs_nft: None) -> None:
    faults.lose("dc-dist-1/sekupang-rtr")
    assert city.silent() == SEKUPANG
    assert not _silent_agents(city, "dc-dist-1")


def test_a_device_that_filters_pings_still_answers_snmp(city: City, faults: Faults, needs_nft: None, needs_snmpd: None) -> None:
    faults.filter_ping("nongsa-rtr")
    assert city.silent() == {"nongsa-rtr"}
    assert not _silent_agents(city, "nongsa-rtr")


def test_a_hanging_agent_still_answers_pings(city: City, faults: Faults, needs_snmpd: None) -> None:
    faults.hang("dinkes-rtr", "snmpd")
    assert city.silent() == set()
    assert _silent_agents(city, "dinkes-rtr") == ["dinkes-rtr"]


def test_what_is_mended_answers_within_a_second_or_two(city: City, faults: Faults) -> None:
    """After a repair the first echoes wait for ARP (86 to 386 ms in LAB.md): poll, never assert at once."""
    fault = faults.power_off("dc-dist-1")
    faults.mend(fault)
    assert city.wait_for(lambda: sorted(city.silent()), deadline_s=5) == []
    assert faults.injected == ()
