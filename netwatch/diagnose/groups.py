"""Shared risks: a power feed, a cable, a provider that explains several entries at once (DIAGNOSIS 3.3, step 5)."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

from netwatch.diagnose import scores
from netwatch.diagnose.cause import CauseKind
from netwatch.diagnose.entries import Entry, Silence, feed, view_of
from netwatch.diagnose.hypotheses import Hypothesis, Places, likelihoods
from netwatch.diagnose.scores import Row
from netwatch.inventory.model import GroupKind, RiskGroup

KINDS: Mapping[GroupKind, CauseKind] = {
    GroupKind.POWER: CauseKind.POWER_FEED,
    GroupKind.CABLE: CauseKind.CABLE,
    GroupKind.PROVIDER: CauseKind.PROVIDER,
}
_ROWS: Mapping[GroupKind, Row] = {GroupKind.POWER: Row.POWER, GroupKind.CABLE: Row.CUT, GroupKind.PROVIDER: Row.PROVIDER}
_CAN_FORGET = (GroupKind.POWER, GroupKind.CABLE)  # what hangs on one node shares a feed or a duct more often than a provider


@dataclass(frozen=True, slots=True)
class Shared:
    """A risk group that explains entries better than their own causes do."""

    group: RiskGroup
    entries: tuple[Entry, ...]  # members, and neighbours that the inventory seems to have forgotten
    gain: float  # ln weight against the best single causes
    answering: int  # members that still answer
    links_down: int  # member links that read down without loss of service
    spread_s: float  # between the first and the last of its entries
    rivals: tuple[tuple[RiskGroup, float], ...]  # other groups that explain the same entries, with their gains
    forgotten: tuple[str, ...]  # those of its entries that the inventory does not count among its members


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
        self._members: dict[str, tuple[int, int, float]] = {}  # group -> answering members, links down without loss, their weight
        self._homeless: dict[tuple[GroupKind, str], list[Entry]] = {}  # (kind, node above) -> entries that are in no such group
        graph = silence.graph
        for entry in entries:
            names = dict.fromkeys(graph.groups_of_device.get(entry.device, ()))
            by_link = [set(graph.groups_of_link.get(one.link.id, ())) for one in entry.feeds]
            if by_link:
                names.update(dict.fromkeys(sorted(set.intersection(*by_link))))
            for name in names:
                self.touched.setdefault(name, []).append(entry)
            if len(entry.feeds) == 1:
                known = {graph.inventory.risk_groups[name].kind for name in names}
                for kind in _CAN_FORGET:
                    if kind not in known:
                        self._homeless.setdefault((kind, entry.feeds[0].near), []).append(entry)

    def score(self, name: str) -> Shared | None:
        """Return a group with its gain over the entries that are left; None when it explains nothing better."""
        group = self._silence.graph.inventory.risk_groups[name]
        left = [entry for entry in self.touched[name] if entry.device not in self._given]
        together, middle = self._same_onset(left)
        if not together:
            return None
        if name not in self._members:
            self._members[name] = self._look(group)
        answering, links_down, weight = self._members[name]
        row = _ROWS[group.kind]
        total = scores.GROUP[group.kind] + weight
        total += sum(self._seen(entry)[row] - self._best[entry.device].score for entry in together)
        forgotten = []
        for entry in self._forgotten(group.kind, together, middle):
            more = scores.FORGOTTEN + self._seen(entry)[row] - self._best[entry.device].score
            if more > 0:
                forgotten.append(entry.device)
                together.append(entry)
                total += more
        failed = len(together) + links_down
        if failed < 2 and len(together[0].feeds) < 2:
            return None
        total += scores.survival(group.kind, failed, answering)
        if total <= 0:
            return None
        return Shared(group, tuple(together), total, answering, links_down, self._spread(together), (), tuple(forgotten))

    def _seen(self, entry: Entry) -> Mapping[Row, float]:
        return likelihoods(entry, self._silence, self._places.of(entry.device))

    def _forgotten(self, kind: GroupKind, together: Sequence[Entry], middle: float | None) -> list[Entry]:
        """Return entries that hang on the same nodes, fell silent in the same instant, and are in no group of this kind."""
        if middle is None or not self._homeless:
            return []
        nodes = dict.fromkeys(feed.near for entry in together for feed in entry.feeds)
        found = []
        for node in nodes:
            for entry in self._homeless.get((kind, node), ()):
                at = view_of(self._silence.snapshot, entry.device).since
                if entry.device not in self._given and at is not None and abs(_seconds(at) - middle) <= scores.SAME_ROUND_S:
                    found.append(entry)
        return found

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
        return replace(found, rivals=tuple(rivals))

    def _same_onset(self, entries: Sequence[Entry]) -> tuple[list[Entry], float | None]:
        """Return the entries that fell silent within the skew of the median, and the median in seconds where it is known."""
        onsets = [self._onset(entry) for entry in entries]
        known = [at for at in onsets if at is not None]
        if not known:
            return list(entries), None
        middle = median(known)
        skew = scores.ONSET_SKEW_S
        return [entry for entry, at in zip(entries, onsets, strict=True) if at is None or abs(at - middle) <= skew], middle

    def _onset(self, entry: Entry) -> float | None:
        at = view_of(self._silence.snapshot, entry.device).since
        return None if at is None else _seconds(at)

    def _spread(self, entries: Sequence[Entry]) -> float:
        """Return the seconds between the first and the last of the entries."""
        known = [at for at in map(self._onset, entries) if at is not None]
        return max(known, default=0.0) - min(known, default=0.0)

    def _look(self, group: RiskGroup) -> tuple[int, int, float]:
        """Count the members that still answer and the member links that are down without loss of service; weigh the latter."""
        graph, alive = self._silence.graph, self._silence.alive
        answering = sum(device in alive for device in group.devices)
        answering += sum(any(device in alive for device in graph.devices_of_site.get(site, ())) for site in group.sites)
        links_down, weight = 0, 0.0
        for name in group.links:
            link = graph.links.get(name)
            if link is None or link.to not in alive or link.device not in alive:
                continue
            ends = (feed(self._silence.snapshot, link.to, link).reads, feed(self._silence.snapshot, link.device, link).reads)
            readings = [reading for reading in ends if reading is not None]
            down = sum(scores.unmissed(link.kind, reading) for reading in readings)
            if name in graph.bridges or (readings and down <= 0):
                answering += 1
            elif down > 0:
                links_down += 1
                weight += down
        return answering, links_down, weight


def _seconds(at: datetime) -> float:
    return at.timestamp()
