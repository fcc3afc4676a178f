"""Shared risks: a power feed, a cable, a provider that explains several entries at once (DIAGNOSIS 3.3, step 5)."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from statistics import median

from netwatch.diagnose import scores
from netwatch.diagnose.cause import CauseKind
from netwatch.diagnose.entries import Entry, Silence, feed, view_of
from netwatch.diagnose.hypotheses import Hypothesis, Places, likelihood
from netwatch.diagnose.scores import Reads, Row
from netwatch.inventory.model import GroupKind, RiskGroup

KINDS: Mapping[GroupKind, CauseKind] = {
    GroupKind.POWER: CauseKind.POWER_FEED,
    GroupKind.CABLE: CauseKind.CABLE,
    GroupKind.PROVIDER: CauseKind.PROVIDER,
}
_ROWS: Mapping[GroupKind, Row] = {GroupKind.POWER: Row.POWER, GroupKind.CABLE: Row.CUT, GroupKind.PROVIDER: Row.PROVIDER}


@dataclass(frozen=True, slots=True)
class Shared:
    """A risk group that explains entries better than their own causes do."""

    group: RiskGroup
    entries: tuple[Entry, ...]
    gain: float  # ln weight against the best single causes
    answering: int  # members that still answer
    links_down: int  # member links that read down without loss of service
    spread_s: float  # between the first and the last of its entries
    rivals: tuple[tuple[RiskGroup, float], ...]  # other groups that explain the same entries, with their gains


def shared_causes(entries: Sequence[Entry], best: Mapping[str, Hypothesis], silence: Silence, places: Places) -> list[Shared]:
    """Take the group with the greatest gain, give it its entries, score the others again, and so on. Lazily: few ever change."""
    chooser = _Chooser(entries, best, silence, places)
    heap = [(-found.gain, group) for group in sorted(chooser.touched) if (found := chooser.score(group)) is not None]
    heapq.heapify(heap)
    chosen = []
    while heap:
        gain, name = heapq.heappop(heap)
        found = chooser.score(name)
        if found is None:
            continue
        if -found.gain > gain + 1e-9:
            heapq.heappush(heap, (-found.gain, name))
            continue
        chosen.append(chooser.take(found))
    return chosen


class _Chooser:
    """Scores groups against the entries that are not given away yet."""

    def __init__(self, entries: Sequence[Entry], best: Mapping[str, Hypothesis], silence: Silence, places: Places) -> None:
        self.touched: dict[str, list[Entry]] = {}
        self._best = best
        self._silence = silence
        self._places = places
        self._given: set[str] = set()
        self._members: dict[str, tuple[int, int]] = {}  # group -> answering members, links down without loss
        graph = silence.graph
        for entry in entries:
            names = dict.fromkeys(graph.groups_of_device.get(entry.device, ()))
            by_link = [set(graph.groups_of_link.get(one.link.id, ())) for one in entry.feeds]
            if by_link:
                names.update(dict.fromkeys(sorted(set.intersection(*by_link))))
            for name in names:
                self.touched.setdefault(name, []).append(entry)

    def score(self, name: str) -> Shared | None:
        """Return a group with its gain over the entries that are left; None when it explains nothing better."""
        group = self._silence.graph.inventory.risk_groups[name]
        left = [entry for entry in self.touched[name] if entry.device not in self._given]
        together, spread_s = self._same_onset(left)
        if not together or (len(together) < 2 and len(together[0].feeds) < 2):
            return None
        if name not in self._members:
            self._members[name] = self._look(group)
        answering, links_down = self._members[name]
        eps, row = scores.SURVIVES[group.kind], _ROWS[group.kind]
        total = scores.GROUP[group.kind] + answering * log(eps) + links_down * scores.MEMBER_LINK_DOWN
        for entry in together:
            place = self._places.of(entry.device)
            total += log(1 - eps) + likelihood(entry, row, self._silence, place) - self._best[entry.device].score
        return Shared(group, together, total, answering, links_down, spread_s, ()) if total > 0 else None

    def take(self, found: Shared) -> Shared:
        """Give a group its entries and note which other groups could have had just these."""
        names = {entry.device for entry in found.entries}
        rivals = []
        groups = self._silence.graph.groups_of_device.get(found.entries[0].device, ())
        links = [name for one in found.entries[0].feeds for name in self._silence.graph.groups_of_link.get(one.link.id, ())]
        for name in dict.fromkeys([*groups, *links]):
            if name == found.group.id or name not in self.touched:
                continue
            other = self.score(name)
            if other is not None and {entry.device for entry in other.entries} >= names:
                rivals.append((other.group, other.gain))
        self._given |= names
        return Shared(found.group, found.entries, found.gain, found.answering, found.links_down, found.spread_s, tuple(rivals))

    def _same_onset(self, entries: Iterable[Entry]) -> tuple[tuple[Entry, ...], float]:
        """Return the entries that fell silent within the skew of the median, and the seconds between first and last of them."""
        listed = list(entries)
        onsets = {entry.device: view_of(self._silence.snapshot, entry.device).since for entry in listed}
        known = [_seconds(at) for at in onsets.values() if at is not None]
        if not known:
            return tuple(listed), 0.0
        middle = median(known)
        together = []
        times = []
        for entry in listed:
            at = onsets[entry.device]
            if at is None or abs(_seconds(at) - middle) <= scores.ONSET_SKEW_S:
                together.append(entry)
                times.extend([] if at is None else [_seconds(at)])
        return tuple(together), max(times, default=0.0) - min(times, default=0.0)

    def _look(self, group: RiskGroup) -> tuple[int, int]:
        """Count the members that still answer and the member links that read down without loss of service."""
        graph, alive = self._silence.graph, self._silence.alive
        answering = sum(device in alive for device in group.devices)
        answering += sum(any(device in alive for device in graph.devices_of_site.get(site, ())) for site in group.sites)
        links_down = 0
        for name in group.links:
            link = graph.links.get(name)
            if link is None or link.to not in alive or link.device not in alive:
                continue
            reading = feed(self._silence.snapshot, link.to, link).reads
            if reading is Reads.UP or (reading is None and name in graph.bridges):
                answering += 1
            elif reading is not None:
                links_down += 1
        return answering, links_down


def _seconds(at: datetime) -> float:
    return at.timestamp()
