"""Every platform's driver of netmiko over a real session: what is sent is on the list, and what comes back is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from netwatch.observation import SshReading
from netwatch.probe.ssh.commands import PLATFORMS, listed
from netwatch.probe.ssh.session import OF_THE_SESSION
from tests.lab.ssh_server import Server

pytestmark = [pytest.mark.lab, pytest.mark.slow]
OWN = Path(__file__).parents[1] / "data" / "ssh"
CLI = Path(__file__).parents[3] / "shared" / "devices" / "cli"
PROMPTS = {
    "cisco_wlc": "(Cisco Controller) >",
    "cisco_ftd": "> ",
    "mikrotik_routeros": "[netwatch@sw-contoh] > ",
    "huawei": "<sw-contoh>",
    "huawei_vrp": "<sw-contoh>",
    "huawei_vrpv8": "<sw-contoh>",
    "hp_comware": "<sw-contoh>",
    "h3c_comware": "<sw-contoh>",
    "juniper": "netwatch@sw-contoh> ",
    "juniper_junos": "netwatch@sw-contoh> ",
    "fortinet": "sw-contoh # ",
    "ubiquiti_edgerouter": "netwatch@sw-contoh:~$ ",
    "ubiquiti_edge": "(sw-contoh) #",
    "ubiquiti_edgeswitch": "(sw-contoh) #",
    "huawei_smartax": "sw-contoh>",
    "vyos": "netwatch@sw-contoh:~$ ",
    "linux": "netwatch@sw-contoh:~$ ",
}
ANSWERS = {  # what a driver waits for before it goes on
    "juniper_junos": {
        "set cli screen-width 511": "Screen width set to 511",
        "set cli complete-on-space off": "Disabling complete-on-space",
        "set cli screen-length 0": "Screen length set to 0",
    },
    "fortinet": {
        "get system status | grep Virtual": "Virtual domain configuration: disable",
        "get system status | grep Version": "Version: FortiGate-60F v7.2.6,build1575,230926 (GA.F)",
    },
}
ANSWERS["juniper"] = ANSWERS["juniper_junos"]
FILES = {  # what each table is answered with: one output a command
    "cisco_ios": {"show interfaces": "cisco_ios/show_interfaces/cisco_ios_show_interfaces3.raw",
                  "show version": "cisco_ios/show_version/cisco_ios_show_version.raw",
                  "show cdp neighbors detail": "cisco_ios/show_cdp_neighbors_detail/cisco_ios_show_cdp_neighbors_detail.raw"},
    "cisco_nxos": {"show interface": "cisco_nxos/show_interface/cisco_nxos_show_interface12.raw",
                   "show version": "cisco_nxos/show_version/cisco_nxos_show_version.raw"},
    "cisco_asa": {"show interface": "cisco_asa/show_interface/cisco_asa_show_interface4.raw"},
    "cisco_s300": {"show interfaces status": "show_interfaces_status.txt",
                   "show system": "cisco_s300/show_system/cisco_s300_show_system.raw"},
    "cisco_wlc": {"show sysinfo": "cisco_wlc_ssh/show_sysinfo/cisco_wlc_ssh_show_sysinfo.raw"},
    "mikrotik_routeros": {
        "interface print detail without-paging":
            "mikrotik_routeros/interface_print_detail/mikrotik_routeros_interface_print_detail.raw",
        "system resource print": "mikrotik_routeros/system_resource_print/mikrotik_routeros_system_resource_print_1.raw"},
    "huawei_vrp": {"display interface brief": "huawei_vrp/display_interface_brief/huawei_vrp_display_interface_brief.raw",
                   "display version": "huawei_vrp/display_version/huawei_vrp_display_version.raw"},
    "huawei_smartax": {"display board 0": "huawei_smartax/display_board/huawei_smartax_display_board.raw"},
    "hp_comware": {"display interface brief": "hp_comware/display_interface_brief/hp_comware_display_interface_brief.raw",
                   "display version": "display_version.txt"},
    "hp_procurve": {"show interfaces brief": "hp_procurve/show_interfaces_brief/show_interfaces_brief.raw"},
    "aruba_aoscx": {"show interface": "aruba_aoscx/show_interface/show_interface2.raw"},
    "juniper_junos": {"show interfaces": "juniper_junos/show_interfaces/juniper_junos_show_interfaces.raw"},
    "fortinet": {"get system interface physical":
                 "fortinet/get_system_interface_physical/fortinet_get_system_interface_physical_6.2.raw"},
    "zte_zxros": {"show interface": "zte_zxros/show_interface/zte_zxros_show_interface.raw"},
    "ubiquiti_edgerouter": {"show interfaces": "ubiquiti_edgerouter/show_interfaces/ubiquiti_edgerouter_show_interfaces.raw"},
    "ubiquiti_edgeswitch": {"show port all": "show_port_all.txt"},
    "allied_telesis_awplus": {"show interface": "allied_telesis_awplus/show_interface/allied_telesis_awplus_show_interface.raw",
                              "show system": "allied_telesis_awplus/show_system/allied_telesis_awplus_show_system.raw"},
    "vyos": {"show interfaces": "vyatta_vyos/show_interfaces/vyatta_vyos_show_interfaces.raw"},
    "ruijie_os": {"show interfaces": "show_interfaces.txt", "show version": "show_version.txt"},
    "tplink_jetstream": {"show interface status": "show_interface_status.txt", "show system-info": "show_system-info.txt"},
    "dlink_ds": {"show ports": "show_ports.txt", "show switch": "show_switch.txt"},
}  # fmt: skip
TABLES = {table: platform for platform, table in reversed(list(PLATFORMS.items())) if platform in FILES}


def answers(platform: str) -> dict[str, str]:
    """Return the outputs that a device of this platform gives."""
    found = dict(ANSWERS.get(platform, {}))
    for command, name in FILES[platform].items():
        path = OWN / platform / name if name.endswith(".txt") else CLI / name
        if not path.exists():
            pytest.skip("../shared/devices/cli is not there")
        found[command] = path.read_text(encoding="utf-8").rstrip("\n")
    return found


def read(server: Server, platform: str, **more: object) -> SshReading:
    """Read a device of one platform over a real session."""
    prompt = PROMPTS.get(platform, "sw-contoh#")
    enabled = {"enabled": "sw-contoh#"} if platform == "huawei_smartax" else {}
    server.start(script={"prompt": prompt, "answers": answers(platform), **enabled, **more})
    return server.read(server.login(platform=platform), timeout=12.0)


@pytest.mark.parametrize("platform", sorted(TABLES.values()))
def test_a_platform_is_read_and_only_sent_what_is_listed(server, platform):
    reading = read(server, platform)
    assert reading.answered, reading.error
    sent = [line for line in server.sent() if line.strip()]
    assert sent
    wrong = [line for line in sent if line not in listed(platform) and OF_THE_SESSION.fullmatch(line) is None]
    assert wrong == []
    given = answers(platform)
    for command in FILES[platform]:
        whole = given[command].removesuffix("{master:0}").split()  # the state of a member, which netmiko takes for a prompt
        assert reading.output[command].split() == whole, "the whole output came back, and nothing else"
    kinds = {ask.kind for ask in PLATFORMS[platform] for command, _ in ask.ways if command in FILES[platform]}
    assert bool(reading.ports) == ("ports" in kinds), reading.notes
    assert (reading.uptime_s is not None) == ("uptime" in kinds and platform != "huawei_smartax"), reading.notes


@pytest.mark.parametrize(
    ("platform", "command", "pager"),
    [
        ("dlink_ds", "show ports", "CTRL+C ESC q Quit SPACE n Next Page ENTER Next Entry a All"),
        ("fortinet", "get system interface physical", "--More--"),
        ("ruijie_os", "show interfaces", " --More-- "),
        ("huawei_vrp", "display interface brief", "  ---- More ----"),
    ],
)
def test_pages_are_turned_where_a_device_insists_on_them(server, platform, command, pager):
    reading = read(server, platform, pager=pager)
    assert reading.answered, reading.error
    assert [line.split() for line in reading.output[command].splitlines() if line.strip()] == [
        line.split() for line in answers(platform)[command].splitlines() if line.strip()
    ]
    assert reading.ports
