"""A socket that remembers what was sent and delivers what a test puts in, and a sink that writes down results."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections import deque

from netwatch.probe.icmp import EchoEngine, Target
from netwatch.probe.icmp.packets import checksum
from netwatch.probe.icmp.sockets import EchoSocket


class FakeClock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.time = 1000.0

    def monotonic(self) -> float:
        return self.time


class FakeSocket:
    """A socket without a network."""

    def __init__(self, family: int = socket.AF_INET) -> None:
        self.family = family
        self.sent: list[tuple[bytes, tuple]] = []
        self.inbox: deque[tuple[bytes, tuple]] = deque()
        self.errors: deque[tuple[bytes, list, int, tuple]] = deque()
        self.refuse: dict[str, int] = {}  # address -> errno
        self.full = 0  # how many sends say EAGAIN
        self.pending: int | None = None  # a pending error: the next call fails with it
        self.drops = 0

    def fileno(self) -> int:
        return 99

    def getsockopt(self, *_: object) -> bytes:
        return struct.pack("=9I", *[0] * 8, self.drops)

    def sendto(self, packet: bytes, destination: tuple) -> int:
        self._pending()
        if self.full:
            self.full -= 1
            raise BlockingIOError(errno.EAGAIN, "full")
        if destination[0] in self.refuse:
            raise OSError(self.refuse[destination[0]], "no")
        self.sent.append((bytes(packet), destination))
        return len(packet)

    def recv_into(self, buffer: bytearray) -> int:
        if not self.inbox:
            raise BlockingIOError(errno.EAGAIN, "empty")
        data, _ = self.inbox.popleft()
        buffer[: len(data)] = data
        return len(data)

    def recvfrom_into(self, buffer: bytearray) -> tuple[int, tuple]:
        self._pending()
        if not self.inbox:
            raise BlockingIOError(errno.EAGAIN, "empty")
        data, sender = self.inbox.popleft()
        buffer[: len(data)] = data
        return len(data), sender

    def recvmsg(self, *_: object) -> tuple[bytes, list, int, tuple]:
        if not self.errors:
            raise BlockingIOError(errno.EAGAIN, "empty")
        self.pending = None
        return self.errors.popleft()

    def close(self) -> None:
        pass

    def _pending(self) -> None:
        if self.pending is not None:
            number, self.pending = self.pending, None
            raise OSError(number, os.strerror(number))


class Results:
    """Everything the engine said, in order."""

    def __init__(self) -> None:
        self.all: list[tuple] = []

    def answered(self, target: Target, sent_at: float, rtt: float, scheduled: bool) -> None:
        self.all.append(("answered", target.device, sent_at, rtt, scheduled))

    def lost(self, target: Target, sent_at: float, refused_by: str | None, scheduled: bool) -> None:
        self.all.append(("lost", target.device, sent_at, refused_by, scheduled))

    def not_probed(self, target: Target, at: float, reason: str) -> None:
        self.all.append(("not_probed", target.device, at, reason))

    def kinds(self) -> list[tuple[str, str]]:
        return [(entry[0], entry[1]) for entry in self.all]


class Bench:
    """An engine on fake sockets: IPv4 raw by default."""

    def __init__(self, *, privileged: bool = True, families: tuple[int, ...] = (socket.AF_INET,), **options: object) -> None:
        self.sockets = {family: FakeSocket(family) for family in families}
        self.results, self.clock = Results(), FakeClock()

        def opener(family: int, /, *, privileged: bool | None, receive_buffer: int) -> EchoSocket | None:
            fake = self.sockets.get(family)
            return None if fake is None else EchoSocket(fake, family, self.privileged, 2 * receive_buffer, fake)

        self.privileged = privileged
        options.setdefault("nonce", b"NonceNce" + b"\x12\x34")
        self.engine = EchoEngine(self.results, clock=self.clock, opener=opener, **options)
        self.socket = next(iter(self.sockets.values()))

    def later(self, seconds: float) -> None:
        self.clock.time += seconds
        self.engine.tick()

    def request(self, index: int = -1) -> bytes:
        return self.socket.sent[index][0]

    def deliver(self, data: bytes, sender: tuple = ("", 0)) -> None:
        self.socket.inbox.append((data, sender))
        self.engine.receive()


def packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def reply(request: bytes, kind: int = 0) -> bytes:
    """Turn a request into its answer, checksum included."""
    bare = bytes([kind, 0, 0, 0]) + request[4:]
    return bare[:2] + checksum(bare).to_bytes(2, "big") + bare[4:]


def ipv4(source: str, payload: bytes, *, destination: str = "192.0.2.200", words: int = 5) -> bytes:
    """Put an IPv4 header of `words` 32-bit words in front."""
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x40 | words, 0, words * 4 + len(payload), 0, 0, 64, 1, 0, packed(source), packed(destination)
    )
    return header + bytes(words * 4 - 20) + payload


def error_v4(router: str, asked: str, request: bytes, *, kind: int = 3, code: int = 1, quoted: int = 8) -> bytes:
    """Build the ICMP error of a router about a request, quoting `quoted` octets of it."""
    return ipv4(router, bytes([kind, code, 0, 0, 0, 0, 0, 0]) + ipv4("192.0.2.200", request, destination=asked)[: 20 + quoted])


def error_v6(asked: str, request: bytes, *, kind: int = 1, code: int = 3) -> bytes:
    """Build an ICMPv6 error about a request."""
    inner = struct.pack("!IHBB16s16s", 6 << 28, len(request), 58, 64, packed("2001:db8::200"), packed(asked)) + request
    return bytes([kind, code, 0, 0, 0, 0, 0, 0]) + inner
