"""Put an echo engine on an asyncio loop: read when there is something to read, tick when time has passed."""

from __future__ import annotations

import asyncio

from netwatch.probe.icmp.engine import EchoEngine

TICK = 0.02  # s: how late a timeout may be noticed


class LoopDriver:
    """Drives one engine from one event loop. It schedules by the loop's monotonic clock and never sleeps in between."""

    def __init__(self, engine: EchoEngine, loop: asyncio.AbstractEventLoop | None = None, *, tick: float = TICK) -> None:
        self._engine = engine
        self._loop = loop if loop is not None else asyncio.get_running_loop()
        self.tick = tick  # s
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Watch the sockets and begin to tick."""
        for fileno in self._engine.filenos():
            self._loop.add_reader(fileno, self._engine.readable, fileno)
        self._timer = self._loop.call_later(self.tick, self._on_tick)

    def stop(self) -> None:
        """Let go of the loop; the engine stays open."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for fileno in self._engine.filenos():
            self._loop.remove_reader(fileno)

    def _on_tick(self) -> None:
        self._timer = self._loop.call_later(self.tick, self._on_tick)
        self._engine.tick()
