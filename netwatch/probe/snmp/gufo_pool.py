"""Sessions that stay open between readings, one per device, no more than the descriptors of this process allow."""

from __future__ import annotations

import resource
from collections import OrderedDict

from gufo.snmp import User

from netwatch.probe.snmp import gufo_wire
from netwatch.probe.snmp.client import Agent
from netwatch.probe.snmp.gufo_session import Session

MOST = 4_096


class Pool:
    """Lends sessions. One that is lent twice at a time is made anew and thrown away after."""

    def __init__(self) -> None:
        self.most = min(MOST, max(16, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4))
        self._kept: OrderedDict[str, tuple[Agent, Session]] = OrderedDict()  # by device, the longest unused first

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
        if good and self.most and (mine or kept is None):
            self._kept[agent.device] = agent, session
            if len(self._kept) > self.most:
                unused = next(device for device, (_, one) in self._kept.items() if not one.busy)
                self._drop(unused)
            return
        if mine:
            del self._kept[agent.device]
        session.close()

    def forget(self, device: str) -> None:
        """Close the socket of a device."""
        if device in self._kept and not self._kept[device][1].busy:
            self._drop(device)

    def close(self) -> None:
        """Close every socket that is not lent; those close when they come back."""
        self.most = 0
        for device in [device for device, (_, session) in self._kept.items() if not session.busy]:
            self._drop(device)
        self._kept.clear()

    def _drop(self, device: str) -> None:
        _, session = self._kept.pop(device)
        session.close()

    async def _secured(self, agent: Agent) -> Session:
        """Ask an agent who it is and what its clock says (RFC 3414 4), and return a session that has both."""
        session = Session(gufo_wire.wire(agent, User.default()), gufo_wire.family(agent))
        try:
            await session.ask("refresh", timeout=agent.timeout)
            session.wire.set_keys(*gufo_wire.credentials(gufo_wire.user_of(agent)))
        except BaseException:
            session.close()
            raise
        return session
