"""Is it me? The verdict of table 2.3 when nothing answers beyond the first hop."""

from __future__ import annotations

from collections.abc import Iterable

from netwatch.diagnose import scores
from netwatch.diagnose.cause import Alternative, Cause, CauseKind, Domain, Evidence, Side
from netwatch.diagnose.entries import Silence
from netwatch.diagnose.sides import domain_of, side_of


def isolated(silence: Silence) -> Cause | None:
    """Return the verdict of table 2.3; None where it says "normal localisation", or where something answers."""
    view = silence.snapshot.vantage
    if not silence.silent or silence.alive:
        return None
    facts = [Evidence("nothing_answers", {"count": len(silence.silent)})]
    if view.carrier is False:
        return _monitor(silence, scores.MONITOR_NO_CARRIER, [Evidence("own_link_down", {"carrier": False}), *facts])
    if not _first_hop_silent(silence):
        return None
    if view.witness is True:
        return _monitor(silence, scores.MONITOR_WITNESS, [*facts, Evidence("witness_sees_network", {})])
    if view.witness is False:
        return None
    return _first_hop(silence, [*facts, Evidence("no_witness", {})])


def _first_hop_silent(silence: Silence) -> bool:
    """Tell whether the vantage is silent. Unmeasured, it counts as silent when all of several devices next to it are."""
    vantage = silence.graph.inventory.vantage
    if vantage in silence.silent:
        return True
    if vantage not in silence.graph.distance:
        return False
    beside = [name for name, distance in _near(silence) if distance == 1]
    return len(beside) >= 2 and all(name in silence.silent for name in beside)


def _near(silence: Silence) -> Iterable[tuple[str, int]]:
    graph = silence.graph
    vantage = graph.inventory.vantage
    names = [*graph.children.get(vantage, ()), *(uplink.to for uplink in graph.parents(vantage))]
    return [(name, graph.distance[name]) for name in dict.fromkeys(names) if name in graph.distance]


def _monitor(silence: Silence, confidence: float, evidence: list[Evidence]) -> Cause:
    vantage = silence.graph.inventory.vantage
    return Cause(
        CauseKind.MONITOR,
        vantage,
        Side.MONITOR,
        Domain.MONITOR,
        confidence,
        frozenset({vantage}),
        frozenset(silence.silent | {vantage}),
        tuple(evidence),
    )


def _first_hop(silence: Silence, evidence: list[Evidence]) -> Cause:
    """Blame the first hop, with the monitor as the alternative: without a witness nobody can tell them apart."""
    vantage = silence.graph.inventory.vantage
    domain = domain_of(CauseKind.DEVICE, vantage, silence.graph)
    other = Alternative(CauseKind.MONITOR, vantage, Side.MONITOR, Domain.MONITOR, round(1 - scores.FIRST_HOP_NO_WITNESS, 4))
    return Cause(
        CauseKind.DEVICE,
        vantage,
        side_of(domain),
        domain,
        scores.FIRST_HOP_NO_WITNESS,
        frozenset({vantage}),
        frozenset(silence.silent | {vantage}),
        tuple(evidence),
        (other,),
    )
