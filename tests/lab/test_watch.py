"""The real daemon beside the vantage of the city: what is broken, what it concludes, and when (issue 2, "Shows itself by")."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.city import City
from tests.lab.faults import EndName, Faults
from tests.lab.house import House

pytestmark = pytest.mark.timeout(300)

DOWN_WITHIN_S = 33.0  # DIAGNOSIS 1.3
UP_WITHIN_S = 25.0
OPEN_AFTER_S = 20.0
LOOK_S = 3.0  # a look is a whole `netwatch status`: starting Python on a busy machine
TIBAN = {"kel-tiban-rtr", "kel-tiban-sw"}


@pytest.fixture(scope="module")
def house(city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a running installation with a short gate; everything else has its default."""
    tickets = {"open_after": int(OPEN_AFTER_S), "reopen_within": 30, "stable_before_close": 30}
    built = House(city, tmp_path_factory.mktemp("house"), changes={"tickets": tickets, "snmp": {"interval": 10}})
    try:
        built.start()
        built.wait(lambda: set(built.states().values()) == {"up"}, "everything is up", deadline_s=60)
        yield built
    finally:
        built.stop()


@pytest.fixture(autouse=True)
def calm(house: House, faults: Faults) -> Iterator[None]:
    """Begin and end each test with a city in which everything is up."""
    yield
    faults.mend_all()
    house.wait(lambda: set(house.states().values()) == {"up"}, "everything is up again", deadline_s=60)


def _new_tickets(house: House, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = {ticket["id"] for ticket in before}
    return [ticket for ticket in house.tickets("--all") if ticket["id"] not in known]


def _affected(house: House, ticket: str) -> set[str]:
    return {entry["device"] for entry in house.json("ticket", "show", ticket)["affected"]}


def _in_state(house: House, state: str) -> set[str]:
    return {device for device, its in house.states().items() if its == state}


def test_a_cut_uplink_is_one_ticket_at_the_right_place_and_stays_open_after_the_repair(house: House, faults: Faults) -> None:
    """Down within 33 s, exactly one ticket after open_after, recovered within 25 s of the repair, and the ticket still open."""
    before = house.tickets("--all")
    cut_at = time.monotonic()
    fault = faults.cut("hub-tiban-rtr/kel-tiban-rtr", "lower")
    house.wait(lambda: "kel-tiban-rtr" in _in_state(house, "down"), "kel-tiban-rtr is down", deadline_s=DOWN_WITHIN_S + LOOK_S)
    assert not _new_tickets(house, before) or time.monotonic() - cut_at >= OPEN_AFTER_S

    new = house.wait(lambda: _new_tickets(house, before), "a ticket", deadline_s=OPEN_AFTER_S + 30)
    assert len(new) == 1
    ticket = new[0]
    assert (ticket["site"], ticket["opd"], ticket["origin"]) == ("kel-tiban", "Kelurahan Tiban Baru", "monitor")
    house.wait(lambda: _affected(house, ticket["id"]) == TIBAN, "the switch behind it has joined the ticket", deadline_s=30)
    cause = ticket["incident"]["cause"]
    assert cause["side"] == "site"
    assert cause["element"] in {"hub-tiban-rtr/kel-tiban-rtr", "kel-tiban-rtr", "kel-tiban"}

    faults.mend(fault)
    house.wait(lambda: _in_state(house, "up") >= TIBAN, "Tiban is up again", deadline_s=UP_WITHIN_S + LOOK_S)
    house.wait(lambda: _new_tickets(house, before)[0]["incident"]["state"] == "recovered", "it is written", deadline_s=15)
    [after] = _new_tickets(house, before)
    assert (after["id"], after["state"]) == (ticket["id"], "open")
    assert after["incident"]["cause"]["side"] == "site"  # what answers again tells nothing about why it was silent


def test_a_dead_distribution_router_is_one_ticket_and_none_for_the_sites_behind_it(house: House, faults: Faults) -> None:
    before = house.tickets("--all")
    behind = {"nongsa-rtr", "nongsa-sw", "disdukcapil-rtr", "disdukcapil-sw", "disdukcapil-ap"}  # the hub has a second way
    faults.power_off("dc-dist-2")
    new = house.wait(lambda: _new_tickets(house, before), "a ticket", deadline_s=DOWN_WITHIN_S + OPEN_AFTER_S + 30)
    house.wait(lambda: behind <= _in_state(house, "unreachable"), "what is behind it is unreachable", deadline_s=30)
    assert _in_state(house, "down") == {"dc-dist-2"}
    time.sleep(OPEN_AFTER_S)  # a second ticket would have had its time
    new = _new_tickets(house, before)
    assert [(t["site"], t["incident"]["cause"]["side"]) for t in new] == [("dc", "data_center")]
    assert "dc-dist-2" in new[0]["incident"]["cause"]["element"]


@pytest.mark.parametrize("end", ["lower", "upper"])
def test_the_monitors_own_cable_is_no_ticket(house: House, faults: Faults, end: EndName) -> None:
    """Nothing is known then: nothing is down, the gap is recorded as not measured."""
    before = house.tickets("--all")
    fault = faults.cut_monitor(end)
    house.wait(lambda: house.status()["monitor"]["isolated"], "netwatch knows that it is cut off", deadline_s=DOWN_WITHIN_S)
    time.sleep(OPEN_AFTER_S + 10)  # a ticket would have had its time
    assert not _in_state(house, "down")
    assert not _new_tickets(house, before)
    faults.mend(fault)
    house.wait(lambda: set(house.states().values()) == {"up"}, "everything is up again", deadline_s=UP_WITHIN_S + LOOK_S)
    assert not _new_tickets(house, before)


def test_a_hub_that_loses_one_of_two_ways_is_not_down(house: House, faults: Faults) -> None:
    faults.cut("dc-dist-1/hub-tiban-rtr")
    end = time.monotonic() + DOWN_WITHIN_S
    while time.monotonic() < end:
        assert not _in_state(house, "down") | _in_state(house, "unreachable")
        time.sleep(2)


def test_a_hanging_snmp_agent_is_degraded_not_down(house: House, faults: Faults, needs_snmpd: None) -> None:
    before = house.tickets("--all")
    faults.hang("batu-aji-rtr", "snmpd")
    house.wait(lambda: house.states()["batu-aji-rtr"] == "degraded", "batu-aji-rtr is degraded", deadline_s=60)
    assert not _new_tickets(house, before)


def test_a_device_that_filters_pings_but_answers_snmp_is_not_down(
    house: House, faults: Faults, needs_nft: None, needs_snmpd: None
) -> None:
    before = house.tickets("--all")
    faults.filter_ping("nongsa-rtr")
    end = time.monotonic() + DOWN_WITHIN_S + OPEN_AFTER_S
    while time.monotonic() < end:
        assert house.states()["nongsa-rtr"] != "down"
        time.sleep(2)
    assert not _new_tickets(house, before)


def test_the_journal_holds_after_all_of_this(house: House) -> None:
    house.run("db", "verify")
    assert house.process("status", "--json").code == 0
