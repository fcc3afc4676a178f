"""Where silence begins: who forwards without answering, the silent parts, their entries, and who is hidden behind which.

DIAGNOSIS 3.3, steps 2 and 3. Work is proportional to the degrees of the silent devices.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from netwatch.diagnose import scores
from netwatch.diagnose.snapshot import DeviceView, Reach, Snapshot
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import DeviceId, Uplink
from netwatch.observation import PortStatus

FAR = 1 << 30  # distance of a device without a path


@dataclass(frozen=True, slots=True)
class Feed:
    """A link between an entry and a neighbour that answers, with the port at the answering end."""

    near: DeviceId
    link: Uplink
    port: str | None
    status: PortStatus | None
    reads: scores.Reads | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A silent device next to something that answers; without feeds it is the vantage, next to the monitor itself."""

    device: DeviceId
    feeds: tuple[Feed, ...]
    behind: tuple[DeviceId, ...] = ()  # silent devices explained by it, itself left out


@dataclass(slots=True)
class Silence:
    """What the snapshot says about who is silent."""

    snapshot: Snapshot
    silent: set[DeviceId] = field(default_factory=set)
    alive: set[DeviceId] = field(default_factory=set)  # answers, or forwards for somebody who answers
    agents: dict[DeviceId, int] = field(default_factory=dict)  # forwards without answering -> how many behind it answer
    edge_suspects: set[DeviceId] = field(default_factory=set)  # dark, yet some devices "behind" it answer
    entries: list[Entry] = field(default_factory=list)
    without_entry: list[tuple[DeviceId, ...]] = field(default_factory=list)  # parts nobody answering is next to, nearest first

    @property
    def graph(self) -> Graph:
        """Return the graph of the snapshot."""
        return self.snapshot.graph


def silence_of(snapshot: Snapshot) -> Silence:
    """Sort the devices of a snapshot into those that answer, forward, begin a silence, and are hidden."""
    found = Silence(snapshot)
    silent, alive = found.silent, found.alive
    for device, view in snapshot.devices.items():
        icmp = view.icmp
        if icmp is Reach.ANSWERING:
            alive.add(device)
        elif icmp is Reach.SILENT:
            silent.add(device)
        elif icmp is None and view.snmp:
            alive.add(device)
    silent.intersection_update(snapshot.graph.inventory.devices)
    if silent:
        _find_agents(found)
        _find_unmeasured_forwarders(found)
        _find_parts(found)
    return found


def links_of(graph: Graph, device: DeviceId) -> Iterator[tuple[DeviceId, Uplink]]:
    """Yield every neighbour with the link to it, uplinks first."""
    for uplink in graph.parents(device):
        yield uplink.to, uplink
    for child in graph.children.get(device, ()):
        for uplink in graph.parents(child):
            if uplink.to == device:
                yield child, uplink


def feed(snapshot: Snapshot, near: DeviceId, link: Uplink) -> Feed:
    """Return a link as seen from its answering end `near`, with the reading of its port."""
    port = link.port if near == link.to else link.own_port
    status = None if port is None else snapshot.ports.get((near, port))
    return Feed(near, link, port, status, scores.reads(status))


def _other_way(found: Silence, device: DeviceId, not_by: DeviceId) -> bool:
    """Tell whether an answering neighbour that is not farther from the vantage leads to `device`, other than `not_by`."""
    graph, alive, distance = found.graph, found.alive, found.graph.distance
    own = distance.get(device, FAR)
    for uplink in graph.inventory.devices[device].uplinks:
        near = uplink.to
        if near != not_by and near in alive and distance.get(near, FAR) <= own:
            return True
    return any(near != not_by and near in alive and distance.get(near, FAR) <= own for near in graph.children.get(device, ()))


def _find_agents(found: Silence) -> None:
    """Move devices that forward but do not answer out of the silent ones (step 2), farthest from the vantage first."""
    graph, distance = found.graph, found.graph.distance
    views = found.snapshot.devices
    speaking = [name for name in found.silent if views[name].snmp_since_loss]
    if speaking and all(view.rebooted is None for view in views.values()):  # after recovery an agent speaks of the time after
        for device in speaking:
            found.silent.discard(device)
            found.alive.add(device)
            found.agents[device] = 0
    candidates = [name for name in found.silent if name in graph.children] if found.alive else []
    unmeasured = {c for name in candidates for c in graph.children[name]} - found.silent - found.alive
    found.alive.update([c for c in unmeasured if _forwards_unmeasured(found, c)])
    for device in sorted(candidates, key=lambda name: (-distance.get(name, FAR), name)):
        own = distance.get(device, FAR)
        below = [
            c for c in graph.children.get(device, ()) if distance.get(c, FAR) > own and (c in found.silent or c in found.alive)
        ]
        answering = [c for c in below if c in found.alive and not _other_way(found, c, device)]
        if not answering:
            continue
        if _reads_dark(found, device) or (len(below) >= 2 and len(answering) < len(below) / 2):
            found.edge_suspects.add(device)
            continue
        found.silent.discard(device)
        found.alive.add(device)
        found.agents[device] = len(answering)


def _reads_dark(found: Silence, device: DeviceId) -> bool:
    """Tell whether the readable upstream ports of a device say that it is truly dark."""
    readings = {feed(found.snapshot, uplink.to, uplink).reads for uplink in found.graph.parents(device)} - {None}
    return bool(readings) and scores.Reads.UP not in readings


def _find_unmeasured_forwarders(found: Silence) -> None:
    """Count an unmeasured neighbour of a silent device as working where an answering device has no other way than through it."""
    graph = found.graph
    vantage = graph.inventory.vantage
    if found.alive and vantage not in found.silent:
        found.alive.add(vantage)
    silent, alive, devices = found.silent, found.alive, graph.inventory.devices
    asked = set()
    for device in silent:
        for uplink in devices[device].uplinks:
            above = uplink.to
            if above in silent or above in alive or above in asked:
                continue
            asked.add(above)
            if _forwards_unmeasured(found, above):
                found.alive.add(above)


def _forwards_unmeasured(found: Silence, device: DeviceId) -> bool:
    """Tell whether an answering device has no other way than through this unmeasured one, or through unmeasured ones below it."""
    waiting = [device]
    for above in waiting:
        for child in found.graph.children.get(above, ()):
            if found.graph.upstream(child) == (above,):
                if child in found.alive:
                    return True
                if child not in found.silent:
                    waiting.append(child)
    return False


def _feeds(found: Silence, device: DeviceId) -> tuple[Feed, ...]:
    """Return the links by which an answering neighbour would reach a silent device (step 3)."""
    graph, alive = found.graph, found.alive
    near_ones = [uplink for uplink in graph.inventory.devices[device].uplinks if uplink.to in alive]
    for child in graph.children.get(device, ()):
        if child in alive:
            near_ones += [uplink for uplink in graph.inventory.devices[child].uplinks if uplink.to == device]
    if not near_ones:
        return ()
    own = graph.distance.get(device, FAR)
    feeds = []
    for link in near_ones:
        near = link.to if link.device == device else link.device
        if graph.distance.get(near, FAR) <= own or _other_way(found, near, device):
            feeds.append(feed(found.snapshot, near, link))
    return tuple(feeds)


def _find_parts(found: Silence) -> None:
    """Cut the silent devices into connected parts and give each of them to an entry."""
    graph, distance, alive, silent = found.graph, found.graph.distance, found.alive, found.silent
    devices, children = graph.inventory.devices, graph.children
    feeds: dict[DeviceId, tuple[Feed, ...]] = {}
    for device in silent:
        # Most silent devices have nothing that answers beside them: ask that first, and cheaply.
        for uplink in devices[device].uplinks:
            if uplink.to in alive:
                break
        else:
            if device not in children or alive.isdisjoint(children[device]):
                continue
        links = _feeds(found, device)
        if links:
            feeds[device] = links
    if graph.inventory.vantage in silent:
        feeds.setdefault(graph.inventory.vantage, ())
    entries = sorted(feeds, key=lambda name: (distance.get(name, FAR), name))
    owner = owners(graph, silent, entries)
    behind: dict[DeviceId, list[DeviceId]] = {device: [] for device in entries}
    for device, entry in owner.items():
        if device != entry:
            behind[entry].append(device)
    found.entries = [Entry(device, feeds[device], tuple(behind[device])) for device in entries]
    rest = silent - owner.keys()
    for device in sorted(rest, key=lambda name: (distance.get(name, FAR), name)):
        if device in rest:
            part = _part(graph, device, rest)
            rest.difference_update(part)
            found.without_entry.append(part)


def owners(graph: Graph, silent: AbstractSet[DeviceId], entries: Sequence[DeviceId]) -> dict[DeviceId, DeviceId]:
    """Give every silent device of a part to one of its entries: the one it hangs on first, then by any link."""
    owner = {device: device for device in entries}
    waiting = list(entries)
    for device in waiting:
        below = graph.downstream(device)
        if below:
            entry = owner[device]
            for near in below:
                if near in silent and near not in owner:
                    owner[near] = entry
                    waiting.append(near)
    if len(owner) < len(silent):
        rest = sorted(silent - owner.keys())
        edge = [(device, near) for device in rest for near, _ in links_of(graph, device) if near in owner]
        queue = deque(edge)
        while queue:
            device, near = queue.popleft()
            if device not in owner:
                owner[device] = owner[near]
                queue.extend((other, device) for other, _ in links_of(graph, device) if other in silent and other not in owner)
    return owner


def _part(graph: Graph, first: DeviceId, among: set[DeviceId]) -> tuple[DeviceId, ...]:
    seen = {first: None}
    waiting = deque(seen)
    while waiting:
        for near, _ in links_of(graph, waiting.popleft()):
            if near in among and near not in seen:
                seen[near] = None
                waiting.append(near)
    return tuple(seen)


def path_unknown(
    graph: Graph, hidden: AbstractSet[DeviceId], silent: AbstractSet[DeviceId], alive: AbstractSet[DeviceId]
) -> set[DeviceId]:
    """Return those of the hidden devices with an unmeasured device on a way up: an unknown path means `down` (DIAGNOSIS 2.1)."""
    unknown = set()
    devices = graph.inventory.devices
    for device in hidden:
        uplinks = devices[device].uplinks
        if uplinks and not graph.is_turned(device) and all(link.to in silent or link.to in alive for link in uplinks):
            continue
        above = graph.upstream(device)  # the slow and exact question
        if not above or any(near not in silent and near not in alive for near in above):
            unknown.add(device)
    waiting = deque(unknown)
    while waiting:
        for near in graph.downstream(waiting.popleft()):
            if near in hidden and near not in unknown:
                unknown.add(near)
                waiting.append(near)
    return unknown


def view_of(snapshot: Snapshot, device: DeviceId) -> DeviceView:
    """Return what is known of a device; nothing when it is not in the snapshot."""
    return snapshot.devices.get(device, _NOTHING)


_NOTHING = DeviceView(icmp=None)
