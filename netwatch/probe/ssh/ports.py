"""Rows of port tables to port states. Whatever word is not known is `unknown`: nothing is ever guessed to be fine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from netwatch.observation import PortAdmin, PortOper, PortStatus
from netwatch.probe.ssh.found import Found, Reader
from netwatch.probe.ssh.reasons import DISABLED_BY_DEVICE, NAME, PROTECTIONS, err_disabled
from netwatch.probe.ssh.rows import NotRead, Row, Template, every, word

ReadRow = Callable[[Row], PortStatus]
YES = {"up", "enable", "enabled", "yes", "on", "linkup", "true", "connected", "link up"}
NO = {
    "down",
    "disable",
    "disabled",
    "no",
    "off",
    "linkdown",
    "link-down",
    "link down",
    "linkdn",
    "false",
    "notconnect",
    "notconnected",
}
SPEED = re.compile(r"\d+[mg](?:bps)?/(?:full|half)")
VRP_MARKS = {"^": "standby", "#": "loop detected", "!": "fib overload"}
VRP_WORDS = {"b": "bfd down", "e": "oam down", "d": "dampening", "lb": "link blocked", "dl": "dldp down", "ld": "loop detected",
             "ms": "mac flapping", "ed": "err-disabled", "sd": "stp down"}  # fmt: skip


def table(template: Template, read: ReadRow) -> Reader:
    """Return a reading of one port a row. A row without a name spoils all: the template may have mixed two ports."""

    def reading(text: str) -> Found:
        rows = template.rows(text)
        every(rows, *NAME)
        ports = tuple({port.name: port for port in map(read, rows)}.values())
        return Found(ports=ports)

    return reading


def first_of(*readers: Reader) -> Reader:
    """Return a reading by the first reader that can: ours where the one of ntc-templates is too strict."""

    def reading(text: str) -> Found:
        why: NotRead | None = None
        for reader in readers:
            try:
                return reader(text)
            except NotRead as error:
                why = why or error
        raise why or NotRead("nobody can read it")

    return reading


def _state(text: str) -> PortOper:
    said = text.strip().lower()
    if SPEED.match(said):
        return PortOper.UP  # D-Link shows the speed of a link that is there
    return PortOper.UP if said in YES else PortOper.DOWN if said in NO else PortOper.UNKNOWN


def _switch(text: str) -> PortAdmin:
    said = text.strip().lower()
    return PortAdmin.UP if said in YES else PortAdmin.DOWN if said in NO else PortAdmin.UNKNOWN


def _described(row: Row, *names: str) -> str | None:
    return word(row, *(names or ("description", "interface_desc", "interface_description"))).strip("- ") or None


def ios(row: Row) -> PortStatus:
    """Read one row of `show interfaces` of the IOS family: IOS, ASA, AlliedWare Plus, ZXROS, Ruijie."""
    link, protocol = word(row, "link_status").lower(), word(row, "protocol_status").lower()
    both = f"{link} {protocol}"
    shut = "admin" in link
    reason = "err-disabled" if DISABLED_BY_DEVICE.search(both) else "suspended" if "suspended" in both else None
    up_or_down = link.split(" ")[0].split("(")[0]
    return PortStatus(
        name=word(row, *NAME),
        admin=PortAdmin.DOWN if shut else PortAdmin.UP if up_or_down in ("up", "down") else PortAdmin.UNKNOWN,
        oper=PortOper.DOWN if shut else _state(protocol.split(" ")[0].split("(")[0] or up_or_down),
        reason=reason,
        description=_described(row),
    )


def nxos(row: Row) -> PortStatus:
    """Read one row of `show interface` of NX-OS, which gives the reason in parentheses: it is kept when it is a protection."""
    link = word(row, "link_status").lower()
    cause = re.search(r"\((?P<why>[^)]*)\)", link)
    why = cause["why"] if cause else ""
    shut = "administratively" in link or (word(row, "admin_state").lower() == "down" and "administratively" in link)
    protection = DISABLED_BY_DEVICE.search(why) or PROTECTIONS.search(why)
    oper = _state(link.split(" ")[0])
    return PortStatus(
        name=word(row, *NAME),
        admin=PortAdmin.DOWN if shut else PortAdmin.UP if oper is PortOper.UP or cause else _switch(word(row, "admin_state")),
        oper=oper,
        reason=err_disabled(re.sub(r"^err-?disabled\s*", "", why)) if protection else None,
        description=_described(row),
    )


def vrp(row: Row) -> PortStatus:
    """Read one row of `display interface brief` of VRP: `*down` was shut by somebody, other marks name a protection."""
    physical = word(row, "phy").lower()
    mark = physical[:1] if physical[:1] in "*^#!" else ""
    said = re.fullmatch(r"(up|down)(?:\(([a-z]+)\))?", physical.lstrip("*^#!"))
    reason = VRP_MARKS.get(mark) or (VRP_WORDS.get(said[2]) if said is not None and said[2] else None)
    return PortStatus(
        name=word(row, *NAME),
        admin=PortAdmin.UNKNOWN if said is None else PortAdmin.DOWN if mark == "*" else PortAdmin.UP,
        oper=PortOper.UNKNOWN if said is None else PortOper.UP if said[1] == "up" and not mark else PortOper.DOWN,
        reason=reason,
    )


def vrp_long(row: Row) -> PortStatus:
    """Read one row of `display interface` of VRP."""
    link = word(row, "link_status").lower().rstrip(" ,")
    shut = "administratively" in link
    known = link.split(" ")[0].split("(")[0]
    err = DISABLED_BY_DEVICE.search(link)
    return PortStatus(
        name=word(row, *NAME),
        admin=PortAdmin.DOWN if shut else PortAdmin.UP if known in ("up", "down") or err else PortAdmin.UNKNOWN,
        oper=PortOper.DOWN if shut or err else _state(known),
        reason=err_disabled(re.sub(r"^.*?\(|\).*$", "", link) if "(" in link else "") if err else None,
        description=_described(row),
    )


def comware(row: Row) -> PortStatus:
    """Read one row of `display interface brief` of Comware: `ADM` was shut by somebody, `Stby` waits for its turn."""
    link = word(row, "link").upper().split("(")[0]
    return PortStatus(
        name=word(row, *NAME),
        admin=PortAdmin.DOWN if link == "ADM" else PortAdmin.UP if link in ("UP", "DOWN", "STBY") else PortAdmin.UNKNOWN,
        oper=PortOper.DOWN if link in ("ADM", "STBY") else _state(link),
        reason="standby" if link == "STBY" else None,
        description=_described(row),
    )


def switched(admin: Sequence[str], oper: Sequence[str], cause: Sequence[str] = ()) -> ReadRow:
    """Return a reading of a row with one column for what somebody wants and one for what is."""

    def read(row: Row) -> PortStatus:
        wanted, seen, why = word(row, *admin), word(row, *oper), word(row, *cause) if cause else ""
        protection = DISABLED_BY_DEVICE.search(f"{wanted} {seen} {why}") or PROTECTIONS.search(why)
        shut = re.search(r"admin\w*[ -]down|\badm\b", f"{wanted} {seen}", re.IGNORECASE)
        state = PortOper.DOWN if shut else _state(re.sub(r"[(,].*$", "", seen))
        switch = PortAdmin.DOWN if shut else _switch(wanted)
        return PortStatus(
            name=word(row, *NAME),
            admin=PortAdmin.UP if switch is PortAdmin.UNKNOWN and (protection or state is PortOper.UP) else switch,
            oper=PortOper.DOWN if protection and state is PortOper.UNKNOWN else state,
            reason=err_disabled(why) if protection else None,
            description=_described(row),
        )

    return read


def codes(state: Callable[[Row], tuple[str, str]]) -> ReadRow:
    """Return a reading of Vyatta's two letters: u up, D down, A shut by somebody."""

    def read(row: Row) -> PortStatus:
        admin, link = state(row)
        shut = admin == "A" or link == "A"
        return PortStatus(
            name=word(row, *NAME),
            admin=PortAdmin.DOWN if shut else PortAdmin.UP if admin in ("u", "D") else PortAdmin.UNKNOWN,
            oper=PortOper.DOWN if shut else {"u": PortOper.UP, "D": PortOper.DOWN}.get(link, PortOper.UNKNOWN),
            description=_described(row),
        )

    return read


def vyatta(row: Row) -> tuple[str, str]:
    """Return the two letters of a column `u/D`."""
    admin, _, link = word(row, "status").partition("/")
    return admin, link


def edgerouter(row: Row) -> tuple[str, str]:
    """Return the two letters of two columns."""
    return word(row, "state"), word(row, "link_status")


def routeros(row: Row) -> PortStatus:
    """Read one row of RouterOS: X shut by somebody, R running."""
    flags = word(row, "flags").replace(" ", "") or word(row, "status")
    shut = "X" in flags
    return PortStatus(
        name=word(row, *NAME),
        admin=PortAdmin.DOWN if shut else PortAdmin.UP,
        oper=PortOper.UP if "R" in flags and not shut else PortOper.DOWN,
        description=_described(row, "comment", "description"),
    )


def with_legend(reader: Reader) -> Reader:
    """Return a RouterOS reading that wants the legend of flags: without it, a port without letters might as well be cut off."""

    def reading(text: str) -> Found:
        if not re.search(r"R\s*-\s*running", text, re.IGNORECASE):
            raise NotRead("the legend of flags is missing")
        return reader(text)

    return reading


def linux(text: str) -> Found:
    """Read `ip -j addr`: JSON, because the template for the plain form silently drops virtual links."""
    start = text.find("[")
    try:
        links, _ = json.JSONDecoder().raw_decode(text[start:] if start >= 0 else "")
        ports = tuple(
            PortStatus(
                name=str(link["ifname"]),
                admin=PortAdmin.UP if "UP" in link["flags"] else PortAdmin.DOWN,
                oper=PortOper.UP if "LOWER_UP" in link["flags"] and "UP" in link["flags"] else PortOper.DOWN,
                index=int(link["ifindex"]),
            )
            for link in links
            if link and "LOOPBACK" not in link["flags"]
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise NotRead("no link list in the output") from error
    if not ports:
        raise NotRead("no port was recognised in the output")
    return Found(ports=ports)
