"""Sessions that stay open between readings, one per device, no more than the descriptors of this process allow."""

from __future__ import annotations

import resource
from collections import OrderedDict

from gufo.snmp import User

from netwatch.probe.snmp import gufo_wire
from netwatch.probe.snmp.client import Agent
from netwatch.probe.snmp.gufo_session import Session

MOST = 4_096
REMEMBER = 50_000  # engine ids


class Pool:
    """Lends sessions. One that is lent twice at a time is made anew and thrown away after."""

    def __init__(self) -> None:
        self.most = min(MOST, max(16, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4))
        self._kept: OrderedDict[str, tuple[Agent, Session]] = OrderedDict()  # by device, the longest unused first
        self._engine_ids: dict[str, bytes] = {}

    def __len__(self) -> int:
        """Return how many sockets are open for later."""
        return len(self._kept)

    async def take(self, agent: Agent) -> Session:
        """Return a session that is ready for questions. Raises what `Session.ask` raises."""
        kept = self._kept.get(agent.device)
        if kept is not None and not kept[1].busy:
            if kept[0] == agent:
                kept[1].busy = True
                kept[1].fresh = False
                self._kept.move_to_end(agent.device)
                return kept[1]
            self._drop(agent.device)
        session = await self._secured(agent) if agent.version == "3" else Session(gufo_wire.wire(agent), gufo_wire.family(agent))
        session.busy = session.fresh = True
        return session

    def give(self, agent: Agent, session: Session, *, good: bool) -> None:
        """Take a session back; one that was not answered is closed, so that a late answer never meets the next question."""
        session.busy = False
        kept = self._kept.get(agent.device)
        mine = kept is not None and kept[1] is session
        if good and (mine or kept is None):
            self._kept[agent.device] = agent, session
            for device in [device for device, (_, one) in self._kept.items() if not one.busy][: len(self._kept) - self.most]:
                self._drop(device)
            return
        if mine:
            del self._kept[agent.device]
        session.close()

    def forget(self, device: str) -> None:
        """Close the socket of a device and forget who it was."""
        self._engine_ids.pop(device, None)
        if device in self._kept and not self._kept[device][1].busy:
            self._drop(device)

    def forget_engine(self, device: str) -> None:
        """Ask a device anew what engine it is."""
        self._engine_ids.pop(device, None)

    def close(self) -> None:
        """Close every socket that is not lent; those close when they come back."""
        for device in [device for device, (_, session) in self._kept.items() if not session.busy]:
            self._drop(device)
        self._kept.clear()
        self._engine_ids.clear()

    def _drop(self, device: str) -> None:
        _, session = self._kept.pop(device)
        session.close()

    async def _secured(self, agent: Agent) -> Session:
        """Return a session that has the agent's engine id and clock (RFC 3414 4); what is not known is asked first."""
        user = gufo_wire.user_of(agent)
        known = self._engine_ids.get(agent.device, b"")
        session = Session(gufo_wire.wire(agent, user if known else User.default(), known), gufo_wire.family(agent))
        try:
            if not known:
                await session.ask("refresh", timeout=agent.timeout)
                session.wire.set_keys(*gufo_wire.credentials(user))
            if user.require_auth():
                await session.ask("refresh", timeout=agent.timeout)
            if len(self._engine_ids) >= REMEMBER:
                self._engine_ids.clear()
            self._engine_ids[agent.device] = session.wire.get_engine_id()
        except BaseException:
            session.close()
            raise
        return session
