"""The lab itself, before anything is judged by it: what is broken is silent, what is not broken answers."""

from __future__ import annotations

import pytest

from netwatch.inventory.graph import Graph
from tests.lab import ask
from tests.lab.agents import Secrets
from tests.lab.city import City
from tests.lab.faults import EndName, Faults
from tests.lab.plan import MONITOR

DISDUKCAPIL = {"disdukcapil-rtr", "disdukcapil-sw", "disdukcapil-ap"}


def _behind(city: City, device: str) -> set[str]:
    return {device, *Graph.of(city.inventory).behind(device)}


def _silent_agents(city: City, *devices: str) -> list[str]:
    community = Secrets().community
    return ask.silent_agents(city.namespace(MONITOR), {d: (city.inventory.devices[d].address, community) for d in devices})


def test_the_whole_city_answers(city: City) -> None:
    assert city.silent() == set()


@pytest.mark.parametrize("end", ["upper", "lower"])
def test_a_cut_uplink_silences_its_site_and_no_other(city: City, faults: Faults, end: EndName) -> None:
    faults.cut("dc-dist-2/disdukcapil-rtr", end)
    assert city.silent() == DISDUKCAPIL


def test_a_dead_distribution_router_silences_everything_behind_it(city: City, faults: Faults) -> None:
    """The hub has a second way, so it and everything behind it answers."""
    faults.power_off("dc-dist-2")
    assert city.silent() == {"dc-dist-2", "nongsa-rtr", "nongsa-sw", *DISDUKCAPIL}


@pytest.mark.parametrize("end", ["upper", "lower"])
@pytest.mark.parametrize("router", ["dc-dist-1", "dc-dist-2"])
def test_a_hub_with_two_ways_loses_nothing_with_one_of_them(city: City, faults: Faults, router: str, end: EndName) -> None:
    faults.cut(f"{router}/hub-tiban-rtr", end)
    assert city.silent() == set()


def test_a_hub_that_loses_both_ways_is_silent_with_everything_behind_it(city: City, faults: Faults) -> None:
    first = faults.cut("dc-dist-1/hub-tiban-rtr")
    faults.cut("dc-dist-2/hub-tiban-rtr")
    assert city.silent() == _behind(city, "hub-tiban-rtr")
    faults.mend(first)
    assert city.wait_for(lambda: sorted(city.silent()), deadline_s=5) == []


def test_a_dead_switch_leaves_its_router_alive(city: City, faults: Faults) -> None:
    faults.power_off("disdukcapil-sw")
    assert city.silent() == {"disdukcapil-sw", "disdukcapil-ap"}


def test_a_site_without_power_is_silent(city: City, faults: Faults) -> None:
    faults.power_cut("kec-nongsa")
    assert city.silent() == {"nongsa-rtr", "nongsa-sw"}


@pytest.mark.parametrize("end", ["upper", "lower"])
def test_the_monitors_own_cable_silences_everything(city: City, faults: Faults, end: EndName) -> None:
    faults.cut_monitor(end)
    assert city.silent() == set(city.inventory.devices)


def test_a_cut_inside_the_providers_network_leaves_both_ports_up(city: City, faults: Faults, needs_nft: None) -> None:
    faults.lose("dc-dist-2/disdukcapil-rtr")
    assert city.silent() == DISDUKCAPIL
    assert not _silent_agents(city, "dc-dist-2")


def test_a_device_that_filters_pings_still_answers_snmp(city: City, faults: Faults, needs_nft: None, needs_snmpd: None) -> None:
    faults.filter_ping("nongsa-rtr")
    assert city.silent() == {"nongsa-rtr"}
    assert not _silent_agents(city, "nongsa-rtr")


def test_a_hanging_agent_still_answers_pings(city: City, faults: Faults, needs_snmpd: None) -> None:
    faults.hang("batu-aji-rtr", "snmpd")
    assert city.silent() == set()
    assert _silent_agents(city, "batu-aji-rtr") == ["batu-aji-rtr"]


def test_what_is_mended_answers_within_a_second_or_two(city: City, faults: Faults) -> None:
    """After a repair the first echoes wait for ARP (86 to 386 ms in LAB.md): poll, never assert at once."""
    fault = faults.power_off("dc-dist-1")
    faults.mend(fault)
    assert city.wait_for(lambda: sorted(city.silent()), deadline_s=5) == []
    assert faults.injected == ()
