"""What a schema cannot see: references that lead nowhere, circles, addresses used twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from netwatch.errors import Fault
from netwatch.inventory.graph import PROBED
from netwatch.inventory.links import link_ids
from netwatch.inventory.parts import Parts
from netwatch.inventory.schema import DevicePart, RiskGroupPart, WindowPart, normal_address

CIRCLES_MAX = 20  # one is usually the reason for the others


def references(parts: Parts) -> Iterator[Fault]:
    """Yield everything that must be there and is not, or is there twice."""
    yield from _vantage(parts)
    links: set[str] = set()
    for name, device in parts.devices.items():
        yield from _device(parts, name, device)
        links.update(link_ids(name, ends(device)))
    for name, group in parts.risk_groups.items():
        yield from _members(parts, "risk_groups", name, group)
        yield from _links(parts, name, group, links)
    for window in parts.windows:
        yield from _members(parts, "maintenance", window.id, window)
        yield from _missing(parts, ("maintenance", window.id, "groups"), window.groups, "risk_groups")
    yield from _circles(parts)
    yield from _addresses(parts)


def ends(device: DevicePart) -> list[tuple[str, str | None]]:
    """Return where the uplinks of a device lead: (device above, its port)."""
    return [(uplink.to, uplink.port) for uplink in device.uplinks]


def _vantage(parts: Parts) -> Iterator[Fault]:
    if not parts.names("vantage"):
        yield parts.file_fault("'vantage' is missing: name the device the monitoring host is plugged into")
    elif parts.vantage is not None and not parts.has("devices", parts.vantage):
        near = parts.near(parts.vantage, "devices")
        yield parts.fault("vantage", "vantage", text=f"vantage '{parts.vantage}' is not a device{near}")
    elif parts.vantage in parts.devices and (status := parts.status_of(parts.vantage)) not in PROBED:
        yield parts.fault(
            "devices", parts.vantage, "status", text=f"is the vantage and must be probed, but its status is {status}"
        )


def _device(parts: Parts, name: str, device: DevicePart) -> Iterator[Fault]:
    if device.site and not parts.has("sites", device.site):
        text = f"site '{device.site}' does not exist{parts.near(device.site, 'sites')}"
        yield parts.fault("devices", name, "site", text=text)
    yield from _missing(parts, ("devices", name, "groups"), device.groups, "groups")
    seen: set[tuple[str, str | None]] = set()
    several = [uplink.to for uplink in device.uplinks]
    for index, uplink in enumerate(device.uplinks):
        if not parts.has("devices", uplink.to):
            text = f"uplink '{uplink.to}' is not a device{parts.near(uplink.to, 'devices')}"
            yield parts.fault("devices", name, "uplinks", index, "to", text=text)
        elif several.count(uplink.to) > 1 and (uplink.port is None or (uplink.to, uplink.port) in seen):
            text = f"{several.count(uplink.to)} uplinks lead to '{uplink.to}'; give each its own 'port', a part of the link's id"
            yield parts.fault("devices", name, "uplinks", index, text=text)
        seen.add((uplink.to, uplink.port))


def _members(parts: Parts, section: str, name: str, part: RiskGroupPart | WindowPart) -> Iterator[Fault]:
    yield from _missing(parts, (section, name, "sites"), part.sites, "sites")
    yield from _missing(parts, (section, name, "devices"), part.devices, "devices")


def _missing(parts: Parts, place: tuple[str, str, str], named: Sequence[str], among: str) -> Iterator[Fault]:
    section, name, key = place
    word = {"sites": "site", "devices": "device", "groups": "group", "risk_groups": "risk group"}[among]
    for index, wanted in enumerate(named):
        if not parts.has(among, wanted):
            yield parts.fault(section, name, key, index, text=f"{word} '{wanted}' does not exist{parts.near(wanted, among)}")
        elif wanted in named[:index]:
            yield parts.fault(section, name, key, index, text=f"{word} '{wanted}' stands here a second time")


def _links(parts: Parts, name: str, group: RiskGroupPart, links: set[str]) -> Iterator[Fault]:
    for index, link in enumerate(group.links):
        lower = link.rpartition("/")[2]
        if link in links or (parts.has("devices", lower) and lower not in parts.devices):  # a device with faults of its own
            continue
        known = link_ids(lower, ends(parts.devices[lower])) if lower in parts.devices else ()
        hint = f"; the uplinks of '{lower}' are {', '.join(known)}" if known else "; a link is UPSTREAM/DEVICE"
        yield parts.fault("risk_groups", name, "links", index, text=f"link '{link}' does not exist{hint}")


def _circles(parts: Parts) -> Iterator[Fault]:
    """Yield each circle of uplinks once, at the first of its devices: no device may be above itself."""
    done: set[str] = set()
    found = 0
    for start in parts.devices:
        way: list[str] = []
        on_way: set[str] = set()
        stack: list[tuple[str, Iterable[str]]] = [] if start in done else [(start, _above(parts, start))]
        if stack:
            way.append(start)
            on_way.add(start)
        while stack and found < CIRCLES_MAX:
            name, rest = stack[-1]
            step = next(iter(rest), None)
            if step is None:
                stack.pop()
                way.pop()
                on_way.discard(name)
                done.add(name)
            elif step in on_way:
                found += 1
                circle = way[way.index(step) :]
                text = f"uplinks go in a circle: {' -> '.join([*_shortened(circle), step])}"
                yield parts.fault("devices", step, "uplinks", text=text, key=True)
            elif step not in done:
                stack.append((step, _above(parts, step)))
                way.append(step)
                on_way.add(step)


def _above(parts: Parts, name: str) -> Iterator[str]:
    return (uplink.to for uplink in parts.devices[name].uplinks if uplink.to in parts.devices)


def _shortened(names: Sequence[str]) -> list[str]:
    return list(names) if len(names) <= 12 else [*names[:10], "...", names[-1]]


def _addresses(parts: Parts) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for name, device in parts.devices.items():
        if not device.address or parts.status_of(name) not in PROBED:
            continue
        address = normal_address(device.address) or device.address
        owner = first.setdefault(address, name)
        if owner != name:
            text = f"address {device.address} is already that of '{owner}'; one device has one address, one address one device"
            yield parts.fault("devices", name, "address", text=text)
