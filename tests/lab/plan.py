"""From the inventory to cables, addresses and routes: pure, so that lab and inventory cannot disagree."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from netwatch.inventory.model import DeviceId, Inventory, LinkId, Role

MONITOR = "monitor"
MONITOR_LINK = "dc/monitor"  # not a link of the inventory: the cable between the vantage and the monitoring host
MONITOR_PORT = "eth0"
BRIDGES = frozenset({Role.SWITCH, Role.ACCESS_POINT})  # these forward frames, everything else forwards packets
_PORT = re.compile(r"^[A-Za-z0-9._-]{1,15}$")  # what the kernel takes as an interface name


@dataclass(frozen=True, slots=True)
class End:
    """One end of a cable."""

    device: DeviceId
    port: str


@dataclass(frozen=True, slots=True)
class Cable:
    """One veth pair: `upper` is the end nearer to the monitor."""

    id: LinkId
    upper: End
    lower: End

    def other(self, device: DeviceId) -> End:
        """Return the end that is not at `device`."""
        return self.lower if self.upper.device == device else self.upper


@dataclass(frozen=True, slots=True)
class Node:
    """One namespace."""

    device: DeviceId
    address: str
    is_bridge: bool
    routes: tuple[str, ...] = ()  # arguments of `ip route replace`, in order
    ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the city builder needs to know."""

    nodes: Mapping[DeviceId, Node]
    cables: Mapping[LinkId, Cable]
    monitor_address: str
    ports: Mapping[DeviceId, tuple[str, ...]] = field(default_factory=dict)

    def cables_of(self, device: DeviceId) -> tuple[Cable, ...]:
        """Return every cable that ends at `device`."""
        return tuple(c for c in self.cables.values() if device in {c.upper.device, c.lower.device})


def plan(inventory: Inventory, without: Collection[LinkId] = ()) -> Plan:
    """Lay out one namespace per device and one for the monitor, one veth pair per uplink.

    Every device has its inventory address as a /32 and reaches its neighbours by on-link routes, so any addressing works.
    The routes avoid the cables in `without`: what a routing protocol would have learned after their loss.
    Raises ValueError for what the lab cannot build: names or IPv6 as addresses, port names the kernel refuses.
    """
    cables = {cable.id: cable for cable in _cables(inventory)}
    addresses = {name: _ipv4(name, device.address) for name, device in inventory.devices.items()}
    addresses[MONITOR] = _free_address(addresses)
    bridge = {name: device.role in BRIDGES for name, device in inventory.devices.items()} | {MONITOR: False}
    down: dict[DeviceId, list[Cable]] = {name: [] for name in addresses}
    up: dict[DeviceId, list[Cable]] = {name: [] for name in addresses}
    everything: dict[DeviceId, list[Cable]] = {name: [] for name in addresses}
    for cable in cables.values():
        everything[cable.upper.device].append(cable)
        if cable.id in without:
            continue
        down[cable.upper.device].append(cable)  # the monitor hangs below the vantage like any other device
        up[cable.lower.device].append(cable)
    nodes = {}
    for name, address in addresses.items():
        below = {other for cable in everything[name] for other in _below(cable, bridge, everything, up)}
        routes = tuple(_routes(name, below, addresses=addresses, bridge=bridge, down=down, up=up))
        ports = tuple(end.port for c in cables.values() for end in (c.upper, c.lower) if end.device == name)
        if len(set(ports)) != len(ports):
            raise ValueError(f"{name}: two cables in one port: {sorted(ports)}")
        nodes[name] = Node(device=name, address=address, is_bridge=bridge[name], routes=routes, ports=ports)
    return Plan(nodes=nodes, cables=cables, monitor_address=addresses[MONITOR])


def _cables(inventory: Inventory) -> Iterator[Cable]:
    """Give every uplink a cable; an end without a port name gets one that nobody else has."""
    used: dict[DeviceId, set[str]] = {name: set() for name in inventory.devices}
    for device in inventory.devices.values():
        for uplink in device.uplinks:
            used[device.id] |= {uplink.own_port} if uplink.own_port else set()
            used[uplink.to] |= {uplink.port} if uplink.port else set()
    for device in inventory.devices.values():
        for uplink in device.uplinks:
            upper = End(uplink.to, _port(uplink.to, uplink.port or _next_port("p", used[uplink.to])))
            lower = End(device.id, _port(device.id, uplink.own_port or _next_port("up", used[device.id])))
            yield Cable(uplink.id, upper, lower)
    yield Cable(MONITOR_LINK, End(inventory.vantage, _next_port("mon", used[inventory.vantage])), End(MONITOR, MONITOR_PORT))


def _routes(
    name: DeviceId,
    below: set[DeviceId],
    *,
    addresses: Mapping[DeviceId, str],
    bridge: Mapping[DeviceId, bool],
    down: Mapping[DeviceId, list[Cable]],
    up: Mapping[DeviceId, list[Cable]],
) -> Iterator[str]:
    """Route to everything below by every way there is, the first uplink preferred, and by default upwards."""
    source = addresses[name]
    for cable in down[name]:
        for target, (next_hop, preference) in _below(cable, bridge, down, up).items():
            device = "br0" if bridge[name] else cable.upper.port
            via = "" if next_hop == target else f"via {addresses[next_hop]} onlink "
            yield f"{addresses[target]}/32 {via}dev {device} src {source} metric {10 + preference}"
    if not bridge[name]:  # a way that is down must say so, not send the packet back up
        for target in sorted(below):
            yield f"unreachable {addresses[target]}/32 metric 4000"
    for preference, cable in enumerate(up[name]):
        gateway = _first_router_above(cable, bridge, up)
        device = "br0" if bridge[name] else cable.lower.port
        if gateway is not None:
            yield f"default via {addresses[gateway]} dev {device} onlink src {source} metric {10 + preference}"


def _below(
    cable: Cable, bridge: Mapping[DeviceId, bool], down: Mapping[DeviceId, list[Cable]], up: Mapping[DeviceId, list[Cable]]
) -> dict[DeviceId, tuple[DeviceId, int]]:
    """Return every device reached through the lower end of a cable: the next hop that routes, and how unloved the way is."""
    found: dict[DeviceId, tuple[DeviceId, int]] = {}
    waiting: list[tuple[Cable, DeviceId | None, int]] = [(cable, None, 0)]
    while waiting:
        current, next_hop, preference = waiting.pop(0)
        device = current.lower.device
        preference += up[device].index(current) + 1 if current in up[device] else 99
        if device in found and found[device][1] <= preference:
            continue
        found[device] = (next_hop or device, preference)
        onward = next_hop or (None if bridge[device] else device)
        waiting += [(c, onward, preference) for c in down[device]]
    return found


def _first_router_above(cable: Cable, bridge: Mapping[DeviceId, bool], up: Mapping[DeviceId, list[Cable]]) -> DeviceId | None:
    device = cable.upper.device
    for _ in range(len(bridge)):
        if not bridge[device]:
            return device
        if not up[device]:
            return None
        device = up[device][0].upper.device
    return None


def _ipv4(device: DeviceId, address: str) -> str:
    try:
        return str(ipaddress.IPv4Address(address))
    except ValueError:
        raise ValueError(f"{device}: the lab builds IPv4 only, {address!r} is none") from None


def _free_address(addresses: Mapping[DeviceId, str]) -> str:
    taken = set(addresses.values())
    return next(a for a in map(str, ipaddress.IPv4Network("10.255.250.0/24").hosts()) if a not in taken)


def _port(device: DeviceId, name: str) -> str:
    if not _PORT.match(name):
        raise ValueError(f"{device}: the kernel cannot name a port {name!r}; the lab needs at most 15 of A-Z a-z 0-9 . _ -")
    return name


def _next_port(stem: str, used: set[str]) -> str:
    number = next(n for n in range(1, len(used) + 2) if f"{stem}{n}" not in used)
    used.add(f"{stem}{number}")
    return f"{stem}{number}"
