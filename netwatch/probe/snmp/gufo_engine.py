"""The engine on gufo-snmp: v1, v2c and v3, at a tenth of the processor time of pysnmp. Missing where it has no wheel.

What it is known for, and what is done about it: one connected socket per agent -> a pool with a cap; answers from another address
are dropped by the kernel -> the error says so; its walk never ends when OIDs do not increase, and can only go on from where it
stood -> our own walk, with gufo's iterator kept per device; no error status -> peeked (`gufo_session`); engine id and clock of an
agent are learned once -> again when the agent says that they are wrong; no context names, and answers of up to 4,080 octets ->
refused, the other engine has them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gufo.snmp._fast import GetIter

from netwatch.probe.snmp import gufo_wire
from netwatch.probe.snmp.client import Agent, Oid, SnmpError, Value
from netwatch.probe.snmp.envelope import ENCRYPTED, END_OF_VIEW, VERSION_3, Envelope
from netwatch.probe.snmp.gufo_pool import Pool
from netwatch.probe.snmp.gufo_session import ABSENT, END, LARGEST, Answer, Reported, Session, Silence, TooLarge
from netwatch.probe.snmp.usm import SYNCHRONISE, denied, incomplete, unheard

_UNTIMED = contextlib.nullcontext()


@dataclass(slots=True)
class Steps:
    """Where gufo's iterator stands in a walk: it can only go on from there."""

    under: Oid
    repetitions: int
    iterator: Any
    at: Oid
    ended: bool = False


class GufoClient:
    """Speaks to agents through gufo's sockets. Made and used on one running event loop; one for the life of the process."""

    def __init__(self) -> None:
        self.pool = Pool()
        self._steps: dict[str, Steps] = {}
        self._gate = asyncio.Semaphore(self.pool.most)  # each question has a socket of its own

    def engine_of(self, agent: Agent) -> str:  # noqa: ARG002 - there is one
        """Return the name of this engine."""
        return "gufo"

    def notes(self, agent: Agent) -> tuple[str, ...]:  # noqa: ARG002
        """Return nothing: what comes from elsewhere never arrives here."""
        return ()

    async def get(self, agent: Agent, oids: Sequence[Oid]) -> Mapping[Oid, Value]:
        """Return the values of these objects."""
        asked = {gufo_wire.dotted(oid): oid for oid in oids}
        answer = await self._ask(agent, "get_many", list(asked))
        if not answer.value and await self._refuses(agent, answer, next(iter(asked), "")):
            raise SnmpError("refused", "no value of any object, and no reason to be seen", status="genErr")
        got = answer.value
        return {oid: gufo_wire.plain(got[name]) if name in got else None for name, oid in asked.items()}

    async def following(self, agent: Agent, oid: Oid, repetitions: int, *, under: Oid) -> Sequence[tuple[Oid, Value]]:
        """Return what follows an object within `under`, where a walk goes on or begins again."""
        repetitions = 1 if agent.version == "1" else repetitions
        steps = self._steps.get(agent.device)
        if steps is None or (steps.under, steps.repetitions, steps.at) != (under, repetitions, oid):
            steps = Steps(under, repetitions, GetIter(gufo_wire.dotted(under), repetitions), under)
            self._steps[agent.device] = steps
        while not steps.ended:
            found = await self._step(agent, steps)
            onward = bool(found) and found[-1][0] > steps.at
            steps.at = found[-1][0] if found else steps.at
            news = [pair for pair in found if pair[0] > oid] if onward else found
            if news or not found:  # else: on the way back to where the walk stood, with fewer repetitions
                return news
        return []

    def forget(self, device: str) -> None:
        """Close the socket of a device and forget who it was."""
        self._steps.pop(device, None)
        self.pool.forget(device)

    def close(self) -> None:
        """Close the sockets; questions under way end as timeouts of their callers."""
        self.pool.close()
        self._steps.clear()

    async def _step(self, agent: Agent, steps: Steps) -> list[tuple[Oid, Value]]:
        """Ask once for what comes next."""
        if steps.repetitions > 1:
            answer = await self._ask(agent, "get_bulk", steps.iterator, iterator=steps.iterator)
            found = [] if answer.value is END else answer.value
        else:
            answer = await self._ask(agent, "get_next", steps.iterator, iterator=steps.iterator)
            found = [] if answer.value is END else [answer.value]
        if not found:
            if _unseen(answer.envelope):
                await self._no_refusal_behind(agent, steps)
            elif answer.last is not None and answer.last[1] != END_OF_VIEW and answer.last[0][: len(steps.under)] == steps.under:
                raise SnmpError("malformed", "no value in a whole answer")
            steps.ended = True
            return []
        if found[-1] is None:  # behind the subtree
            steps.ended = True
            found = found[:-1]
        return [(gufo_wire.oid(name), gufo_wire.plain(value)) for name, value in found]

    async def _refuses(self, agent: Agent, answer: Answer, name: str) -> bool:
        """Tell whether an encrypted answer without values was a refusal: then a single object says Null instead of "no such"."""
        if not _unseen(answer.envelope):
            return False
        return (await self._ask(agent, "get", name)).value is not ABSENT

    async def _no_refusal_behind(self, agent: Agent, steps: Steps) -> None:
        """Raise when an encrypted answer without values was a refusal: GETNEXT then brings back the name that was asked."""
        answer = await self._ask(agent, "get_next", steps.iterator, iterator=steps.iterator)
        if answer.value is not END:
            raise SnmpError("refused", "no value in a whole answer, and no reason to be seen", status="genErr")

    async def _ask(self, agent: Agent, operation: str, *arguments: Any, iterator: Any = None) -> Answer:
        """Ask, again after silence. Raises SnmpError for everything that is no answer."""
        missing = incomplete(agent) or gufo_wire.refusal(agent)
        if missing is not None:
            raise missing
        async with self._gate:
            try:
                async with (
                    asyncio.timeout(agent.patience) if agent.version == "3" else _UNTIMED
                ):  # the tries of others end by themselves
                    answer = await self._try(agent, operation, arguments, iterator)
            except TimeoutError:
                raise _Heard().verdict(agent) from None
            except OSError as error:
                raise SnmpError("local", error.strerror or str(error)) from error
        refusal = answer.envelope.refusal
        if refusal == "authorizationError":
            raise denied(refusal)
        if refusal:
            raise SnmpError("refused", refusal, status=refusal, index=answer.envelope.error_index)
        return answer

    async def _try(self, agent: Agent, operation: str, arguments: tuple[Any, ...], iterator: Any) -> Answer:
        """Ask, and again after silence; learn the agent's engine and clock anew, once, when it says that they are wrong."""
        heard = _Heard()
        tries, learned = 0, False
        while tries <= agent.retries:
            session, good = None, False
            try:
                session = await self.pool.take(agent)
                answer = await session.ask(operation, *arguments, timeout=agent.timeout, iterator=iterator)
                good = True
            except Silence as silence:
                tries += 1
                heard.note(silence, session)
            except Reported as reported:
                if reported.name not in SYNCHRONISE or learned:
                    raise denied(reported.name) from None
                learned = True  # it restarted, or another device stands there now: the next session asks who it is
            except TooLarge:
                raise SnmpError("refused", f"tooBig: more than {LARGEST} octets for the engine gufo", status="tooBig") from None
            else:
                return answer
            finally:
                if session is not None:
                    self.pool.give(agent, session, good=good)
        raise heard.verdict(agent)


@dataclass(slots=True)
class _Heard:
    """What was noticed while no answer came."""

    malformed: bool = False
    unreachable: bool = False
    known: int = 0  # how often the agent told its clock and then did not answer

    def note(self, silence: Silence, session: Session | None) -> None:
        self.malformed = self.malformed or silence.malformed
        self.unreachable = self.unreachable or silence.unreachable
        self.known += session is not None and session.fresh

    def verdict(self, agent: Agent) -> SnmpError:
        if agent.version == "3" and self.known > 1:
            return unheard(agent)
        if self.malformed:
            return SnmpError("malformed", "what came is no answer")
        why = "nobody listens at that port" if self.unreachable else f"no answer within {agent.patience - 0.5:g} s"
        return SnmpError("timeout", f"{why}; answers from another address are not seen by the engine gufo")


def _unseen(envelope: Envelope) -> bool:
    """Tell whether the status of an answer could not be seen."""
    return envelope.version == VERSION_3 and envelope.pdu == ENCRYPTED
