"""Receive on sockets that name the sender beside the data: raw ICMPv6, and datagram ping of both families.

A datagram socket needs no privilege but two cares: the kernel puts its own id into every request (so answers are matched on
sequence, address and nonce), and ICMP errors wait in a queue, where the error of one target makes the next call for another fail.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

from netwatch.probe.icmp.channel import Channel
from netwatch.probe.icmp.packets import (
    ECHO_REPLY,
    ECHO_REQUEST,
    REPLY_TAIL,
    REQUEST_SIZE,
    STRANGER,
    V6_REPLY,
    V6_REQUEST,
    quote_v6,
)
from netwatch.probe.icmp.sockets import IP_RECVERR, IPV6_RECVERR
from netwatch.probe.icmp.target import Target

EXTENDED_ERROR = struct.Struct("=IBBBBII")  # sock_extended_err: errno, origin, type, code, ...; the sender's sockaddr follows
ORIGIN_ICMP, ORIGIN_ICMP6 = 2, 3
TRIES = 4  # of one send: each drained error belonged to somebody else


class SourcedChannel(Channel):
    """Echoes over a socket whose datagrams begin with the ICMP header."""

    def receive(self, limit: int) -> bool:
        """Read what has arrived, errors in the queue included."""
        if self.receiving:
            return False
        self.receiving = True
        receive_from, buffer = self.opened.socket.recvfrom_into, self.buffer
        view = memoryview(buffer)
        now = self.monotonic()
        try:
            if not self.opened.privileged:
                self.drain_errors(limit)
            for _ in range(limit):
                try:
                    size, sender = receive_from(buffer)
                except BlockingIOError:
                    return True
                except OSError as error:
                    if self.opened.privileged or not self.drain_errors(limit):  # perhaps one target's
                        self.counters.local_errors[f"receive_{error.errno}"] += 1
                    continue
                self.take(view[:size], sender, now)
        finally:
            self.receiving = False
        return False

    def take(self, data: memoryview, sender: tuple[Any, ...], now: float) -> None:
        """Take one datagram and its sender's address."""
        reply = V6_REPLY if self.kind == V6_REQUEST else ECHO_REPLY
        if len(data) < 8:
            self.counters.malformed += 1
        elif data[0] == reply:
            if self.opened.privileged and (data[4] << 8 | data[5]) != self.identifier:
                self.counters.foreign += 1
            elif len(data) < REQUEST_SIZE:
                self.counters.wrong_nonce += 1
            else:
                _, sequence, nonce, lap = REPLY_TAIL.unpack_from(data, 4)
                self.matched(lambda target: is_from(target, sender), sequence, nonce, lap, now)
        elif self.kind == V6_REQUEST:
            quote = quote_v6(data)
            if quote is None:
                self.counters.malformed += 1
            elif quote.identifier == STRANGER or (self.opened.privileged and quote.identifier != self.identifier):
                self.counters.foreign += 1
            else:
                self.refused(quote.destination, quote.sequence, by=sender[0], kind=quote.type, code=quote.code)
        else:
            self.counters.malformed += 1

    def drain_errors(self, limit: int) -> int:
        """Empty the error queue and return how many errors it held (errors of this machine's own send path included)."""
        for drained in range(limit):
            try:
                data, ancillary, _, destination = self.opened.socket.recvmsg(256, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
            except OSError:
                return drained
            for level, kind, value in ancillary:
                if (level, kind) in ((socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR)):
                    self.take_error(data, value, destination)
        return limit

    def take_error(self, data: bytes, extended: bytes, destination: Any) -> None:
        """Take one entry of the error queue: our own request as it was quoted, and who complained."""
        if len(extended) < EXTENDED_ERROR.size or len(data) < 8 or data[0] not in (ECHO_REQUEST, V6_REQUEST):
            self.counters.malformed += 1
            return
        _, origin, kind, code, _, _, _ = EXTENDED_ERROR.unpack_from(extended)
        if origin not in (ORIGIN_ICMP, ORIGIN_ICMP6) or not destination:
            return
        packed = int.from_bytes(socket.inet_pton(self.opened.family, str(destination[0]).split("%", maxsplit=1)[0]), "big")
        self.refused(packed, data[6] << 8 | data[7], by=offender(extended), kind=kind, code=code)

    def send_again(self, packet: bytearray, target: Target, error: OSError) -> OSError | None:
        """Send once more after draining: on a datagram socket the error may be another target's."""
        if self.opened.privileged:
            return error
        for _ in range(TRIES):
            self.drain_errors(64)
            try:
                self.opened.socket.sendto(packet, target.destination)
            except OSError as again:
                error = again
            else:
                return None
        return error


def is_from(target: Target, sender: tuple[Any, ...]) -> bool:
    """Tell whether a datagram came from the address that was asked (and, link-local, through the interface that was asked)."""
    return bool(sender[0] == target.source and (not target.zone or sender[3] == target.zone))


def offender(extended: bytes) -> str:
    """Return the address behind a sock_extended_err: who sent the error; empty when there is none."""
    address = extended[EXTENDED_ERROR.size :]
    if len(address) >= 8 and address[:2] == struct.pack("=H", socket.AF_INET):
        return socket.inet_ntop(socket.AF_INET, address[4:8])
    if len(address) >= 24 and address[:2] == struct.pack("=H", socket.AF_INET6):
        return socket.inet_ntop(socket.AF_INET6, address[8:24])
    return ""
