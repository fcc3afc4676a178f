"""One socket of gufo-snmp on the event loop: one question at a time, every datagram looked at before gufo reads it.

gufo hides the error status of an answer and the reason of a Report. So each datagram is peeked at first (`envelope.look`); gufo
then reads, checks and decodes it. What nobody waits for is thrown away, so that no late answer meets the next question.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any, NamedTuple

from gufo.snmp import NoSuchInstance, SnmpAuthError

from netwatch.probe.snmp.client import Oid
from netwatch.probe.snmp.envelope import REPORT, RESPONSE, VERSION_3, Envelope, look, names, report, sound

END = object()  # gufo's end of a walk: the view ended, the subtree ended, or nothing in the answer had a value
ABSENT = object()  # noSuchObject, noSuchInstance of a single object
LARGEST = 4_080  # octets of an answer that gufo reads; what is behind them is cut off
AT_ONCE = 64  # datagrams of one agent that are looked at before other agents have their turn
SYNCHRONISING = ("unknownEngineID", "notInTimeWindow")  # Reports that an agent's clock and name are learned from
_SEEN = bytearray(65_536)  # of all sessions: nothing is kept in it


class Reported(Exception):
    """The agent answered with a Report (SNMPv3). `name` says why."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


class TooLarge(Exception):
    """An answer came that gufo cannot read whole."""


class Silence(TimeoutError):
    """No answer came. What was noticed meanwhile: something that is no SNMP, or that nobody listens at that port."""

    def __init__(self, *, malformed: bool, unreachable: bool) -> None:
        self.malformed = malformed
        self.unreachable = unreachable
        super().__init__()


class Answer(NamedTuple):
    """What gufo made of an answer, and what it looked like from outside."""

    value: Any
    envelope: Envelope
    last: tuple[Oid, int] | None = None  # of an END: the last name in it, and the tag of its value


class Session:
    """Owns one connected socket. `wire` is gufo's `SnmpV1ClientSocket`, `SnmpV2cClientSocket` or `SnmpV3ClientSocket`."""

    __slots__ = (
        "_future",
        "_last_id",
        "_look",
        "_loop",
        "_malformed",
        "_receive",
        "_synchronising",
        "_unreachable",
        "busy",
        "fresh",
        "wire",
    )

    def __init__(self, wire: Any, family: int) -> None:
        self.wire = wire
        self.busy = False  # lent to a question
        self.fresh = True  # made for the question it is lent to
        self._malformed = self._unreachable = False  # since the last question
        self._look = socket.socket(family, socket.SOCK_DGRAM, fileno=wire.get_fd())  # the same descriptor; gufo closes it
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[Answer] | None = None
        self._receive: Any = None
        self._synchronising = False
        self._last_id = -1
        self._loop.add_reader(wire.get_fd(), self._readable)

    async def ask(self, operation: str, *arguments: Any, timeout: float, iterator: Any = None) -> Answer:  # noqa: ASYNC109
        """Send one request and return its answer. Raises Silence, Reported, TooLarge, OSError, ValueError."""
        self._malformed = self._unreachable = False
        self._synchronising = operation == "refresh"
        receive = getattr(self.wire, f"recv_{operation}")
        self._receive = receive if iterator is None else lambda: receive(iterator)
        self._future = future = self._loop.create_future()
        timer = self._loop.call_later(timeout, _give_up, future)
        try:
            getattr(self.wire, f"send_{operation}")(*arguments)
            answer: Answer = await future
        except TimeoutError:
            raise Silence(malformed=self._malformed, unreachable=self._unreachable) from None
        finally:
            timer.cancel()
            self._future = None
        return answer

    def close(self) -> None:
        """Leave the event loop and give the descriptor back."""
        if self.wire is not None:
            self._loop.remove_reader(self.wire.get_fd())
            self._look.detach()  # gufo owns it
            self.wire = self._receive = None

    def _readable(self) -> None:
        for _ in range(AT_ONCE):
            try:
                size = self._look.recv_into(_SEEN, 0, socket.MSG_PEEK)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error of an earlier datagram; it is gone from the queue now
                self._unreachable = True
                return
            future = self._future
            if future is None or future.done():
                self._drop()
                continue
            message = bytes(memoryview(_SEEN)[:size])
            envelope = look(message)
            if envelope is None or not sound(message, envelope) or (envelope.version != VERSION_3 and envelope.pdu != RESPONSE):
                self._drop()
                self._malformed = True
                continue
            if envelope.request_id == self._last_id and envelope.pdu != REPORT:
                self._drop()  # the last answer once more
                continue
            if size > LARGEST:
                self._drop()
                future.set_exception(TooLarge())
                continue
            if envelope.pdu == REPORT:
                name = report(message, envelope)
                if not (self._synchronising and name in SYNCHRONISING):
                    self._drop()
                    future.set_exception(Reported(name or "unknown report"))
                    continue
            self._take(future, message, envelope)

    def _take(self, future: asyncio.Future[Answer], message: bytes, envelope: Envelope) -> None:
        """Let gufo read what lies there. It throws away by itself what is not the answer to its last question."""
        try:
            value = self._receive()
        except BlockingIOError:
            return
        except StopAsyncIteration:
            value = END
        except NoSuchInstance:
            value = ABSENT
        except SnmpAuthError:
            if not envelope.status:
                future.set_exception(Reported("authentication failed"))
                return
            value = END  # refused, and not signed: the status says why
        except BaseException as error:
            # Its own errors, OSError, ValueError, RuntimeError; and a panic of Rust, which is no Exception.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            self._malformed = True
            return
        self._last_id = envelope.request_id or -1
        last = next(iter(names(message, envelope)[-1:]), None) if value is END else None
        future.set_result(Answer(value, envelope, last))

    def _drop(self) -> None:
        with contextlib.suppress(OSError):
            self._look.recv(1)


def _give_up(future: asyncio.Future[Answer]) -> None:
    if not future.done():
        future.set_exception(TimeoutError())
