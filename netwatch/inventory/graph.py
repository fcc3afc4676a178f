"""What hangs on what: computed once per load, O(V + E), asked ever after.

Uplinks point up, towards the vantage; circles are refused when an inventory is loaded. Two things can turn that around: a vantage
that has uplinks itself (then the way to the vantage leads down from the devices above it), and a second root that is reached only
through the devices below it. `upstream` gives the neighbours on the way to the vantage in all cases.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TypeVar

from netwatch.inventory.model import DeviceId, GroupId, Inventory, LinkId, Status, Uplink

PROBED = frozenset({Status.ACTIVE, Status.MAINTENANCE})
REMEMBERED = 256  # sets of devices kept for the next question; a set is computed in microseconds
V = TypeVar("V")


class Sparse(dict[str, tuple[V, ...]]):
    """A mapping that holds only what is not empty: asking for the rest gives the empty tuple."""

    def __missing__(self, _: str) -> tuple[V, ...]:
        """Return the empty tuple."""
        return ()


class AllBut(AbstractSet[V]):
    """All of a collection but a few: most links of a city are bridges, so those that are not are kept."""

    __slots__ = ("_all", "_but")

    def __init__(self, everything: Collection[V], but: frozenset[V]) -> None:
        self._all = everything
        self._but = but

    def __contains__(self, one: object) -> bool:
        """Tell whether it is one of them."""
        return one not in self._but and one in self._all

    def __iter__(self) -> Iterator[V]:
        """Walk them in the order of the collection."""
        return (one for one in self._all if one not in self._but)

    def __len__(self) -> int:
        """Count them."""
        return len(self._all) - len(self._but)


@dataclass(frozen=True, slots=True)
class Graph:
    """The inventory as a graph seen from the vantage. Only probed devices (active, maintenance) are in it."""

    inventory: Inventory
    distance: Mapping[DeviceId, int]  # links to the vantage; a device without a path is absent
    children: Mapping[DeviceId, tuple[DeviceId, ...]]  # devices with an uplink to this one; leaves are absent
    links: Mapping[LinkId, Uplink]
    bridges: AbstractSet[LinkId]  # links whose loss cuts somebody off (Tarjan)
    groups_of_device: Mapping[DeviceId, tuple[GroupId, ...]]  # its site's and its own risk groups; [] gives () for the rest
    groups_of_link: Mapping[LinkId, tuple[GroupId, ...]]
    devices_of_site: Mapping[str, tuple[DeviceId, ...]]
    _turned: Mapping[DeviceId, tuple[DeviceId, ...]] = field(default_factory=dict)  # where upstream is not what the uplinks say
    _turned_down: Mapping[DeviceId, tuple[DeviceId, ...]] = field(default_factory=dict)  # the same, seen from above
    _sets: dict[tuple[str, str], frozenset[DeviceId]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, inventory: Inventory) -> Graph:
        """Compute the graph of an inventory."""
        return _build(cls, inventory)

    def parents(self, device: DeviceId) -> tuple[Uplink, ...]:
        """Return the uplinks of a device, as the inventory lists them, without those to devices that are not probed."""
        uplinks = self.inventory.devices[device].uplinks
        if all(uplink.id in self.links for uplink in uplinks):
            return uplinks
        return tuple(uplink for uplink in uplinks if uplink.id in self.links)

    def is_turned(self, device: DeviceId) -> bool:
        """Tell whether the way from a device to the vantage is another than its uplinks say."""
        return device in self._turned

    def upstream(self, device: DeviceId) -> tuple[DeviceId, ...]:
        """Return the neighbours through which a device reaches the vantage."""
        turned = self._turned.get(device)
        return _ends_above(self, device) if turned is None else turned

    def downstream(self, device: DeviceId) -> tuple[DeviceId, ...]:
        """Return the neighbours that reach the vantage through a device."""
        turned = self._turned_down.get(device)
        return self.children.get(device, ()) if turned is None else turned

    def ancestors(self, device: DeviceId) -> frozenset[DeviceId]:
        """Return every device on any path from `device` up to the vantage, the vantage included, the device not."""
        return self._remember("ancestors", device, lambda: _closure(device, self.upstream))

    def behind(self, device: DeviceId) -> frozenset[DeviceId]:
        """Return every device that has `device` among its ancestors."""
        return self._remember("behind", device, lambda: _closure(device, self.downstream))

    def members(self, group: GroupId) -> frozenset[DeviceId]:
        """Return the devices of a risk group: named ones, those of its sites, the lower ends of its links."""
        return self._remember("members", group, lambda: _members(self, group))

    def _remember(self, kind: str, name: str, compute: Callable[[], frozenset[DeviceId]]) -> frozenset[DeviceId]:
        found = self._sets.get((kind, name))
        if found is None:
            if len(self._sets) >= REMEMBERED:
                self._sets.clear()
            found = self._sets[(kind, name)] = compute()
        return found


def _ends_above(graph: Graph, device: DeviceId) -> tuple[DeviceId, ...]:
    return tuple(dict.fromkeys(uplink.to for uplink in graph.parents(device)))


def _closure(start: DeviceId, following: Callable[[DeviceId], Iterable[DeviceId]]) -> frozenset[DeviceId]:
    seen: set[DeviceId] = set()
    waiting = [start]
    while waiting:
        for name in following(waiting.pop()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    seen.discard(start)
    return frozenset(seen)


def _members(graph: Graph, group: GroupId) -> frozenset[DeviceId]:
    named = graph.inventory.risk_groups[group]
    found = {device for device in named.devices if graph.inventory.devices[device].status in PROBED}
    for site in named.sites:
        found.update(graph.devices_of_site.get(site, ()))
    found.update(graph.links[link].device for link in named.links if link in graph.links)
    return frozenset(found)


Neighbours = Mapping[DeviceId, list[tuple[DeviceId, LinkId]]]  # both directions


def _build(cls: type[Graph], inventory: Inventory) -> Graph:
    probed = {name for name, device in inventory.devices.items() if device.status in PROBED}
    links: dict[LinkId, Uplink] = {}
    neighbours: dict[DeviceId, list[tuple[DeviceId, LinkId]]] = {name: [] for name in inventory.devices if name in probed}
    children: dict[DeviceId, list[DeviceId]] = {}
    sites: dict[str, list[DeviceId]] = {}
    for name in tuple(neighbours):
        device = inventory.devices[name]
        sites.setdefault(device.site, []).append(name)
        for uplink in device.uplinks:
            if uplink.to in probed:
                links[uplink.id] = uplink
                neighbours[name].append((uplink.to, uplink.id))
                neighbours[uplink.to].append((name, uplink.id))
                below = children.setdefault(uplink.to, [])
                if not below or below[-1] != name:
                    below.append(name)
    distance = _distances(inventory.vantage, neighbours)
    turned = _turned(inventory, children, neighbours, distance)
    return cls(
        inventory=inventory,
        distance=distance,
        children=Sparse({name: tuple(below) for name, below in children.items()}),
        links=links,
        bridges=AllBut(links, frozenset(links) - _bridges(inventory.vantage, neighbours)),
        groups_of_device=_groups_of_device(inventory, sites),
        groups_of_link=_groups_of_link(inventory, links),
        devices_of_site=Sparse({site: tuple(names) for site, names in sites.items()}),
        _turned=turned,
        _turned_down=_seen_from_above(turned, children),
    )


def _distances(vantage: DeviceId, neighbours: Neighbours) -> dict[DeviceId, int]:
    """Breadth first, over links in both directions."""
    distance = {vantage: 0} if vantage in neighbours else {}
    waiting = deque(distance)
    while waiting:
        name = waiting.popleft()
        for other, _ in neighbours[name]:
            if other not in distance:
                distance[other] = distance[name] + 1
                waiting.append(other)
    return distance


def _turned(
    inventory: Inventory,
    children: Mapping[DeviceId, list[DeviceId]],
    neighbours: Neighbours,
    distance: Mapping[DeviceId, int],
) -> dict[DeviceId, tuple[DeviceId, ...]]:
    """Return upstream for the devices whose uplinks do not lead to the vantage."""
    vantage = inventory.vantage
    if vantage not in neighbours:
        return {}

    def above_of(name: DeviceId) -> list[DeviceId]:
        return [uplink.to for uplink in inventory.devices[name].uplinks if uplink.to in neighbours]

    above = _closure(vantage, above_of)  # from here the way to the vantage leads down
    turned = {name: tuple(c for c in children.get(name, ()) if c in above or c == vantage) for name in above}
    if above:
        turned[vantage] = ()
    leading = _closure(
        vantage,
        lambda name: [*above_of(name), *children.get(name, ())] if name in above or name == vantage else children.get(name, ()),
    )
    leading |= {vantage}
    for name in neighbours:
        if name in leading and name not in turned:
            ways = above_of(name)
            if any(way not in leading for way in ways):
                turned[name] = tuple(dict.fromkeys(way for way in ways if way in leading))
        elif name not in leading and name in distance:
            nearer = (other for other, _ in neighbours[name] if distance[other] < distance[name])
            turned[name] = tuple(dict.fromkeys(nearer))
    return turned


def _seen_from_above(
    turned: Mapping[DeviceId, tuple[DeviceId, ...]], children: Mapping[DeviceId, list[DeviceId]]
) -> dict[DeviceId, tuple[DeviceId, ...]]:
    if not turned:
        return {}
    touched = {up for ups in turned.values() for up in ups} | {
        up for up, below in children.items() if any(b in turned for b in below)
    }
    return {
        up: tuple(
            dict.fromkeys([*(b for b in children.get(up, ()) if b not in turned), *(b for b, ups in turned.items() if up in ups)])
        )
        for up in touched
    }


def _bridges(vantage: DeviceId, neighbours: Neighbours) -> frozenset[LinkId]:
    """Tarjan (1974), with an own stack: a link is a bridge when nothing below it reaches anything above it by another link."""
    found: list[LinkId] = []
    if vantage not in neighbours:
        return frozenset()
    order = {vantage: 0}
    lowest = {vantage: 0}
    stack = [(vantage, "", iter(neighbours[vantage]))]
    while stack:
        name, came_by, rest = stack[-1]
        step = next(rest, None)
        if step is None:
            stack.pop()
            if stack:
                above = stack[-1][0]
                lowest[above] = min(lowest[above], lowest[name])
                if lowest[name] > order[above]:
                    found.append(came_by)
            continue
        other, link = step
        if link == came_by:
            continue
        if other in order:
            lowest[name] = min(lowest[name], order[other])
        else:
            order[other] = lowest[other] = len(order)
            stack.append((other, link, iter(neighbours[other])))
    return frozenset(found)


def _groups_of_device(inventory: Inventory, sites: Mapping[str, list[DeviceId]]) -> Sparse[GroupId]:
    found: dict[DeviceId, list[GroupId]] = {}
    for group in inventory.risk_groups.values():
        names = [name for site in group.sites for name in sites.get(site, ())]
        for name in dict.fromkeys([*names, *group.devices]):
            if inventory.devices[name].status in PROBED:
                found.setdefault(name, []).append(group.id)
    return _shared(found)


def _groups_of_link(inventory: Inventory, links: Mapping[LinkId, Uplink]) -> Sparse[GroupId]:
    found: dict[LinkId, list[GroupId]] = {}
    for group in inventory.risk_groups.values():
        for link in dict.fromkeys(group.links):
            if link in links:
                found.setdefault(link, []).append(group.id)
    return _shared(found)


def _shared(found: Mapping[str, list[GroupId]]) -> Sparse[GroupId]:
    one: dict[tuple[GroupId, ...], tuple[GroupId, ...]] = {}
    return Sparse({name: one.setdefault(tuple(groups), tuple(groups)) for name, groups in found.items()})
