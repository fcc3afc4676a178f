"""Choose the engine for each agent: the one that its inventory names, else gufo, which is ten times cheaper.

`auto` falls to pysnmp where gufo-snmp has no wheel, for what gufo cannot do (a context name), and for an agent that answers from
another address than it is asked at: one that is silent for gufo is asked by pysnmp too, now and then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import TypeVar

from netwatch.probe.snmp.client import Agent, Oid, SnmpClient, SnmpError, Value

LOOK_ELSEWHERE = 600.0  # s between questions by pysnmp to an agent that is silent for gufo

T = TypeVar("T")


def client_for() -> SnmpClient:
    """Return a client that speaks to every agent by the engine that is right for it."""
    return Engines()


class Engines:
    """Both engines behind one client. Each is loaded when the first agent needs it: pysnmp takes half a second."""

    def __init__(self) -> None:
        self._made: dict[str, SnmpClient] = {}
        self._has_gufo = find_spec("gufo") is not None and find_spec("gufo.snmp") is not None
        self._elsewhere: set[str] = set()  # devices that answer from another address
        self._heard: set[str] = set()  # devices that gufo heard when it asked last
        self._looked: dict[str, float] = {}  # when a device that is silent for gufo was asked by pysnmp

    def engine_of(self, agent: Agent) -> str:
        """Return which engine speaks to this agent."""
        if agent.engine != "auto":
            return agent.engine
        return "pysnmp" if not self._has_gufo or agent.context or agent.device in self._elsewhere else "gufo"

    def notes(self, agent: Agent) -> tuple[str, ...]:
        """Return what is odd about how an agent answers."""
        return tuple(note for client in self._made.values() for note in client.notes(agent))

    async def get(self, agent: Agent, oids: Sequence[Oid]) -> Mapping[Oid, Value]:
        """Return the values of these objects, None where the agent has none."""
        return await self._ask(agent, lambda client, agent: client.get(agent, oids))

    async def following(self, agent: Agent, oid: Oid, repetitions: int, *, under: Oid) -> Sequence[tuple[Oid, Value]]:
        """Return what follows `oid` in a walk of `under`."""
        return await self._ask(agent, lambda client, agent: client.following(agent, oid, repetitions, under=under))

    def forget(self, device: str) -> None:
        """Forget what was learned about a device."""
        self._elsewhere.discard(device)
        self._heard.discard(device)
        self._looked.pop(device, None)
        for client in self._made.values():
            client.forget(device)

    def close(self) -> None:
        """Close the sockets of both."""
        for client in self._made.values():
            client.close()
        self._made.clear()

    async def _ask(self, agent: Agent, ask: Callable[[SnmpClient, Agent], Awaitable[T]]) -> T:
        name = self.engine_of(agent)
        if name == "pysnmp" or agent.engine != "auto" or not self._may_look_elsewhere(agent):
            return await self._heard_by(agent, name, ask)
        try:
            return await self._heard_by(replace(agent, retries=agent.retries - 1), name, ask)
        except SnmpError as error:
            if error.key != "timeout":
                raise
        self._looked[agent.device] = asyncio.get_running_loop().time()
        pysnmp = self._client("pysnmp")
        found = await ask(pysnmp, replace(agent, retries=0))
        if pysnmp.notes(agent):
            self._elsewhere.add(agent.device)
        return found

    async def _heard_by(self, agent: Agent, name: str, ask: Callable[[SnmpClient, Agent], Awaitable[T]]) -> T:
        try:
            found = await ask(self._client(name), agent)
        except SnmpError as error:
            if error.key == "timeout":
                self._heard.discard(agent.device)
            raise
        self._heard.add(agent.device)
        return found

    def _may_look_elsewhere(self, agent: Agent) -> bool:
        """Tell whether the last try of this question should be pysnmp's, in case the answer comes from another address."""
        if agent.device in self._heard or agent.retries == 0 or agent.version == "3":
            return False
        looked = self._looked.get(agent.device)
        return looked is None or asyncio.get_running_loop().time() - looked >= LOOK_ELSEWHERE

    def _client(self, name: str) -> SnmpClient:
        if name not in self._made:
            self._made[name] = ENGINES[name]()
        return self._made[name]


def _pysnmp() -> SnmpClient:
    from netwatch.probe.snmp.pysnmp_engine import PysnmpClient

    return PysnmpClient()


def _gufo() -> SnmpClient:
    try:
        from netwatch.probe.snmp.gufo_engine import GufoClient
    except ImportError as error:
        raise SnmpError("local", "gufo-snmp is not installed here; `engine: pysnmp` or `auto` do without it") from error
    return GufoClient()


ENGINES: Mapping[str, Callable[[], SnmpClient]] = {"pysnmp": _pysnmp, "gufo": _gufo}
