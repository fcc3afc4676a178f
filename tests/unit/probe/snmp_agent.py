"""An SNMP agent on loopback that answers from a dictionary, and misbehaves on demand."""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api
from pysnmp.proto.api import verdec
from pysnmp.proto.rfc1902 import Counter32, Counter64, Gauge32, Integer32, ObjectIdentifier, OctetString, TimeTicks
from pysnmp.proto.rfc1905 import endOfMibView, noSuchInstance

from netwatch.probe.snmp import Agent
from netwatch.settings import Secret

Oid = tuple[int, ...]
KINDS = {"int": Integer32, "gauge": Gauge32, "counter": Counter32, "counter64": Counter64, "ticks": TimeTicks}


class FakeAgent(asyncio.DatagramProtocol):
    """Speaks v1 and v2c. `tree` maps OIDs to pysnmp values in the order of a MIB."""

    def __init__(self, tree: dict[Oid, Any], community: str = "kunci") -> None:
        self.tree, self.community = tree, community
        self.silent = False
        self.largest = 1000  # answers with more values are dropped
        self.error: Callable[[str, list[Oid]], tuple[str, int] | None] = lambda kind, oids: None
        self.mangle: Callable[[bytes], list[bytes]] = lambda answer: [answer]
        self.send: Callable[[bytes, Any], None] = lambda answer, sender: self.transport.sendto(answer, sender)  # noqa: PLW0108 - there is no transport yet
        self.endless = False
        self.stuck = False
        self.requests: list[tuple[str, list[Oid]]] = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        module = api.PROTOCOL_MODULES[verdec.decode_message_version(data)]
        message, _ = decoder.decode(data, asn1Spec=module.Message())
        request = module.apiMessage.get_pdu(message)
        kind = type(request).__name__.removesuffix("RequestPDU")
        if self.silent or module.apiMessage.get_community(message) != self.community.encode():
            self.requests.append((kind, []))
            return
        wanted = [tuple(oid) for oid, _ in module.apiPDU.get_varbinds(request)]
        self.requests.append((kind, wanted))
        answer = module.apiMessage.get_response(message)
        pdu = module.apiMessage.get_pdu(answer)
        error = self.error(kind, wanted)
        if kind == "GetBulk":
            values = list(self._bulk(wanted[0], int(module.apiBulkPDU.get_max_repetitions(request))))
        elif kind == "GetNext":
            values = [self._after(oid) for oid in wanted]
        else:
            values = [(oid, self.tree.get(oid, noSuchInstance)) for oid in wanted]
        if message[0] == 0 and error is None:  # version 1: a missing object is an error of the whole request
            missing = [place for place, (_, value) in enumerate(values, 1) if value is noSuchInstance or value is endOfMibView]
            error = ("noSuchName", missing[0]) if missing else None
        if error is not None:
            values = [(oid, module.Null("")) for oid in wanted]
            names = {"tooBig": 1, "noSuchName": 2, "genErr": 5}
            module.apiPDU.set_error_status(pdu, names[error[0]])
            module.apiPDU.set_error_index(pdu, error[1])
        if len(values) > self.largest:
            return
        module.apiPDU.set_varbinds(pdu, [(ObjectIdentifier(oid), value) for oid, value in values])
        for octets in self.mangle(encoder.encode(answer)):
            self.send(octets, sender)

    def _after(self, oid: Oid) -> tuple[Oid, Any]:
        if self.stuck:
            return oid, Integer32(1)
        if self.endless:
            return (*oid[:-1], oid[-1] + 1) if len(oid) > 10 else (*oid, 1), OctetString(b"lagi")
        names = list(self.tree)
        place = bisect.bisect_right(names, oid)
        return (names[place], self.tree[names[place]]) if place < len(names) else (oid, endOfMibView)

    def _bulk(self, oid: Oid, repetitions: int) -> Iterator[tuple[Oid, Any]]:
        for _ in range(repetitions):
            oid, value = self._after(oid)
            yield oid, value


@asynccontextmanager
async def serving(tree: dict[Oid, Any], **options: Any):
    """Serve a tree; yields the agent's behaviour and how netwatch would call it."""
    loop = asyncio.get_running_loop()
    transport, fake = await loop.create_datagram_endpoint(lambda: FakeAgent(tree), local_addr=("127.0.0.1", 0))
    options = {"community": Secret("kunci"), "timeout": 0.2, "retries": 1, **options}
    try:
        yield fake, Agent("sw", "127.0.0.1", port=transport.get_extra_info("sockname")[1], **options)
    finally:
        transport.close()


def switch(ports: int = 3) -> dict[Oid, Any]:
    """Build the tree of a small switch: ge1 up, ge2 down, the rest shut down by somebody."""
    tree: dict[Oid, Any] = {
        (1, 3, 6, 1, 2, 1, 1, 1, 0): OctetString(b"Switch Contoh \r\n v1 \0\0"),
        (1, 3, 6, 1, 2, 1, 1, 2, 0): ObjectIdentifier((1, 3, 6, 1, 4, 1, 9, 1, 1)),
        (1, 3, 6, 1, 2, 1, 1, 3, 0): TimeTicks(430_450),
        (1, 3, 6, 1, 2, 1, 1, 5, 0): OctetString(b"sw"),
    }
    for number in range(1, ports + 1):
        index = 10_000 + number
        row = {
            2: OctetString(f"GigabitEthernet0/{number}".encode()),
            5: Gauge32(4_294_967_295),
            7: Integer32(1 if number < 3 else 2),
            8: Integer32(1 if number == 1 else 2),
            9: TimeTicks(400_450 if number == 2 else 0),
            10: Counter32(number),
            16: Counter32(number * 2),
        }
        wide = {
            1: OctetString(f"ge{number}".encode()),
            6: Counter64(2**40 + number),
            10: Counter64(0),
            15: Gauge32(10_000),
            18: OctetString(f"ke OPD {number}".encode()),
        }
        tree.update({(1, 3, 6, 1, 2, 1, 2, 2, 1, column, index): value for column, value in row.items()})
        tree.update({(1, 3, 6, 1, 2, 1, 31, 1, 1, 1, column, index): value for column, value in wide.items()})
    return dict(sorted(tree.items()))
