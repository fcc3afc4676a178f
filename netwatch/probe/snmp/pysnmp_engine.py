"""The engine on pysnmp: v1 and v2c through `hlapi.v1arch`, which keeps no state per target. The only module that imports pysnmp.

What it is known for, and what is done about it (DEPENDENCIES 3): timeouts that hang for ever -> every call inside
`asyncio.timeout`; names that moved between versions -> pinned, and imported here alone; exceptions of the decoder in the event
loop -> caught and counted; 256 of 1,000 answers with the default buffer -> SO_RCVBUF 4 MiB and at most 200 requests under way.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from pysnmp.carrier.asyncio.dgram.udp import UdpAsyncioTransport
from pysnmp.carrier.asyncio.dgram.udp6 import Udp6AsyncioTransport
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v1arch.asyncio import (
    CommunityData,
    SnmpDispatcher,
    Udp6TransportTarget,
    UdpTransportTarget,
    bulk_cmd,
    get_cmd,
    next_cmd,
)
from pysnmp.proto.rfc1902 import Null, ObjectIdentifier, univ
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from netwatch.probe.snmp.client import Agent, Oid, SnmpError, Value

RECEIVE_BUFFER = 4 * 1024 * 1024
AT_ONCE = 200  # requests under way on one socket
LARGEST = 16 * 1024  # octets of an answer: ten long texts fit; decoding 64 KiB would hold the loop for a second
MODELS = {"1": 0, "2c": 1}
NOTHING = Null("")
END = object()  # endOfMibView: no value, and no more to come


class _Dispatcher(SnmpDispatcher):  # type: ignore[misc] # pysnmp has no types
    """Keeps what a hostile or broken agent sends from raising in the event loop."""

    malformed = 0
    last_malformed: dict[str, int]

    def _recv_callback(self, engine: Any, domain: Any, address: Any, message: bytes) -> Any:
        try:
            if len(message) <= LARGEST:
                return super()._recv_callback(engine, domain, address, message)
            self.note_malformed(address)
        except Exception:  # noqa: BLE001 - pyasn1 raises anything (OverflowError, IndexError) on octets from outside
            self.note_malformed(address)
        return None

    def note_malformed(self, address: Any) -> None:
        """Count, and remember who sent it, so that his silence can be told from his nonsense."""
        self.malformed += 1
        if len(self.last_malformed) < 10_000:  # addresses may be forged
            self.last_malformed[str(address[0])] = self.malformed


class PysnmpClient:
    """Speaks SNMPv1 and v2c. Made and used on one running event loop; one for the life of the process."""

    def __init__(self) -> None:
        self._dispatcher: _Dispatcher | None = None
        self._gate = asyncio.Semaphore(AT_ONCE)

    def engine_of(self, agent: Agent) -> str:  # noqa: ARG002 - there is one
        """Return the name of this engine."""
        return "pysnmp"

    async def get(self, agent: Agent, oids: Sequence[Oid]) -> Mapping[Oid, Value]:
        """Return the values of these objects."""
        found = await self._ask(get_cmd, agent, (), oids)
        return {oid: None if value is END else value for oid, value in found}

    async def following(self, agent: Agent, oid: Oid, repetitions: int, *, under: Oid) -> Sequence[tuple[Oid, Value]]:  # noqa: ARG002
        """Return what follows an object, without the end of the view; what lies behind `under` too."""
        if repetitions > 1 and agent.version != "1":
            found = await self._ask(bulk_cmd, agent, (0, repetitions), [oid])
        else:
            found = await self._ask(next_cmd, agent, (), [oid])
        values: list[tuple[Oid, Value]] = []
        for name, value in found:
            if value is END:  # it may carry the name of the last good object: never a value
                break
            values.append((name, value))
        return values

    @property
    def malformed(self) -> int:
        """Return how many datagrams could not be decoded."""
        return self._dispatcher.malformed if self._dispatcher is not None else 0

    def forget(self, device: str) -> None:
        """Keep nothing: v1 and v2c have no state per target."""

    def close(self) -> None:
        """Close the sockets; requests under way end as timeouts of their callers."""
        if self._dispatcher is not None:
            self._dispatcher.transport_dispatcher.close_dispatcher()
            self._dispatcher = None

    async def _ask(self, command: Any, agent: Agent, numbers: tuple[int, ...], oids: Sequence[Oid]) -> list[tuple[Oid, Any]]:
        model = MODELS.get(agent.version)
        if model is None:
            raise SnmpError("version", f"this engine does not speak SNMPv{agent.version}")
        if agent.community is None:
            raise SnmpError("credential", "no community")
        dispatcher = self._open()
        before = dispatcher.malformed
        async with self._gate:
            try:
                async with asyncio.timeout(agent.patience):
                    target = await _target(agent)
                    community = CommunityData(agent.community.reveal(), mpModel=model)
                    wanted = [(ObjectIdentifier(oid), NOTHING) for oid in oids]
                    failure, status, index, found = await command(
                        dispatcher, community, target, *numbers, *wanted, lookupMib=False
                    )
            except TimeoutError:
                failure, status, index, found = "timeout", 0, 0, ()
            except (PySnmpError, OSError) as error:
                raise SnmpError("local", str(error).splitlines()[-1] if str(error) else type(error).__name__) from error
            except Exception as error:  # whatever the library makes of foreign octets
                raise SnmpError("malformed", type(error).__name__) from error
        if failure:
            spoilt = dispatcher.last_malformed.get(agent.address, 0) > before
            raise SnmpError("malformed" if spoilt else "timeout", f"no answer within {agent.patience - 0.5:g} s")
        if int(status):
            raise SnmpError("refused", status.prettyPrint(), status=status.prettyPrint(), index=int(index))
        try:
            return [(tuple(name), _plain(value)) for name, value in found]
        except Exception as error:
            raise SnmpError("malformed", type(error).__name__) from error

    def _open(self) -> _Dispatcher:
        if self._dispatcher is None:
            made = _Dispatcher()
            made.last_malformed = {}
            for target, transport, family in (
                (UdpTransportTarget, UdpAsyncioTransport, socket.AF_INET),
                (Udp6TransportTarget, Udp6AsyncioTransport, socket.AF_INET6),
            ):
                try:
                    opened = socket.socket(family, socket.SOCK_DGRAM)
                except OSError:  # no such family here, or no descriptors left: pysnmp tries itself when it is needed
                    continue
                opened.settimeout(0)
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
                made.transport_dispatcher.register_transport(target.TRANSPORT_DOMAIN, transport().open_server_mode(sock=opened))
                made._configuredTransports.add(target.TRANSPORT_DOMAIN)  # noqa: SLF001 - the only way to bring a socket along
            self._dispatcher = made
        return self._dispatcher


async def _target(agent: Agent) -> Any:
    """Make pysnmp's idea of an address; numeric ones need no thread."""
    kind = Udp6TransportTarget if ":" in agent.address else UdpTransportTarget
    return await kind.create((agent.address, agent.port), timeout=agent.timeout, retries=agent.retries)


def _plain(value: Any) -> Any:
    """Turn pysnmp's value into a number, octets, an OID, None or END."""
    if isinstance(value, EndOfMibView):
        return END
    if isinstance(value, (NoSuchObject, NoSuchInstance)) or value is None:
        return None
    if isinstance(value, univ.ObjectIdentifier):
        return tuple(value)
    if isinstance(value, univ.OctetString):  # IpAddress, Opaque and Bits too
        return value.asOctets()
    if isinstance(value, univ.Null):
        return None
    return int(value)
