"""The probing process from start to stop: builds the monitor, runs its loop, obeys signals and systemd."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from netwatch.casework import World, load_world
from netwatch.clock import Clock, SystemClock
from netwatch.errors import InvalidFile, NetwatchError
from netwatch.monitor.assembly import Assembly, addresses, aim, assemble
from netwatch.monitor.clockwatch import ClockWatch
from netwatch.monitor.http import Answers, HttpServer
from netwatch.monitor.jobs import Jobs
from netwatch.monitor.live import STALE_S
from netwatch.monitor.metrics import MonitorCollector
from netwatch.monitor.reload import adopt, objections
from netwatch.monitor.sd_notify import Notifier
from netwatch.probe.icmp import LoopDriver
from netwatch.probe.resolve import Resolver
from netwatch.release import release
from netwatch.settings import Settings, load_settings
from netwatch.store import Store, locks

TICK_S = 0.05
STOP_WITHIN_S = 20.0
WRITER_SILENT_S = 10.0

log = structlog.get_logger("netwatch.monitor")


class MonitorService:
    """One monitor process."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None, notifier: Notifier | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._notifier = notifier or Notifier()
        self._stop = asyncio.Event()
        self._reload_wanted = asyncio.Event()
        self._fed_at: float | None = None
        self._resolver = Resolver()

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT. Raises NetwatchError when it cannot start."""
        settings = self._settings
        with locks.hold(settings.state_directory, "monitor"):
            world = load_world(settings)
            store = Store.open(settings.database, state_directory=settings.state_directory, clock=self._clock)
            try:
                places = await addresses(self._resolver, world.inventory)
                await self._run(assemble(settings, world, store, places, clock=self._clock))
            finally:
                store.close()

    async def _run(self, parts: Assembly) -> None:
        loop = asyncio.get_running_loop()
        for number, act in (
            (signal.SIGTERM, self._stop.set),
            (signal.SIGINT, self._stop.set),
            (signal.SIGHUP, self._reload_wanted.set),
        ):
            loop.add_signal_handler(number, act)
        jobs = Jobs(parts, self._resolve_again)
        registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        registry.register(MonitorCollector(parts.live))
        answers = Answers(
            parts.live,
            registry,
            lambda: asyncio.run_coroutine_threadsafe(self._reload(parts, jobs), loop).result(30),
            lambda device: asyncio.run_coroutine_threadsafe(_probe_now(parts, device), loop).result(5),
        )
        http = HttpServer(answers, listen=self._settings.monitor.listen, path=self._settings.monitor.socket)
        http.start()
        driver = LoopDriver(parts.engine, loop)
        driver.start()
        parts.recorder.start()
        parts.readers.start(loop)
        jobs.start()
        log.info(
            "started",
            devices=len(parts.pipeline.fleet),
            netwatch=release(),
            privileged=parts.engine.privileged,
            **parts.store.facts(),
        )
        self._notifier.ready(f"probing {len(parts.pipeline.fleet)} devices")
        try:
            await self._loop(parts, jobs)
        finally:
            parts.live.stopping = True
            self._notifier.stopping()
            jobs.stop()
            driver.stop()
            parts.readers.stop()
            written = parts.recorder.stop(STOP_WITHIN_S)
            parts.engine.close()
            http.stop()
            log.info("stopped", everything_written=written)

    async def _loop(self, parts: Assembly, jobs: Jobs) -> None:
        """Tick until told to stop. A late wake-up is measured, a jump of a clock is told to the pipeline."""
        watch = ClockWatch(self._clock)
        monotonic = self._clock.monotonic
        next_tick = next_look = monotonic()
        while not self._stop.is_set():
            now = monotonic()
            parts.live.loop_lag = max(0.0, now - next_tick)
            parts.pipeline.tick(now)
            if now >= next_look:
                next_look = now + 1.0
                jump = watch.look()
                if jump.suspended:
                    parts.pipeline.blind(now, now + jump.suspended, "suspended")
                if jump.stepped:
                    log.warning("clock_stepped", seconds=round(jump.stepped, 3))
                    parts.pipeline.clock_stepped(jump.stepped)
                    jobs.rearm()
                self._feed_watchdog(parts, now)
            if self._reload_wanted.is_set():
                self._reload_wanted.clear()
                await self._reload(parts, jobs)
            next_tick = max(next_tick + TICK_S, monotonic())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), max(0.0, next_tick - monotonic()))

    def _feed_watchdog(self, parts: Assembly, now: float) -> None:
        """Feed it from progress: a newly finished round and a living writer. A restart would not bring a database back."""
        finished = parts.pipeline.schedule.finished_at()
        first = finished is None and now - parts.pipeline.started_at < STALE_S
        if (first or finished != self._fed_at) and now - parts.recorder.alive_at < WRITER_SILENT_S * 6:
            self._fed_at = finished
            self._notifier.alive()

    async def _reload(self, parts: Assembly, jobs: Jobs) -> str | None:
        """Read all files again; take them over whole or not at all. Returns the faults, None when taken."""
        self._notifier.reloading()
        try:
            world = await asyncio.to_thread(self._load)
            refused = objections(world, parts.pipeline.cases)
            if refused:
                raise InvalidFile(refused)
            adopt(parts, world, await addresses(self._resolver, world.inventory))
            jobs.arrange_snmp()
        except (NetwatchError, OSError) as error:
            parts.live.reload_ok = False
            parts.live.reload_error = str(error)
            log.error("reload_refused", faults=str(error))  # noqa: TRY400  # the faults are the message, not a traceback
            return str(error)
        finally:
            self._notifier.ready(f"probing {len(parts.pipeline.fleet)} devices")
        parts.live.reload_ok = True
        parts.live.reload_error = None
        parts.live.reloaded_at = self._clock.now()
        log.info("reloaded", devices=len(parts.pipeline.fleet), inventory=world.inventory.digest[:12])
        return None

    async def _resolve_again(self, parts: Assembly) -> None:
        """Follow names whose address has moved; a name service that is away changes nothing."""
        for device, address in (await addresses(self._resolver, parts.world.inventory)).items():
            for watch in parts.pipeline.fleet.of([device]):
                aim(parts.engine, watch, address)

    def _load(self) -> World:
        return load_world(load_settings(self._settings.file))


async def _probe_now(parts: Assembly, device: str) -> bool:
    watches = parts.pipeline.fleet.of([device])
    parts.pipeline.schedule.burst(watches)
    return bool(watches)


def run_monitor(settings: Settings) -> None:
    """Run the probing process until it is told to stop."""
    asyncio.run(MonitorService(settings).run())
