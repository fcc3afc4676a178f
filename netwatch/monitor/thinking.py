"""Where a question is answered: at once, or in a thread of its own when answering it would hold up the probing (RELIABILITY P10).

A city of 10,000 devices that falls silent at once takes a second of thought; the event loop has a tenth.
"""

from __future__ import annotations

import gc
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from netwatch.monitor.question import Answer, Question


class Thinking(Protocol):
    """Answers one question at a time."""

    def begin(self, question: Question) -> None:
        """Take a question; the one before, if it is still thought about, is forgotten."""

    def answer(self) -> Answer | None:
        """Return the answer once, None while there is none. What went wrong while thinking is raised here."""


class AtOnce:
    """Answers in the caller's thread: the simulator, the tests, and every small question."""

    def __init__(self) -> None:
        self._answer: Answer | None = None

    def begin(self, question: Question) -> None:
        """Answer now."""
        self._answer = question.answer()

    def answer(self) -> Answer | None:
        """Return the answer once."""
        answer, self._answer = self._answer, None
        return answer


class Aside:
    """Answers in one thread of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="judge")
        self._answer: Future[Answer] | None = None

    def begin(self, question: Question) -> None:
        """Let the thread begin; it needs nothing that moves."""
        self._answer = self._thread.submit(_undisturbed, question)

    def answer(self) -> Answer | None:
        """Return the answer once it is there."""
        if self._answer is None or not self._answer.done():
            return None
        answer, self._answer = self._answer.result, None
        return answer()


def _undisturbed(question: Question) -> Answer:
    """Answer without the garbage collector, which stops every thread for a tenth of a second to walk what is being made.

    What an answer leaves is held by incidents for hours and has no cycles: it is taken out of the collector's sight.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return question.answer()
    finally:
        gc.freeze()
        if collecting:
            gc.enable()
