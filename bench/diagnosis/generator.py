"""A city on a backbone: what there really is (`World`), and what its inventory says, which is mostly not quite the same."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

from bench.diagnosis.backbones import Backbone
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import Device, GroupKind, Inventory, LinkKind, RiskGroup, Role, Site, SiteKind, Uplink

GATEWAY = "gw"
DUAL_HOMED = 0.08
CIRCUIT_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Noise:
    """How much of what a monitor is told is missing or wrong (DIAGNOSIS 4). Shares of all."""

    name: str
    no_snmp: float = 0.0
    wrong_port: float = 0.0
    false_hint: float = 0.0
    wrong_edge: float = 0.0
    member_missing: float = 0.0
    false_down: float = 0.0


NOISE = {
    "clean": Noise("clean"),
    "normal": Noise("normal", 0.15, 0.01, 0.01, 0.02, 0.05, 2e-5),
    "harsh": Noise("harsh", 0.40, 0.03, 0.03, 0.08, 0.20, 5e-4),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A line as it really is; `upper` is the end nearer to the monitor. `id` is its name in the inventory."""

    number: int
    upper: str
    lower: str
    kind: LinkKind
    id: str
    told_upper: str
    told_port: str | None  # the port of `told_upper` by its name in the inventory; None: there is no such port there

    def other(self, device: str) -> str:
        """Return the other end."""
        return self.lower if device == self.upper else self.upper


@dataclass(frozen=True, slots=True)
class Rates:
    """What differs from network to network and no algorithm is told."""

    down_when_cut: dict[LinkKind, float]  # P(the port reads down | its line is dead)
    power_hint: float  # P(a site without power says so before it is silent)


@dataclass(slots=True)
class World:
    """A network as it is: devices with sites, lines by number, risk groups with all their members; `graph` is what is told."""

    name: str
    noise: Noise
    rates: Rates
    site_of: dict[str, str]
    kind_of: dict[str, SiteKind]  # site -> whose ground
    links: list[Link] = field(default_factory=list)
    near: dict[str, list[tuple[str, int]]] = field(default_factory=dict)  # device -> (neighbour, number of the line)
    feeds: dict[str, tuple[str, ...]] = field(default_factory=dict)  # power feed -> sites
    ducts: dict[str, tuple[int, ...]] = field(default_factory=dict)  # duct -> numbers of lines
    managed: frozenset[str] = frozenset()  # devices with a working SNMP agent
    devices_of: dict[str, list[str]] = field(default_factory=dict)
    graph: Graph = field(init=False)

    @property
    def offices(self) -> list[str]:
        """Return the sites that are offices."""
        return [site for site, kind in self.kind_of.items() if kind is SiteKind.OFFICE]


class _Builder:
    def __init__(self, backbone: Backbone, noise: Noise, rng: random.Random) -> None:
        self.rng = rng
        self.noise = noise
        self.world = World(
            backbone.name,
            noise,
            Rates(
                {LinkKind.DIRECT: rng.uniform(0.88, 0.99), LinkKind.CIRCUIT: rng.uniform(0.1, 0.5)},
                rng.uniform(0.2, 0.7),
            ),
            {},
            {},
        )
        self.uplinks: dict[str, list[Link]] = {}
        self.roles: dict[str, Role] = {}
        self.access: dict[str, list[int]] = {}  # node -> access lines
        self.nodes: list[str] = []

    def device(self, name: str, site: str, kind: SiteKind, role: Role) -> None:
        self.world.site_of[name] = site
        self.world.kind_of[site] = kind
        self.world.devices_of.setdefault(site, []).append(name)
        self.world.near[name] = []
        self.uplinks[name] = []
        self.roles[name] = role

    def link(self, upper: str, lower: str, kind: LinkKind = LinkKind.DIRECT, *, told: str | None = None) -> int:
        number = len(self.world.links)
        above = upper if told is None else told
        port: str | None = f"ge{number}"
        if told is not None and self.rng.random() < 0.5:
            port = None
        made = Link(number, upper, lower, kind, f"{above}/{lower}", above, port)
        self.world.links.append(made)
        self.world.near[upper].append((lower, number))
        self.world.near[lower].append((upper, number))
        self.uplinks[lower].append(made)
        return number

    def data_center(self) -> None:
        self.device(GATEWAY, "dc", SiteKind.DATA_CENTER, Role.ROUTER)
        for name in ("core1", "core2"):
            self.device(name, "dc", SiteKind.DATA_CENTER, Role.CORE)
            self.link(GATEWAY, name)
        for name in ("edge", "server1", "server2", "server3"):
            self.device(name, "dc", SiteKind.DATA_CENTER, Role.DISTRIBUTION if name == "edge" else Role.SERVER)
            self.link("core1", name)
            self.link("core2", name)

    def backbone(self, backbone: Backbone) -> list[int]:
        """Lay the provider's nodes and lines from the best connected one outwards; return the nodes in that order."""
        near: dict[int, list[int]] = {node: [] for node in range(backbone.nodes)}
        for a, b in backbone.edges:
            near[a].append(b)
            near[b].append(a)
        root = max(near, key=lambda node: (len(near[node]), -node))
        depth, waiting = {root: 0}, deque([root])
        while waiting:
            node = waiting.popleft()
            for other in near[node]:
                if other not in depth:
                    depth[other] = depth[node] + 1
                    waiting.append(other)
        order = list(depth)
        rank = {node: index for index, node in enumerate(order)}
        for node in order:
            self.device(f"n{node}", f"pop{node}", SiteKind.PROVIDER, Role.ROUTER)
            self.nodes.append(f"n{node}")
        self.link("edge", f"n{root}")
        if self.rng.random() < 0.5:
            self.link("edge", f"n{self.rng.choice(near[root] or [root])}")
        lines: dict[int, list[int]] = {node: [] for node in order}
        for a, b in sorted(backbone.edges, key=lambda edge: sorted((rank[edge[0]], rank[edge[1]]))):
            upper, lower = sorted((a, b), key=lambda node: rank[node])
            number = self.link(f"n{upper}", f"n{lower}")
            lines[a].append(number)
            lines[b].append(number)
        for node in order:
            if len(lines[node]) >= 3 and self.rng.random() < 0.5:
                self.world.ducts[f"trench-n{node}"] = tuple(self.rng.sample(lines[node], 2))
        self._near_nodes = {f"n{node}": [f"n{other}" for other in near[node]] for node in order}
        return order

    def offices(self, order: list[int], per_node: int | None) -> None:
        rng = self.rng
        for node in order:
            above = f"n{node}"
            for place in range(per_node or rng.randint(2, 4)):
                site = f"s{node}-{place}"
                router = f"{site}-r"
                self.device(router, site, SiteKind.OFFICE, Role.ROUTER)
                kind = LinkKind.CIRCUIT if rng.random() < CIRCUIT_SHARE else LinkKind.DIRECT
                wrong = rng.random() < self.noise.wrong_edge
                told = rng.choice([n for n in self._near_nodes[above] or self.nodes if n != above] or [above]) if wrong else None
                self.access.setdefault(above, []).append(self.link(above, router, kind, told=told))
                if per_node is None and rng.random() < DUAL_HOMED:
                    other = rng.choice(self._near_nodes[above])
                    if other != told:
                        self.access.setdefault(other, []).append(self.link(other, router, LinkKind.CIRCUIT))
                for number in range(rng.randint(1, 3)):
                    self.device(f"{site}-w{number}", site, SiteKind.OFFICE, Role.SWITCH)
                    self.link(router, f"{site}-w{number}")

    def groups(self) -> None:
        offices = self.world.offices
        while offices:
            size = self.rng.randint(3, 8)
            self.world.feeds[f"feed-{len(self.world.feeds)}"] = tuple(offices[:size])
            offices = offices[size:]
        for node, lines in self.access.items():
            if len(lines) >= 2:
                self.world.ducts[f"duct-{node}"] = tuple(self.rng.sample(lines, self.rng.randint(2, len(lines))))

    def inventory(self) -> Inventory:
        """Return what the engineers wrote down: some access lines on the wrong node, some members of groups forgotten."""
        world, rng = self.world, self.rng
        sites = {site: Site(site, f"Kantor {site}", kind) for site, kind in world.kind_of.items()}
        devices = {}
        for name, ups in self.uplinks.items():
            told = tuple(
                Uplink(one.id, name, one.told_upper, port=_told_port(one), own_port=f"up{one.number}", kind=one.kind)
                for one in ups
            )
            devices[name] = Device(name, world.site_of[name], self.roles[name], "192.0.2.1", told)
        groups = {}
        for group, members in world.feeds.items():
            kept = tuple(site for site in members if rng.random() >= self.noise.member_missing)
            groups[group] = RiskGroup(group, GroupKind.POWER, sites=kept)
        for group, lines in world.ducts.items():
            links = tuple(world.links[one].id for one in lines if rng.random() >= self.noise.member_missing)
            groups[group] = RiskGroup(group, GroupKind.CABLE, links=links)
        return Inventory(GATEWAY, sites, devices, groups)


def _told_port(link: Link) -> str:
    return f"ge{link.number}" if link.told_port is None else link.told_port


def generate(backbone: Backbone, noise: Noise, rng: random.Random) -> World:
    """Build a city on a backbone (DIAGNOSIS 4, "Generator")."""
    builder = _Builder(backbone, noise, rng)
    builder.data_center()
    order = builder.backbone(backbone)
    builder.offices(order, backbone.sites)
    builder.groups()
    world = builder.world
    world.managed = frozenset(name for name in world.site_of if rng.random() >= noise.no_snmp)
    world.graph = Graph.of(builder.inventory())
    return world
