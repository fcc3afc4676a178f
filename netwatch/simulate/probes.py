"""Probes that ask the simulated network: the same calls and callbacks as the engines of `netwatch.probe`."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from zlib import crc32

from netwatch.inventory.model import Inventory
from netwatch.observation import SnmpReading
from netwatch.simulate.clock import SimulatedClock
from netwatch.simulate.network import PRESENT, SimulatedNetwork

READ_TAKES_S = 0.2  # a small SNMP exchange over a city's network
READ_AGAIN_S = 2.0  # two readings of a port count as two when they are this far apart (DIAGNOSIS 1.4)


class Sink(Protocol):
    """Takes the results of echoes (the pipeline)."""

    def answered(self, target: Any, sent_at: float, rtt: float, scheduled: bool) -> None:  # noqa: FBT001
        """Take one answer."""

    def lost(self, target: Any, sent_at: float, refused_by: str | None, scheduled: bool) -> None:  # noqa: FBT001
        """Take one echo that nobody answered in time."""


class SimulatedTarget:
    """One address to ask; `owner` is the pipeline's watch."""

    __slots__ = ("address", "device", "owner")

    def __init__(self, device: str, address: str, owner: Any = None) -> None:
        self.device = device
        self.address = address
        self.owner = owner


class SimulatedProber:
    """Sends echoes into the simulated network. Answers are handed over at the next `deliver`, losses when the timeout has passed.

    The round trip of a city is far below a tick, so answers need no queue ordered by time. Times are monotonic seconds.
    """

    def __init__(self, network: SimulatedNetwork, clock: SimulatedClock, *, timeout: float) -> None:
        self._network = network
        self._monotonic = clock.monotonic
        self.timeout = timeout
        self._answers: list[tuple[Any, float, float, bool]] = []
        self._waiting: deque[tuple[float, Any, float, bool]] = deque()  # (deadline, target, sent at, scheduled)
        self.sent = 0

    def add(self, device: str, address: str, owner: Any = None) -> SimulatedTarget:
        """Return a target; names need no name service here."""
        return SimulatedTarget(device, address, owner)

    def remove(self, target: SimulatedTarget) -> None:
        """Forget a target and what is on its way."""
        self._answers = [answer for answer in self._answers if answer[0] is not target]
        self._waiting = deque(waiting for waiting in self._waiting if waiting[1] is not target)

    def send_many(self, targets: Sequence[Any], *, scheduled: bool) -> None:
        """Send one echo to each target."""
        now = self._monotonic()
        echo = self._network.echo
        answers = self._answers
        self.sent += len(targets)
        for target in targets:
            rtt = echo(target.device)
            if rtt is None:
                self._waiting.append((now + self.timeout, target, now, scheduled))
            else:
                answers.append((target, now, rtt, scheduled))

    def deliver(self, sink: Sink, now: float) -> None:
        """Hand over what has come in, oldest first, and what has not come within the timeout."""
        if self._answers:
            answers, self._answers = self._answers, []
            answered = sink.answered
            for target, sent_at, rtt, scheduled in answers:
                answered(target, sent_at, rtt, scheduled)
        waiting = self._waiting
        while waiting and waiting[0][0] <= now:
            _, target, sent_at, scheduled = waiting.popleft()
            sink.lost(target, sent_at, None, scheduled)


class SimulatedReaders:
    """Reads agents of the simulated network: when the pipeline asks to look at a device's uplinks, and in rounds."""

    def __init__(self, network: SimulatedNetwork, inventory: Inventory, clock: SimulatedClock, *, interval: float) -> None:
        self._network = network
        self._clock = clock
        self._interval = interval
        self._rounds: list[tuple[float, str]] = []
        self._asked: list[tuple[float, str]] = []
        self._last: dict[str, float] = {}
        self._now = clock.monotonic()
        self.use(inventory)

    def adopt(self, _settings: object, _credentials: object) -> None:
        """Take other SNMP settings: simulated agents know no credentials."""

    def use(self, inventory: Inventory) -> None:
        """Read the devices of this inventory from now on, each in its own phase of the interval."""
        self._inventory = inventory
        self._rounds = [
            (self._now + crc32(device.id.encode()) % 1000 / 1000 * self._interval, device.id)
            for device in inventory.devices.values()
            if device.status in PRESENT and "snmp" in device.monitor
        ]
        heapq.heapify(self._rounds)

    def look(self, device: str) -> None:
        """Read the devices above this one soon, for the ports that lead to it; not more often than every 2 s."""
        known = self._inventory.devices.get(device)
        for uplink in known.uplinks if known is not None else ():
            last = self._last.get(uplink.to)
            if last is None or self._now - last >= READ_AGAIN_S:
                self._last[uplink.to] = self._now
                heapq.heappush(self._asked, (self._now + READ_TAKES_S, uplink.to))

    def deliver(self, take: Callable[[SnmpReading], None], now: float) -> None:
        """Hand over every reading whose time has come."""
        self._now = now
        elapsed = self._clock.elapsed
        while self._asked and self._asked[0][0] <= now:
            _, device = heapq.heappop(self._asked)
            take(self._network.snmp(device, elapsed, monotonic=now))
        while self._rounds and self._rounds[0][0] <= now:
            at, device = heapq.heappop(self._rounds)
            missed = int((now - at) / self._interval)  # after a pause: once, not once for every round that was missed
            heapq.heappush(self._rounds, (at + (missed + 1) * self._interval, device))
            take(self._network.snmp(device, elapsed, monotonic=now))


class SimulatedVantage:
    """The monitor's seat in the simulated network."""

    def __init__(self, network: SimulatedNetwork) -> None:
        self._network = network

    def carrier(self) -> bool | None:
        """Say whether the monitor's own port has a signal."""
        return self._network.carrier

    def aim(self, address: str) -> None:
        """Take another address of the vantage device: the simulated port is the same."""
