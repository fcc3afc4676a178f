"""The probing process from start to stop: builds the monitor, runs its loop, obeys signals and systemd."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import signal
from collections.abc import Mapping, Sequence

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from netwatch.casework import World, load_world
from netwatch.clock import Clock, SystemClock
from netwatch.errors import InvalidFile, NetwatchError
from netwatch.monitor.assembly import Assembly, aim, assemble
from netwatch.monitor.http import Answers, HttpServer
from netwatch.monitor.jobs import Jobs
from netwatch.monitor.metrics import MonitorCollector
from netwatch.monitor.reload import adopt, objections
from netwatch.monitor.ticker import Ticker
from netwatch.monitor.wake import Wake, Waker
from netwatch.probe.resolve import Resolver, addresses
from netwatch.release import release
from netwatch.settings import Credential, Settings, load_credentials, load_settings
from netwatch.store import Store, locks
from netwatch.systemd import Notifier

STOP_WITHIN_S = 20.0

log = structlog.get_logger("netwatch.monitor")


class MonitorService:
    """One monitor process."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None, notifier: Notifier | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._notifier = notifier or Notifier()
        self._stop = asyncio.Event()
        self._reloading: asyncio.Task[str | None] | None = None
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
        jobs = Jobs(parts, self._resolve_again)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up, parts, jobs)
        registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        registry.register(MonitorCollector(parts.live, jobs.upkeep))
        waker = Waker(parts.pipeline, parts.readers, clock=self._clock)
        parts.live.wakes_taken = waker.results
        answers = Answers(
            parts.live,
            registry,
            lambda: asyncio.run_coroutine_threadsafe(self._reload(parts, jobs), loop).result(30),
            lambda device: asyncio.run_coroutine_threadsafe(_probe_now(parts, device), loop).result(5),
            lambda wakes: asyncio.run_coroutine_threadsafe(_wake(waker, wakes), loop).result(5),
        )
        http = HttpServer(answers, listen=self._settings.monitor.listen, path=self._settings.monitor.socket)
        http.start()
        ticker = Ticker(parts, loop, self._notifier, clock_stepped=jobs.rearm)
        ticker.start()
        parts.recorder.start()
        parts.readers.start(loop)
        jobs.start()
        if parts.engine.receive_buffer < parts.engine.receive_buffer_wanted:
            log.warning(
                "receive_buffer_small",
                octets=parts.engine.receive_buffer,
                wanted=parts.engine.receive_buffer_wanted,
                hint="raise net.core.rmem_max (systemd/sysctl.d/60-netwatch.conf): a burst of answers may be thrown away",
            )
        log.info(
            "started",
            devices=len(parts.pipeline.fleet),
            netwatch=release(),
            privileged=parts.engine.privileged,
            **parts.store.facts(),
        )
        settle_memory()
        self._notifier.ready(f"probing {len(parts.pipeline.fleet)} devices")
        try:
            await self._stop.wait()
        finally:
            parts.live.stopping = True
            self._notifier.stopping()
            jobs.stop()
            ticker.stop()
            parts.readers.stop()
            written = parts.recorder.stop(STOP_WITHIN_S)
            parts.engine.close()
            http.stop()
            log.info("stopped", everything_written=written)

    def _hang_up(self, parts: Assembly, jobs: Jobs) -> None:
        """Reload, as SIGHUP asks; a second one while the first is read changes nothing."""
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.get_running_loop().create_task(self._reload(parts, jobs))

    async def _reload(self, parts: Assembly, jobs: Jobs) -> str | None:
        """Read all files again; take them over whole or not at all. Returns the faults, None when taken."""
        self._notifier.reloading()
        try:
            world, credentials = await asyncio.to_thread(self._load)
            refused = objections(world, parts.pipeline.cases)
            if refused:
                raise InvalidFile(refused)
            adopt(parts, world, await addresses(self._resolver, world.inventory), credentials)
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
        places = await addresses(self._resolver, parts.world.inventory)
        parts.pipeline.isolation.aim(places.get(parts.world.inventory.vantage))
        for device, address in places.items():
            for watch in parts.pipeline.fleet.of([device]):
                aim(parts.engine, watch, address)

    def _load(self) -> tuple[World, Mapping[str, Credential]]:
        world = load_world(load_settings(self._settings.file))
        return world, load_credentials(world.settings.credentials)


async def _probe_now(parts: Assembly, device: str) -> bool:
    watches = parts.pipeline.fleet.of([device])
    parts.pipeline.schedule.burst(watches)
    return bool(watches)


async def _wake(waker: Waker, wakes: Sequence[Wake]) -> dict[str, int]:
    return waker.take(wakes)


def settle_memory() -> None:
    """Give back what loading needed, and keep the garbage collector from walking the inventory again and again."""
    gc.collect()
    gc.freeze()
    ctypes.CDLL(None).malloc_trim(0)


def run_monitor(settings: Settings) -> None:
    """Run the probing process until it is told to stop."""
    asyncio.run(MonitorService(settings).run())
