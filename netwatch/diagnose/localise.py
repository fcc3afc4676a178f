"""From one frozen snapshot to causes, most important first (DIAGNOSIS 3.3). Pure; linear in the silent devices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from netwatch.diagnose import scores
from netwatch.diagnose.cause import Alternative, Cause, CauseKind, Domain, Side
from netwatch.diagnose.entries import Entry, Silence, owners, path_unknown, silence_of
from netwatch.diagnose.facts import entry_facts, group_facts, part_facts
from netwatch.diagnose.groups import KINDS, Shared, shared_causes
from netwatch.diagnose.hypotheses import Hypothesis, Places, hypotheses
from netwatch.diagnose.isolation import isolated
from netwatch.diagnose.quiet import quiet_causes
from netwatch.diagnose.sides import domain_of, side_of
from netwatch.diagnose.snapshot import Reach, Snapshot

ALTERNATIVES = 2  # always shown: the true cause is among the first three in 0.998 of single faults
_UNFELT = (CauseKind.AGENT, CauseKind.REDUNDANCY, CauseKind.MONITOR)


def localise(snapshot: Snapshot) -> list[Cause]:
    """Return the causes of everything that is silent, ordered by how much they explain, then by confidence.

    Every silent device is in the `affected` of exactly one cause. `locus` holds the entries: the key of an incident.
    """
    silence = silence_of(snapshot)
    own = isolated(silence)
    if own is not None:
        return [own]
    places = Places(silence)
    ranked = {entry.device: hypotheses(entry, silence, places) for entry in silence.entries}
    best = {device: found[0] for device, found in ranked.items()}
    shared = shared_causes(silence.entries, best, silence, places)
    given = {entry.device for group in shared for entry in group.entries}
    causes = [_of_group(group, ranked, silence, places) for group in shared]
    causes += _singles([entry for entry in silence.entries if entry.device not in given], ranked, silence, places)
    causes += [_of_part(part, silence) for part in silence.without_entry]
    causes += quiet_causes(silence, {group.group.id for group in shared})
    return sorted(causes, key=lambda cause: (cause.kind in _UNFELT, -len(cause.locus), -cause.confidence, cause.element))


def unreachable(snapshot: Snapshot, causes: Sequence[Cause]) -> dict[str, str]:
    """Return the silent devices that a silent entry explains, each with that entry.

    A device with an unmeasured ancestor is not among them: an unknown path must not hide a fault (DIAGNOSIS 2.1).
    """
    views = snapshot.devices
    hidden: set[str] = set()
    entries: list[str] = []
    alive = {cause.element for cause in causes if cause.kind is CauseKind.AGENT}
    for cause in causes:
        if cause.kind in _UNFELT or any(one.code in ("inventory_incomplete", "path_unknown") for one in cause.evidence):
            continue
        entries.extend(sorted(cause.locus))
        hidden |= cause.affected - cause.locus
    if not hidden:
        return {}
    silent = hidden | set(entries)
    alive.update(device for device, view in views.items() if view.icmp is Reach.ANSWERING or (view.icmp is None and view.snmp))
    if alive:
        alive.add(snapshot.graph.inventory.vantage)
    unknown = path_unknown(snapshot.graph, hidden, silent, alive)
    owner = owners(snapshot.graph, silent, entries)
    return {device: owner[device] for device in sorted(hidden) if device not in unknown and device in owner}


def _singles(entries: Iterable[Entry], ranked: Mapping[str, list[Hypothesis]], silence: Silence, places: Places) -> list[Cause]:
    """Make a cause of every entry no group explains; entries that name the same element are one cause (step 6)."""
    same: dict[tuple[CauseKind, str], list[Entry]] = {}
    for entry in entries:
        best = ranked[entry.device][0]
        same.setdefault((best.kind, best.element), []).append(entry)
    return [_of_entries(together, ranked, silence, places) for together in same.values()]


def _of_entries(entries: Sequence[Entry], ranked: Mapping[str, list[Hypothesis]], silence: Silence, places: Places) -> Cause:
    surest = max(entries, key=lambda entry: scores.shares(one.score for one in ranked[entry.device])[0])
    found = ranked[surest.device]
    shares = scores.shares(one.score for one in found)
    best = found[0]
    side = (
        best.side
        if sum(s for s, one in zip(shares, found, strict=True) if one.side is best.side) >= scores.SIDE_KNOWN_FROM
        else Side.UNKNOWN
    )
    others = tuple(
        Alternative(one.kind, one.element, one.side, one.domain, round(share, 4))
        for one, share in zip(found[1 : 1 + ALTERNATIVES], shares[1:], strict=False)
    )
    return Cause(
        best.kind,
        best.element,
        side,
        best.domain,
        round(shares[0], 4),
        frozenset(entry.device for entry in entries),
        _affected(entries),
        entry_facts(entries, silence, places),
        others,
    )


def _of_group(shared: Shared, ranked: Mapping[str, list[Hypothesis]], silence: Silence, places: Places) -> Cause:
    graph = silence.graph
    kind, element = KINDS[shared.group.kind], shared.group.id
    weights = scores.shares([shared.gain, 0.0, *(gain for _, gain in shared.rivals)])
    domain = domain_of(kind, element, graph)
    single = ranked[shared.entries[0].device][0]
    found = [(weights[1], single.kind, single.element, single.domain, single.side)]
    for (group, _), weight in zip(shared.rivals, weights[2:], strict=True):
        other = domain_of(KINDS[group.kind], group.id, graph)
        found.append((weight, KINDS[group.kind], group.id, other, side_of(other)))
    found.sort(key=lambda one: -one[0])
    agreeing = weights[0] + sum(weight for weight, _, _, _, side in found if side is side_of(domain))
    return Cause(
        kind,
        element,
        side_of(domain) if agreeing >= scores.SIDE_KNOWN_FROM else Side.UNKNOWN,
        domain,
        round(weights[0], 4),
        frozenset(entry.device for entry in shared.entries),
        _affected(shared.entries),
        group_facts(shared, silence, places),
        tuple(Alternative(k, e, s, d, round(weight, 4)) for weight, k, e, d, s in found[:ALTERNATIVES]),
    )


def _of_part(part: Sequence[str], silence: Silence) -> Cause:
    """Name the nearest member of a part that nobody answering is next to; whose side it is on is not known."""
    first = part[0]
    return Cause(
        CauseKind.DEVICE,
        first,
        Side.UNKNOWN,
        Domain.UNKNOWN,
        scores.NO_ENTRY,
        frozenset({first}),
        frozenset(part),
        part_facts(part, silence),
    )


def _affected(entries: Iterable[Entry]) -> frozenset[str]:
    return frozenset(device for entry in entries for device in (entry.device, *entry.behind))
