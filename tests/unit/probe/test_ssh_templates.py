"""Our own templates over the outputs in tests/data/ssh, which were written from general knowledge and come from no device."""

from __future__ import annotations

from pathlib import Path

import pytest

from netwatch.probe.ssh import rows
from netwatch.probe.ssh.commands import PLATFORMS, Ask
from netwatch.probe.ssh.found import Found
from netwatch.probe.ssh.reading import read_part

DATA = Path(__file__).parents[2] / "data" / "ssh"


def found(platform: str, name: str, command: str | None = None) -> Found:
    """Read one output as the answer to a command of a platform, by the first way that can."""
    text = (DATA / platform / f"{name}.txt").read_text(encoding="utf-8")
    wanted = command or name.split(".", maxsplit=1)[0].replace("_", " ")
    wanted = {"show lldp remote ports": "show lldp remote_ports"}.get(wanted, wanted)
    ask = next(ask for ask in PLATFORMS[platform] if any(way == wanted for way, _ in ask.ways))
    part = read_part(Ask(ask.kind, tuple(way for way in ask.ways if way[0] == wanted)), lambda _: text)
    assert part.found != Found(), part.notes
    return part.found


PRINT = "interface print without-paging"


@pytest.mark.parametrize(
    ("platform", "name", "command", "expected"),
    [
        ("mikrotik_routeros", "interface_print.RouterOS_6", PRINT,
         {"ether1": "up/up", "ether2": "up/up", "ether3": "up/down", "ether4 OPD": "down/down", "pppoe-out1": "up/up"}),
        ("mikrotik_routeros", "interface_print.RouterOS_7", PRINT,
         {"ether1": "up/up", "ether2": "up/up", "ether3": "up/down", "ether4 OPD": "down/down"}),
        ("mikrotik_routeros", "interface_print_detail.RouterOS_7", "/interface/print detail without-paging",
         {"ether1": "up/up", "ether2": "up/down", "ether4 OPD": "down/down"}),
        ("huawei_vrp", "display_interface_brief.legend_with_marks", "display interface brief",
         {"GigabitEthernet0/0/1": "up/up", "GigabitEthernet0/0/2": "up/down", "GigabitEthernet0/0/3": "down/down",
          "GigabitEthernet0/0/4": "up/down loop detected", "GigabitEthernet0/0/5": "up/down err-disabled",
          "Eth-Trunk1": "up/up", "GigabitEthernet0/0/6": "up/up", "NULL0": "up/up", "Vlanif10": "up/up"}),
        ("ubiquiti_edgeswitch", "show_port_all", None,
         {"0/1": "up/up", "0/2": "up/down", "0/3": "down/down", "0/4": "up/down err-disabled"}),
        ("ruijie_os", "show_interfaces", None,
         {"GigabitEthernet 0/1": "up/up", "GigabitEthernet 0/2": "up/down", "GigabitEthernet 0/3": "down/down",
          "GigabitEthernet 0/4": "up/down err-disabled"}),
        ("tplink_jetstream", "show_interface_status", None, {"Gi1/0/1": "up/up", "Gi1/0/2": "unknown/down"}),
        ("tplink_jetstream", "show_interface_configuration", None, {"Gi1/0/1": "up/unknown", "Gi1/0/2": "down/unknown"}),
        ("dlink_ds", "show_ports", None,
         {"1": "up/up", "2": "up/down", "3": "down/down", "4": "up/down err-disabled", "25": "up/down"}),
        ("cisco_s300", "show_interfaces_status", None, {"gi1": "up/up", "gi2": "unknown/down", "gi3": "unknown/down"}),
        ("cisco_s300", "show_interfaces_configuration", None, {"gi1": "up/unknown", "gi2": "up/unknown", "gi3": "down/unknown"}),
    ],
)  # fmt: skip
def test_ports_are_read(platform, name, command, expected):
    ports = found(platform, name, command).ports
    assert {port.name: f"{port.admin}/{port.oper}" + (f" {port.reason}" if port.reason else "") for port in ports} == expected


@pytest.mark.parametrize(
    ("platform", "name", "command", "expected"),
    [
        ("mikrotik_routeros", "interface_ethernet_poe_monitor", "interface ethernet poe monitor [find] once",
         {"ether3": "poe: short-circuit"}),
        ("huawei_vrp", "display_error-down_recovery", None,
         {"GigabitEthernet0/0/5": "err-disabled: bpdu-protection", "GigabitEthernet0/0/7": "err-disabled: mac-address-flapping"}),
        ("huawei_vrp", "display_poe_power-state", None, {"GigabitEthernet0/0/3": "poe: power overload"}),
        ("hp_comware", "display_interface_brief_down", None, {"GE1/0/4": "err-disabled: bpdu protection"}),
        ("hp_comware", "display_poe_interface", None, {"GE1/0/3": "poe: off fault"}),
        ("ruijie_os", "show_poe_interfaces_status", None, {"Gi0/2": "poe: overload"}),
        ("tplink_jetstream", "show_power_inline_information_interface", None, {"Gi1/0/2": "poe: overload"}),
    ],
)  # fmt: skip
def test_why_a_port_is_down_is_read(platform, name, command, expected):
    assert dict(found(platform, name, command).reasons) == expected


@pytest.mark.parametrize(
    ("platform", "name", "expected"),
    [
        ("huawei_vrp", "display_lldp_neighbor_brief",
         [("GE0/0/1", "sw-contoh-2", "GigabitEthernet0/0/24", None), ("GE0/0/2", "ap-contoh", "GE0/0/0", None)]),
        ("huawei_vrp", "display_lldp_neighbor_brief.VRP_8", [("10GE1/0/1", "sw-contoh-2", "10GE1/0/24", None)]),
        ("zte_zxros", "show_lldp_neighbor_brief", [("gei-0/1/1/1", "rtr-contoh", "gei-0/1/1/24", None)]),
        ("ubiquiti_edgeswitch", "show_lldp_remote-device_all", [("0/1", "sw-contoh-2", "0/24", None)]),
        ("ruijie_os", "show_lldp_neighbors_detail",
         [("GigabitEthernet 0/1", "sw-contoh-2", "GigabitEthernet 0/24", "192.0.2.9"),
          ("GigabitEthernet 0/2", None, "eth0", None)]),
        ("ruijie_os", "show_lldp_neighbors",
         [("GigabitEthernet 0/1", "sw-contoh-2", "GigabitEthernet 0/24", None), ("Gi0/2", "ap-contoh", "eth0", None)]),
        ("tplink_jetstream", "show_lldp_neighbor-information_interface",
         [("Gi1/0/1", "sw-contoh-2", "GigabitEthernet1/0/24", "192.0.2.9")]),
        ("dlink_ds", "show_lldp_remote_ports", [("1", "sw-contoh-2", "1/24", "192.0.2.9")]),
    ],
)  # fmt: skip
def test_neighbours_are_read(platform, name, expected):
    seen = [(one.port, one.device, one.remote_port, one.address) for one in found(platform, name).neighbours]
    assert seen == expected


@pytest.mark.parametrize(
    ("platform", "name", "uptime_s", "reason"),
    [
        ("hp_comware", "display_version", (17 * 24 + 4) * 3600 + 300, "Power on"),
        ("ruijie_os", "show_version", (3 * 24 + 23) * 3600 + 59 * 60 + 30, None),
        ("tplink_jetstream", "show_system-info", (3 * 24 + 4) * 3600 + 306, None),
        ("dlink_ds", "show_switch", (3 * 24 + 4) * 3600 + 306, None),
    ],
)
def test_uptime_and_the_reason_of_the_last_restart_are_read(platform, name, uptime_s, reason):
    seen = found(platform, name)
    assert (seen.uptime_s, seen.reboot_reason) == (uptime_s, reason)


@pytest.mark.parametrize(
    ("platform", "name", "remark"),
    [
        ("huawei_vrp", "display_power", "power 0 PWR2: NotSupply"),
        ("hp_comware", "display_power", "power 1 2: Fault"),
        ("ruijie_os", "show_power", "power 2: LinkAndNoPower"),
    ],
)
def test_a_power_supply_that_does_not_supply_is_remarked(platform, name, remark):
    assert found(platform, name).remarks == (remark,)


def test_every_template_of_ours_is_in_the_index_and_has_an_output():
    index = (rows.OWN / "index").read_text(encoding="utf-8")
    files = {path.name for path in rows.OWN.glob("*.textfsm")}
    assert {line.split(",")[0] for line in index.splitlines() if ".textfsm" in line} == files
    outputs = [path.name.split(".", maxsplit=1)[0] for path in DATA.glob("*/*.txt")]
    for name in files:
        platform_and_command = name.removesuffix(".textfsm")
        assert any(platform_and_command.endswith(output) for output in outputs), f"{name} has no output in tests/data/ssh"


def test_every_output_says_that_it_comes_from_no_device():
    assert "None of these files comes\nfrom a device" in (DATA / "README.md").read_text(encoding="utf-8")
