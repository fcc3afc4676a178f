"""The only commands that are ever sent, one table: platform -> command -> ports.

The platform names are netmiko's. A platform that is not in the table is not logged in to: SNMP is its only voice. Parsing that
finds nothing means no evidence, never "no ports" and never "port fine" (DEVICES.md 3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from netwatch.observation import PortAdmin, PortOper, PortStatus

Row = Mapping[str, Any]
ERROR_MARKS = (
    "% Invalid input",
    "% Unknown command",
    "% Incomplete",
    "bad command name",
    "Error: Unrecognized",
    "Error:Unrecognized",
    "not found",
)


@dataclass(frozen=True, slots=True)
class PortCommand:
    """How one platform shows its ports: what to send, and how the text becomes ports (raises ValueError when it does not)."""

    command: str
    parse: Callable[[str], tuple[PortStatus, ...]]


def parse_ports(platform: str, text: str) -> tuple[PortStatus, ...]:
    """Return the ports in a command's output. Raises ValueError with the reason when there are none to be had."""
    mark = next((mark for mark in ERROR_MARKS if mark in text[:2000]), None)
    if mark is not None:
        raise ValueError(f"the device refused the command ({mark})")
    ports = PORT_COMMANDS[platform].parse(text)
    if not ports:
        raise ValueError("no port was recognised in the output")
    return ports


def _templated(platform: str, command: str, read: Callable[[Row], PortStatus]) -> PortCommand:
    """Parse by a template of ntc-templates, looked up under its own platform name."""

    def parse(text: str) -> tuple[PortStatus, ...]:
        from ntc_templates.parse import parse_output

        try:
            rows = parse_output(platform=platform, command=command, data=text)
            return tuple(read(row) for row in rows)  # no match is a text, whose letters are no rows: TypeError
        except Exception as error:  # no template, a line that the template refuses, a column that is not there
            raise ValueError(f"the output does not fit the template ({type(error).__name__})") from error

    return PortCommand(command, parse)


def _ios(row: Row) -> PortStatus:
    """Read one row of `show interfaces` of the IOS family."""
    link, protocol = str(row["link_status"]).strip().lower(), str(row["protocol_status"]).strip().lower()
    found = re.search(r"\((err-?disabled|notconnect|disabled|monitoring|suspended)\)", f"{link} {protocol}")
    reason = found.group(1).replace("errdisabled", "err-disabled") if found else None
    shut = "administratively" in link
    return PortStatus(
        name=str(row["interface"]),
        admin=PortAdmin.DOWN if shut else PortAdmin.UP if link.split(" ")[0] in ("up", "down") else PortAdmin.UNKNOWN,
        oper=_up_down(protocol.split(" ")[0]),
        reason=reason if reason in ("err-disabled", "suspended") else None,
        description=str(row.get("description") or "") or None,
    )


def _huawei(row: Row) -> PortStatus:
    """Read one row of `display interface brief` of VRP: `*down` was shut by somebody, `^down` by a protection."""
    physical = str(row["phy"]).strip().lower()
    word = re.sub(r"\(.*\)", "", physical)
    known = word in ("up", "down", "*down", "^down")
    return PortStatus(
        name=str(row["interface"]),
        admin=PortAdmin.DOWN if word == "*down" else PortAdmin.UP if known else PortAdmin.UNKNOWN,
        oper=_up_down(word.lstrip("*^")),
        reason="standby" if word == "^down" else None,
    )


def _comware(row: Row) -> PortStatus:
    """Read one row of `display interface brief` of Comware: `ADM` was shut by somebody."""
    link = str(row["link"]).strip().upper()
    return PortStatus(
        name=str(row["interface"]),
        admin=PortAdmin.DOWN if link == "ADM" else PortAdmin.UP if link in ("UP", "DOWN") else PortAdmin.UNKNOWN,
        oper=PortOper.DOWN if link == "ADM" else _up_down(link.lower()),
        description=str(row.get("description") or "").strip("- ") or None,
    )


def _zte(row: Row) -> PortStatus:
    """Read one row of `show interface` of ZXROS."""
    link = str(row["link_status"]).strip().lower()
    return PortStatus(
        name=str(row["interface"]),
        admin=PortAdmin.DOWN if "admin" in link else PortAdmin.UP if link in ("up", "down") else PortAdmin.UNKNOWN,
        oper=_up_down(str(row.get("protocol_status") or "").strip().lower()),
        description=str(row.get("description") or "") or None,
    )


def _mikrotik(text: str) -> tuple[PortStatus, ...]:
    """Read `interface print detail` of RouterOS: X shut by somebody, R running; the legend says which letters there are."""
    if "R - running" not in text and "R - RUNNING" not in text:
        raise ValueError("the legend of flags is missing")
    ports = []
    for block in re.split(r"\n\s*\n", text):
        head = re.search(r"^\s*\d+\s+(?P<flags>[A-Z ]*?)\s*(?:;;;[^\n]*\n\s*)?(?:[a-z-]+=|$)", block, re.MULTILINE)
        name = re.search(r"(?:^|\s)name=\"?(?P<name>[^\"\s]+(?: [^\"=]+)?)\"?", block)
        if head is None or name is None:
            continue
        flags = head["flags"].replace(" ", "")
        shut = "X" in flags
        ports.append(
            PortStatus(
                name=name["name"],
                admin=PortAdmin.DOWN if shut else PortAdmin.UP,
                oper=PortOper.UP if "R" in flags and not shut else PortOper.DOWN,
            )
        )
    return tuple(ports)


RUIJIE = re.compile(
    r"^(?P<name>\S.*?) is (?P<link>administratively down|up|down)\s*(?:\((?P<why>[^)]*)\))?\s*,"
    r" line protocol is (?P<protocol>up|down)",
    re.IGNORECASE | re.MULTILINE,
)


def _ruijie(text: str) -> tuple[PortStatus, ...]:
    """Read `show interfaces` of Ruijie (no template exists; the form is from manuals and the lab, not verified on a device)."""
    return tuple(
        PortStatus(
            name=found["name"].strip(),
            admin=PortAdmin.DOWN if "admin" in found["link"].lower() else PortAdmin.UP,
            oper=_up_down(found["protocol"].lower()),
            reason="err-disabled" if "err" in (found["why"] or "").lower() else None,
        )
        for found in RUIJIE.finditer(text)
    )


def _linux(text: str) -> tuple[PortStatus, ...]:
    """Read `ip -j addr`: JSON, because the template for the plain form silently drops virtual links."""
    start = text.find("[")
    if start < 0:
        raise ValueError("no JSON in the output")
    try:
        links, _ = json.JSONDecoder().raw_decode(text[start:])
        return tuple(
            PortStatus(
                name=str(link["ifname"]),
                admin=PortAdmin.UP if "UP" in link["flags"] else PortAdmin.DOWN,
                oper=PortOper.UP if "LOWER_UP" in link["flags"] and "UP" in link["flags"] else PortOper.DOWN,
                index=int(link["ifindex"]),
            )
            for link in links
            if link and "LOOPBACK" not in link["flags"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"no link list in the output: {error}") from error


def _up_down(word: str) -> PortOper:
    return {"up": PortOper.UP, "down": PortOper.DOWN}.get(word, PortOper.UNKNOWN)


IOS = _templated("cisco_ios", "show interfaces", _ios)
HUAWEI = _templated("huawei_vrp", "display interface brief", _huawei)
COMWARE = _templated("hp_comware", "display interface brief", _comware)
PORT_COMMANDS: Mapping[str, PortCommand] = {
    "cisco_ios": IOS,
    "cisco_xe": IOS,
    "huawei": HUAWEI,
    "huawei_vrp": HUAWEI,
    "huawei_vrpv8": HUAWEI,
    "hp_comware": COMWARE,
    "h3c_comware": COMWARE,
    "zte_zxros": _templated("zte_zxros", "show interface", _zte),
    "mikrotik_routeros": PortCommand("interface print detail without-paging", _mikrotik),
    "ruijie_os": PortCommand("show interfaces", _ruijie),
    "linux": PortCommand("ip -j addr", _linux),
}


def wanted_ports(ports: Sequence[PortStatus], names: Sequence[str] | None) -> tuple[PortStatus, ...]:
    """Keep the asked ports, under the names the inventory uses; None keeps all."""
    if names is None:
        return tuple(ports)
    by_name = {port.name.casefold().replace(" ", ""): port for port in ports}
    return tuple(_renamed(by_name[key], name) for name in names if (key := name.casefold().replace(" ", "")) in by_name)


def _renamed(port: PortStatus, name: str) -> PortStatus:
    return port if port.name == name else replace(port, name=name)
