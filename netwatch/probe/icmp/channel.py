"""One socket, and the ring of echoes that are under way on it.

The 16-bit sequence number is the index into the ring, so matching an answer costs no dictionary, and echoes leave the ring in
the order they were sent, so timeouts cost no heap. A slot keeps its target until the sequence comes round again: that is how an
answer that comes twice or too late is told from a forged one.
"""

from __future__ import annotations

import errno
from abc import abstractmethod
from array import array
from collections.abc import Callable, Sequence
from typing import NamedTuple

from netwatch.probe.icmp.packets import HEADER_FIELDS, request
from netwatch.probe.icmp.sockets import EchoSocket
from netwatch.probe.icmp.target import Counters, Refusal, Sink, Target

SEQUENCES = 65_536
SPAN = 49_152  # of them in use at once at most: the rest still tells late answers apart
FREE, EXTRA, SCHEDULED, ANSWERED, LOST = range(5)  # of a slot; between FREE and ANSWERED the echo is under way
REFUSAL_MEMORY = (
    10.0  # s. Routers send one error a second per destination, and a failed ARP reports after 3 s: it explains later losses too
)
BUSY = (errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM)  # the kernel's queue is full: the same packet may go a little later


class Failure(NamedTuple):
    """A send that the kernel of this machine refused."""

    target: Target
    at: float
    reason: str


class Burst(NamedTuple):
    """What became of a burst: how many targets were dealt with, and why it stopped before the end."""

    done: int
    failures: list[Failure]
    stopped_by: str | None  # errno name


def errno_name(error: OSError) -> str:
    """Name an OSError the way results carry it: `enetunreach`."""
    return errno.errorcode.get(error.errno or 0, "oserror").lower()


class Channel:
    """Sends requests and matches answers on one socket. Subclasses know how their kind of socket delivers."""

    def __init__(
        self,
        opened: EchoSocket,
        sink: Sink,
        counters: Counters,
        monotonic: Callable[[], float],
        *,
        kind: int,
        identifier: int,
        nonce: int,
    ) -> None:
        self.opened = opened
        self.fileno = opened.socket.fileno()
        self.sink = sink
        self.counters = counters
        self.monotonic = monotonic
        self.kind = kind
        self.identifier = identifier
        self.nonce = nonce
        self.head = 0  # serial of the next echo; its low 16 bits are the sequence
        self.tail = 0  # serial of the oldest echo that may still be in flight
        self.in_flight = 0
        self.targets: list[Target | None] = [None] * SEQUENCES
        self.sent = array("d", bytes(8 * SEQUENCES))
        self.state = bytearray(SEQUENCES)
        self.buffer = bytearray(2048)
        self.receiving = False
        self.drops = opened.drops()  # the kernel's counter as it was last read
        self.dropped = 0
        self.dropped_at = float("-inf")  # newest time at which the kernel was seen to have thrown something away
        self.packet, self.total = request(kind, identifier, nonce, 0)

    @abstractmethod
    def receive(self, limit: int) -> bool:
        """Read what has arrived, at most `limit` datagrams; True when nothing is left to read."""

    def room(self, cap: int) -> int:
        """Return how many more echoes may leave now."""
        return min(cap - self.in_flight, SPAN - (self.head - self.tail))

    def burst(self, targets: Sequence[Target], mark: int) -> Burst:
        """Send one echo to each target, marked SCHEDULED or EXTRA. Calls no sink."""
        first = head = self.head
        packet, total, identifier = self.packet, self.total, self.identifier
        slots, sent, state = self.targets, self.sent, self.state
        sendto, pack, monotonic = self.opened.socket.sendto, HEADER_FIELDS.pack_into, self.monotonic
        failures: list[Failure] = []
        stopped_by = None
        done = 0
        for target in targets:
            sequence = head & 0xFFFF
            if not sequence:
                packet, total = self.packet, self.total = request(self.kind, identifier, self.nonce, head >> 16)
            check = total - sequence
            pack(packet, 2, check if check >= 0 else check + 0xFFFF, identifier, sequence)
            sent_at = monotonic()
            try:
                sendto(packet, target.destination)
            except OSError as error:
                refused = self.send_again(packet, target, error)
                if refused is not None:
                    if refused.errno in BUSY:
                        stopped_by = errno_name(refused)
                        break
                    failures.append(Failure(target, sent_at, errno_name(refused)))
                    done += 1
                    continue
            slots[sequence] = target
            sent[sequence] = sent_at
            state[sequence] = mark
            head += 1
            done += 1
        self.head = head
        self.in_flight += head - first
        self.counters.sent += head - first
        return Burst(done, failures, stopped_by)

    def send_again(self, packet: bytearray, target: Target, error: OSError) -> OSError | None:  # noqa: ARG002 - the datagram kind needs them
        """Judge a failed send: return the error that stands, or None when a second try went out."""
        return error

    def matched(self, source_is: Callable[[Target], bool], sequence: int, nonce: int, lap: int, now: float) -> None:
        """Take an echo reply that carries our id: find its echo, or count why it has none."""
        counters = self.counters
        if nonce != self.nonce:
            counters.wrong_nonce += 1
            return
        if not 0 < self.head - (lap << 16) - sequence <= SEQUENCES:
            counters.late += 1
            return
        state, target = self.state[sequence], self.targets[sequence]
        if target is None or not source_is(target):
            counters.wrong_source += 1
        elif FREE < state < ANSWERED:
            self.state[sequence] = ANSWERED
            self.in_flight -= 1
            counters.answered += 1
            target.refusal = None
            if target.active:
                sent_at = self.sent[sequence]
                self.sink.answered(target, sent_at, now - sent_at, state == SCHEDULED)
        elif state == ANSWERED:
            counters.duplicate += 1
        else:
            counters.late += 1

    def refused(self, destination: int, sequence: int, *, by: str, kind: int, code: int) -> None:
        """Keep an ICMP error about one of our echoes. It does not end the echo: an answer may still come, the timeout decides."""
        target = self.targets[sequence]
        if target is None or target.packed != destination or self.state[sequence] == ANSWERED:
            self.counters.foreign += 1
            return
        self.counters.refusals += 1
        target.refusal = Refusal(self.sent[sequence], by, kind, code)

    def expire(self, now: float, timeout: float, *, blind: bool) -> None:
        """Report every echo older than `timeout` as lost, or as not probed if answers were thrown away meanwhile (or `blind`)."""
        drops = self.opened.drops()
        if drops != self.drops:
            self.dropped += (drops - self.drops) & 0xFFFFFFFF  # the kernel's counter is 32 bits wide
            self.counters.drops += (drops - self.drops) & 0xFFFFFFFF
            self.drops = drops
            self.dropped_at = now
        due: list[int] = []
        slots, sent, state = self.targets, self.sent, self.state
        tail, limit = self.tail, now - timeout
        while tail < self.head:
            sequence = tail & 0xFFFF
            mark = state[sequence]
            if FREE < mark < ANSWERED:
                if sent[sequence] > limit:
                    break
                due.append(sequence)
            tail += 1
        self.tail = tail
        if not due:
            return
        self.in_flight -= len(due)
        results: list[tuple[Target, float, bool]] = []
        for sequence in due:
            target = slots[sequence]
            if target is not None and target.active:
                results.append((target, sent[sequence], state[sequence] == SCHEDULED))
            state[sequence] = LOST
        for target, sent_at, scheduled in results:
            if blind or sent_at < self.dropped_at:
                self.counters.not_probed += 1
                self.counters.local_errors["socket_drop"] += 1
                self.sink.not_probed(target, sent_at, "socket_drop")
                continue
            self.counters.lost += 1
            refusal = target.refusal
            by = refusal.by if refusal is not None and sent_at - refusal.sent_at <= REFUSAL_MEMORY else None
            self.sink.lost(target, sent_at, by, scheduled)
