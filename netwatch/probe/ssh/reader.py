"""Read the ports of devices by SSH: few at a time, one per device, each within a deadline, none in the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from netwatch.clock import Clock
from netwatch.observation import SshReading
from netwatch.probe.ssh.commands import PORT_COMMANDS, parse_ports, wanted_ports
from netwatch.probe.ssh.login import Login
from netwatch.probe.ssh.session import Session, SshError

EVERYTHING = frozenset({"ports", "neighbours", "uptime", "log"})
DEADLINE = 15.0  # s for a whole session


class SshReader:
    """Reads devices in threads of its own. `state_directory` keeps the host keys; a changed key is reported, never accepted."""

    def __init__(self, state_directory: Path, *, clock: Clock, deadline: float = DEADLINE, concurrent: int = 4) -> None:
        self._known_hosts = state_directory / "known_hosts"
        self._clock = clock
        self._deadline = deadline
        self._threads = ThreadPoolExecutor(max_workers=concurrent, thread_name_prefix="ssh")
        self._gate = asyncio.Semaphore(concurrent)
        self._locks: dict[str, asyncio.Lock] = {}

    async def read(
        self,
        login: Login,
        ports: Sequence[str] | None = None,
        *,
        wanted: frozenset[str] = EVERYTHING,
        within_s: float | None = None,
    ) -> SshReading:
        """Read what is wanted: of the ports the named ones, or all. Never raises for what the device does.

        `within_s` ends a session before its own deadline; what has been read by then is in the reading.
        """
        at = self._clock.monotonic()
        known = PORT_COMMANDS.get(login.platform or "")
        if known is None:
            return self._failed(login, at, f"platform: no command is known for {login.platform or 'a device without platform'}")
        async with self._locks.setdefault(login.device, asyncio.Lock()), self._gate:
            at = self._clock.monotonic()
            session = Session(login, self._known_hosts, timeout=self._deadline)
            running = asyncio.get_running_loop().run_in_executor(self._threads, session.run, known.command)
            try:
                async with asyncio.timeout(min(self._deadline, within_s or self._deadline)):
                    output = await running
            except TimeoutError:
                session.abort()
                return self._failed(login, at, f"slow: not finished after {self._deadline:g} s")
            except SshError as error:
                return self._failed(login, at, str(error))
        try:
            found, wrong = wanted_ports(parse_ports(login.platform or "", output), ports), None
            found = found if "ports" in wanted else ()
        except ValueError as error:
            found, wrong = (), f"unparsable: {error}"
        return SshReading(
            login.device, at, answered=True, error=wrong, platform=login.platform, ports=found, output={known.command: output}
        )

    def close(self) -> None:
        """Let no new session begin. Those under way end by their deadlines."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _failed(self, login: Login, at: float, error: str) -> SshReading:
        return SshReading(login.device, at, answered=False, error=error, platform=login.platform)
