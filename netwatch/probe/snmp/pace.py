"""How many questions may be new at a time: so many answers fit into a socket's buffer. Silent agents hold nobody up for long."""

from __future__ import annotations

import asyncio
from types import TracebackType

AT_ONCE = 200  # of 600 to 1,000 questions at once on one socket, 256 answers arrived (DEPENDENCIES 3)
NEW = 0.05  # s; who has not answered by then will not answer together with all others


class Pace:
    """Lets questions pass: `async with pace.question(): ...`."""

    def __init__(self, at_once: int = AT_ONCE, new: float = NEW) -> None:
        self._gate = asyncio.Semaphore(at_once)
        self._new = new

    def question(self) -> Question:
        """Return the pass of one question."""
        return Question(self._gate, self._new)


class Question:
    """Holds a place while the question is new."""

    __slots__ = ("_gate", "_new", "_timer")

    def __init__(self, gate: asyncio.Semaphore, new: float) -> None:
        self._gate = gate
        self._new = new
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        """Wait for a place."""
        await self._gate.acquire()
        self._timer = asyncio.get_running_loop().call_later(self._new, self._give_back)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give the place to the next one, if that has not been done."""
        if self._timer is not None:
            self._timer.cancel()
            self._give_back()

    def _give_back(self) -> None:
        self._timer = None
        self._gate.release()
