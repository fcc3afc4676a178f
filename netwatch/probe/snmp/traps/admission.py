"""How many datagrams are decoded in a storm: so many a second of each address and of all; of the rest the newest of each waits.

What is replaced while it waits is counted, not read: a trap only says "look now", and the newest says it as well as all of them.
An inform that was not read is not acknowledged, so its sender repeats it. Bounded by the number of known addresses.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from netwatch.probe.snmp.traps.bucket import Bucket

PER_SOURCE_S = 5.0  # decoded a second of one address
SOURCE_BURST = 10.0
OVERALL_S = 1000.0
OVERALL_BURST = 500.0
WAIT_S = 0.5  # how long the first that was not decoded waits for better ones
WAITING_OCTETS = 4 * 1024 * 1024

Item = TypeVar("Item")


class _Waiting(NamedTuple):
    since: float
    octets: int
    item: object


class Admission(Generic[Item]):
    """Decides what is decoded now, what waits, and what is only counted. Times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        self.replaced = 0  # coalesced: a newer one of the same address took its place
        self.overflowed = 0  # nothing was left to wait in
        self._overall = Bucket(OVERALL_S, OVERALL_BURST, now)
        self._sources: dict[str, Bucket] = {}
        self._waiting: dict[str, _Waiting] = {}  # in the order in which they began to wait
        self._octets = 0

    def offer(self, source: str, item: Item, octets: int, now: float) -> bool:
        """Tell whether this datagram of a known address is to be decoded now; otherwise it waits or is counted."""
        before = self._waiting.get(source)
        if before is not None:
            self.replaced += 1
            self._octets += octets - before.octets
            self._waiting[source] = _Waiting(before.since, octets, item)
            return False
        bucket = self._sources.get(source)
        if bucket is None:
            bucket = self._sources[source] = Bucket(PER_SOURCE_S, SOURCE_BURST, now)
        if bucket.holds(1, now) and self._overall.holds(1, now):
            bucket.spend(1)
            self._overall.spend(1)
            return True
        if self._octets + octets > WAITING_OCTETS:
            self.overflowed += 1
            return False
        self._octets += octets
        self._waiting[source] = _Waiting(now, octets, item)
        return False

    def due(self, now: float) -> list[tuple[str, Item]]:
        """Return what has waited long enough, as far as the overall budget goes; the rest waits on."""
        found: list[tuple[str, Item]] = []
        for source, (since, octets, item) in list(self._waiting.items()):
            if now - since < WAIT_S or not self._overall.holds(1, now):
                break
            self._overall.spend(1)
            self._octets -= octets
            del self._waiting[source]
            found.append((source, item))  # type: ignore[arg-type]
        return found

    def waiting(self) -> int:
        """Return how many addresses have a datagram that waits."""
        return len(self._waiting)

    def keep(self, sources: set[str]) -> None:
        """Forget addresses that are known no more."""
        for source in self._sources.keys() - sources:
            del self._sources[source]
        for source in self._waiting.keys() - sources:
            self._octets -= self._waiting.pop(source).octets
