"""Outputs of real devices: each gives the rows that were written down for it, and through our own reading never an exception."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from netwatch.observation import Neighbour, PortAdmin, PortStatus
from netwatch.probe.ssh.commands import KINDS, PLATFORMS, Ask
from netwatch.probe.ssh.reading import read_part
from netwatch.probe.ssh.rows import NotRead, Template
from netwatch.probe.ssh.wire import Part

CLI = Path(__file__).parents[3].parent / "shared" / "devices" / "cli"
NTC = {
    "cisco_xe": "cisco_ios",
    "cisco_ftd": "cisco_asa",
    "cisco_wlc": "cisco_wlc_ssh",
    "vyos": "vyatta_vyos",
    "juniper": "juniper_junos",
}
NTC |= {"huawei": "huawei_vrp", "huawei_vrpv8": "huawei_vrp", "huawei_olt": "huawei_smartax", "h3c_comware": "hp_comware"}
NTC |= dict.fromkeys(("aruba_procurve", "aruba_osswitch"), "hp_procurve") | {"ubiquiti_edge": "ubiquiti_edgeswitch"}
OTHERWISE = {  # what is sent is longer than the name of the template
    "ip neighbor print detail without-paging": "ip neighbor print detail",
    "interface print detail without-paging": "interface print detail",
    "display board 0": "display board",
}


def recorded() -> list[dict[str, Any]]:
    """Return the index, nothing where the data is not there."""
    index = CLI / "index.json"
    return json.loads(index.read_text(encoding="utf-8")) if index.is_file() else []


def used() -> list[tuple[str, str, dict[str, Any]]]:
    """Return platform, command and recording of every recording that belongs to a command of the table."""
    found = []
    for platform in PLATFORMS:
        for ask in PLATFORMS[platform]:
            for command in dict.fromkeys(command for command, _ in ask.ways):
                of = (NTC.get(platform, platform), OTHERWISE.get(command, command))
                found += [(platform, command, entry) for entry in recorded() if (entry["platform"], entry["command"]) == of]
    return found


USED = used()
FILES = {entry["raw"]: entry for _, _, entry in USED}
needs_recordings = pytest.mark.skipif(not USED, reason="../shared/devices/cli is not there")


def read(platform: str, command: str, text: str) -> Part:
    """Read one text as the answer to one command."""
    ask = next(ask for ask in PLATFORMS[platform] if command in [way for way, _ in ask.ways])
    return read_part(Ask(ask.kind, tuple(way for way in ask.ways if way[0] == command)), lambda _: text)


@needs_recordings
def test_there_are_recordings_for_most_of_the_table():
    assert len(FILES) >= 80
    assert len({entry["platform"] for entry in FILES.values()}) >= 15


@needs_recordings
@pytest.mark.parametrize("raw", sorted(FILES))
def test_a_recording_gives_its_rows(raw):
    entry = FILES[raw]
    expected = yaml.safe_load((CLI / entry["yml"]).read_text(encoding="utf-8"))["parsed_sample"]
    try:
        rows = Template(entry["platform"], entry["command"]).rows((CLI / raw).read_text(encoding="utf-8"))
    except NotRead:
        rows = []
    assert rows == expected


@needs_recordings
@pytest.mark.parametrize(("platform", "command", "entry"), USED, ids=[f"{p}-{Path(e['raw']).stem}" for p, _, e in USED])
def test_a_recording_goes_through_our_own_reading(platform, command, entry):
    text = (CLI / entry["raw"]).read_text(encoding="utf-8")
    expected = yaml.safe_load((CLI / entry["yml"]).read_text(encoding="utf-8"))["parsed_sample"]
    part = read(platform, command, text)
    assert list(part.output) == [command]
    assert part.kind in KINDS
    found = part.found
    assert all(isinstance(port, PortStatus) and port.name and isinstance(port.admin, PortAdmin) for port in found.ports)
    assert all(isinstance(one, Neighbour) and one.port for one in found.neighbours)
    if part.notes:
        assert entry["raw"] in UNREADABLE, part.notes
    if found.ports:
        names = {next(row[key] for key in ("interface", "port", "name") if key in row) for row in expected}
        assert {port.name for port in found.ports} == names
    assert Part.from_json(json.loads(part.to_line())["part"]) == part


UNREADABLE = {  # and why it is right not to read them
    "cisco_ios/show_lldp_neighbors_detail/cisco_ios_show_lldp_neighbors_detail5.raw",  # says of no neighbour at which port it is
    "cisco_ios/show_power_inline/cisco_ios_show_power_inline_6880-X.raw",  # sums without ports
    "fortinet/get_system_status/fortinet_get_system_status.raw",  # an old version that does not say why it restarted
}


@needs_recordings
@pytest.mark.parametrize(
    ("raw", "platform", "command", "states"),
    [
        (
            "zte_zxros/show_interface/zte_zxros_show_interface.raw",
            "zte_zxros",
            "show interface",
            {"xxvgei-1/1/0/24": "up/up", "xxvgei-1/1/0/32": "down/down", "mgmt_eth": "up/down", "loopback0": "up/up"},
        ),
        (
            "cisco_nxos/show_interface/cisco_nxos_show_interface12.raw",
            "cisco_nxos",
            "show interface",
            {"mgmt0": "up/up", "Vlan1": "down/down"},
        ),
        (
            "cisco_asa/show_interface/cisco_asa_show_interface4.raw",
            "cisco_asa",
            "show interface",
            {"GigabitEthernet1/2.20": "up/up", "GigabitEthernet1/3": "down/down"},
        ),
    ],
)
def test_states_are_those_that_a_person_reads(raw, platform, command, states):
    ports = read(platform, command, (CLI / raw).read_text(encoding="utf-8")).found.ports
    assert {port.name: f"{port.admin}/{port.oper}" for port in ports} == states


@needs_recordings
@pytest.mark.parametrize(
    ("raw", "platform", "command", "uptime_s", "reason"),
    [
        (
            "cisco_s300/show_system/cisco_s300_show_system.raw",
            "cisco_s300",
            "show system",
            70 * 86400 + 3 * 3600 + 16 * 60 + 47,
            None,
        ),
        (
            "huawei_vrp/display_version/huawei_vrp_display_version4.raw",
            "huawei_vrp",
            "display version",
            15 * 3600 + 16 * 60,
            None,
        ),
        (
            "zte_zxros/show_version/zte_zxros_show_version.raw",
            "zte_zxros",
            "show version",
            23 * 86400 + 10 * 3600 + 59 * 60,
            None,
        ),
        (
            "ubiquiti_edgerouter/show_version/ubiquiti_edgerouter_show_version.raw",
            "ubiquiti_edgerouter",
            "show version",
            11 * 86400 + 6 * 3600 + 15 * 60,
            None,
        ),
        (
            "mikrotik_routeros/system_resource_print/mikrotik_routeros_system_resource_print_1.raw",
            "mikrotik_routeros",
            "system resource print",
            (6 * 7 + 5) * 86400 + 11 * 3600 + 55 * 60 + 45,
            None,
        ),
        (
            "cisco_wlc_ssh/show_sysinfo/cisco_wlc_ssh_show_sysinfo.raw",
            "cisco_wlc",
            "show sysinfo",
            109 * 86400 + 16 * 3600 + 33 * 60 + 12,
            "Power on reset",
        ),
    ],
)
def test_uptime_is_read_in_each_vendors_words(raw, platform, command, uptime_s, reason):
    found = read(platform, command, (CLI / raw).read_text(encoding="utf-8")).found
    assert (found.uptime_s, found.reboot_reason) == (uptime_s, reason)
