"""Walk a part of an agent's tree without trusting it: OIDs must increase, rows are capped, the deadline is the caller's."""

from __future__ import annotations

from dataclasses import dataclass

from netwatch.probe.snmp.client import Agent, Oid, SnmpClient, SnmpError, Value

REPETITIONS = 10  # many agents fail above 10 to 25
ROWS = 4_000  # of one column


@dataclass(frozen=True, slots=True)
class Walked:
    """The rows of a walk, and why it is not whole if it is not. A partial walk proves presence, never absence."""

    rows: dict[Oid, Value]  # the part of the OID behind the root -> value
    partial: str | None = None


class Walker:
    """Walks with one client and remembers how many repetitions each agent bears."""

    def __init__(self, client: SnmpClient) -> None:
        self._client = client
        self._repetitions: dict[str, int] = {}

    async def walk(self, agent: Agent, root: Oid, *, rows: int = ROWS) -> Walked:
        """Return everything under `root`. Raises SnmpError only when the very first request fails."""
        found: dict[Oid, Value] = {}
        at = root
        while True:
            try:
                answer = await self._following(agent, at, root)
            except SnmpError as error:
                if not found:
                    raise
                return Walked(found, str(error))
            if not answer:
                return Walked(found)
            for oid, value in answer:
                if oid[: len(root)] != root:
                    return Walked(found)
                if oid <= at:
                    return Walked(found, "an OID did not increase")
                at = oid
                if value is not None:
                    found[oid[len(root) :]] = value
                if len(found) >= rows:
                    return Walked(found, f"more than {rows} rows")

    def forget(self, device: str) -> None:
        """Forget what an agent does not bear."""
        self._repetitions.pop(device, None)

    async def _following(self, agent: Agent, at: Oid, root: Oid) -> list[tuple[Oid, Value]]:
        """Ask with as many repetitions as the agent bears: 10, 5, 2, then GETNEXT for good."""
        while True:
            repetitions = self._repetitions.get(agent.device, REPETITIONS) if agent.bulk and agent.version != "1" else 1
            try:
                return list(await self._client.following(agent, at, repetitions, under=root))
            except SnmpError as error:
                if error.status == "noSuchName":  # how SNMPv1 says that the tree ends
                    return []
                if repetitions == 1 or error.key not in ("timeout", "refused", "malformed"):
                    raise
                self._repetitions[agent.device] = repetitions // 2
