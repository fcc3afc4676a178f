"""The only commands that are ever sent, one table: platform -> what is asked, how, and how the answer is read.

The platform names are netmiko's; templates are named after ntc-templates' own platforms, which are not always the same. A
platform that is not in the table is not logged in to: SNMP is its only voice (DEVICES.md 3). `OWN` marks templates of ours, whose
forms are of general knowledge where no device's output was at hand: see the head of each template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netwatch.probe.ssh import logs, neighbours, ports, reasons, supplies, uptime
from netwatch.probe.ssh.found import Reader
from netwatch.probe.ssh.ports import ReadRow, first_of, switched
from netwatch.probe.ssh.rows import Template

OWN = True
KINDS = frozenset({"ports", "neighbours", "uptime", "log"})
Way = tuple[str, Reader]


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to ask. Where a device does not take a command, or answers in a form we cannot read, the next way is tried."""

    kind: str  # one of KINDS
    ways: tuple[Way, ...]


def _ask(kind: str, *ways: Way) -> Ask:
    return Ask(kind, ways)


def _ports(command: str, platform: str, read: ReadRow, *, own: bool = False) -> Way:
    return command, ports.table(Template(platform, command, own), read)


def _why(command: str, platform: str, *columns: str, poe: bool = False, own: bool = False) -> Way:
    return command, reasons.by_template(Template(platform, command, own), columns, poe=poe)


def _lldp(command: str, platform: str, template: str | None = None, *, own: bool = False) -> Way:
    return command, neighbours.by_template(Template(platform, template or command, own))


def _cdp(command: str, platform: str) -> Way:
    return command, neighbours.by_template(Template(platform, command), "cdp")


def _up(command: str, platform: str, column: str = "uptime", reason: str | None = None, *, own: bool = False) -> Way:
    return command, first_of(uptime.by_template(Template(platform, command, own), column, reason), uptime.by_line)


def _power(command: str, platform: str) -> Way:
    return command, supplies.states("power", Template(platform, command, OWN), ("slot", "id"), ("state",))


LOG = logs.by_line()
LOG_NEWEST_FIRST = logs.by_line(newest_first=True)
ROUTEROS_PORTS = ports.with_legend(ports.table(Template("mikrotik_routeros", "interface print", OWN), ports.routeros))

IOS = (
    _ask("ports", _ports("show interfaces", "cisco_ios", ports.ios)),
    _ask("ports", _why("show interfaces status err-disabled", "cisco_ios", "port_error")),
    _ask("ports", _why("show power inline", "cisco_ios", "operational_status", poe=True)),
    _ask("neighbours", _lldp("show lldp neighbors detail", "cisco_ios")),
    _ask("neighbours", _cdp("show cdp neighbors detail", "cisco_ios")),
    _ask("uptime", _up("show version", "cisco_ios", reason="reload_reason")),
    _ask("log", ("show logging", LOG)),
)
NXOS = (
    _ask("ports", _ports("show interface", "cisco_nxos", ports.nxos)),
    _ask("ports", _why("show interface status err-disabled", "cisco_nxos", "port_error")),
    _ask("neighbours", _lldp("show lldp neighbors detail", "cisco_nxos")),
    _ask("neighbours", _cdp("show cdp neighbors detail", "cisco_nxos")),
    _ask("uptime", _up("show version", "cisco_nxos", reason="last_reboot_reason")),
    _ask("log", ("show logging last 200", LOG)),
)
ASA = (
    _ask("ports", _ports("show interface", "cisco_asa", ports.ios)),
    _ask("uptime", _up("show version", "cisco_asa")),
    _ask("log", ("show logging", LOG)),
)
S300 = (
    _ask("ports", _ports("show interfaces status", "cisco_s300", switched((), ("linkstate",)))),
    _ask("ports", _ports("show interfaces configuration", "cisco_s300", switched(("admin",), ()), own=OWN)),
    _ask("neighbours", _lldp("show lldp neighbors", "cisco_s300")),
    _ask("uptime", _up("show system", "cisco_s300", "up_time")),
    _ask("log", ("show logging", LOG)),
)
WLC = (
    _ask("ports", _ports("show port summary", "cisco_wlc_ssh", switched(("admin_mode",), ("link_status",)))),
    _ask("neighbours", _cdp("show cdp neighbors detail", "cisco_wlc_ssh")),
    _ask("uptime", _up("show sysinfo", "cisco_wlc_ssh", "system_up_time", "last_reset")),
    _ask("log", ("show traplog", LOG_NEWEST_FIRST)),
)
ROUTEROS = (
    _ask(
        "ports",
        ("interface print detail without-paging", ROUTEROS_PORTS),
        ("/interface/print detail without-paging", ROUTEROS_PORTS),
        ("interface print without-paging", ROUTEROS_PORTS),
    ),
    _ask("ports", ("interface ethernet poe monitor [find] once", reasons.poe_of_mikrotik)),
    _ask("neighbours", _lldp("ip neighbor print detail without-paging", "mikrotik_routeros", "ip neighbor print detail")),
    _ask("uptime", _up("system resource print", "mikrotik_routeros")),
    _ask("log", ("log print detail without-paging", logs.of_mikrotik)),
)
VRP = (
    _ask(
        "ports",
        _ports("display interface brief", "huawei_vrp", ports.vrp),
        _ports("display interface brief", "huawei_vrp", ports.vrp, own=OWN),
        _ports("display interface", "huawei_vrp", ports.vrp_long),
    ),
    _ask("ports", _why("display error-down recovery", "huawei_vrp", "cause", own=OWN)),
    _ask("ports", _why("display poe power-state", "huawei_vrp", "status", poe=True, own=OWN)),
    _ask("neighbours", _lldp("display lldp neighbor", "huawei_vrp"), _lldp("display lldp neighbor brief", "huawei_vrp", own=OWN)),
    _ask("uptime", _up("display version", "huawei_vrp")),
    _ask("uptime", ("display reboot-info", uptime.reason_only), ("display reset-reason", uptime.reason_only)),
    _ask("uptime", _power("display power", "huawei_vrp")),
    _ask("log", ("display logbuffer", LOG_NEWEST_FIRST)),
)
SMARTAX = (
    _ask("uptime", ("display sysuptime", uptime.by_parts(Template("huawei_smartax", "display sysuptime")))),
    _ask(
        "uptime",
        (
            "display board 0",
            supplies.states("board", Template("huawei_smartax", "display board"), ("slot_id",), ("status", "online_offline")),
        ),
    ),
)
COMWARE = (
    _ask("ports", _ports("display interface brief", "hp_comware", ports.comware)),
    _ask(
        "ports",
        ("display interface brief down", reasons.protections(Template("hp_comware", "display interface brief down", OWN))),
    ),
    _ask("ports", _why("display poe interface", "hp_comware", "state", "detection", poe=True, own=OWN)),
    _ask(
        "neighbours",
        _lldp("display lldp neighbor-information verbose", "hp_comware"),
        _lldp("display lldp neighbor-information list", "hp_comware"),
    ),
    _ask("uptime", _up("display version", "hp_comware", reason="reboot_reason", own=OWN)),
    _ask("uptime", _power("display power", "hp_comware")),
    _ask("log", ("display logbuffer", LOG)),
)
PROCURVE = (
    _ask("ports", _ports("show interfaces brief", "hp_procurve", switched(("enabled",), ("status",)))),
    _ask("neighbours", _lldp("show lldp info remote-device detail", "hp_procurve")),
    _ask("uptime", _up("show system", "hp_procurve")),
    _ask("log", ("show logging", LOG)),
)
AOSCX = (
    _ask("ports", _ports("show interface", "aruba_aoscx", switched(("link_admin",), ("link_status",), ("link_state_info",)))),
    _ask("neighbours", _lldp("show lldp neighbors-info detail", "aruba_aoscx")),
    _ask("uptime", ("show system", uptime.by_parts(Template("aruba_aoscx", "show system")))),
    _ask("log", ("show events", LOG)),
)
JUNOS = (
    _ask("ports", _ports("show interfaces", "juniper_junos", switched(("admin_state",), ("link_status",)))),
    _ask("neighbours", _lldp("show lldp neighbors", "juniper_junos")),
    _ask("uptime", ("show system uptime", uptime.of_junos)),
    _ask("uptime", ("show chassis routing-engine", uptime.reason_only)),
    _ask("log", ("show log messages | last 200", LOG)),
)
FORTINET = (
    _ask("ports", _ports("get system interface physical", "fortinet", switched((), ("status",)))),
    _ask("uptime", ("get system performance status", uptime.by_line)),
    _ask("uptime", ("get system status", uptime.reason_only)),
)
ZXROS = (
    _ask(
        "ports",
        _ports("show interface", "zte_zxros", ports.ios),
        _ports("show interface brief", "zte_zxros", switched(("admin",), ("physical",))),
    ),
    _ask("neighbours", _lldp("show lldp neighbor brief", "zte_zxros", own=OWN)),
    _ask("uptime", _up("show version", "zte_zxros")),
    _ask("log", ("show logging alarm", LOG)),
)
EDGEROUTER = (
    _ask("ports", _ports("show interfaces", "ubiquiti_edgerouter", ports.codes(ports.edgerouter))),
    _ask("uptime", _up("show version", "ubiquiti_edgerouter")),
    _ask("log", ("show log tail 200", LOG)),
)
EDGESWITCH = (
    _ask("ports", _ports("show port all", "ubiquiti_edgeswitch", switched(("admin",), ("link",)), own=OWN)),
    _ask("neighbours", _lldp("show lldp remote-device all", "ubiquiti_edgeswitch", own=OWN)),
    _ask("uptime", ("show sysinfo", uptime.by_line)),
    _ask("log", ("show logging buffered", LOG)),
)
AWPLUS = (
    _ask("ports", _ports("show interface", "allied_telesis_awplus", ports.ios)),
    _ask("neighbours", _lldp("show lldp neighbors detail", "allied_telesis_awplus")),
    _ask("uptime", ("show system", uptime.by_line)),
    _ask("log", ("show log", LOG)),
)
VYOS = (
    _ask("ports", _ports("show interfaces", "vyatta_vyos", ports.codes(ports.vyatta))),
    _ask("uptime", ("show system uptime", uptime.by_line)),
    _ask("log", ("show log tail 200", LOG)),
)
LINUX = (
    _ask("ports", ("ip -j addr", ports.linux)),
    _ask("neighbours", ("ip -j neigh", neighbours.of_linux)),
    _ask("uptime", ("cat /proc/uptime", uptime.of_linux)),
    _ask("log", ("journalctl -k -n 200 --no-pager -o short-iso", LOG)),
)
RUIJIE = (
    _ask("ports", _ports("show interfaces", "ruijie_os", ports.ios, own=OWN)),
    _ask("ports", _why("show poe interfaces status", "ruijie_os", "status", poe=True, own=OWN)),
    _ask(
        "neighbours",
        _lldp("show lldp neighbors detail", "ruijie_os", own=OWN),
        _lldp("show lldp neighbors", "ruijie_os", own=OWN),
    ),
    _ask("uptime", _up("show version", "ruijie_os", reason="reboot_reason", own=OWN)),
    _ask("uptime", _power("show power", "ruijie_os")),
    _ask("log", ("show logging", LOG)),
)
JETSTREAM = (
    _ask("ports", _ports("show interface status", "tplink_jetstream", switched((), ("status",)), own=OWN)),
    _ask("ports", _ports("show interface configuration", "tplink_jetstream", switched(("state",), ()), own=OWN)),
    _ask("ports", _why("show power inline information interface", "tplink_jetstream", "status", poe=True, own=OWN)),
    _ask("neighbours", _lldp("show lldp neighbor-information interface", "tplink_jetstream", own=OWN)),
    _ask("uptime", _up("show system-info", "tplink_jetstream", own=OWN)),
    _ask("log", ("show logging buffer", LOG_NEWEST_FIRST)),
)
DLINK = (
    _ask("ports", _ports("show ports", "dlink_ds", switched(("state",), ("connection",)), own=OWN)),
    _ask("neighbours", _lldp("show lldp remote_ports", "dlink_ds", own=OWN)),
    _ask("uptime", _up("show switch", "dlink_ds", own=OWN)),
    _ask("log", ("show log", LOG_NEWEST_FIRST)),
)

PLATFORMS: Mapping[str, tuple[Ask, ...]] = {
    "cisco_ios": IOS,
    "cisco_xe": IOS,
    "cisco_nxos": NXOS,
    "cisco_asa": ASA,
    "cisco_ftd": ASA,
    "cisco_s300": S300,
    "cisco_wlc": WLC,
    "mikrotik_routeros": ROUTEROS,
    "huawei": VRP,
    "huawei_vrp": VRP,
    "huawei_vrpv8": VRP,
    "huawei_smartax": SMARTAX,
    "huawei_olt": SMARTAX,
    "hp_comware": COMWARE,
    "h3c_comware": COMWARE,
    "hp_procurve": PROCURVE,
    "aruba_procurve": PROCURVE,
    "aruba_osswitch": PROCURVE,
    "aruba_aoscx": AOSCX,
    "juniper": JUNOS,
    "juniper_junos": JUNOS,
    "fortinet": FORTINET,
    "zte_zxros": ZXROS,
    "ubiquiti_edgerouter": EDGEROUTER,
    "ubiquiti_edge": EDGESWITCH,
    "ubiquiti_edgeswitch": EDGESWITCH,
    "allied_telesis_awplus": AWPLUS,
    "vyos": VYOS,
    "linux": LINUX,
    "ruijie_os": RUIJIE,
    "tplink_jetstream": JETSTREAM,
    "dlink_ds": DLINK,
}


def listed(platform: str) -> frozenset[str]:
    """Return every command that may be sent to a platform."""
    return frozenset(command for ask in PLATFORMS.get(platform, ()) for command, _ in ask.ways)
