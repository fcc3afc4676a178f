"""Compare what devices say of their neighbours with the uplinks of the inventory: what is missing or wrong. Pure; edits nothing.

LLDP and CDP name both ends of a line. ARP only tells which MAC address belongs to which address: that helps to know who is meant
(`identity`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from netwatch.inventory.graph import Graph
from netwatch.inventory.identity import Book, Said
from netwatch.inventory.model import Device, DeviceId, Inventory, LinkKind, Role
from netwatch.observation import Neighbour

ROLES = tuple(Role)  # from the core outwards
UNREACHED = 1_000_000  # links to the vantage of a device without a path there
ADJACENT = ("lldp", "cdp")  # ARP does not say who stands next


@dataclass(frozen=True, slots=True)
class Line:
    """A line between two devices, as one or both of them see it. `ports` are in the order of `ends`; None: not known."""

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
