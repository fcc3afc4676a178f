"""Faults nobody feels: silent agents and lost redundancy (DIAGNOSIS 3.3, steps 2 and 7)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from netwatch.diagnose import scores
from netwatch.diagnose.cause import Cause, CauseKind, Domain, Evidence, Side
from netwatch.diagnose.entries import Silence, feed, links_of
from netwatch.diagnose.scores import Reads
from netwatch.diagnose.sides import domain_of, side_of
from netwatch.diagnose.snapshot import Reach
from netwatch.inventory.model import Uplink

_DARK = (Reads.DOWN, Reads.ADMIN, Reads.ERR_DISABLED)


def quiet_causes(silence: Silence, groups: Collection[str]) -> list[Cause]:
    """Return what works but should not be left as it is. `groups`: risk groups already blamed; their links are explained."""
    return [*_forwarders(silence), *_silent_agents(silence), *_lost_redundancy(silence, groups)]


def wrong_ports(silence: Silence) -> list[Evidence]:
    """Return the ports that read down on a link nobody can do without, while its far end answers: wrong in the inventory."""
    found = []
    for device, link in _measured_links(silence):
        seen = feed(silence.snapshot, device, link)
        far = link.device if device == link.to else link.to
        if link.id in silence.graph.bridges and seen.reads in _DARK and far in silence.alive and device in silence.alive:
            found.append(Evidence("wrong_port_in_inventory", {"device": device, "port": seen.port, "far": far, "link": link.id}))
    return found


def _forwarders(silence: Silence) -> Iterator[Cause]:
    for device, answering in sorted(silence.agents.items()):
        if answering:
            fact, confidence = Evidence("children_answer", {"device": device, "count": answering}), scores.AGENT
        else:
            fact, confidence = Evidence("snmp_answers", {"device": device}), scores.AGENT_SNMP
        yield _agent(device, frozenset({device}), confidence, fact)


def _silent_agents(silence: Silence) -> list[Cause]:
    """Blame each SNMP agent that is silent while its device answers; half of all at once is one fault of the monitor's access."""
    views = silence.snapshot.devices
    measured = [name for name, view in views.items() if view.icmp is Reach.ANSWERING and view.snmp is not None]
    dead = sorted(name for name in measured if views[name].snmp is False)
    if len(dead) >= 3 and 2 * len(dead) >= len(measured):
        fact = Evidence("snmp_silent_many", {"count": len(dead), "total": len(measured)})
        return [_agent(silence.graph.inventory.vantage, frozenset(dead), scores.AGENT_SNMP, fact)]
    return [_agent(name, frozenset({name}), scores.AGENT_SNMP, Evidence("snmp_silent", {"device": name})) for name in dead]


def _agent(element: str, affected: frozenset[str], confidence: float, fact: Evidence) -> Cause:
    return Cause(
        CauseKind.AGENT, element, Side.DATA_CENTER, Domain.AGENT, confidence, frozenset({element}), affected | {element}, (fact,)
    )


def _lost_redundancy(silence: Silence, groups: Collection[str]) -> Iterator[Cause]:
    graph = silence.graph
    done = set()
    for _, link in _measured_links(silence):
        if link.id in done or link.id in graph.bridges or any(name in groups for name in graph.groups_of_link.get(link.id, ())):
            continue
        done.add(link.id)
        ends = (feed(silence.snapshot, link.to, link), feed(silence.snapshot, link.device, link))
        if any(end.near not in silence.alive or end.near in silence.agents for end in ends):
            continue
        readings = [end for end in ends if end.reads is not None]
        if not readings or any(end.reads not in _DARK for end in readings):
            continue
        if any(len({near for near, _ in links_of(graph, end.near)}) < 2 for end in ends):
            continue
        facts = tuple(
            Evidence("redundancy_port_down", {"device": end.near, "port": end.port, "link": link.id}) for end in readings
        )
        domain = domain_of(CauseKind.REDUNDANCY, link.id, graph)
        yield Cause(
            CauseKind.REDUNDANCY,
            link.id,
            side_of(domain),
            domain,
            scores.REDUNDANCY,
            frozenset({link.id}),
            frozenset(),
            facts,
        )


def _measured_links(silence: Silence) -> Iterator[tuple[str, Uplink]]:
    """Yield every link with a port reading, from the end that was read."""
    graph = silence.graph
    named: dict[str, set[str]] = {}
    for device, port in silence.snapshot.ports:
        if device in graph.inventory.devices:
            named.setdefault(device, set()).add(port)
    for device in sorted(named):
        for _, link in links_of(graph, device):
            name = link.port if device == link.to else link.own_port
            if name in named[device]:
                yield device, link
