"""What a device says of the other ends of its ports: LLDP and CDP from the rows of templates, ARP from Linux."""

from __future__ import annotations

import ipaddress
import json
import re

from netwatch.observation import Neighbour
from netwatch.probe.ssh.found import Found, Reader
from netwatch.probe.ssh.rows import NotRead, Row, Template, word

PORT = ("local_interface", "interface", "local_port")
NAME = ("neighbor_name", "neighbor", "identity", "device")
REMOTE = ("neighbor_interface", "neighbor_port_id", "interface_name", "remote_port")
ADDRESS = ("mgmt_address", "management_ip", "ip_address", "ipv4_address", "interface_ip", "ipv6_address")
CHASSIS = ("chassis_id", "mac_address")
PORT_NAME = re.compile(r"[A-Za-z0-9][\w/.:,*() -]*[\w*)]|\d")  # not a word of a heading: some templates take any line
NOTHING = ("-", "--", "n/a", "not advertised", "null", "none", "not received", "not present")


def by_template(template: Template, protocol: str = "lldp") -> Reader:
    """Return a reading of neighbours; CDP's chassis is a name, where nothing else names the device."""

    def read(text: str) -> Found:
        found = tuple(one for row in template.rows(text) if (one := neighbour(row, protocol)) is not None)
        if not found:
            raise NotRead("no neighbour with a port in the output")
        return Found(neighbours=found)

    return read


def neighbour(row: Row, protocol: str) -> Neighbour | None:
    """Return the neighbour of one row, None when the row does not say at which port."""
    port = said(row, *PORT)
    if port is None or PORT_NAME.fullmatch(port) is None:
        return None
    name, chassis = said(row, *NAME), said(row, *CHASSIS)
    if protocol == "cdp" and name is None:
        name = chassis
    remote, address = said(row, *REMOTE), address_of(said(row, *ADDRESS))
    if not any((name, chassis, remote, address)):
        return None  # a port at which nobody has spoken
    return Neighbour(port.split(",")[0], protocol, name, remote, address, chassis)


def said(row: Row, *names: str) -> str | None:
    """Return what a row says in the first of some columns; the words for nothing are nothing."""
    for name in names:
        text = word(row, name)
        if text and text.lower() not in NOTHING:
            return text[:200]
    return None


def address_of(text: str | None) -> str | None:
    """Return a numeric address as Python writes it; None for anything else."""
    try:
        return str(ipaddress.ip_address((text or "").split(" ")[0].split("/")[0]))
    except ValueError:
        return None


def of_linux(text: str) -> Found:
    """Read `ip -j neigh`."""
    start = text.find("[")
    try:
        entries, _ = json.JSONDecoder().raw_decode(text[start:] if start >= 0 else "")
        found = tuple(
            Neighbour(str(one["dev"]), "arp", None, None, address_of(str(one["dst"])), str(one["lladdr"]))
            for one in entries
            if "lladdr" in one
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotRead("no neighbour list in the output") from error
    if not found:
        raise NotRead("no neighbour in the output")
    return Found(neighbours=found)
