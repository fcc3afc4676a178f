"""The engine on pysnmp: v1 and v2c through `hlapi.v1arch`, which keeps no state per target; v3 in `pysnmp_usm`.

What it is known for, and what is done about it (DEPENDENCIES 3): timeouts that hang for ever -> every call inside
`asyncio.timeout`; names that moved between versions -> pinned; exceptions of the decoder in the event loop -> caught and counted;
256 of 1,000 answers with the default buffer -> SO_RCVBUF 4 MiB and a pace; a millisecond to decode ten values -> `envelope` reads
the answers of v1 and v2c. It takes answers from any address, so it is the engine for agents that answer from another one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from pysnmp.error import PySnmpError
from pysnmp.hlapi.v1arch.asyncio import CommunityData, SnmpDispatcher, Udp6TransportTarget, UdpTransportTarget
from pysnmp.proto import api, errind
from pysnmp.proto.error import StatusInformation
from pysnmp.proto.rfc1902 import Null, ObjectIdentifier

from netwatch.probe.snmp.client import Agent, Oid, SnmpError, Value
from netwatch.probe.snmp.envelope import RESPONSE, STATUSES, VERSION_3, look, values
from netwatch.probe.snmp.pace import Pace
from netwatch.probe.snmp.pysnmp_sockets import Heard, guarded, target
from netwatch.probe.snmp.pysnmp_usm import GET, GET_BULK, GET_NEXT, Logins, Outcome
from netwatch.probe.snmp.usm import SYNCHRONISE, denied, incomplete, unheard

KINDS = UdpTransportTarget, Udp6TransportTarget
MODELS = {"1": 0, "2c": 1}
NOTHING = Null("")
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
    """Brings answers to their questions without decoding them, and notices who answers from another address than was asked."""

    elsewhere: dict[str, str]

    def _recv_callback(self, engine: Any, domain: Any, address: Any, message: bytes) -> None:  # noqa: ARG002
        envelope = look(message)
        if envelope is None or envelope.pdu != RESPONSE or envelope.version == VERSION_3:
            return
        asked = self._pendingReqs.get(envelope.request_id)
        if asked is None or asked["cbCtx"].version != envelope.version:
            return
        found = values(message, envelope)
        del self._pendingReqs[envelope.request_id]
        self.transport_dispatcher.job_finished(id(self))
        wanted = asked["transportTarget"].transport_address[0]
        if wanted != address[0]:
            self.elsewhere[wanted] = str(address[0])
        elif self.elsewhere:
            self.elsewhere.pop(wanted, None)
        asked["cbCtx"].answered((None, envelope.status, envelope.error_index, found))


class _Asked:
    """One question by v1 or v2c."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def answered(self, outcome: Outcome) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)


def _given_up(_dispatcher: Any, _number: Any, failure: Any, _answer: Any, asked: _Asked) -> None:
    """End a question to which no answer came; pysnmp says so."""
    asked.answered((failure or errind.requestTimedOut, 0, 0, ()))


class PysnmpClient:
    """Speaks SNMPv1, v2c and v3. Made and used on one running event loop; one for the life of the process."""

    def __init__(self) -> None:
        self._dispatcher: _Dispatcher | None = None
        self._heard = Heard()
        self._logins: Logins | None = None
        self._pace = Pace()

    def engine_of(self, agent: Agent) -> str:  # noqa: ARG002 - there is one
        """Return the name of this engine."""
        return "pysnmp"

    def notes(self, agent: Agent) -> tuple[str, ...]:
        """Return what is odd about how an agent answers."""
        other = self._dispatcher.elsewhere.get(agent.address) if self._dispatcher is not None else None
        return (f"answers_from:{other}",) if other is not None else ()

    async def get(self, agent: Agent, oids: Sequence[Oid]) -> Mapping[Oid, Value]:
        """Return the values of these objects."""
        found = dict(await self._ask(agent, GET, 0, oids))
        return {oid: found.get(oid) for oid in oids}

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
            return await self._ask(agent, GET_BULK, repetitions, [oid])
        return await self._ask(agent, GET_NEXT, 0, [oid])

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

    async def _ask(self, agent: Agent, kind: str, repetitions: int, oids: Sequence[Oid]) -> list[tuple[Oid, Value]]:
        missing = incomplete(agent)
        if missing is not None:
            raise missing
        before, strange = self._heard.malformed, not self._knows(agent)
        send = self._secured if agent.version == "3" else self._open
        async with self._pace.question():
            try:
                async with asyncio.timeout(agent.patience):
                    failure, status, index, found = await send(agent, kind, repetitions, oids)
            except TimeoutError:
                failure, status, index, found = errind.requestTimedOut, 0, 0, ()
            except StatusInformation as error:
                failure, status, index, found = error.get("errorIndication"), 0, 0, ()
            except (PySnmpError, OSError) as error:
                raise SnmpError("local", _first_line(error)) from error
        if failure:
            raise self._failure(agent, failure, before, strange=strange)
        if status:
            name = STATUSES[status] if 0 < status < len(STATUSES) else str(status)
            raise denied(name) if name == "authorizationError" else SnmpError("refused", name, status=name, index=index)
        return list(found)

    def _failure(self, agent: Agent, failure: Any, before: int, *, strange: bool) -> SnmpError:
        if not isinstance(failure, errind.RequestTimedOut):
            return denied(REASONS.get(type(failure), type(failure).__name__))
        if strange and agent.retries and self._knows(agent):  # it told its clock, and then answered none of our questions
            return unheard(agent)
        if self._logins is not None:
            self._logins.forget(agent)
        if self._heard.since(before, agent.address):
            return SnmpError("malformed", "what came is no answer")
        return SnmpError("timeout", f"no answer within {agent.patience - 0.5:g} s")

    async def _open(self, agent: Agent, kind: str, repetitions: int, oids: Sequence[Oid]) -> Outcome:
        """Ask by SNMPv1 or v2c."""
        assert agent.community is not None
        version = MODELS[agent.version]
        community = CommunityData(agent.community.reveal(), mpModel=version)
        made = api.PROTOCOL_MODULES[version]
        request = getattr(made, kind)()
        filled = made.apiBulkPDU if kind == GET_BULK else made.apiPDU
        filled.set_defaults(request)
        filled.set_varbinds(request, [(ObjectIdentifier(oid), NOTHING) for oid in oids])
        if kind == GET_BULK:
            filled.set_non_repeaters(request, 0)
            filled.set_max_repetitions(request, repetitions)
        asked = _Asked(version)
        self._dispatching().send_pdu(community, await target(agent, KINDS), request, cbFun=_given_up, cbCtx=asked)
        return await asked.outcome

    async def _secured(self, agent: Agent, kind: str, repetitions: int, oids: Sequence[Oid]) -> Outcome:
        """Ask by SNMPv3; learn the agent's engine and clock anew, once, when it says that they are wrong."""
        if self._logins is None:
            self._logins = Logins(self._heard)
        outcome = await self._logins.ask(agent, kind, repetitions, oids)
        if REASONS.get(type(outcome[0])) in SYNCHRONISE:
            self._logins.forget(agent)
            outcome = await self._logins.ask(agent, kind, repetitions, oids)
        return outcome

    def _knows(self, agent: Agent) -> bool:
        """Tell whether an SNMPv3 agent has told its engine id."""
        return self._logins is not None and self._logins.knows(agent)

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
