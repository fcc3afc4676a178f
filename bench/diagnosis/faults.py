"""What breaks: fault models of DIAGNOSIS 4, each drawn at random on a network, and what each does to devices and lines."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bench.diagnosis.generator import GATEWAY, World
from netwatch.diagnose.cause import CauseKind
from netwatch.inventory.model import SiteKind

LINK_VARIANTS = {"cut": 0.85, "admin": 0.08, "err_disabled": 0.07}
SEVERAL = {"device": 0.3, "link": 0.3, "site_power": 0.2, "feed": 0.1, "cable": 0.1}
SITE_SURVIVES = 0.35
LINK_CUT = 0.65
START_SPREAD_S = 300.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that broke. `element`: device, number of the line as text, site, or risk group. Times in seconds."""

    kind: CauseKind
    element: str
    start: float = 0.0
    dark: frozenset[str] = frozenset()  # devices without power
    hung: frozenset[str] = frozenset()  # devices that stand still with their ports up
    cut: frozenset[int] = frozenset()  # dead lines
    shut: Mapping[int, str] = field(default_factory=dict)  # line -> what its upper port says: admin | err_disabled
    dark_sites: frozenset[str] = frozenset()
    no_icmp: frozenset[str] = frozenset()
    no_snmp: frozenset[str] = frozenset()

    @property
    def dead(self) -> frozenset[str]:
        """Return the devices that forward nothing."""
        return self.dark | self.hung


@dataclass(frozen=True, slots=True)
class Event:
    """What happens on one network at one time. `carrier` and `route` are the monitor's own."""

    model: str
    faults: tuple[Fault, ...]
    carrier: bool = True
    route: bool = True


def device_fault(device: str, *, power: bool) -> Fault:
    """Break one device: it loses its own power, or hangs."""
    one = frozenset({device})
    return Fault(CauseKind.DEVICE, device, dark=one) if power else Fault(CauseKind.DEVICE, device, hung=one)


def link_fault(number: int, variant: str) -> Fault:
    """Break one line: cut, or its upper port admin-down or err-disabled."""
    if variant == "cut":
        return Fault(CauseKind.LINK, str(number), cut=frozenset({number}))
    return Fault(CauseKind.CONFIGURATION, str(number), cut=frozenset({number}), shut={number: variant})


def power_fault(kind: CauseKind, element: str, sites: tuple[str, ...], world: World) -> Fault:
    """Take the power of sites."""
    dark = frozenset(device for site in sites for device in world.devices_of[site])
    return Fault(kind, element, dark=dark, dark_sites=frozenset(sites))


def cable_fault(group: str, lines: tuple[int, ...]) -> Fault:
    """Cut these lines of a duct."""
    return Fault(CauseKind.CABLE, group, cut=frozenset(lines))


def _device(world: World, rng: random.Random) -> Fault:
    names = [name for name in world.site_of if name != GATEWAY]
    return device_fault(rng.choice(names), power=rng.random() < 0.5)


def _link(world: World, rng: random.Random) -> Fault:
    return link_fault(rng.choice(world.links).number, rng.choices(list(LINK_VARIANTS), list(LINK_VARIANTS.values()))[0])


def _site_power(world: World, rng: random.Random) -> Fault:
    site = rng.choice(world.offices)
    return power_fault(CauseKind.SITE_POWER, site, (site,), world)


def _feed(world: World, rng: random.Random) -> Fault:
    group = rng.choice([name for name, sites in world.feeds.items() if len(sites) >= 2] or list(world.feeds))
    return power_fault(CauseKind.POWER_FEED, group, world.feeds[group], world)


def _feed_partial(world: World, rng: random.Random) -> Fault:
    group = rng.choice([name for name, sites in world.feeds.items() if len(sites) >= 2] or list(world.feeds))
    sites = world.feeds[group]
    lost = tuple(site for site in sites if rng.random() >= SITE_SURVIVES)
    if len(lost) < 2:
        lost = tuple(rng.sample(sites, min(2, len(sites))))
    return power_fault(CauseKind.POWER_FEED, group, lost, world)


def _cable(world: World, rng: random.Random) -> Fault:
    group = rng.choice(list(world.ducts))
    return cable_fault(group, world.ducts[group])


def _cable_partial(world: World, rng: random.Random) -> Fault:
    group = rng.choice([name for name, lines in world.ducts.items() if len(lines) >= 3] or list(world.ducts))
    lines = world.ducts[group]
    lost = [line for line in lines if rng.random() < LINK_CUT]
    if len(lost) < 2:
        lost = rng.sample(lines, 2)
    elif len(lost) == len(lines) and len(lines) > 2:
        lost.remove(rng.choice(lost))
    return cable_fault(group, tuple(lost))


def _no_snmp(world: World, rng: random.Random) -> Fault:
    device = rng.choice(sorted(world.managed))
    return Fault(CauseKind.AGENT, device, no_snmp=frozenset({device}))


def forwarders(world: World) -> list[str]:
    """Return the devices behind which there is something: nodes of the provider and routers of offices."""
    below = {link.upper for link in world.links}
    return [name for name, site in world.site_of.items() if name in below and world.kind_of[site] is not SiteKind.DATA_CENTER]


def _no_icmp(world: World, rng: random.Random) -> Fault:
    device = rng.choice(forwarders(world))
    return Fault(CauseKind.AGENT, device, no_icmp=frozenset({device}))


def in_data_center(world: World, rng: random.Random) -> Fault:
    """Break a device or a line of the Data Center, the gateway left out."""
    devices = [name for name, site in world.site_of.items() if site == "dc" and name != GATEWAY]
    lines = [link.number for link in world.links if world.site_of[link.upper] == world.site_of[link.lower] == "dc"]
    if rng.random() < 0.5:
        return device_fault(rng.choice(devices), power=rng.random() < 0.5)
    return link_fault(rng.choice(lines), rng.choices(list(LINK_VARIANTS), list(LINK_VARIANTS.values()))[0])


DRAWS: Mapping[str, Callable[[World, random.Random], Fault]] = {
    "device": _device,
    "link": _link,
    "site_power": _site_power,
    "feed": _feed,
    "feed_partial": _feed_partial,
    "cable": _cable,
    "cable_partial": _cable_partial,
    "silent_snmp": _no_snmp,
    "silent_icmp": _no_icmp,
}
MONITOR = Fault(CauseKind.MONITOR, GATEWAY)
MODELS = (*DRAWS, "two", "four", "monitor", "gateway", "quiet")
APART = ("data_center", "provider")  # counted in rows of their own


def draw(model: str, world: World, rng: random.Random) -> Event:
    """Draw one event of a fault model."""
    if model == "quiet":
        return Event(model, ())
    if model == "monitor":
        carrier = rng.random() < 0.5
        return Event(model, (MONITOR,), carrier=carrier, route=False)
    if model == "gateway":
        return Event(model, (device_fault(GATEWAY, power=rng.random() < 0.5),))
    if model in ("two", "four"):
        names = rng.choices(list(SEVERAL), list(SEVERAL.values()), k=2 if model == "two" else 4)
        found = [replace(DRAWS[name](world, rng), start=rng.uniform(-START_SPREAD_S, START_SPREAD_S)) for name in names]
        return Event(model, tuple(sorted(found, key=lambda fault: fault.start)))
    if model == "data_center":
        return Event(model, (in_data_center(world, rng),))
    if model == "provider":
        return Event(model, (_in_provider(world, rng),))
    return Event(model, (DRAWS[model](world, rng),))


def _in_provider(world: World, rng: random.Random) -> Fault:
    devices = [name for name, site in world.site_of.items() if world.kind_of[site] is SiteKind.PROVIDER]
    lines = [link.number for link in world.links if world.kind_of[world.site_of[link.lower]] is SiteKind.PROVIDER]
    if rng.random() < 0.5:
        return device_fault(rng.choice(devices), power=rng.random() < 0.5)
    return link_fault(rng.choice(lines), "cut")
