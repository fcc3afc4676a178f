"""Who may call from where."""

from __future__ import annotations

from netwatch.inventory.model import Device, Inventory, Role, Site, SiteKind, SnmpSettings, Status
from netwatch.settings import Credential, Secret
from netwatch.trapd.sources import sources

CREDENTIALS = {
    "ro": Credential("ro", community=Secret("komunitas")),
    "v3": Credential("v3", username="pemantau", auth_protocol="sha", auth_key=Secret("kunci-contoh")),
}


def device(name: str, address: str, credential: str | None = "ro", **more: object) -> Device:
    snmp = SnmpSettings(credential=credential) if credential else None
    return Device(name, "dc", Role.SWITCH, address, snmp=snmp, **more)  # type: ignore[arg-type]


def found(*devices: Device) -> dict[str, list[tuple[str, bool, bool]]]:
    inventory = Inventory("core", {"dc": Site("dc", "Data Center Contoh", SiteKind.DATA_CENTER)}, {d.id: d for d in devices}, {})
    places = {d.id: None if d.address == "tanpa.contoh" else d.address for d in devices}
    made = sources(inventory, CREDENTIALS, places)
    return {
        address: [(one.device, one.community is not None, one.user is not None) for one in senders]
        for address, senders in made.items()
    }


def test_an_address_is_known_in_the_two_ways_a_socket_may_write_it():
    assert set(found(device("a", "192.0.2.1"))) == {"192.0.2.1", "::ffff:192.0.2.1"}
    assert set(found(device("a", "2001:DB8:0:0::1"))) == {"2001:db8::1"}


def test_a_log_in_is_a_community_or_a_user():
    assert found(device("a", "192.0.2.1"), device("b", "192.0.2.2", "v3")) == {
        "192.0.2.1": [("a", True, False)],
        "::ffff:192.0.2.1": [("a", True, False)],
        "192.0.2.2": [("b", False, True)],
        "::ffff:192.0.2.2": [("b", False, True)],
    }


def test_a_device_without_a_log_in_is_known_and_will_be_refused():
    for one in (device("a", "192.0.2.1", None), device("a", "192.0.2.1", "hilang"), device("a", "192.0.2.1", monitor=("icmp",))):
        assert found(one)["192.0.2.1"] == [("a", False, False)]


def test_a_device_that_is_planned_or_retired_or_has_no_address_may_not_call():
    assert found(device("a", "192.0.2.1", status=Status.PLANNED)) == {}
    assert found(device("a", "192.0.2.1", status=Status.RETIRED)) == {}
    assert found(device("a", "tanpa.contoh")) == {}
    assert found(device("a", "192.0.2.1", status=Status.MAINTENANCE)) != {}


def test_a_thousand_devices_with_one_log_in_share_its_keys():
    """A password becomes a key by hashing a mebibyte: once, not a thousand times."""
    inventory = Inventory(
        "core",
        {"dc": Site("dc", "Data Center Contoh", SiteKind.DATA_CENTER)},
        {f"d{n}": device(f"d{n}", f"10.0.{n // 250}.{n % 250}", "v3") for n in range(1000)},
        {},
    )
    made = sources(inventory, CREDENTIALS, {one.id: one.address for one in inventory.devices.values()})
    assert len({id(sender.user) for senders in made.values() for sender in senders}) == 1
