"""Compare what devices say of their neighbours with the uplinks of the inventory: what is missing or wrong. Pure; edits nothing.

LLDP and CDP name both ends of a line. ARP only tells which MAC address belongs to which address: that helps to know who is meant.
A neighbour is known by its system name, else by its address, else by its MAC address; a name, an address or a MAC address that
several devices have is nobody's.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from netwatch.inventory.graph import Graph
from netwatch.inventory.model import Device, DeviceId, Inventory, LinkKind, Role
from netwatch.observation import Neighbour, PortStatus

SERIAL = re.compile(r"\s*\([^()]*\)$")  # NX-OS adds its serial number to its name
ROLES = tuple(Role)  # from the core outwards
UNREACHED = 1_000_000  # links to the vantage of a device without a path there
ADJACENT = ("lldp", "cdp")  # ARP does not say who stands next


@dataclass(frozen=True, slots=True)
class Said:
    """What one device says of itself and of who is beside it."""

    name: str | None = None
    chassis: str | None = None
    ports: tuple[PortStatus, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line between two devices, as one or both of them see it. `low` and `high` are in the order of the device ids."""

    ends: tuple[DeviceId, DeviceId]
    ports: tuple[str | None, str | None]
    seen: tuple[str, ...]  # by whom, by what: `dc-core lldp`

    def port_of(self, device: DeviceId) -> str | None:
        """Return the port at one end."""
        return self.ports[self.ends.index(device)]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One change of a device's uplinks: keys of one uplink to set, or a new uplink (`place` is None)."""

    kind: str  # missing_uplink | wrong_upstream | missing_port | wrong_port
    device: DeviceId
    place: int | None  # which of its uplinks
    values: Mapping[str, str | None]  # None: what stands there is of another device, and nobody says the right one
    seen: tuple[str, ...]
    before: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something seen that is no change of an uplink."""

    kind: str  # unknown_neighbour | no_direction
    device: DeviceId
    port: str | None
    neighbour: str
    seen: str


def suggest(inventory: Inventory, said: Mapping[DeviceId, Said]) -> tuple[list[Suggestion], list[Remark]]:
    """Return what the inventory could say better, in the order of its devices."""
    graph = Graph.of(inventory)
    book = Book(inventory, said)
    lines, remarks = _lines(inventory, said, book)
    found: list[Suggestion] = []
    for ends, between in lines.items():
        uplinks = [(device, place) for device, other in (ends, ends[::-1]) for place in _to(inventory.devices[device], other)]
        if uplinks:
            found += _known_line(inventory, book, uplinks, between)
            continue
        directed = _by_distance(ends, graph)
        if directed is None:
            remarks += [Remark("no_direction", ends[0], line.ports[0], ends[1], line.seen[0]) for line in between]
            continue
        found += _unknown_line(inventory, book, lines, *directed, between=between)
    order = {device: place for place, device in enumerate(inventory.devices)}
    return sorted(found, key=lambda one: order[one.device]), sorted(remarks, key=lambda one: order[one.device])


class Book:
    """Knows devices by their names, addresses and MAC addresses, and ports by all that they are called."""

    def __init__(self, inventory: Inventory, said: Mapping[DeviceId, Said]) -> None:
        self._said = said
        self._names = _unique(
            (name, device) for device, known in inventory.devices.items() for name in _names(known, said.get(device))
        )
        self._addresses = _unique((address, one.id) for one in inventory.devices.values() if (address := _address(one.address)))
        arp = (
            (one.chassis, self._addresses[one.address])
            for told in said.values()
            for one in told.neighbours
            if one.protocol == "arp" and one.chassis and one.address in self._addresses
        )
        own = (
            (mac, device)
            for device, told in said.items()
            for mac in {told.chassis, *(port.mac for port in told.ports)}
            if mac is not None
        )
        self._macs = _unique((*own, *arp))

    def who(self, neighbour: Neighbour) -> DeviceId | None:
        """Return which device is meant; None when it is none of the inventory."""
        if neighbour.device is not None:
            for name in _shorter(neighbour.device):
                if name in self._names:
                    return self._names[name]
        if neighbour.address in self._addresses:
            return self._addresses[neighbour.address]
        return self._macs.get(neighbour.chassis) if neighbour.chassis is not None else None

    def port(self, device: DeviceId, *names: str | None) -> str | None:
        """Return how a device calls the port that somebody else calls by one of these names; None when nobody knows a name of it.

        A MAC address or a bare number of a device that was not read is no name.
        """
        told = self._said.get(device)
        for name in names:
            for port in told.ports if told is not None and name else ():
                if name is not None and _is(port, name):
                    return port.name
        readable = (name for name in names if name is not None and not _is_mac(name) and not name.isdigit())
        return next(readable, None) if told is None or not told.ports else None

    def same_port(self, device: DeviceId, one: str, other: str) -> bool:
        """Tell whether two names are of one port."""
        if _folded(one) == _folded(other):
            return True
        told = self._said.get(device)
        return any(_is(port, one) and _is(port, other) for port in (told.ports if told is not None else ()))


def _names(device: Device, said: Said | None) -> set[str]:
    found = {device.id.casefold()}
    if said is not None and said.name:
        found.update(_shorter(said.name))
    if _address(device.address) is None:
        found.update(_shorter(device.address))
    return found


def _shorter(name: str) -> tuple[str, ...]:
    """Return a system name without capitals and serial number, then without its domain."""
    whole = SERIAL.sub("", name).strip().rstrip(".").casefold()
    short = whole.partition(".")[0]
    return (whole,) if not short or short == whole or _address(whole) else (whole, short)


def _unique(pairs: Iterable[tuple[str, DeviceId]]) -> dict[str, DeviceId]:
    """Return what belongs to one device only."""
    found: dict[str, set[DeviceId]] = {}
    for key, device in pairs:
        found.setdefault(key, set()).add(device)
    return {key: next(iter(devices)) for key, devices in found.items() if len(devices) == 1}


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _is(port: PortStatus, name: str) -> bool:
    called = (port.name, port.description, port.alias, port.mac, str(port.index) if port.index is not None else None)
    return any(one is not None and _folded(one) == _folded(name) for one in called)


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def _is_mac(text: str) -> bool:
    return re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", text) is not None


# Lines


Lines = dict[tuple[DeviceId, DeviceId], list[Line]]


def _lines(inventory: Inventory, said: Mapping[DeviceId, Said], book: Book) -> tuple[Lines, list[Remark]]:
    """Join what both ends of each line say."""
    lines: Lines = {}
    remarks: dict[tuple[DeviceId, str | None, str], Remark] = {}
    for device in inventory.devices:
        for one in said[device].neighbours if device in said else ():
            if one.protocol not in ADJACENT:
                continue
            other = book.who(one)
            if other is None:
                called = one.device or one.address or one.chassis or "?"
                remarks.setdefault(
                    (device, one.port, called), Remark("unknown_neighbour", device, one.port, called, _described(one))
                )
            elif other != device:
                ends = (device, other) if device < other else (other, device)
                far = book.port(other, one.remote_port, one.remote_description)
                ports = (one.port, far) if ends[0] == device else (far, one.port)
                _join(lines.setdefault(ends, []), Line(ends, ports, (f"{device} {one.protocol}",)))
    return {ends: _completed(between) for ends, between in lines.items()}, list(remarks.values())


def _described(one: Neighbour) -> str:
    parts = (one.device, one.remote_port, one.remote_description, one.address, one.chassis)
    return " ".join([one.protocol, *dict.fromkeys(part for part in parts if part)])


def _join(lines: list[Line], new: Line) -> None:
    """Add a line, or what is new of one that is there: two views are of one line when no port contradicts."""
    for at, line in enumerate(lines):
        pairs = list(zip(line.ports, new.ports, strict=True))
        agree = any(one is not None and one == other for one, other in pairs)
        if agree and all(one is None or other is None or one == other for one, other in pairs):
            low, high = (one if one is not None else other for one, other in pairs)
            lines[at] = Line(line.ends, (low, high), tuple(dict.fromkeys((*line.seen, *new.seen))))
            return
    lines.append(new)


def _completed(lines: list[Line]) -> list[Line]:
    """Make one of two lines between the same devices when each end knows only its own port."""
    if len(lines) != 2:
        return lines
    one, two = lines
    if (
        all((a is None) != (b is None) for a, b in zip(one.ports, two.ports, strict=True))
        and None in one.ports
        and None in two.ports
    ):
        low, high = (a if a is not None else b for a, b in zip(one.ports, two.ports, strict=True))
        return [Line(one.ends, (low, high), (*one.seen, *two.seen))]
    return lines


def _to(device: Device, other: DeviceId) -> Iterator[int]:
    return (place for place, uplink in enumerate(device.uplinks) if uplink.to == other)


def _by_distance(ends: tuple[DeviceId, DeviceId], graph: Graph) -> tuple[DeviceId, DeviceId] | None:
    """Return the lower and the upper end: by the distance to the vantage, else by what they are for; None: neither is above."""
    far = [(graph.distance.get(end, UNREACHED), ROLES.index(graph.inventory.devices[end].role)) for end in ends]
    if far[0] == far[1]:
        return None
    return ends if far[0] > far[1] else ends[::-1]


def _known_line(
    inventory: Inventory, book: Book, uplinks: list[tuple[DeviceId, int]], between: list[Line]
) -> Iterator[Suggestion]:
    """Compare lines with the uplinks that the inventory has between the same two devices."""
    left, unsaid = list(between), []
    for device, place in uplinks:
        uplink = inventory.devices[device].uplinks[place]
        written = {"own_port": (device, uplink.own_port), "port": (uplink.to, uplink.port)}
        fitting = [line for line in left if all(_fits(book, line, end, port) for end, port in written.values())]
        named = [line for line in fitting if any(port is not None and line.port_of(end) for end, port in written.values())]
        chosen = named[0] if named else fitting[0] if len(fitting) == 1 else None
        if chosen is None:
            unsaid.append((device, place))
            continue
        left.remove(chosen)
        news = {key: told for key, (end, port) in written.items() if port is None and (told := chosen.port_of(end)) is not None}
        if news:
            yield Suggestion("missing_port", device, place, news, chosen.seen)
    if len(unsaid) == 1 and len(left) == 1:
        (device, place), line = unsaid[0], left[0]
        uplink = inventory.devices[device].uplinks[place]
        written = {"own_port": (device, uplink.own_port), "port": (uplink.to, uplink.port)}
        news = {
            key: told
            for key, (end, port) in written.items()
            if (told := line.port_of(end)) is not None and (port is None or not book.same_port(end, port, told))
        }
        if news:
            yield Suggestion("wrong_port", device, place, news, line.seen, {key: written[key][1] for key in news})


def _fits(book: Book, line: Line, end: DeviceId, port: str | None) -> bool:
    told = line.port_of(end)
    return port is None or told is None or book.same_port(end, port, told)


def _unknown_line(
    inventory: Inventory, book: Book, lines: Lines, low: DeviceId, high: DeviceId, *, between: list[Line]
) -> Iterator[Suggestion]:
    """Suggest an uplink where the inventory has none, or another end of one that leads elsewhere by the same port."""
    uplinks = inventory.devices[low].uplinks
    for line in between:
        values = {"to": high, "port": line.port_of(high), "own_port": line.port_of(low)}
        news = {key: value for key, value in values.items() if value is not None}
        wrong = [
            place
            for place, uplink in enumerate(uplinks)
            if uplink.kind is LinkKind.DIRECT
            and tuple(sorted((low, uplink.to))) not in lines
            and (
                (
                    uplink.own_port is not None
                    and values["own_port"] is not None
                    and book.same_port(low, uplink.own_port, values["own_port"])
                )
                or (uplink.own_port is None and len(uplinks) == 1 and len(between) == 1)
            )
        ]
        if len(wrong) == 1:
            uplink = uplinks[wrong[0]]
            before = {"to": uplink.to, "port": uplink.port, "own_port": uplink.own_port}
            changed: dict[str, str | None] = {key: value for key, value in news.items() if before[key] != value}
            if uplink.port is not None and "port" not in news:
                changed["port"] = None
            yield Suggestion("wrong_upstream", low, wrong[0], changed, line.seen, {key: before[key] for key in changed})
        else:
            yield Suggestion("missing_uplink", low, None, news, line.seen)
