"""The api process: sockets, signals, systemd; ends in order on SIGTERM, reloads on SIGHUP."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from netwatch.casework import load_world
from netwatch.clock import Clock, SystemClock
from netwatch.errors import CannotListen, StoreError
from netwatch.notify.sender import send_due
from netwatch.settings import Settings, load_settings
from netwatch.store import Store
from netwatch.systemd import Notifier, handed_over
from netwatch.web import sockets
from netwatch.web.app import create_app
from netwatch.web.auth import PeerProtocol
from netwatch.web.desk import Desk
from netwatch.web.monitor_line import MonitorLine

log = logging.getLogger("netwatch.web")
CONNECTIONS = 512
HEADER_LIMIT = 16 << 10
IDLE_S = 60  # an idle connection is closed: its owner's rights may have changed
SEND_EVERY_S = 5
WATCHDOG_S = 15
DRAIN_S = 10  # running requests get this long at SIGTERM


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: this process has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run_api(settings_file: Path, *, stop: threading.Event | None = None, ready: Callable[[], None] | None = None) -> None:
    """Serve the api until SIGTERM, SIGINT or `stop`. Raises the errors of settings, store and sockets before serving.

    `ready` is called once it listens. In the main thread signals are handled; elsewhere only `stop` ends it.
    """
    settings = load_settings(settings_file)
    asyncio.run(serve_api(settings, stop=stop, ready=ready))


async def serve_api(
    settings: Settings,
    *,
    stop: threading.Event | asyncio.Event | None = None,
    ready: Callable[[], None] | None = None,
    clock: Clock | None = None,
) -> None:
    """Serve the api in this event loop until `stop` is set (or a signal comes, in the main thread)."""
    clock = clock or SystemClock()
    store = Store.open(settings.database, state_directory=settings.state_directory, clock=clock)
    listening: list[socket.socket] = []
    try:
        desk = Desk(
            settings_file=settings.file,
            world=load_world(settings),
            store=store,
            clock=clock,
            monitor=MonitorLine(settings.monitor.socket),
            last_success_at=clock.now(),
        )
        listening = _listen(settings)
        await _serve(desk, listening, stop, ready)
    finally:
        for each in listening:
            each.close()
        store.close()


def _listen(settings: Settings) -> list[socket.socket]:
    given = handed_over()
    if not any(each.family == socket.AF_UNIX for each in given):
        given.append(sockets.unix_socket(settings.api.socket))
    if settings.api.listen is not None:
        try:
            given.append(sockets.tcp_socket(settings.api.listen))
        except CannotListen:
            for each in given:
                each.close()
            raise
    return given


async def _serve(
    desk: Desk,
    listening: list[socket.socket],
    stop: threading.Event | asyncio.Event | None,
    ready: Callable[[], None] | None,
) -> None:
    config = uvicorn.Config(
        create_app(desk),
        http=PeerProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=HEADER_LIMIT,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=DRAIN_S,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    handlers = {
        signal.SIGTERM: asked.set,
        signal.SIGINT: asked.set,
        signal.SIGHUP: lambda: loop.create_task(_reload(desk)),
    }
    in_main = threading.current_thread() is threading.main_thread()
    if in_main:
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
    serving = asyncio.create_task(server.serve(sockets=listening))
    beside = [asyncio.create_task(_watch(server, asked, stop, ready)), asyncio.create_task(_send(desk))]
    try:
        await serving
    finally:
        for each in beside:
            each.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        Notifier().stopping()
        if in_main:
            for number in handlers:
                loop.remove_signal_handler(number)


async def _watch(
    server: uvicorn.Server,
    asked: asyncio.Event,
    stop: threading.Event | asyncio.Event | None,
    ready: Callable[[], None] | None,
) -> None:
    """Say when it listens; turn the wish to stop into uvicorn's flag."""
    announced = False
    loop = asyncio.get_running_loop()
    fed_at = loop.time()
    while not asked.is_set() and not (stop is not None and stop.is_set()):
        if server.started and not announced:
            announced = True
            log.info("api_ready")
            Notifier().ready("serving")
            if ready is not None:
                ready()
        if announced and loop.time() - fed_at > WATCHDOG_S:
            fed_at = loop.time()
            Notifier().alive()  # this loop turns: what it proves is what it does
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asked.wait(), 0.05)
    server.should_exit = True


async def _send(desk: Desk) -> None:
    """Hand over what the outbox holds. A database that is away is asked again at the next turn."""
    failing = False
    while True:
        try:
            await asyncio.to_thread(send_due, desk.store, language=desk.world.settings.language)
            failing = False
        except StoreError as error:
            if not failing:
                log.warning("outbox_unreachable", extra={"error": str(error)})
            failing = True
        await asyncio.sleep(SEND_EVERY_S)


async def _reload(desk: Desk) -> None:
    Notifier().reloading()
    await asyncio.to_thread(desk.reload)
    Notifier().ready("serving")
