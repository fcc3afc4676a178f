"""Carries wakes to the monitor over its unix socket. While the monitor is away, the newest of each device and reason waits."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from netwatch.clock import Clock
from netwatch.observation import TrapKind
from netwatch.trapd.counts import Counts

KEEP_S = 300.0  # an older wake is dropped: the rounds have looked by then
AT_ONCE = 500  # wakes of one call
APART_S = 0.1  # between two calls
AGAIN_S = 1.0  # after a call that failed
PATIENCE_S = 5.0

Wakes = Sequence[Mapping[str, str]]
Post = Callable[[Wakes], Mapping[str, int]]  # raises OSError, HTTPException or ValueError when the monitor is away

log = structlog.get_logger("netwatch.trapd")


class Courier:
    """Keeps what the monitor has not heard yet: at most one wake per device and reason."""

    def __init__(self, post: Post, counts: Counts, *, clock: Clock) -> None:
        self._post = post
        self._counts = counts
        self._clock = clock
        self._waiting: dict[tuple[str, TrapKind], datetime] = {}
        self._some = asyncio.Event()
        self.away = False

    def wake(self, device: str, reason: TrapKind) -> None:
        """Take a wake; an older one of the same device and reason is replaced."""
        self._waiting[device, reason] = self._clock.now()
        self._some.set()

    def waiting(self) -> int:
        """Return how many wakes the monitor has not heard."""
        return len(self._waiting)

    async def run(self) -> None:
        """Deliver for ever. The call itself is made in a thread: the loop goes on hearing."""
        while True:
            await self._some.wait()
            await asyncio.sleep(AGAIN_S if await self.deliver() is False else APART_S)

    async def deliver(self) -> bool:
        """Make one call with the oldest wakes; False when the monitor did not take them."""
        self._expire()
        batch = list(self._waiting.items())[:AT_ONCE]
        if not batch:
            self._some.clear()
            return True
        wakes = [{"device": device, "reason": str(reason), "at": at.isoformat()} for (device, reason), at in batch]
        try:
            results = await asyncio.to_thread(self._post, wakes)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if not self.away:
                log.warning("monitor_away", error=type(error).__name__)
            self.away = True
            return False
        if self.away:
            log.info("monitor_back", waiting=len(self._waiting))
        self.away = False
        for place, at in batch:
            if self._waiting.get(place) == at:
                del self._waiting[place]
        for result, count in results.items():
            if result in self._counts.wakes:
                self._counts.wakes[result] += count
        if not self._waiting:
            self._some.clear()
        return True

    def _expire(self) -> None:
        oldest = self._clock.now() - timedelta(seconds=KEEP_S)
        late = [place for place, at in self._waiting.items() if at < oldest]
        for place in late:
            del self._waiting[place]
        self._counts.wakes["expired"] += len(late)


class _UnixLine(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("monitor", timeout=PATIENCE_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def monitor_at(path: Path) -> Post:
    """Return the call that wakes the monitor behind this socket."""

    def post(wakes: Wakes) -> Mapping[str, int]:
        line = _UnixLine(path)
        try:
            line.request("POST", "/-/wake", json.dumps({"wakes": wakes}), {"Content-Type": "application/json"})
            answer = line.getresponse()
            body = answer.read(65_536)
        finally:
            line.close()
        if answer.status != http.client.OK:
            raise ConnectionError(f"HTTP {answer.status}")
        try:
            found: Any = json.loads(body)["results"]
            return {str(result): int(count) for result, count in found.items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not the answer of a monitor") from error

    return post
