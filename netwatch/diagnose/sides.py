"""On whose side an element stands: the domain and the side of every hypothesis (DIAGNOSIS 3.4)."""

from __future__ import annotations

from collections import Counter

from netwatch.diagnose.cause import CauseKind, Domain, Side
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import LinkKind, SiteKind, Uplink

OURS = frozenset({SiteKind.DATA_CENTER, SiteKind.HUB})  # run by the dc_team

_SIDES = {
    Domain.DC: Side.DATA_CENTER,
    Domain.AGENT: Side.DATA_CENTER,
    Domain.MONITOR: Side.MONITOR,
    Domain.PROVIDER: Side.PROVIDER,
    Domain.SITE_UPLINK: Side.SITE,
    Domain.SITE_POWER: Side.SITE,
    Domain.SITE_DEVICE: Side.SITE,
    Domain.UNKNOWN: Side.UNKNOWN,
}


def side_of(domain: Domain) -> Side:
    """Return the side of a domain."""
    return _SIDES[domain]


def domain_of(kind: CauseKind, element: str, graph: Graph) -> Domain:
    """Return the domain of a fault of this kind at this element."""
    if kind is CauseKind.AGENT:
        return Domain.AGENT
    if kind is CauseKind.MONITOR:
        return Domain.MONITOR
    if kind is CauseKind.DEVICE:
        return _of_device(element, graph)
    if kind in (CauseKind.LINK, CauseKind.CONFIGURATION, CauseKind.REDUNDANCY):
        return link_domain(graph.links[element], graph)
    if kind is CauseKind.SITE_POWER:
        return _of_power(graph.inventory.sites[element].kind)
    if kind is CauseKind.PROVIDER:
        return Domain.PROVIDER
    if kind in (CauseKind.POWER_FEED, CauseKind.CABLE):
        return _of_group(kind, element, graph)
    return Domain.UNKNOWN


def link_domain(link: Uplink, graph: Graph) -> Domain:
    """Return the domain of a link.

    The last mile ends in an office; what ends at a provider, or is rented from one, is the provider's.
    """
    upper, lower = graph.inventory.site_of(link.to), graph.inventory.site_of(link.device)
    if SiteKind.OFFICE in (upper.kind, lower.kind):
        return Domain.SITE_DEVICE if upper.id == lower.id else Domain.SITE_UPLINK
    if SiteKind.PROVIDER in (upper.kind, lower.kind):
        return Domain.PROVIDER
    return Domain.PROVIDER if link.kind is LinkKind.CIRCUIT else Domain.DC


def _of_device(device: str, graph: Graph) -> Domain:
    kind = graph.inventory.site_of(device).kind
    if kind in OURS:
        return Domain.DC
    return Domain.PROVIDER if kind is SiteKind.PROVIDER else Domain.SITE_DEVICE


def _of_power(kind: SiteKind) -> Domain:
    if kind in OURS:
        return Domain.DC
    return Domain.PROVIDER if kind is SiteKind.PROVIDER else Domain.SITE_POWER


def _of_group(kind: CauseKind, element: str, graph: Graph) -> Domain:
    """Return what most members are; a feed with an office in it is the utility's business, not the Data Center's."""
    group = graph.inventory.risk_groups[element]
    if kind is CauseKind.POWER_FEED:
        kinds = {graph.inventory.sites[site].kind for site in group.sites}
        kinds |= {graph.inventory.site_of(device).kind for device in group.devices}
        return Domain.DC if kinds and kinds <= OURS else Domain.SITE_POWER
    votes = Counter(link_domain(graph.links[link], graph) for link in group.links if link in graph.links)
    votes += Counter(_of_device(device, graph) for device in group.devices)
    if not votes:
        return Domain.SITE_UPLINK
    best = votes.most_common(1)[0][0]
    return Domain.SITE_UPLINK if best is Domain.SITE_DEVICE else best
