"""What other systems do with the same snapshot and the same inventory: five rules, each as simple as it is meant."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping

from bench.diagnosis.observe import CONFIRM_S
from netwatch.diagnose.cause import Cause, CauseKind
from netwatch.diagnose.sides import domain_of, side_of
from netwatch.diagnose.snapshot import Reach, Snapshot
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import GroupKind

HIT_RATIO = 0.8
GROUPS = {GroupKind.POWER: CauseKind.POWER_FEED, GroupKind.CABLE: CauseKind.CABLE, GroupKind.PROVIDER: CauseKind.PROVIDER}


def _silent(snapshot: Snapshot) -> set[str]:
    return {device for device, view in snapshot.devices.items() if view.icmp is Reach.SILENT}


def _cause(kind: CauseKind, element: str, explains: set[str] | frozenset[str], graph: Graph) -> Cause:
    domain = domain_of(kind, element, graph)
    return Cause(kind, element, side_of(domain), domain, 1.0, frozenset({min(explains)}), frozenset(explains))


def naive(snapshot: Snapshot) -> list[Cause]:
    """Open one ticket for each silent device."""
    return [_cause(CauseKind.DEVICE, device, {device}, snapshot.graph) for device in sorted(_silent(snapshot))]


def parent_one_snapshot(snapshot: Snapshot) -> list[Cause]:
    """Blame each silent device with a parent that answers, or without parents: Nagios and Icinga at their best."""
    silent = _silent(snapshot)
    graph = snapshot.graph
    found = []
    for device in sorted(silent):
        above = graph.upstream(device)
        if not above or any(parent not in silent for parent in above):
            found.append(_cause(CauseKind.DEVICE, device, {device}, graph))
    return found


def parent_own_time(snapshot: Snapshot) -> list[Cause]:
    """Blame each silent device that has a parent which is not down yet when it goes down itself: dependencies as of Zabbix."""
    graph, views = snapshot.graph, snapshot.devices

    def down_at(device: str) -> float:
        view = views.get(device)
        if view is None or view.icmp is not Reach.SILENT or view.since is None:
            return float("inf")
        return view.since.timestamp() + CONFIRM_S

    found = []
    for device in sorted(_silent(snapshot)):
        above = graph.upstream(device)
        if not above or any(down_at(parent) > down_at(device) for parent in above):
            found.append(_cause(CauseKind.DEVICE, device, {device}, graph))
    return found


def _tree(graph: Graph) -> tuple[list[str], dict[str, tuple[str, str]]]:
    """Return the devices from the vantage outwards, and for each its parent in the shortest-path tree with the link to it."""
    order = sorted(graph.distance, key=lambda device: (graph.distance[device], device))
    parent = {}
    for device in order:
        nearer = [up for up in graph.parents(device) if graph.distance.get(up.to, 1 << 30) < graph.distance[device]]
        if nearer:
            parent[device] = (nearer[0].to, nearer[0].id)
    return order, parent


def scfs(snapshot: Snapshot) -> list[Cause]:
    """Blame the highest links of the shortest-path tree whose whole subtree is silent (Duffield 2006)."""
    graph, silent = snapshot.graph, _silent(snapshot)
    order, parent = _tree(graph)
    below: dict[str, set[str]] = {}
    bad = dict.fromkeys(order, True)
    for device in reversed(order):
        if device not in silent:
            bad[device] = False
        if device in parent and not bad[device]:
            bad[parent[device][0]] = False
    for device in reversed(order):
        if bad[device]:
            mine = below.setdefault(device, set())
            mine.add(device)
            if device in parent and bad[parent[device][0]]:
                below.setdefault(parent[device][0], set()).update(mine)
    found = []
    for device in order:
        if bad[device] and device not in parent:
            found.append(_cause(CauseKind.DEVICE, device, below[device], graph))
        elif bad[device] and not bad[parent[device][0]]:
            found.append(_cause(CauseKind.LINK, parent[device][1], below[device], graph))
    return found


def score_like(snapshot: Snapshot) -> list[Cause]:
    """Cover the silence greedily by devices, links and risk groups of which at least 0.8 is silent (SCORE, NSDI 2005)."""
    graph, silent = snapshot.graph, _silent(snapshot)
    order, parent = _tree(graph)
    size = dict.fromkeys(order, 1)
    dark: dict[str, set[str]] = {device: {device} & silent for device in order}
    for device in reversed(order):
        if device in parent:
            above = parent[device][0]
            size[above] += size[device]
            dark[above] |= dark[device]
    candidates: list[tuple[int, CauseKind, str, set[str], int]] = []  # rank among equals, kind, element, silent part, size
    for device in order:
        if dark[device]:
            candidates.append((0, CauseKind.DEVICE, device, dark[device], size[device]))
            if device in parent:
                candidates.append((1, CauseKind.LINK, parent[device][1], dark[device], size[device]))
    for site in dict.fromkeys(graph.inventory.devices[device].site for device in sorted(silent)):
        members = set(graph.devices_of_site[site])
        candidates.append((2, CauseKind.SITE_POWER, site, members & silent, len(members)))
    by_link = {link: device for device, (_, link) in parent.items()}
    for group in graph.inventory.risk_groups.values():
        tops = set(group.devices) | {device for site in group.sites for device in graph.devices_of_site[site]}
        tops |= {by_link[link] for link in group.links if link in by_link}
        tops = {device for device in tops if not _above(parent, device, tops)}
        explained = set().union(*(dark.get(device, set()) for device in tops))
        candidates.append((3, GROUPS[group.kind], group.id, explained, sum(size.get(device, 1) for device in tops)))
    return _greedy([one for one in candidates if one[3] and len(one[3]) >= HIT_RATIO * one[4]], silent, graph)


def _above(parent: Mapping[str, tuple[str, str]], device: str, among: set[str]) -> bool:
    while device in parent:
        device = parent[device][0]
        if device in among:
            return True
    return False


def _greedy(candidates: list[tuple[int, CauseKind, str, set[str], int]], silent: set[str], graph: Graph) -> list[Cause]:
    left = set(silent)
    heap = [(-len(one[3]), one[0], index) for index, one in enumerate(candidates)]
    heapq.heapify(heap)
    found = []
    while left and heap:
        covers, rank, index = heapq.heappop(heap)
        _, kind, element, explained, _ = candidates[index]
        now = len(explained & left)
        if now == 0:
            continue
        if now < -covers:
            heapq.heappush(heap, (-now, rank, index))
            continue
        found.append(_cause(kind, element, explained, graph))
        left -= explained
    return found + [_cause(CauseKind.DEVICE, device, {device}, graph) for device in sorted(left)]


BASELINES: Mapping[str, Callable[[Snapshot], list[Cause]]] = {
    "one ticket per silent device": naive,
    "parent rule, one snapshot": parent_one_snapshot,
    "parent rule, own time": parent_own_time,
    "SCFS": scfs,
    "SCORE-like": score_like,
}
