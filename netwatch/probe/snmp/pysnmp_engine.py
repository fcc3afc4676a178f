"""The engine on pysnmp: v1 and v2c through `hlapi.v1arch`, which keeps no state per target; v3 in `pysnmp_usm`.

What it is known for, and what is done about it (DEPENDENCIES 3): timeouts that hang for ever -> every call inside
`asyncio.timeout`; names that moved between versions -> pinned; exceptions of the decoder in the event loop -> caught and counted;
256 of 1,000 answers with the default buffer -> SO_RCVBUF 4 MiB and at most 200 requests under way. It takes answers from any
address, so it is the engine for agents that answer from another one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

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
from pysnmp.proto import errind
from pysnmp.proto.error import StatusInformation
from pysnmp.proto.rfc1902 import Null, ObjectIdentifier, univ
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from netwatch.probe.snmp.client import Agent, Oid, SnmpError, Value
from netwatch.probe.snmp.envelope import STATUSES, look
from netwatch.probe.snmp.pysnmp_sockets import Heard, guarded, target
from netwatch.probe.snmp.pysnmp_usm import Logins, Outcome
from netwatch.probe.snmp.usm import SYNCHRONISE, denied, incomplete, unheard

AT_ONCE = 200  # requests under way on one socket
KINDS = UdpTransportTarget, Udp6TransportTarget
MODELS = {"1": 0, "2c": 1}
NOTHING = Null("")
END = object()  # endOfMibView: no value, and no more to come
REASONS = {
    errind.UnknownUserName: "unknownUserName",
    errind.WrongDigest: "wrongDigest",
    errind.AuthenticationFailure: "wrongDigest",
    errind.DecryptionError: "decryptionError",
    errind.UnsupportedSecurityLevel: "unsupportedSecurityLevel",
    errind.NotInTimeWindow: "notInTimeWindow",
    errind.UnknownEngineID: "unknownEngineID",
    errind.NoSuchContext: "unknownContext",
}


class _Dispatcher(SnmpDispatcher):  # type: ignore[misc] # pysnmp has no types
    """Notices who answers from another address than the one that was asked."""

    elsewhere: dict[str, str]

    def _recv_callback(self, engine: Any, domain: Any, address: Any, message: bytes) -> Any:
        envelope = look(message)
        asked = self._pendingReqs.get(envelope.request_id) if envelope is not None else None
        if asked is not None:
            wanted = asked["transportTarget"].transport_address[0]
            if wanted != address[0]:
                self.elsewhere[wanted] = str(address[0])
            elif self.elsewhere:
                self.elsewhere.pop(wanted, None)
        return super()._recv_callback(engine, domain, address, message)


class PysnmpClient:
    """Speaks SNMPv1, v2c and v3. Made and used on one running event loop; one for the life of the process."""

    def __init__(self) -> None:
        self._dispatcher: _Dispatcher | None = None
        self._heard = Heard()
        self._logins: Logins | None = None
        self._gate = asyncio.Semaphore(AT_ONCE)

    def engine_of(self, agent: Agent) -> str:  # noqa: ARG002 - there is one
        """Return the name of this engine."""
        return "pysnmp"

    def notes(self, agent: Agent) -> tuple[str, ...]:
        """Return what is odd about how an agent answers."""
        other = self._dispatcher.elsewhere.get(agent.address) if self._dispatcher is not None else None
        return (f"answers_from:{other}",) if other is not None else ()

    async def get(self, agent: Agent, oids: Sequence[Oid]) -> Mapping[Oid, Value]:
        """Return the values of these objects."""
        found = dict(await self._ask(agent, get_cmd, (), oids))
        return {oid: None if (value := found.get(oid)) is END else value for oid in oids}

    async def following(
        self,
        agent: Agent,
        oid: Oid,
        repetitions: int,
        *,
        under: Oid,  # noqa: ARG002 - pysnmp can begin anywhere
    ) -> Sequence[tuple[Oid, Value]]:
        """Return what follows an object, without the end of the view; what lies behind `under` too."""
        if repetitions > 1 and agent.version != "1":
            found = await self._ask(agent, bulk_cmd, (0, repetitions), [oid])
        else:
            found = await self._ask(agent, next_cmd, (), [oid])
        values: list[tuple[Oid, Value]] = []
        for name, value in found:
            if value is END:  # it may carry the name of the last good object: never a value
                break
            values.append((name, value))
        return values

    @property
    def malformed(self) -> int:
        """Return how many datagrams could not be decoded."""
        return self._heard.malformed

    def forget(self, device: str) -> None:
        """Keep nothing by device: v1 and v2c have no state per target, v3 learns anew what an agent says is wrong."""

    def close(self) -> None:
        """Close the sockets; requests under way end as timeouts of their callers."""
        if self._dispatcher is not None:
            self._dispatcher.transport_dispatcher.close_dispatcher()
            self._dispatcher = None
        if self._logins is not None:
            self._logins.close()
            self._logins = None

    async def _ask(self, agent: Agent, command: Any, numbers: tuple[int, ...], oids: Sequence[Oid]) -> list[tuple[Oid, Any]]:
        missing = incomplete(agent)
        if missing is not None:
            raise missing
        before = self._heard.malformed
        send = self._secured if agent.version == "3" else self._open
        async with self._gate:
            try:
                async with asyncio.timeout(agent.patience):
                    failure, status, index, found = await send(agent, command, numbers, oids)
            except TimeoutError:
                failure, status, index, found = errind.requestTimedOut, 0, 0, ()
            except SnmpError:
                raise
            except StatusInformation as error:
                failure, status, index, found = error.get("errorIndication"), 0, 0, ()
            except (PySnmpError, OSError) as error:
                raise SnmpError("local", _first_line(error)) from error
            except Exception as error:  # whatever the library makes of foreign octets
                raise SnmpError("malformed", type(error).__name__) from error
        if failure:
            raise self._failure(agent, failure, before)
        if int(status):
            name = STATUSES[int(status)] if 0 < int(status) < len(STATUSES) else str(int(status))
            raise denied(name) if name == "authorizationError" else SnmpError("refused", name, status=name, index=int(index))
        try:
            return [(tuple(name), _plain(value)) for name, value in found]
        except Exception as error:
            raise SnmpError("malformed", type(error).__name__) from error

    def _failure(self, agent: Agent, failure: Any, before: int) -> SnmpError:
        if not isinstance(failure, errind.RequestTimedOut):
            return denied(REASONS.get(type(failure), type(failure).__name__))
        if self._heard.since(before, agent.address):
            return SnmpError("malformed", "what came is no answer")
        return SnmpError("timeout", f"no answer within {agent.patience - 0.5:g} s")

    async def _open(self, agent: Agent, command: Any, numbers: tuple[int, ...], oids: Sequence[Oid]) -> Outcome:
        """Ask by SNMPv1 or v2c."""
        assert agent.community is not None
        community = CommunityData(agent.community.reveal(), mpModel=MODELS[agent.version])
        wanted = [(ObjectIdentifier(oid), NOTHING) for oid in oids]
        asked = command(self._dispatching(), community, await target(agent, KINDS), *numbers, *wanted, lookupMib=False)
        outcome: Outcome = await asked
        return outcome

    async def _secured(self, agent: Agent, command: Any, numbers: tuple[int, ...], oids: Sequence[Oid]) -> Outcome:
        """Ask by SNMPv3; learn the agent's engine and clock anew, once, when it says that they are wrong."""
        if self._logins is None:
            self._logins = Logins(self._heard)
        wanted = [(ObjectIdentifier(oid), NOTHING) for oid in oids]
        strange = not self._logins.knows(agent)
        try:
            outcome = await self._logins.ask(agent, numbers, wanted, onward=command is not get_cmd)
            if REASONS.get(type(outcome[0])) in SYNCHRONISE:
                self._logins.forget(agent)
                outcome = await self._logins.ask(agent, numbers, wanted, onward=command is not get_cmd)
            if not isinstance(outcome[0], errind.RequestTimedOut):
                return outcome
        except TimeoutError:  # not pysnmp's, ours
            outcome = (errind.requestTimedOut, 0, 0, ())
        if strange and agent.retries and self._logins.knows(agent):  # it told its clock, and then answered none of our questions
            raise unheard(agent)
        self._logins.forget(agent)
        return outcome

    def _dispatching(self) -> _Dispatcher:
        if self._dispatcher is None:
            made = _Dispatcher()
            made.elsewhere = {}
            for domain, transport in guarded(self._heard).items():
                made.transport_dispatcher.register_transport(domain, transport)
                made._configuredTransports.add(domain)  # noqa: SLF001 - the only way to bring a socket along
            self._dispatcher = made
        return self._dispatcher


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[-1] if str(error) else type(error).__name__


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
