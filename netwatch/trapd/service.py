"""The trap process from start to stop: reads who may call, hears, wakes the monitor, obeys signals and systemd.

It holds no database and no right to probe: whatever a datagram does to it, probing and tickets go on.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence

import structlog

from netwatch.clock import Clock, SystemClock
from netwatch.errors import NetwatchError
from netwatch.inventory.document import load_inventory
from netwatch.inventory.model import Inventory
from netwatch.probe.resolve import Resolver, addresses
from netwatch.probe.snmp.traps.engine import started
from netwatch.probe.snmp.traps.receiver import Receiver
from netwatch.release import release
from netwatch.settings import Credential, Settings, load_credentials, load_settings
from netwatch.store import locks
from netwatch.systemd import Notifier, handed_over
from netwatch.trapd.counts import Counts
from netwatch.trapd.courier import Courier, monitor_at
from netwatch.trapd.door import Door
from netwatch.trapd.ear import ears
from netwatch.trapd.page import Page
from netwatch.trapd.sources import sources
from netwatch.trapd.view import View

TICK_S = 0.1
FEED_S = 10.0  # of the watchdog
NAMES_EVERY_S = 300.0

World = tuple[Inventory, dict[str, Credential]]

log = structlog.get_logger("netwatch.trapd")


class TrapService:
    """One trap process."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None, notifier: Notifier | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._notifier = notifier or Notifier()
        self._resolver = Resolver()
        self._stop = asyncio.Event()
        self._reloading: asyncio.Task[None] | None = None
        self._world: World | None = None
        self._places: dict[str, str | None] = {}

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT. Raises NetwatchError when it cannot start."""
        settings = self._settings
        own = settings.state_directory / "traps"
        with locks.hold(own, "traps"):
            world = await asyncio.to_thread(self._load, settings)
            try:
                engine = started(own / "engine.json", self._clock.monotonic())
            except OSError as error:
                raise locks.unwritable(own, error) from error
            counts = Counts()
            courier = Courier(monitor_at(settings.monitor.socket), counts, clock=self._clock)
            door = Door(Receiver(engine, self._clock.monotonic), courier.wake, counts, clock=self._clock)
            await self._adopt(door, world)
            hearing = ears(settings.traps.listen, handed_over())
            try:
                view = View(counts, door, courier, hearing, self._clock.now())
                page = Page(settings.traps.metrics, view) if settings.traps.metrics is not None else None
                await self._run(view, page)
            finally:
                for ear in hearing:
                    ear.close()

    async def _run(self, view: View, page: Page | None) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up, view)
        for ear in view.ears:
            loop.add_reader(ear.fileno(), view.door.readable, ear)
        if page is not None:
            page.start()
        beside = [asyncio.create_task(view.courier.run()), asyncio.create_task(self._follow_names(view))]
        self._tell_started(view)
        try:
            await self._beat(view, beside)
        finally:
            self._notifier.stopping()
            for ear in view.ears:
                loop.remove_reader(ear.fileno())
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            if page is not None:
                page.stop()
            log.info("stopped", unheard_by_monitor=view.courier.waiting())

    def _tell_started(self, view: View) -> None:
        log.info("hearing", listen=[ear.address for ear in view.ears], devices=len(view.devices()), netwatch=release())
        for ear in view.ears:
            if ear.receive_buffer < 1024 * 1024:
                log.warning(
                    "receive_buffer_small",
                    octets=ear.receive_buffer,
                    hint="raise net.core.rmem_max (systemd/sysctl.d/60-netwatch.conf): a storm of traps may be thrown away",
                )
        self._notifier.ready("hearing traps")

    async def _beat(self, view: View, beside: Sequence[asyncio.Task[None]]) -> None:
        """Turn until told to stop. The watchdog is fed from here: what it proves is that this loop hears.

        A task beside it that ended has failed; its error ends the process, and systemd starts another one.
        """
        fed_at = self._clock.monotonic()
        while not self._stop.is_set():
            wanted = self._clock.monotonic() + TICK_S
            try:
                async with asyncio.timeout(TICK_S):
                    await self._stop.wait()
            except TimeoutError:
                now = self._clock.monotonic()
                view.counts.loop_lag = max(0.0, now - wanted)
                view.door.tick(now)
                for task in beside:
                    if task.done():
                        task.result()
                if now - fed_at >= FEED_S:
                    fed_at = now
                    self._notifier.alive()

    # Configuration

    def _load(self, settings: Settings) -> World:
        return load_inventory(settings.inventory), dict(load_credentials(settings.credentials))

    async def _adopt(self, door: Door, world: World) -> None:
        places = await addresses(self._resolver, world[0])
        if world is not self._world or places != self._places:
            door.adopt(await asyncio.to_thread(sources, *world, places))
        self._world, self._places = world, places

    def _hang_up(self, view: View) -> None:
        """Reload, as SIGHUP asks; a second one while the first is read changes nothing."""
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.get_running_loop().create_task(self._reload(view))

    async def _reload(self, view: View) -> None:
        """Read inventory and log-ins again; take them over whole or not at all."""
        self._notifier.reloading()
        try:
            await self._adopt(view.door, await asyncio.to_thread(lambda: self._load(load_settings(self._settings.file))))
        except (NetwatchError, OSError) as error:
            view.reload_ok = False
            log.error("reload_refused", faults=str(error))  # noqa: TRY400  # the faults are the message, not a traceback
        else:
            view.reload_ok = True
            view.reloaded_at = self._clock.now()
            log.info("reloaded", devices=len(view.devices()))
        finally:
            self._notifier.ready("hearing traps")

    async def _follow_names(self, view: View) -> None:
        """Follow devices whose address has moved; a name service that is away changes nothing."""
        while True:
            await asyncio.sleep(NAMES_EVERY_S)
            if self._world is not None:
                await self._adopt(view.door, self._world)


def run_traps(settings: Settings) -> None:
    """Run the trap process until it is told to stop."""
    asyncio.run(TrapService(settings).run())
