"""Build echo requests and read what comes back (RFC 792, RFC 4443). Pure functions over bytes; nothing here trusts a length.

A request is 20 octets: the ICMP header and a payload of 12, `nonce (8) · lap (4)`. The nonce is random per engine; the lap counts
how often the 16-bit sequence went round, so that an answer from the last round cannot pass for one of this round.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

ECHO_REPLY, UNREACHABLE, ECHO_REQUEST, TIME_EXCEEDED, PARAMETER_PROBLEM = 0, 3, 8, 11, 12
V6_UNREACHABLE, V6_TOO_BIG, V6_TIME_EXCEEDED, V6_PARAMETER_PROBLEM, V6_REQUEST, V6_REPLY = 1, 2, 3, 4, 128, 129

PROTOCOL_ICMP, PROTOCOL_ICMPV6 = 1, 58
REQUEST_SIZE = 20
REPLY_TAIL = struct.Struct("!HHQI")  # id, sequence, nonce, lap: octets 4-20 of an echo
HEADER_FIELDS = struct.Struct("!HHH")  # checksum, id, sequence: octets 2-8

_ONES = 0xFFFF


class Quote(NamedTuple):
    """What an ICMP error is about, as far as it was quoted. `identifier` is STRANGER when it is about no echo request at all."""

    type: int  # of the error
    code: int
    destination: int  # inner destination address as a number
    identifier: int
    sequence: int


STRANGER = -1


def checksum(data: bytes | bytearray | memoryview) -> int:
    """Compute the Internet checksum (RFC 1071) of `data`."""
    if len(data) % 2:
        data = bytes(data) + b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > _ONES:
        total = (total & _ONES) + (total >> 16)
    return ~total & _ONES


def request(kind: int, identifier: int, nonce: int, lap: int) -> tuple[bytearray, int]:
    """Build an echo request with sequence 0, and return it with its checksum.

    The checksum of sequence `s` is `checksum - s`, plus 0xFFFF when that is negative: one's complement arithmetic (RFC 1624).
    """
    packet = bytearray(struct.pack("!BBHHHQI", kind, 0, 0, identifier, 0, nonce, lap))
    total = checksum(packet)
    HEADER_FIELDS.pack_into(packet, 2, total, identifier, 0)
    return packet, total


def quote_v4(data: bytes | bytearray | memoryview) -> Quote | None:
    """Read an IPv4 datagram that carries an ICMP error; None when it is too short or not one.

    RFC 792 promises eight octets of the quoted datagram behind its header: id and sequence, and nothing of the payload.
    """
    outer = ihl(data)
    if outer is None or len(data) < outer + 8:
        return None
    kind, code = data[outer], data[outer + 1]
    if kind not in (UNREACHABLE, TIME_EXCEEDED, PARAMETER_PROBLEM):
        return None
    inner = data[outer + 8 :]
    header = ihl(inner)
    if header is None or len(inner) < header + 8:
        return None
    destination = int.from_bytes(inner[16:20], "big")
    if inner[9] != PROTOCOL_ICMP or inner[header] != ECHO_REQUEST:
        return Quote(kind, code, destination, STRANGER, 0)
    identifier, sequence = struct.unpack_from("!HH", inner, header + 4)
    return Quote(kind, code, destination, identifier, sequence)


def quote_v6(data: bytes | bytearray | memoryview) -> Quote | None:
    """Read an ICMPv6 error (no IPv6 header in front); None when it is too short or not one."""
    if len(data) < 8 + 40 + 8 or data[0] not in (V6_UNREACHABLE, V6_TOO_BIG, V6_TIME_EXCEEDED, V6_PARAMETER_PROBLEM):
        return None
    inner = data[8:]
    if inner[0] >> 4 != 6:
        return None
    destination = int.from_bytes(inner[24:40], "big")
    if data[0] == V6_TOO_BIG or inner[6] != PROTOCOL_ICMPV6 or inner[40] != V6_REQUEST:
        return Quote(data[0], data[1], destination, STRANGER, 0)
    identifier, sequence = struct.unpack_from("!HH", inner, 44)
    return Quote(data[0], data[1], destination, identifier, sequence)


def ihl(data: bytes | bytearray | memoryview) -> int | None:
    """Return the length of the IPv4 header at the start of `data` in octets, or None when there is no whole one."""
    if len(data) < 20 or data[0] >> 4 != 4:
        return None
    length = (data[0] & 15) * 4
    return length if 20 <= length <= len(data) else None
