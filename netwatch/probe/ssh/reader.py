"""Read devices by SSH: few at a time, one session a device, each within its limits, in worker processes of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from netwatch.clock import Clock
from netwatch.observation import Neighbour, PortAdmin, PortOper, PortStatus, SshReading
from netwatch.probe.ssh.commands import KINDS, PLATFORMS
from netwatch.probe.ssh.line import Limits
from netwatch.probe.ssh.login import Login
from netwatch.probe.ssh.pool import LATE, Pool
from netwatch.probe.ssh.reading import nothing_known
from netwatch.probe.ssh.reasons import named
from netwatch.probe.ssh.wire import Job, Part

EVERYTHING = KINDS
REST_S = 60.0  # after which workers that nobody needs are ended: each holds some 45 MB
TIMEOUT = 15.0  # s for a greeting and for a log-in; see Limits.of for what follows from it


@dataclass(slots=True)
class Heard:
    """What a worker has said so far."""

    logged_in: bool = False
    parts: list[Part] = field(default_factory=list)
    error: str | None = None

    def take(self, word: dict[str, Any]) -> None:
        """Take one word of the worker."""
        if "in" in word:
            self.logged_in = True
        elif "part" in word:
            self.parts.append(Part.from_json(word["part"]))
        elif "error" in word:
            key, detail = word["error"]
            self.error = f"{key}: {detail}" if detail else str(key)


class SshReader:
    """Reads devices in processes of its own. `state_directory` keeps the host keys; a changed key is reported, never accepted.

    `timeout` is `ssh.timeout`: seconds for a greeting and for a log-in; a command has twice, a whole session four times as long.
    """

    def __init__(self, state_directory: Path, *, clock: Clock, timeout: float = TIMEOUT, concurrent: int = 4) -> None:
        self._state = state_directory.absolute()
        self._clock = clock
        self._limits = Limits.of(timeout)
        self._pool = Pool(clock)
        self._threads = ThreadPoolExecutor(max_workers=concurrent, thread_name_prefix="ssh")
        self._gate = asyncio.Semaphore(concurrent)
        self._locks: dict[str, asyncio.Lock] = {}
        self._resting: asyncio.TimerHandle | None = None

    async def read(
        self,
        login: Login,
        ports: Sequence[str] | None = None,
        *,
        wanted: frozenset[str] = EVERYTHING,
        within_s: float | None = None,
    ) -> SshReading:
        """Read what is wanted: of the ports the named ones, or all. Never raises for what the device does.

        `within_s` counts from the call, waiting included, and ends a session before its own limit; what was read by then is
        in the reading. Part of what is wanted may be missing: `notes` says what and why, and `error` is set when the ports are.
        """
        begun = self._clock.monotonic()
        if login.platform not in PLATFORMS:
            return _failed(login, begun, f"platform: {login.platform or 'the inventory names none'}")
        lock = self._locks.setdefault(login.device, asyncio.Lock())
        try:
            async with asyncio.timeout(within_s):
                await lock.acquire()
        except TimeoutError:
            return _failed(login, begun, "busy: this device is being read")
        try:
            async with asyncio.timeout(None if within_s is None else max(0.0, begun + within_s - self._clock.monotonic())):
                await self._gate.acquire()
        except TimeoutError:
            lock.release()
            return _failed(login, begun, "busy")
        except BaseException:
            lock.release()
            raise
        try:
            return await self._read(login, ports, wanted, None if within_s is None else begun + within_s)
        finally:
            self._gate.release()
            lock.release()

    def workers(self) -> list[int]:
        """Return the pids of the worker processes that live now."""
        return self._pool.pids()

    def close(self) -> None:
        """End every session and every worker now."""
        if self._resting is not None:
            self._resting.cancel()
        self._pool.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _read(self, login: Login, ports: Sequence[str] | None, wanted: frozenset[str], until: float | None) -> SshReading:
        at = self._clock.monotonic()
        own_limit = at + self._limits.session
        limits = self._limits if until is None else replace(self._limits, session=max(0.1, min(until, own_limit) - at))
        job = Job(login, wanted, self._state, limits)
        heard = Heard()
        try:
            ended = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._pool.run, job, at + limits.session, heard.take
            )
        except asyncio.CancelledError:
            self._pool.cut(job)
            raise
        finally:
            self._rest_later()
        if ended == LATE:
            where = "logged in, then not finished" if heard.logged_in else "not logged in"
            key = "slow" if heard.logged_in or heard.error else "no_answer"
            heard.error = f"{key}: {where} after {limits.session:.3g} s"
        elif ended is not None:
            heard.error = f"failed: {ended}"
        if heard.error is not None and not heard.parts:
            return _failed(login, at, heard.error)
        return put_together(login, at, heard, ports, wanted)

    def _rest_later(self) -> None:
        """End workers that have had nothing to do for a while."""
        if self._resting is not None:
            self._resting.cancel()
        self._resting = asyncio.get_running_loop().call_later(REST_S, self._rest)

    def _rest(self) -> None:
        with contextlib.suppress(RuntimeError):  # closed meanwhile
            self._threads.submit(self._pool.rest)


def put_together(login: Login, at: float, heard: Heard, ports: Sequence[str] | None, wanted: frozenset[str]) -> SshReading:
    """Make one reading of all parts."""
    kinds = {ask.kind for ask in PLATFORMS[login.platform or ""]}
    parts = [*heard.parts, *(nothing_known(kind) for kind in sorted(wanted - kinds))]
    found = [part.found for part in parts]
    why = {port: cause for one in found for port, cause in one.reasons.items()}
    seen = named(_merged(port for one in found for port in one.ports), why)
    neighbours: tuple[Neighbour, ...] = tuple(dict.fromkeys(neighbour for one in found for neighbour in one.neighbours))
    notes = [note for part in parts for note in (*part.notes, *part.found.remarks)]
    error = heard.error
    if error is not None:
        notes.append(error)
    elif "ports" in wanted and not seen:
        error = "unparsable: " + next((note.removeprefix("ports: ") for note in notes if note.startswith("ports: ")), "no ports")
    if ports is not None and seen:
        notes += [f"ports: {name}: the device shows no port of this name" for name in ports if not wanted_ports(seen, [name])]
    return SshReading(
        login.device,
        at,
        answered=True,
        error=error,
        platform=login.platform,
        ports=wanted_ports(seen, ports),
        neighbours=neighbours,
        uptime_s=next((one.uptime_s for one in found if one.uptime_s is not None), None),
        reboot_reason=next((one.reboot_reason for one in found if one.reboot_reason), None),
        log_lines=tuple(line for one in found for line in one.log_lines),
        output={command: text for part in parts for command, text in part.output.items()},
        notes=tuple(dict.fromkeys(notes)),
    )


def wanted_ports(ports: Sequence[PortStatus], names: Sequence[str] | None) -> tuple[PortStatus, ...]:
    """Keep the asked ports, under the names the inventory uses; None keeps all."""
    if names is None:
        return tuple(ports)
    by_name = {_plain(port.name): port for port in ports}
    return tuple(replace(by_name[key], name=name) for name in names if (key := _plain(name)) in by_name)


def _plain(name: str) -> str:
    return name.casefold().replace(" ", "")


def _merged(ports: Iterable[PortStatus]) -> tuple[PortStatus, ...]:
    """Make one state of what two commands say of a port: the first that knows something is believed."""
    merged: dict[str, PortStatus] = {}
    for port in ports:
        known = merged.get(port.name)
        if known is None:
            merged[port.name] = port
            continue
        merged[port.name] = replace(
            known,
            admin=port.admin if known.admin is PortAdmin.UNKNOWN else known.admin,
            oper=port.oper if known.oper is PortOper.UNKNOWN else known.oper,
            reason=known.reason or port.reason,
            description=known.description or port.description,
        )
    return tuple(merged.values())


def _failed(login: Login, at: float, error: str) -> SshReading:
    return SshReading(login.device, at, answered=False, error=error, platform=login.platform)
