"""The beat of the probing process: wakes the engine and the pipeline, watches the clocks, feeds the watchdog from progress."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from netwatch.monitor.assembly import Assembly
from netwatch.monitor.clockwatch import ClockWatch
from netwatch.monitor.live import STALE_S
from netwatch.systemd import Notifier

TICK_S = 0.05
LOOK_S = 1.0
WRITER_SILENT_S = 60.0  # a writer thread that has not moved for so long hangs; one that waits for the database moves
COMPLAIN_EVERY_S = 60.0

log = structlog.get_logger("netwatch.monitor")


class Ticker:
    """Calls the engine and the pipeline every 50 ms on the event loop. Times are monotonic seconds."""

    def __init__(
        self, parts: Assembly, loop: asyncio.AbstractEventLoop, notifier: Notifier, *, clock_stepped: Callable[[], None]
    ) -> None:
        self._parts = parts
        self._loop = loop
        self._notifier = notifier
        self._clock_stepped = clock_stepped
        self._monotonic = parts.clock.monotonic
        self._watch = ClockWatch(parts.clock)
        self._next = self._look_at = self._monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._fed_at: float | None = None
        self._complained_at = float("-inf")

    def start(self) -> None:
        """Watch the sockets and begin."""
        for fileno in self._parts.engine.filenos():
            self._loop.add_reader(fileno, self._parts.engine.readable, fileno)
        self._timer = self._loop.call_later(TICK_S, self._tick)

    def stop(self) -> None:
        """Let go of the loop."""
        if self._timer is not None:
            self._timer.cancel()
        for fileno in self._parts.engine.filenos():
            self._loop.remove_reader(fileno)

    def _tick(self) -> None:
        now = self._monotonic()
        self._parts.live.loop_lag = max(0.0, now - self._next - TICK_S)
        self._next = now
        try:
            self._parts.engine.tick()
            self._parts.pipeline.tick(now)
            if now >= self._look_at:
                self._look_at = now + LOOK_S
                self._look(now)
        except Exception:  # probing must outlive a bug in one judgement; it is said once a minute
            self._parts.live.faults += 1
            if now - self._complained_at > COMPLAIN_EVERY_S:
                self._complained_at = now
                log.exception("tick_failed", failures=self._parts.live.faults)
        self._timer = self._loop.call_later(max(0.0, TICK_S - (self._monotonic() - now)), self._tick)

    def _look(self, now: float) -> None:
        """Look once a second whether a clock has jumped, and whether there is progress for the watchdog."""
        jump = self._watch.look()
        if jump.suspended:
            self._parts.pipeline.blind(now, jump.suspended, "suspended")
        if jump.stepped:
            log.warning("clock_stepped", seconds=round(jump.stepped, 3))
            self._parts.pipeline.clock_stepped(jump.stepped)
            self._clock_stepped()
        finished = self._parts.pipeline.schedule.finished_at()
        first = finished is None and now - self._parts.pipeline.started_at < STALE_S
        if (first or finished != self._fed_at) and now - self._parts.recorder.alive_at < WRITER_SILENT_S:
            self._fed_at = finished
            self._notifier.alive()
