"""What is allowed but probably not meant: said at every load, never refused."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from netwatch.inventory.graph import PROBED, Graph
from netwatch.inventory.model import Inventory, SiteKind
from netwatch.inventory.parts import Parts

SHOWN_MAX = 5  # names in one warning, ports in all


def warnings(parts: Parts, inventory: Inventory, graph: Graph) -> tuple[str, ...]:
    """Return one sentence per kind of oddity, at the place of the first device that has it."""
    found = [
        *_lost(parts, inventory, graph),
        *_unread(parts, inventory),
        *_shared_ports(parts, graph),
        *_strange_addresses(parts, inventory),
    ]
    twins = [name for name in inventory.risk_groups if name in inventory.sites]
    found += _sentence(parts, "risk_groups", twins, "with the id of a site; a fault of one reads like a fault of the other")
    offices = [site.id for site in inventory.sites.values() if site.kind is SiteKind.OFFICE and not site.opd]
    return (*found, *_sentence(parts, "sites", offices, "without 'opd': nobody to report for"))


def _sentence(parts: Parts, section: str, names: Sequence[str], what: str) -> Iterator[str]:
    if names:
        shown = ", ".join(names[:SHOWN_MAX]) + (f" and {len(names) - SHOWN_MAX} more" if len(names) > SHOWN_MAX else "")
        one = {"devices": "device", "sites": "site", "risk_groups": "risk group"}[section]
        text = f"{len(names)} {one if len(names) == 1 else f'{one}s'} {what}: {shown}"
        fault = parts.fault(section, names[0], text="", key=True)
        yield f"{fault.file}:{fault.line}:{fault.column}: {text}"


def _lost(parts: Parts, inventory: Inventory, graph: Graph) -> Iterator[str]:
    probed = [device for device in inventory.devices.values() if device.status in PROBED]
    lost = [device.id for device in probed if device.id not in graph.distance]
    yield from _sentence(parts, "devices", lost, "without a path to the vantage")
    dead = [device.id for device in probed if any(link.id not in graph.links for link in device.uplinks)]
    yield from _sentence(parts, "devices", dead, "with an uplink to a device that is planned or retired")


def _unread(parts: Parts, inventory: Inventory) -> Iterator[str]:
    for kind in ("snmp", "ssh"):
        names = [
            name
            for name, part in parts.devices.items()
            if "monitor" in part.model_fields_set and kind in part.monitor and kind not in inventory.devices[name].monitor
        ]
        yield from _sentence(parts, "devices", names, f"with '{kind}' in monitor but no credential to read it with")


def _shared_ports(parts: Parts, graph: Graph) -> Iterator[str]:
    ports: dict[tuple[str, str], list[str]] = {}
    for link in graph.links.values():
        if link.port is not None:
            ports.setdefault((link.to, link.port), []).append(link.device)
    shared = [(place, names) for place, names in ports.items() if len(names) > 1]
    for (to, port), names in shared[:SHOWN_MAX]:
        yield from _sentence(parts, "devices", names, f"on the same port {port} of '{to}'")


def _strange_addresses(parts: Parts, inventory: Inventory) -> Iterator[str]:
    strange: dict[str, list[str]] = {}
    for device in inventory.devices.values():
        kind = _strange(device.address)
        if kind is not None and device.status in PROBED:
            strange.setdefault(kind, []).append(device.id)
    for kind, names in strange.items():
        yield from _sentence(parts, "devices", names, f"with a {kind} address")


def _strange(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    for kind in ("loopback", "multicast", "unspecified", "link_local"):
        if getattr(address, f"is_{kind}"):
            return kind.replace("_", "-")
    return "public" if address.is_global else None
