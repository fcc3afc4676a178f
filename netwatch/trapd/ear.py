"""The UDP sockets on which devices call: read in batches, answered from the address that was called, losses counted."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from netwatch.errors import CannotListen
from netwatch.settings import Listen

RECEIVE_BUFFER = 8 * 1024 * 1024  # octets; at 5,000 traps a second of 300 octets it holds some seconds
LARGEST = 9000  # octets of a datagram; a longer one arrives cut off, and is malformed
ANCILLARY = 256
# Names that Python's socket module does not have.
SO_RXQ_OVFL = 40  # Linux: how many datagrams this socket has lost so far comes with the next one
IP_PKTINFO = 8
COUNTER_WRAPS = 2**32


class Heard(NamedTuple):
    """One datagram; `origin` and `called` are what an answer needs."""

    datagram: bytes
    source: str  # numeric address; ::ffff:192.0.2.1 for IPv4 on a socket of both families
    origin: Any  # the sender's socket address
    called: tuple[int, int, bytes] | None  # the address that was called, as ancillary data for sendmsg


class Ear:
    """One socket. `drops`: datagrams that the kernel threw away because we were too slow."""

    def __init__(self, own: socket.socket) -> None:
        self._socket = own
        self.drops = 0
        self.unsent = 0
        self._told = 0
        own.setblocking(False)  # noqa: FBT003 - the library has no keyword for it
        if self.receive_buffer < RECEIVE_BUFFER:  # systemd may give more than we may ask for (net.core.rmem_max)
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        own.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
        if own.family == socket.AF_INET6:
            own.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            own.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._socket.fileno()

    @property
    def address(self) -> str:
        """Return where it listens."""
        host, port = self._socket.getsockname()[:2]
        return str(Listen(host, port))

    @property
    def receive_buffer(self) -> int:
        """Return the octets the kernel really gives (it reports twice what may be used)."""
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2

    def read(self, most: int) -> Iterator[Heard]:
        """Yield what has arrived, at most so many."""
        for _ in range(most):
            try:
                datagram, ancillary, _, origin = self._socket.recvmsg(LARGEST, ANCILLARY)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # an ICMP error for an answer of ours: nothing was received
                continue
            yield Heard(datagram, origin[0], origin, self._called(ancillary))

    def answer(self, heard: Heard, octets: bytes) -> None:
        """Send an answer to whoever called. One that cannot be sent is counted: the sender will call again."""
        ancillary = () if heard.called is None else (heard.called,)
        try:
            self._socket.sendmsg((octets,), ancillary, 0, heard.origin)
        except OSError:
            self.unsent += 1

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _called(self, ancillary: Sequence[tuple[int, int, bytes]]) -> tuple[int, int, bytes] | None:
        called = None
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_RXQ_OVFL:
                (told,) = struct.unpack("=I", data[:4])
                self.drops += (told - self._told) % COUNTER_WRAPS
                self._told = told
            elif level == socket.IPPROTO_IP and kind == IP_PKTINFO:
                called = (level, kind, struct.pack("=i4s4s", 0, data[4:8], bytes(4)))  # any interface, this source address
            elif level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
                called = (level, kind, data)
        return called


def ears(listen: Listen | None, handed_over: Sequence[socket.socket]) -> list[Ear]:
    """Return the sockets systemd opened, else one bound to `listen`. Raises CannotListen."""
    given = [each for each in handed_over if each.type == socket.SOCK_DGRAM]
    if given:
        return [Ear(each) for each in given]
    if listen is None:
        raise CannotListen(
            "tidak ada alamat untuk menerima trap: isi traps.listen, atau pakai netwatch-trapd.socket",
            "no address to hear traps on: set traps.listen, or use netwatch-trapd.socket",
        )
    own = socket.socket(socket.AF_INET6 if ":" in listen.host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        own.bind((listen.host, listen.port))
    except OSError as error:
        own.close()
        raise _refused(listen, error) from error
    return [Ear(own)]


def _refused(listen: Listen, error: OSError) -> CannotListen:
    said = error.strerror or str(error)
    if error.errno == errno.EACCES:
        return CannotListen(
            f"{listen} hanya boleh dibuka oleh root: pakai netwatch-trapd.socket (porta 162), atau porta 1162 di traps.listen",
            f"only root may open {listen}: use netwatch-trapd.socket (port 162), or port 1162 in traps.listen",
        )
    return CannotListen(
        f"tidak dapat menerima trap di {listen} ({said}): ubah traps.listen, atau hentikan program yang memakai porta itu",
        f"cannot hear traps on {listen}: {said}; change traps.listen or stop the program that has the port",
    )
