"""What differs between two inventories."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from netwatch.inventory.changes import Change, Field, Verb, compare
from netwatch.inventory.document import load_inventory
from netwatch.inventory.model import Inventory, Status

CITY = load_inventory(Path(__file__).parents[3] / "inventory.yaml")


def with_device(city: Inventory, name: str, **facts: object) -> Inventory:
    return replace(city, devices={**city.devices, name: replace(city.devices[name], **facts)})


def test_an_inventory_does_not_differ_from_itself() -> None:
    assert compare(CITY, replace(CITY, digest="other", warnings=("x",))) == []


def test_a_device_that_is_gone_vanishes_with_its_link() -> None:
    less = {name: device for name, device in CITY.devices.items() if name != "pkm-tiban-sw"}
    assert compare(CITY, replace(CITY, devices=less)) == [
        Change(Verb.VANISHES, "device", "pkm-tiban-sw"),
        Change(Verb.VANISHES, "link", "pkm-tiban-rtr/pkm-tiban-sw"),
    ]
    assert {change.verb for change in compare(replace(CITY, devices=less), CITY)} == {Verb.APPEARS}


def test_a_new_address_is_a_move_and_a_new_status_a_change() -> None:
    (moved,) = compare(CITY, with_device(CITY, "nongsa-sw", address="10.100.9.9"))
    assert moved == Change(Verb.MOVES, "device", "nongsa-sw", (Field("address", "10.100.3.2", "10.100.9.9"),))
    (changed,) = compare(CITY, with_device(CITY, "nongsa-sw", status=Status.PLANNED))
    assert changed.verb is Verb.CHANGES


def test_another_way_up_is_a_move_with_the_links_that_appear_and_vanish() -> None:
    (uplink,) = CITY.devices["nongsa-rtr"].uplinks
    other = replace(uplink, id="dc-dist-1/nongsa-rtr", to="dc-dist-1")
    changes = compare(CITY, with_device(CITY, "nongsa-rtr", uplinks=(other,)))
    assert [(change.verb, change.kind, change.id) for change in changes] == [
        (Verb.MOVES, "device", "nongsa-rtr"),
        (Verb.VANISHES, "link", "dc-dist-2/nongsa-rtr"),
        (Verb.APPEARS, "link", "dc-dist-1/nongsa-rtr"),
    ]


def test_a_fact_of_a_link_is_said_once_at_the_link() -> None:
    (uplink,) = CITY.devices["nongsa-rtr"].uplinks
    (change,) = compare(CITY, with_device(CITY, "nongsa-rtr", uplinks=(replace(uplink, port="ge9"),)))
    assert change == Change(Verb.CHANGES, "link", "dc-dist-2/nongsa-rtr", (Field("port", "ge1", "ge9"),))


def test_another_vantage_is_said_first() -> None:
    assert compare(CITY, replace(CITY, vantage="dc-sw"))[0] == Change(
        Verb.MOVES, "vantage", "dc-sw", (Field("vantage", "dc-core", "dc-sw"),)
    )
