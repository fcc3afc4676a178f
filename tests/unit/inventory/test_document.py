"""What a valid inventory becomes."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from netwatch.errors import InvalidFile
from netwatch.inventory.document import load_inventory
from netwatch.inventory.model import Inventory, LinkKind, Role, SnmpSettings, SshSettings, Status, WindowMode

CITY = Path(__file__).parents[3] / "inventory.yaml"
HEAD = """
version: 1
vantage: core
sites: {dc: {name: Data Center, kind: data_center}}
"""


def load(tmp_path: Path, text: str, head: str = HEAD) -> Inventory:
    path = tmp_path / "inventory.yaml"
    path.write_text(head + text, encoding="utf-8")
    return load_inventory(path)


def devices(tmp_path: Path, above: str, **parts: str) -> Inventory:
    lines = "".join(f"  {name}: {{site: dc, role: router, address: {name}.example, {part}}}\n" for name, part in parts.items())
    return load(tmp_path, f"{above}\ndevices:\n  core: {{site: dc, role: core, address: 10.0.0.1}}\n{lines}")


def test_the_example_city_is_valid_and_without_warnings() -> None:
    city = load_inventory(CITY)
    assert city.warnings == ()
    assert city.vantage == "dc-core"
    assert 15 <= len(city.devices) <= 25


def test_a_device_keeps_what_the_file_says() -> None:
    router = load_inventory(CITY).devices["sekupang-rtr"]
    assert (router.site, router.role, router.address) == ("kec-sekupang", Role.ROUTER, "10.200.1.2")
    (uplink,) = router.uplinks
    assert uplink.id == "dc-dist-1/sekupang-rtr"
    assert (uplink.port, uplink.own_port, uplink.kind, uplink.provider) == ("ge1", "ge0", LinkKind.CIRCUIT, "telkom")


def test_the_device_is_stronger_than_its_groups_and_the_first_group_than_the_second(tmp_path: Path) -> None:
    """As in Nornir: device > groups in order > defaults."""
    city = devices(
        tmp_path,
        "defaults: {platform: d, interval: 30, tags: [d]}\ngroups: {a: {platform: a}, b: {platform: b, interval: 20}}",
        own="platform: own, groups: [a, b]",
        first="groups: [a, b]",
        second="groups: [b, a]",
        none="tags: []",
    )
    assert [city.devices[name].platform for name in ("own", "first", "second", "none")] == ["own", "a", "b", "d"]
    assert [city.devices[name].interval for name in ("own", "first", "second", "none")] == [20, 20, 20, 30]
    assert [city.devices[name].tags for name in ("own", "none")] == [("d",), ()]


def test_snmp_ssh_and_credentials_are_merged_key_by_key(tmp_path: Path) -> None:
    city = devices(
        tmp_path,
        "defaults: {credentials: {snmp: ro, ssh: ro}, snmp: {port: 1161}}\n"
        "groups: {old: {snmp: {version: 1}, ssh: {profile: legacy}}}",
        a="groups: [old], snmp: {bulk: false}, credentials: {ssh: special}",
    )
    assert city.devices["a"].snmp == SnmpSettings(version="1", port=1161, bulk=False, credential="ro")
    assert city.devices["a"].ssh == SshSettings(profile="legacy", credential="special")


def test_what_is_written_as_null_takes_the_inherited_value_away(tmp_path: Path) -> None:
    city = devices(tmp_path, "defaults: {credentials: {snmp: ro}, platform: x}", a="snmp: null, platform: null", b="tags: []")
    assert city.devices["a"].snmp is None
    assert city.devices["a"].platform is None
    assert city.devices["b"].snmp == SnmpSettings(credential="ro")


def test_monitor_names_only_what_can_be_read(tmp_path: Path) -> None:
    """SNMP and SSH need a credential; a reader that finds `snmp` in monitor always finds the settings."""
    city = devices(
        tmp_path, "defaults: {credentials: {snmp: ro}}", a="tags: []", b="monitor: [icmp]", c="credentials: {snmp: null, ssh: x}"
    )
    assert [city.devices[name].monitor for name in "abc"] == [("icmp", "snmp"), ("icmp",), ("icmp", "ssh")]
    for device in city.devices.values():
        assert ("snmp" in device.monitor) == (device.snmp is not None)
        assert ("ssh" in device.monitor) == (device.ssh is not None)


def test_two_uplinks_to_the_same_device_carry_the_port_in_their_ids(tmp_path: Path) -> None:
    city = devices(tmp_path, "", a="uplinks: [{to: core, port: ge1}, {to: core, port: ge2}, {to: b}]", b="uplinks: [{to: core}]")
    assert [uplink.id for uplink in city.devices["a"].uplinks] == ["core:ge1/a", "core:ge2/a", "b/a"]


def test_yaml_1_1_makes_nothing_of_texts(tmp_path: Path) -> None:
    """1:20 is no 80, 010 no 8, a date no date, a MAC address of digits no number, no is no false."""
    city = devices(
        tmp_path, "", a="serial: 010, model: 1:20, asset_code: 2026-11-24, platform: no, tags: [00:11:22:33:44:55, 1_000, 1e3]"
    )
    device = city.devices["a"]
    assert (device.serial, device.model, device.asset_code, device.platform) == ("010", "1:20", "2026-11-24", "no")
    assert device.tags == ("00:11:22:33:44:55", "1_000", "1e3")


def test_a_directory_is_read_as_one_inventory(tmp_path: Path) -> None:
    (tmp_path / "10-dc.yaml").write_text(HEAD + "devices: {core: {site: dc, role: core, address: 10.0.0.1}}", encoding="utf-8")
    (tmp_path / "20-kantor.yaml").write_text(
        "version: 1\ndevices: {a: {site: dc, role: router, address: 10.0.0.2, uplinks: [{to: core}]}}", encoding="utf-8"
    )
    (tmp_path / ".hidden.yaml").write_text("not yaml: [", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not yaml: [", encoding="utf-8")
    assert list(load_inventory(tmp_path).devices) == ["core", "a"]


def test_the_same_id_in_two_files_names_both_places(tmp_path: Path) -> None:
    text = HEAD + "devices:\n  core: {site: dc, role: core, address: 10.0.0.1}\n"
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(text.replace("10.0.0.1", "10.0.0.2"), encoding="utf-8")
    with pytest.raises(InvalidFile) as caught:
        load_inventory(tmp_path)
    assert [str(fault).replace(f"{tmp_path}/", "") for fault in caught.value.faults] == [
        "b.yaml:3:1: vantage stands also in a.yaml:3:1",
        "b.yaml:4:9: site 'dc' stands also in a.yaml:4:9",
        "b.yaml:6:3: device 'core' stands also in a.yaml:6:3",
    ]


def test_faults_of_all_files_are_named_and_a_broken_file_makes_no_false_ones(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        HEAD + "devices: {x: {site: dc, role: router, address: 10.0.0.2, uplinks: [{to: core}]}}", encoding="utf-8"
    )
    (tmp_path / "b.yaml").write_text("version: 1\ndevices: {core: [\n", encoding="utf-8")
    (tmp_path / "c.yaml").write_text("version: 3\n", encoding="utf-8")
    with pytest.raises(InvalidFile) as caught:
        load_inventory(tmp_path)
    assert [Path(fault.file).name for fault in caught.value.faults] == ["b.yaml", "c.yaml"]


def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=r"without any \*\.yaml"):
        load_inventory(tmp_path)


def test_maintenance_windows_keep_their_zone(tmp_path: Path) -> None:
    city = devices(
        tmp_path,
        "maintenance:\n  - {id: pln, reason: Pemadaman, from: 2026-11-25T08:00:00+07:00, until: 2026-11-25T10:00:00+07:00,"
        " devices: [core]}",
    )
    (window,) = city.maintenance
    assert window.mode is WindowMode.SILENT
    assert window.starts_at.isoformat() == "2026-11-25T08:00:00+07:00"


def test_an_inherited_status_counts_like_an_own_one(tmp_path: Path) -> None:
    text = "groups: {next-year: {status: planned}}\ndevices:\n  core: {site: dc, role: core, address: 10.0.0.1}\n"
    text += "  next: {site: dc, role: core, address: 10.0.0.1, groups: [next-year]}\n"
    assert load(tmp_path, text).devices["next"].status is Status.PLANNED
    with pytest.raises(InvalidFile, match="is the vantage and must be probed, but its status is planned"):
        load(tmp_path, "defaults: {status: planned}\ndevices:\n  core: {site: dc, role: core, address: 10.0.0.1}\n")


def test_a_risk_group_with_the_id_of_a_site_is_warned_of(tmp_path: Path) -> None:
    (said,) = devices(tmp_path, "risk_groups: {dc: {kind: power, sites: [dc]}}").warnings
    assert "1 risk group with the id of a site" in said


def test_planned_and_retired_devices_may_share_an_address(tmp_path: Path) -> None:
    """The successor stands in the inventory before the old one is carried out."""
    text = "devices:\n  core: {site: dc, role: core, address: 10.0.0.1}\n"
    text += "  next: {site: dc, role: core, address: 10.0.0.1, status: planned}\n"
    assert load(tmp_path, text).devices["next"].status is Status.PLANNED


@pytest.mark.parametrize(
    ("part", "warning"),
    [
        ("role: router, address: 10.0.0.2", "1 device without a path to the vantage: a"),
        ("role: router, address: 127.0.0.2, uplinks: [{to: core}]", "1 device with a loopback address: a"),
        ("role: router, address: 224.0.0.1, uplinks: [{to: core}]", "1 device with a multicast address: a"),
        ('role: router, address: "fe80::1", uplinks: [{to: core}]', "1 device with a link-local address: a"),
        ("role: router, address: 8.8.8.8, uplinks: [{to: core}]", "1 device with a public address: a"),
        (
            "role: router, address: 10.0.0.2, monitor: [icmp, snmp], uplinks: [{to: core}]",
            "1 device with 'snmp' in monitor but no",
        ),
        (
            "role: router, address: 10.0.0.2, uplinks: [{to: core}, {to: gone}]",
            "1 device with an uplink to a device that is planned or",
        ),
    ],
)
def test_suspicious_things_are_warnings_with_a_place(tmp_path: Path, part: str, warning: str) -> None:
    text = f"devices:\n  core: {{site: dc, role: core, address: 10.0.0.1}}\n  a: {{site: dc, {part}}}\n"
    text += "  gone: {site: dc, role: router, address: 10.0.0.9, status: retired}\n"
    (said,) = load(tmp_path, text).warnings
    assert said.startswith(f"{tmp_path / 'inventory.yaml'}:7:3: {warning}")


def test_two_devices_on_one_port_and_offices_without_opd_are_warned_of(tmp_path: Path) -> None:
    head = HEAD.replace("}}", "}, kec: {name: Kantor, kind: office}}")
    text = "devices:\n  core: {site: dc, role: core, address: 10.0.0.1}\n"
    text += "".join(
        f"  {x}: {{site: kec, role: router, address: {x}.example, uplinks: [{{to: core, port: ge1}}]}}\n" for x in "ab"
    )
    said = load(tmp_path, text, head).warnings
    assert [warning.partition(": ")[2] for warning in said] == [
        "2 devices on the same port ge1 of 'core': a, b",
        "1 site without 'opd': nobody to report for: kec",
    ]


def test_the_digest_follows_the_content(tmp_path: Path) -> None:
    one = devices(tmp_path, "").digest
    assert one == devices(tmp_path, "").digest
    assert one != devices(tmp_path, "# changed").digest


def test_equal_settings_are_one_object(tmp_path: Path) -> None:
    """A city of 10,000 devices holds a handful of settings."""
    city = devices(tmp_path, "defaults: {credentials: {snmp: ro}}", a="tags: [x]", b="tags: [x]")
    assert city.devices["a"].snmp is city.devices["b"].snmp
    assert city.devices["a"].monitor is city.devices["b"].monitor
    assert city.devices["a"].site is city.devices["b"].site


def test_the_collector_runs_again_after_loading_and_after_a_fault(tmp_path: Path) -> None:
    devices(tmp_path, "")
    assert gc.isenabled()
    with pytest.raises(InvalidFile):
        load(tmp_path, "x: [")
    assert gc.isenabled()
