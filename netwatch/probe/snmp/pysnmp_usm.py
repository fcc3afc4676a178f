"""SNMPv3 with pysnmp: one long-lived `SnmpEngine` per log-in.

An engine takes a tenth of a second to make, so that is done in a thread; each new agent costs 17 to 45 ms and stays in its memory
(DEPENDENCIES 3). Two log-ins with one username and different keys would overwrite each other in one engine, hence one each.
pysnmp's own `get_cmd` would compile MIBs at its first call (half a second), hence the command generators below it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from pysnmp.carrier.asyncio.dispatch import AsyncioDispatcher
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413.cmdgen import BulkCommandGeneratorSingleRun, GetCommandGenerator, NextCommandGeneratorSingleRun
from pysnmp.hlapi.v3arch.asyncio import Udp6TransportTarget, UdpTransportTarget, UsmUserData
from pysnmp.hlapi.v3arch.asyncio import auth as algorithms
from pysnmp.hlapi.v3arch.asyncio.lcd import CommandGeneratorLcdConfigurator
from pysnmp.proto import errind
from pysnmp.proto.rfc1902 import Null, ObjectIdentifier, univ
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from netwatch.probe.snmp.client import Agent, Oid, Value
from netwatch.probe.snmp.pysnmp_sockets import Heard, guarded, target

LOGINS = 16  # engines that are kept
KINDS = UdpTransportTarget, Udp6TransportTarget
AUTHENTICATION = {
    None: algorithms.USM_AUTH_NONE,
    "md5": algorithms.USM_AUTH_HMAC96_MD5,
    "sha": algorithms.USM_AUTH_HMAC96_SHA,
    "sha224": algorithms.USM_AUTH_HMAC128_SHA224,
    "sha256": algorithms.USM_AUTH_HMAC192_SHA256,
    "sha384": algorithms.USM_AUTH_HMAC256_SHA384,
    "sha512": algorithms.USM_AUTH_HMAC384_SHA512,
}
PRIVACY = {
    None: algorithms.USM_PRIV_NONE,
    "des": algorithms.USM_PRIV_CBC56_DES,
    "aes": algorithms.USM_PRIV_CFB128_AES,
    "aes192": algorithms.USM_PRIV_CFB192_AES_BLUMENTHAL,
    "aes256": algorithms.USM_PRIV_CFB256_AES_BLUMENTHAL,
    "aes192c": algorithms.USM_PRIV_CFB192_AES,
    "aes256c": algorithms.USM_PRIV_CFB256_AES,
}
FORGOTTEN = {"notInTimeWindow": errind.notInTimeWindow, "unknownEngineID": errind.unknownEngineID}
WARM = "warm"  # name of the entries that make an engine load what it needs

GET, GET_NEXT, GET_BULK = "GetRequestPDU", "GetNextRequestPDU", "GetBulkRequestPDU"
GENERATORS = {GET: GetCommandGenerator, GET_NEXT: NextCommandGeneratorSingleRun, GET_BULK: BulkCommandGeneratorSingleRun}
NOTHING = Null("")

Outcome = tuple[Any, int, int, Sequence[tuple[Oid, Value]]]  # error indication or None, error status, its index, variables


class Logins:
    """The engines by log-in. Made and used on one running event loop."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._engines: OrderedDict[tuple[object, ...], SnmpEngine] = OrderedDict()
        self._making = asyncio.Lock()
        self._targets = CommandGeneratorLcdConfigurator()

    async def ask(self, agent: Agent, kind: str, repetitions: int, oids: Sequence[Oid]) -> Outcome:
        """Send one request and return what came of it."""
        engine = await self._engine(agent)
        where = await target(agent, kinds=KINDS)
        name, _ = self._targets.configure(engine, _user(agent), where)
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        known = self.knows(agent)

        def answered(_engine: Any, _handle: Any, failure: Any, status: Any, index: Any, found: Any, _context: Any) -> None:
            if not outcome.done():
                outcome.set_result((failure, int(status), int(index), [] if failure else _plain(found)))

        numbers = (0, repetitions) if kind == GET_BULK else ()
        variables = [(ObjectIdentifier(oid), NOTHING) for oid in oids]

        def reported(name: str) -> None:
            if name in FORGOTTEN and not outcome.done():  # pysnmp drops it: by what it knows, the Report itself is too old
                outcome.set_result((FORGOTTEN[name], 0, 0, ()))

        place = agent.address, agent.port
        try:
            if known:
                self._heard.on_report[place] = reported
            GENERATORS[kind]().send_varbinds(engine, name, None, agent.context, *numbers, variables, answered)
            return await outcome
        finally:
            self._heard.on_report.pop(place, None)

    def knows(self, agent: Agent) -> bool:
        """Tell whether the engine id of an agent is known."""
        engine = self._engines.get(_key(agent))
        return engine is not None and bool(_told(engine, agent))

    def forget(self, agent: Agent) -> None:
        """Forget the engine id and the clock that an agent told: it restarted, or another device stands there now."""
        engine = self._engines.get(_key(agent))
        if engine is None:
            return
        gone = _told(engine, agent)
        model = engine.message_processing_subsystems[3]
        ids = model._SnmpV3MessageProcessingModel__engineIdCache  # noqa: SLF001 - pysnmp has no way to say it
        clocks = engine.security_models[3]._SnmpUSMSecurityModel__timeline  # noqa: SLF001
        for key in gone:
            clocks.pop(ids.pop(key)["securityEngineId"], None)
        for queue in model._SnmpV3MessageProcessingModel__engineIdCacheExpQueue.values():  # noqa: SLF001
            queue[:] = [key for key in queue if key not in gone]

    def close(self) -> None:
        """Close the sockets of every engine."""
        for engine in self._engines.values():
            engine.close_dispatcher()
        self._engines.clear()

    async def _engine(self, agent: Agent) -> SnmpEngine:
        key = _key(agent)
        async with self._making:
            if key not in self._engines:
                engine = await asyncio.to_thread(_made, _user(agent))
                dispatcher = AsyncioDispatcher()
                engine.register_transport_dispatcher(dispatcher)
                for domain, transport in guarded(self._heard).items():
                    config.add_transport(engine, domain, transport)
                self._engines[key] = engine
                if len(self._engines) > LOGINS:
                    self._engines.popitem(last=False)[1].close_dispatcher()
            self._engines.move_to_end(key)
            return self._engines[key]


def _told(engine: Any, agent: Agent) -> list[Any]:
    """Return the keys under which pysnmp keeps the engine id of an agent."""
    ids = engine.message_processing_subsystems[3]._SnmpV3MessageProcessingModel__engineIdCache  # noqa: SLF001
    return [key for key in ids if tuple(key[1])[:2] == (agent.address, agent.port)]


def _key(agent: Agent) -> tuple[object, ...]:
    return agent.username, agent.auth_protocol, agent.auth_key, agent.privacy_protocol, agent.privacy_key


def _made(user: Any) -> SnmpEngine:
    """Make an engine and let it load its MIBs: off the event loop."""
    engine = SnmpEngine()
    config.add_target_parameters(engine, WARM, user.securityName, user.security_level, 3)
    config.add_target_address(engine, WARM, config.SNMP_UDP_DOMAIN, ("127.0.0.1", 1), WARM)
    config.delete_target_address(engine, WARM)
    config.delete_target_parameters(engine, WARM)
    return engine


def _user(agent: Agent) -> Any:
    return UsmUserData(
        agent.username,
        authKey=agent.auth_key.reveal() if agent.auth_key is not None else None,
        authProtocol=AUTHENTICATION[agent.auth_protocol],
        privKey=agent.privacy_key.reveal() if agent.privacy_key is not None else None,
        privProtocol=PRIVACY[agent.privacy_protocol],
    )


def _plain(found: Sequence[Any]) -> list[tuple[Oid, Value]]:
    """Turn pysnmp's variables into numbers, octets, object identifiers and None, up to the end of the view."""
    plain: list[tuple[Oid, Value]] = []
    for name, value in found:
        if isinstance(value, EndOfMibView):  # it may carry the name of the last good object: never a value
            break
        if value is None or isinstance(value, (NoSuchObject, NoSuchInstance, univ.Null)):
            plain.append((tuple(name), None))
        elif isinstance(value, univ.ObjectIdentifier):
            plain.append((tuple(name), tuple(value)))
        elif isinstance(value, univ.OctetString):  # IpAddress, Opaque and Bits too
            plain.append((tuple(name), value.asOctets()))
        else:
            plain.append((tuple(name), int(value)))
    return plain
