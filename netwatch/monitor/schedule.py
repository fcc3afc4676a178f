"""When each device gets its next echo: fixed slots for the calm, own due times for the others.

All times are monotonic seconds. APScheduler is not used here: its interval jobs follow the wall clock and stop for a day when the
clock is set back a day (RELIABILITY 3).
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from zlib import crc32

from netwatch.monitor.watch import Watch

SLOT_S = 0.05
_TAKEN = -1.0  # no due time
BURST_PER_SECOND = 500  # echoes for barriers, over and above the rounds (DIAGNOSIS 2.1)


class Round:
    """All calm devices of one interval, spread over it by a stable phase, so that 10,000 targets are not one burst."""

    def __init__(self, interval: float, now: float) -> None:
        self.interval = interval
        self.slots: list[list[Watch]] = [[] for _ in range(max(1, round(interval / SLOT_S)))]
        self.next_slot = 0
        self.next_at = now
        self.finished_at: float | None = None  # when the last whole round ended
        self.finished = 0
        self.missed = 0  # slots skipped because this process came too late
        self.lag = 0.0
        self.duration = 0.0
        self._began_at = now

    def place(self, watch: Watch) -> None:
        """Put a device into its slot."""
        self._slot(watch).append(watch)

    def remove(self, watch: Watch) -> None:
        """Take a device out."""
        self._slot(watch).remove(watch)

    def _slot(self, watch: Watch) -> list[Watch]:
        """Return the slot of a device: CRC-32 of its id, the same in every process and after every restart."""
        return self.slots[crc32(watch.device.encode()) % len(self.slots)]

    def due(self, now: float, into: list[Watch]) -> None:
        """Append the calm devices whose slot has come. After a pause of more than a round, skip instead of catching up."""
        step = self.interval / len(self.slots)
        self.lag = max(0.0, now - self.next_at)
        if self.lag > self.interval:
            skipped = int(self.lag / step)
            self.missed += skipped
            self.next_slot = (self.next_slot + skipped) % len(self.slots)
            self.next_at += skipped * step
        while self.next_at <= now:
            into.extend(watch for watch in self.slots[self.next_slot] if not watch.hot)
            self.next_slot += 1
            self.next_at += step
            if self.next_slot == len(self.slots):
                self.next_slot = 0
                self.finished += 1
                self.duration = now - self._began_at
                self.finished_at = self._began_at = now


class EchoSchedule:
    """Answers one question: who is due now."""

    def __init__(self, now: float) -> None:
        self.rounds: dict[float, Round] = {}
        self._now = now
        self._heap: list[tuple[float, int, Watch]] = []
        self._sequence = 0
        self._burst: deque[Watch] = deque()
        self._bursting: set[str] = set()
        self._allowance = 0.0

    def add(self, watch: Watch) -> None:
        """Take a device into the round of its interval."""
        if watch.interval not in self.rounds:
            self.rounds[watch.interval] = Round(watch.interval, self._now)
        self.rounds[watch.interval].place(watch)

    def remove(self, watch: Watch) -> None:
        """Forget a device."""
        self.rounds[watch.interval].remove(watch)
        if watch.device in self._bursting:
            self._bursting.discard(watch.device)
            self._burst = deque(waiting for waiting in self._burst if waiting is not watch)
        self.cool(watch)

    def move(self, watch: Watch, interval: float) -> None:
        """Give a device another interval; one that is probed by its own due time goes on so."""
        hot, due = watch.hot, watch.due
        self.rounds[watch.interval].remove(watch)
        watch.interval = interval
        self.add(watch)
        watch.hot, watch.due = hot, due

    def heat(self, watch: Watch, at: float) -> None:
        """Probe this device at `at` instead of in its slot; the caller heats it again for the time after."""
        watch.hot = True
        watch.due = at
        self._sequence += 1
        heapq.heappush(self._heap, (at, self._sequence, watch))

    def cool(self, watch: Watch) -> None:
        """Give the device back to its slot."""
        watch.hot = False
        watch.due = 0.0

    def burst(self, watches: Iterable[Watch]) -> None:
        """Probe these once, as soon as the burst budget allows, in this order."""
        for watch in watches:
            if watch.device not in self._bursting and not watch.hot:
                self._bursting.add(watch.device)
                self._burst.append(watch)

    def due(self, now: float) -> tuple[list[Watch], list[Watch]]:
        """Return the scheduled echoes and the extra ones (hot devices, bursts) to send now."""
        calm: list[Watch] = []
        for round_ in self.rounds.values():
            round_.due(now, calm)
        extra: list[Watch] = []
        heap = self._heap
        while heap and heap[0][0] <= now:
            at, _, watch = heapq.heappop(heap)
            if watch.hot and watch.due == at:
                watch.due = _TAKEN  # a second entry of the same time is the same echo
                extra.append(watch)
        self._allowance = min(BURST_PER_SECOND / 4, self._allowance + max(0.0, now - self._now) * BURST_PER_SECOND)
        while self._burst and self._allowance >= 1:
            self._allowance -= 1
            watch = self._burst.popleft()
            self._bursting.discard(watch.device)
            extra.append(watch)
        self._now = now
        return calm, extra

    def finished_at(self) -> float | None:
        """Return when the slowest round last finished; None before the first (the watchdog and a metric live on it)."""
        ends = [round_.finished_at for round_ in self.rounds.values() if any(round_.slots)]
        return None if not ends or None in ends else min(end for end in ends if end is not None)
