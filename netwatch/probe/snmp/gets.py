"""Get any number of objects from an agent, a few at a time; what it refuses as a whole, again in pieces (DEVICES.md 2.6).

Agents on small processors drop answers that are too long for them. One that has answered less is asked for less before it is
called silent; one that has answered as much before is silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netwatch.probe.snmp.client import Agent, Oid, SnmpClient, SnmpError, Value

PER_GET = 10  # OIDs
EVERYBODY = 4  # OIDs: as many anybody answers who is there


class Gets:
    """Asks through one client and remembers how many objects each agent bears at once."""

    def __init__(self, client: SnmpClient) -> None:
        self._client = client
        self._most: dict[str, int] = {}  # that an agent is asked for at once, where it is less than others
        self._borne: dict[str, int] = {}  # that an agent has answered at once

    async def get(self, agent: Agent, wanted: Sequence[Oid]) -> Mapping[Oid, Value]:
        """Return the values of these objects, None where the agent has none. Raises SnmpError."""
        most = self._most.get(agent.device, PER_GET)
        if len(wanted) <= most:
            return await self._some(agent, wanted)
        found: dict[Oid, Value] = {}
        for start in range(0, len(wanted), most):
            found.update(await self._some(agent, wanted[start : start + most]))
        return found

    def forget(self, device: str) -> None:
        """Forget what an agent bears."""
        self._most.pop(device, None)
        self._borne.pop(device, None)

    async def _some(self, agent: Agent, wanted: Sequence[Oid]) -> Mapping[Oid, Value]:
        if not wanted:
            return {}
        borne = self._borne.get(agent.device, 0)
        try:
            found = await self._client.get(agent, wanted)
        except SnmpError as error:
            if error.key == "timeout" and len(wanted) > max(borne, EVERYBODY):
                self._most[agent.device] = len(wanted) // 2
            elif error.key != "refused":
                raise
            elif len(wanted) == 1:
                return {wanted[0]: None}
            elif error.status == "noSuchName" and 1 <= error.index <= len(wanted):  # SNMPv1: one missing object spoils the GET
                return await self._some(agent, [oid for place, oid in enumerate(wanted, start=1) if place != error.index])
            elif error.status == "tooBig":
                self._most[agent.device] = len(wanted) // 2
        else:
            if len(wanted) > borne:
                self._borne[agent.device] = len(wanted)
            return found
        half = len(wanted) // 2
        return {**await self._some(agent, wanted[:half]), **await self._some(agent, wanted[half:])}
