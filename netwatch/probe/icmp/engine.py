"""The echo engine: add targets, say when to send, and hear of every echo exactly once.

::

    engine = EchoEngine(sink, clock=SystemClock())
    target = engine.add("sekupang-rtr", "10.200.1.2", owner=my_own_object)
    engine.send_many(targets)          # at most 64 leave before answers are read again
    engine.receive()                   # or readable(fd) when a descriptor of filenos() is readable
    engine.tick()                      # every 20 ms or so: sends what had to wait, reports what timed out

Every echo of an active target ends in exactly one call of the sink: `answered`, `lost` or `not_probed`. What comes twice, late,
from the wrong address or from strangers only counts (`counters`). The core knows no event loop: `LoopDriver` puts it on one.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from netwatch.clock import Clock
from netwatch.errors import ProbeUnavailable
from netwatch.probe.icmp.channel import EXTRA, SCHEDULED, Channel
from netwatch.probe.icmp.packets import ECHO_REQUEST, V6_REQUEST
from netwatch.probe.icmp.raw4 import RawV4Channel
from netwatch.probe.icmp.sockets import RECEIVE_BUFFER, EchoSocket, open_socket
from netwatch.probe.icmp.sourced import SourcedChannel
from netwatch.probe.icmp.target import Counters, Sink, Target

IN_FLIGHT_CAP = 16_384  # 8 MiB of receive buffer hold about 20,000 answers
BURST = 64  # sends before answers are read again
READ_LIMIT = 32_768  # datagrams read at one go: more than can be in flight, and a flood cannot hold the loop for ever
RETRY_AFTER = 0.005  # s after the kernel said that its queue is full


class Opener(Protocol):
    """Opens a socket of a family, or returns None when there is none; `sockets.open_socket`, or a test's own."""

    def __call__(self, family: int, /, *, privileged: bool | None, receive_buffer: int) -> EchoSocket | None:
        """Open it; raises ProbeUnavailable when it is forbidden."""


class EchoEngine:
    """Sends echo requests to many targets over one socket per family, and judges only what it measured itself.

    `privileged`: True raw sockets only, False datagram sockets only, None raw if allowed and datagram otherwise. Raises
    ProbeUnavailable when no family can be opened. If only one cannot, its targets become `not_probed("no_socket")`.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        clock: Clock,
        timeout: float = 1.0,
        privileged: bool | None = None,
        in_flight_cap: int = IN_FLIGHT_CAP,
        receive_buffer: int = RECEIVE_BUFFER,
        nonce: bytes | None = None,
        opener: Opener = open_socket,
    ) -> None:
        self.sink = sink
        self.timeout = timeout
        self.in_flight_cap = in_flight_cap
        self.counters = Counters()
        self.receive_buffer_wanted = 2 * receive_buffer  # Linux reports twice what it grants
        self._monotonic = clock.monotonic
        secret = os.urandom(10) if nonce is None else nonce
        self._nonce = int.from_bytes(secret[:8].ljust(8, b"\0"), "big")
        self._identifier = int.from_bytes(secret[8:10], "big") if len(secret) >= 10 else os.getpid() & 0xFFFF
        self._waiting: deque[tuple[Target, int, float, str]] = deque()  # target, mark, since, why
        self._retry_at = float("-inf")
        self.channels: dict[int, Channel] = {}
        self._open(opener, privileged=privileged, receive_buffer=receive_buffer)

    # ---------------------------------------------------------------- targets

    def add(self, device: str, address: str, owner: object = None) -> Target:
        """Add one address (numeric; ValueError otherwise) and return the handle that every call and result uses."""
        target = Target(device, address, owner)
        target.channel = self.channels.get(target.family)
        return target

    def remove(self, target: Target) -> None:
        """Forget a target: nothing is reported for it from now on, not even what is in flight."""
        target.active = False

    # ---------------------------------------------------------------- sending

    def send(self, target: Target, *, scheduled: bool = True) -> None:
        """Send one echo."""
        self.send_many((target,), scheduled=scheduled)

    def send_many(self, targets: Sequence[Target], *, scheduled: bool = True) -> None:
        """Send one echo to each target, reading answers in between. What does not fit now waits up to `timeout` seconds."""
        mark = SCHEDULED if scheduled else EXTRA
        left = len(targets)
        for channel in self.channels.values():
            own = [target for target in targets if target.channel is channel]
            left -= len(own)
            if own:
                self._send(channel, own, mark)
        if left:
            at = self._monotonic()
            for target in targets:
                if target.channel is None:
                    self._not_probed(target, at, "no_socket")

    # ---------------------------------------------------------------- receiving, time passing

    def filenos(self) -> list[int]:
        """Return the descriptors to watch for reading."""
        return [channel.fileno for channel in self.channels.values()]

    def readable(self, fileno: int) -> None:
        """Read what has arrived on one descriptor."""
        for channel in self.channels.values():
            if channel.fileno == fileno:
                channel.receive(READ_LIMIT)

    def receive(self) -> None:
        """Read what has arrived on every socket."""
        for channel in self.channels.values():
            channel.receive(READ_LIMIT)

    def expire(self, now: float) -> None:
        """Report what timed out. Reads first, so that an answer waiting in the buffer while the loop was busy is no loss."""
        for channel in self.channels.values():
            if channel.receiving:  # called from inside a result: the next tick will do it
                continue
            drained = channel.receive(READ_LIMIT)
            channel.expire(now, self.timeout, blind=not drained)

    def tick(self) -> None:
        """Do what is due by the clock: report timeouts, send what had to wait. Call it every 20 ms or so."""
        now = self._monotonic()
        self.expire(now)
        if self._waiting:
            self._send_waiting(now)

    # ---------------------------------------------------------------- state

    def drops(self) -> dict[str, int]:
        """Return how many datagrams the kernel threw away on each family's socket."""
        names = {int(socket.AF_INET): "ipv4", int(socket.AF_INET6): "ipv6"}
        return {names[family]: channel.dropped for family, channel in self.channels.items()}

    @property
    def in_flight(self) -> int:
        """Return how many echoes are under way."""
        return sum(channel.in_flight for channel in self.channels.values())

    @property
    def waiting(self) -> int:
        """Return how many echoes wait for room."""
        return len(self._waiting)

    @property
    def receive_buffer(self) -> int:
        """Return the smallest receive buffer in octets, as Linux reports it.

        Less than `receive_buffer_wanted`: net.core.rmem_max is too small, and a burst of answers may be thrown away.
        """
        return min(channel.opened.receive_buffer for channel in self.channels.values())

    @property
    def privileged(self) -> bool:
        """Tell whether raw sockets are in use."""
        return all(channel.opened.privileged for channel in self.channels.values())

    @property
    def families(self) -> frozenset[int]:
        """Return the address families that can be probed."""
        return frozenset(self.channels)

    def close(self) -> None:
        """Close the sockets. Echoes in flight are not reported any more."""
        for channel in self.channels.values():
            channel.opened.close()
        self.channels.clear()
        self._waiting.clear()

    # ---------------------------------------------------------------- inside

    def _open(self, opener: Opener, *, privileged: bool | None, receive_buffer: int) -> None:
        refusal = ProbeUnavailable("this kernel has neither IPv4 nor IPv6 sockets for ICMP")
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                opened = opener(family, privileged=privileged, receive_buffer=receive_buffer)
            except ProbeUnavailable as error:
                refusal = error
                continue
            if opened is None:
                continue
            kind = ECHO_REQUEST if family == socket.AF_INET else V6_REQUEST
            form = RawV4Channel if family == socket.AF_INET and opened.privileged else SourcedChannel
            self.channels[family] = form(
                opened, self.sink, self.counters, self._monotonic, kind=kind, identifier=self._identifier, nonce=self._nonce
            )
        if not self.channels:
            raise refusal

    def _send(self, channel: Channel, targets: Sequence[Target], mark: int) -> None:
        """Send in bursts as far as there is room; the rest waits its turn."""
        if self._waiting:  # first come, first served
            self._wait(targets, mark, "in_flight")
            self._send_waiting(self._monotonic())
            return
        start, end = 0, len(targets)
        while start < end:
            room = min(BURST, channel.room(self.in_flight_cap))
            if room <= 0:
                self._wait(targets[start:], mark, "in_flight")
                return
            done, failures, stopped_by = channel.burst(targets[start : start + room], mark)
            start += done
            for target, at, reason in failures:
                self._not_probed(target, at, reason)
            channel.receive(READ_LIMIT)
            if stopped_by is not None:
                self._retry_at = self._monotonic() + RETRY_AFTER
                self._wait(targets[start:], mark, stopped_by)
                return

    def _wait(self, targets: Sequence[Target], mark: int, why: str) -> None:
        now = self._monotonic()
        self._waiting.extend((target, mark, now, why) for target in targets)

    def _send_waiting(self, now: float) -> None:
        """Send what waits, as far as there is room; give up on what has waited for `timeout` seconds."""
        waiting = self._waiting
        while waiting and now - waiting[0][2] > self.timeout:
            target, _, since, why = waiting.popleft()
            if target.active:
                self._not_probed(target, since, why)
        if now < self._retry_at:
            return
        while waiting:
            target, mark, _, _ = waiting[0]
            channel = target.channel
            if channel is None or not target.active:
                waiting.popleft()
                continue
            if channel.room(self.in_flight_cap) <= 0:
                return
            entry = waiting.popleft()
            _, failures, stopped_by = channel.burst((target,), mark)
            if stopped_by is not None:
                self._retry_at = now + RETRY_AFTER
                waiting.appendleft((target, mark, entry[2], stopped_by))
                return
            for failed, at, reason in failures:
                self._not_probed(failed, at, reason)
            if len(waiting) % BURST == 0:
                channel.receive(READ_LIMIT)

    def _not_probed(self, target: Target, at: float, reason: str) -> None:
        self.counters.not_probed += 1
        self.counters.local_errors[reason] += 1
        self.sink.not_probed(target, at, reason)
