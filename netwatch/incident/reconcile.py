"""Compare the causes of one snapshot with the incidents in hand: what opens, grows, splits, heals, comes back (DIAGNOSIS 3.6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from netwatch.diagnose.cause import Cause
from netwatch.incident.book import Book
from netwatch.incident.life import Change, Incident, IncidentPolicy, IncidentState, OutageView
from netwatch.incident.places import held_to_its_place, is_same_fault, is_same_place_again, may_split

PASSES = 8  # what one cause changes, a merge above all, may change where another belongs; one quiet pass is the rule


def reconcile(
    known: Sequence[Incident],
    causes: Sequence[Cause],
    views: Mapping[str, OutageView],
    now: datetime,
    policy: IncidentPolicy,
    *,
    closed: Collection[str] = (),
) -> list[Change]:
    """Return what changes, in the order in which it has to be written. The same input again gives nothing.

    `known`: the open incidents and the recovered ones that may come back. `closed`: keys whose ticket has ended; they are never
    reopened, a new incident of the same place follows them. A cause none of whose locus is certain opens nothing: lost
    redundancy or a silent agent is shown with the verdict, not counted as an outage.
    """
    book = Book(known, causes, views, now)
    for incident in known:
        book.let_go(incident.key)
    for _ in range(PASSES):
        before = len(book.changes)
        _place_all(book, causes, policy, closed)
        if len(book.changes) == before:
            break
    return book.changes


def _place_all(book: Book, causes: Sequence[Cause], policy: IncidentPolicy, closed: Collection[str]) -> None:
    """Give every felt cause its incident, then every incident its cause."""
    candidates: dict[str, list[tuple[Cause, int]]] = {}
    for cause in causes:
        felt = book.certain(cause.locus)
        key = _place(book, cause, felt, policy, closed) if felt else None
        if key is not None:
            candidates.setdefault(key, []).append((cause, len(felt)))
    by_survivor: dict[str, list[tuple[Cause, int]]] = {}
    for key, found in candidates.items():
        by_survivor.setdefault(book.survivor(key), []).extend(found)
    for key, found in by_survivor.items():
        book.set_cause(key, _chosen(book.incidents[key].cause, found))


def _place(book: Book, cause: Cause, felt: frozenset[str], policy: IncidentPolicy, closed: Collection[str]) -> str | None:
    """Find or make the incident of one cause and return its key; None when its devices still belong to another fault."""
    onset = book.onset(felt)
    same = [one for one in book.near(cause, felt) if one.locus & felt or is_same_fault(one, cause, onset, book.entries, policy)]
    origins: dict[str, str] = {}  # device -> the incident it is a victim of
    for device in felt:
        origin = book.victim_of(device)
        if origin is not None and origin.key not in {incident.key for incident in same}:
            origins[device] = origin.key
    stays = {
        device
        for device, key in origins.items()
        if not may_split(book.incidents[key], device, book.views[device], book.now, policy)
    }
    locus = felt - stays
    if not locus:
        # Its victims belong where its entries still belong; behind a recovered place they wait for the boot grace like those.
        holders = sorted({key for key in origins.values() if book.incidents[key].state is IncidentState.OPEN})
        if holders:
            book.grow(holders[0], cause, locus)
        return None
    if same:
        survivor = book.merge(same)
        book.release((device for device in origins if device in locus), survivor)
        book.grow(survivor, cause, locus)
        return survivor
    again = [one for one in _recovered(book) if is_same_place_again(one, cause, locus, onset, policy) and one.key not in closed]
    if again:
        key = max(again, key=lambda one: (one.ended_at or one.began_at, one.key)).key
        book.release((device for device in origins if device in locus), key)
        book.reopen(key, cause, locus)
        return key
    earlier = [one for one in _recovered(book) if held_to_its_place(one, locus)]
    follows = max(earlier, key=lambda one: (one.ended_at or one.began_at, one.key)).key if earlier else None
    split_from = min((origins[device] for device in locus if device in origins), default=None)
    key = book.open(cause, locus, onset, split_from=split_from, follows=follows)
    book.release((device for device in origins if device in locus), key)
    return key


def _recovered(book: Book) -> Iterable[Incident]:
    return [incident for incident in book.incidents.values() if incident.state is IncidentState.RECOVERED]


def _chosen(present: Cause, found: Sequence[tuple[Cause, int]]) -> Cause:
    """Of several causes at one place take the one that explains most of it, then the one already shown, then the surest."""

    def rank(pair: tuple[Cause, int]) -> tuple[int, bool, float]:
        cause, felt = pair
        return felt, (cause.kind, cause.element) == (present.kind, present.element), cause.confidence

    return max(found, key=rank)[0]
