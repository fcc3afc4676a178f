"""Many SNMP agents in one process, as cheap as they can be: every answer is made once and then only gets a new request id.

    python bench/agents/responder.py PORT AGENTS SILENT PORTS      prints "ready", serves until its standard input closes

Agent N has the address 127.9.N/250.N%250+1; the first SILENT of them hear and never answer. All have the same tree: a switch with
PORTS ports and a UPS. Speaks v2c, any community.
"""

from __future__ import annotations

import bisect
import select
import socket
import sys
from collections.abc import Iterator

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api
from pysnmp.proto.rfc1902 import Counter32, Counter64, Gauge32, Integer32, ObjectIdentifier, OctetString, TimeTicks
from pysnmp.proto.rfc1905 import endOfMibView, noSuchInstance

Oid = tuple[int, ...]
V2C = api.PROTOCOL_MODULES[1]
GET, GET_NEXT, GET_BULK = 0xA0, 0xA1, 0xA5


def addresses(count: int) -> list[str]:
    """Return the addresses of so many agents."""
    return [f"127.9.{number // 250}.{number % 250 + 1}" for number in range(count)]


def switch(ports: int) -> dict[Oid, object]:
    """Return the tree of a switch with a UPS on line."""
    system = (1, 3, 6, 1, 2, 1, 1)
    tree: dict[Oid, object] = {
        (*system, 1, 0): OctetString(b"Switch Contoh, Version 1.0, 48 x 1 Gbit/s, 4 x 10 Gbit/s"),
        (*system, 2, 0): ObjectIdentifier((1, 3, 6, 1, 4, 1, 9, 1, 1)),
        (*system, 3, 0): TimeTicks(430_450),
        (*system, 5, 0): OctetString(b"sw-contoh"),
        (1, 3, 6, 1, 2, 1, 33, 1, 2, 1, 0): Integer32(2),
        (1, 3, 6, 1, 2, 1, 33, 1, 2, 2, 0): Integer32(0),
        (1, 3, 6, 1, 2, 1, 33, 1, 4, 1, 0): Integer32(3),
    }
    for number in range(1, ports + 1):
        index = 10_000 + number
        row = {
            1: Integer32(index),
            2: OctetString(f"GigabitEthernet0/{number}".encode()),
            3: Integer32(6),
            4: Integer32(1500),
            5: Gauge32(1_000_000_000),
            6: OctetString(bytes([2, 0, 0, 0, 0, number])),
            7: Integer32(1),
            8: Integer32(1 + number % 2),
            9: TimeTicks(400_000 + number),
            10: Counter32(number * 1_000_003),
            16: Counter32(number * 2_000_003),
        }
        wide = {
            1: OctetString(f"ge{number}".encode()),
            6: Counter64(2**40 + number),
            10: Counter64(2**41 + number),
            15: Gauge32(1000),
            18: OctetString(f"ke Kantor Contoh {number}".encode()),
        }
        tree.update({(1, 3, 6, 1, 2, 1, 2, 2, 1, column, index): value for column, value in row.items()})
        tree.update({(1, 3, 6, 1, 2, 1, 31, 1, 1, 1, column, index): value for column, value in wide.items()})
    return dict(sorted(tree.items()))


class Agents:
    """Answers requests from one tree."""

    def __init__(self, tree: dict[Oid, object]) -> None:
        self._tree = tree
        self._names = list(tree)
        self._known: dict[tuple[int, bytes], bytes] = {}

    def answer(self, request: bytes) -> bytes:
        """Return the answer to a request."""
        _, at, _ = element(request, 0)
        _, _, community = element(request, at + 3)
        tag, inner, end = element(request, community)
        _, _, rest = element(request, inner)
        what = tag, request[rest:end]
        found = self._known.get(what)
        if found is None:
            found = self._known[what] = self._made(request)
        return wrapped(0x30, request[at:community] + wrapped(0xA2, request[inner:rest] + found))

    def _made(self, request: bytes) -> bytes:
        """Return what stands behind the request id of the answer."""
        message, _ = decoder.decode(request, asn1Spec=V2C.Message())
        asked = V2C.apiMessage.get_pdu(message)
        wanted = [tuple(oid) for oid, _ in V2C.apiPDU.get_varbinds(asked)]
        kind = type(asked).__name__
        if kind.startswith("GetBulk"):
            values = list(self._after(wanted[0], int(V2C.apiBulkPDU.get_max_repetitions(asked))))
        elif kind.startswith("GetNext"):
            values = list(self._after(wanted[0], 1))
        else:
            values = [(oid, self._tree.get(oid, noSuchInstance)) for oid in wanted]
        answer = V2C.apiMessage.get_response(message)
        pdu = V2C.apiMessage.get_pdu(answer)
        V2C.apiPDU.set_varbinds(pdu, [(ObjectIdentifier(oid), value) for oid, value in values])
        encoded = encoder.encode(pdu)
        _, inner, end = element(encoded, 0)
        _, _, rest = element(encoded, inner)
        return encoded[rest:end]

    def _after(self, oid: Oid, repetitions: int) -> Iterator[tuple[Oid, object]]:
        place = bisect.bisect_right(self._names, oid)
        for name in self._names[place : place + repetitions]:
            yield name, self._tree[name]
        if place + repetitions > len(self._names):
            yield self._names[-1], endOfMibView


def element(data: bytes, at: int) -> tuple[int, int, int]:
    """Return tag, begin and end of the content of what stands at `at`."""
    tag, length = data[at], data[at + 1]
    at += 2
    if length & 0x80:
        octets = length & 0x7F
        length = int.from_bytes(data[at : at + octets], "big")
        at += octets
    return tag, at, at + length


def wrapped(tag: int, content: bytes) -> bytes:
    """Put a tag and a length before octets."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def main() -> None:
    """Serve."""
    port, count, silent, ports = map(int, sys.argv[1:5])
    agents = Agents(switch(ports))
    poll = select.epoll()
    poll.register(sys.stdin.fileno(), select.EPOLLIN | select.EPOLLHUP)
    sockets: dict[int, socket.socket] = {}
    mute: list[socket.socket] = []
    for number, address in enumerate(addresses(count)):
        listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listening.bind((address, port))
        listening.settimeout(0)
        if number < silent:
            mute.append(listening)
            continue
        sockets[listening.fileno()] = listening
        poll.register(listening.fileno(), select.EPOLLIN)
    print("ready", flush=True)
    while True:
        for handle, _ in poll.poll():
            if handle not in sockets:
                return
            asked = sockets[handle]
            request, sender = asked.recvfrom(4096)
            asked.sendto(agents.answer(request), sender)


if __name__ == "__main__":
    main()
