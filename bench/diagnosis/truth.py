"""What would be a right answer to an event: kind and element, place, domain and side of each of its faults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.diagnosis.faults import Event, Fault
from bench.diagnosis.generator import Link, World
from bench.diagnosis.observe import silence
from netwatch.diagnose.cause import CauseKind, Domain, Side
from netwatch.inventory.model import SiteKind

OUTSIDE = frozenset({Side.PROVIDER, Side.SITE})


@dataclass(frozen=True, slots=True)
class Truth:
    """One fault as it has to be found. Names are those of the inventory."""

    model: str
    kind: CauseKind
    exact: frozenset[tuple[CauseKind, str]]
    places: frozenset[str]
    domain: Domain
    counted: bool  # removing it changes what ICMP shows, or nobody feels it and it is a silent fault
    lost_redundancy: bool = False  # a dead line that nobody misses
    victims: frozenset[str] = frozenset()  # devices that answer once it is gone

    @property
    def side(self) -> str:
        """Return `data_center`, `outside` or `monitor`."""
        if self.domain in (Domain.DC, Domain.AGENT):
            return "data_center"
        return "monitor" if self.domain is Domain.MONITOR else "outside"


def truths(world: World, event: Event) -> list[Truth]:
    """Return every fault of an event, the hidden ones uncounted."""
    if not event.route:
        gateway = event.faults[0].element
        exact = frozenset({(CauseKind.MONITOR, gateway)})
        return [Truth(event.model, CauseKind.MONITOR, exact, frozenset({gateway}), Domain.MONITOR, counted=True)]
    shown = silence(world, event.faults)
    found = []
    for index, fault in enumerate(event.faults):
        rest = [*event.faults[:index], *event.faults[index + 1 :]]
        victims = frozenset(shown - silence(world, rest)) if rest else frozenset(shown)
        alone = bool(silence(world, [fault]))
        found.append(
            Truth(
                event.model,
                fault.kind,
                _exact(world, fault),
                _places(world, fault),
                domain(world, fault),
                counted=bool(victims) or fault.kind is CauseKind.AGENT,
                lost_redundancy=not alone and len(event.faults) == 1 and fault.kind in (CauseKind.LINK, CauseKind.CONFIGURATION),
                victims=victims,
            )
        )
    return found


def _exact(world: World, fault: Fault) -> frozenset[tuple[CauseKind, str]]:
    if fault.kind is CauseKind.CONFIGURATION:
        name = world.links[int(fault.element)].id
        return frozenset({(CauseKind.CONFIGURATION, name), (CauseKind.LINK, name)})
    if fault.kind is CauseKind.LINK:
        return frozenset({(CauseKind.LINK, world.links[int(fault.element)].id)})
    return frozenset({(fault.kind, fault.element)})


def _places(world: World, fault: Fault) -> frozenset[str]:
    """Return the names that send a technician to the right place: the element, its ends, what contains it, what it contains."""
    if fault.kind in (CauseKind.DEVICE, CauseKind.AGENT):
        device = fault.element
        lines = [world.links[number] for _, number in world.near[device]]
        return frozenset({device}) | _around(world, [device], lines)
    if fault.kind in (CauseKind.LINK, CauseKind.CONFIGURATION):
        link = world.links[int(fault.element)]
        return frozenset({link.upper, link.lower, link.told_upper}) | _around(world, [link.lower], [link])
    if fault.kind is CauseKind.CABLE:
        lines = [world.links[number] for number in sorted(fault.cut)]
        ends = {end for link in lines for end in (link.upper, link.lower, link.told_upper)}
        return frozenset(ends) | {fault.element} | _around(world, [link.lower for link in lines], lines)
    devices = sorted(fault.dark)
    lines = [world.links[number] for device in devices for _, number in world.near[device]]
    return frozenset(devices) | {fault.element} | _around(world, devices, lines)


def _around(world: World, devices: Iterable[str], lines: Iterable[Link]) -> frozenset[str]:
    """Return the sites of devices, the lines, and the risk groups that hold any of them."""
    sites = {world.site_of[device] for device in devices}
    numbers = {link.number for link in lines}
    groups = {name for name, members in world.feeds.items() if not sites.isdisjoint(members)}
    groups |= {name for name, members in world.ducts.items() if not numbers.isdisjoint(members)}
    return frozenset(sites | {world.links[number].id for number in numbers} | groups)


def domain(world: World, fault: Fault) -> Domain:
    """Return the domain of a fault (DIAGNOSIS 3.4), from whose ground it happened on."""
    if fault.kind is CauseKind.AGENT:
        return Domain.AGENT
    if fault.kind is CauseKind.DEVICE:
        return {SiteKind.DATA_CENTER: Domain.DC, SiteKind.PROVIDER: Domain.PROVIDER}.get(
            world.kind_of[world.site_of[fault.element]], Domain.SITE_DEVICE
        )
    if fault.kind in (CauseKind.SITE_POWER, CauseKind.POWER_FEED):
        return Domain.SITE_POWER
    if fault.kind is CauseKind.CABLE:
        lowers = [world.links[number].lower for number in world.ducts[fault.element]]
        access = any(world.kind_of[world.site_of[name]] is SiteKind.OFFICE for name in lowers)
        return Domain.SITE_UPLINK if access else Domain.PROVIDER
    link = world.links[int(fault.element)]
    upper, lower = world.site_of[link.upper], world.site_of[link.lower]
    if world.kind_of[lower] is SiteKind.OFFICE:
        return Domain.SITE_DEVICE if upper == lower else Domain.SITE_UPLINK
    return Domain.DC if upper == lower == "dc" else Domain.PROVIDER


def side(cause_side: Side) -> str:
    """Return the side of an answer in the three words of the benchmark."""
    if cause_side in OUTSIDE:
        return "outside"
    return {Side.DATA_CENTER: "data_center", Side.MONITOR: "monitor"}.get(cause_side, "unknown")
