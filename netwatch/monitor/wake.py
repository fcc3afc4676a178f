"""A trap says "look now": echoes to the device and its neighbours, and a look by SNMP. Nothing is believed, no state moves by it.

Wakes are bounded three times: per device, in echoes, in SNMP looks. They may use a fifth of the budget of extra echoes, so that a
storm of traps does not keep a true suspicion waiting.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

import structlog

from netwatch.clock import Clock
from netwatch.detect import barrier
from netwatch.monitor.pipeline import Pipeline
from netwatch.monitor.ports import Readers
from netwatch.observation import TrapKind

PER_DEVICE_S = 0.1  # wakes a second of one device
DEVICE_BURST = 3.0
ECHOES_S = 100.0
ECHO_BURST = 300.0
LOOKS_S = 10.0
LOOK_BURST = 50.0
OLDEST_S = 600.0  # a hint of earlier times is as good as none
MOST = 1000  # wakes of one call
LARGEST_BODY = 256 * 1024  # octets

WOKE, LIMITED, UNKNOWN = "woke", "limited", "unknown"

log = structlog.get_logger("netwatch.monitor")


class Wake(NamedTuple):
    """One device that called, why, and when."""

    device: str
    reason: TrapKind
    at: datetime


def read_wakes(body: bytes) -> list[Wake]:
    """Return what `POST /-/wake` carries: {"wakes": [{"device", "reason", "at"}]}. Raises ValueError."""
    document = json.loads(body)
    wakes = document.get("wakes") if isinstance(document, dict) else None
    if not isinstance(wakes, list) or len(wakes) > MOST:
        raise ValueError(f"expected at most {MOST} wakes in a list")
    return [_wake(one) for one in wakes]


def _wake(one: Any) -> Wake:
    if not isinstance(one, dict) or not isinstance(one.get("device"), str) or not isinstance(one.get("at"), str):
        raise ValueError("expected device, reason and at")  # noqa: TRY004 - the caller knows one kind of wrong body
    at = datetime.fromisoformat(one["at"])
    if at.tzinfo is None:
        raise ValueError("at: has no time zone")
    return Wake(one["device"], TrapKind(str(one.get("reason"))), at.astimezone(UTC))


class _Bucket:
    """Tokens that come back with time."""

    __slots__ = ("_at", "_most", "_per_s", "_tokens")

    def __init__(self, per_s: float, most: float, now: float) -> None:
        self._per_s, self._most, self._tokens, self._at = per_s, most, most, now

    def take(self, count: float, now: float) -> bool:
        """Take so many tokens, or none."""
        self._tokens = min(self._most, self._tokens + max(0.0, now - self._at) * self._per_s)
        self._at = now
        if self._tokens < count:
            return False
        self._tokens -= count
        return True


class Waker:
    """Turns wakes into probes. Called on the loop of the pipeline."""

    def __init__(self, pipeline: Pipeline, readers: Readers, *, clock: Clock, random: Random | None = None) -> None:
        self.results = {WOKE: 0, LIMITED: 0, UNKNOWN: 0}
        self._pipeline = pipeline
        self._readers = readers
        self._clock = clock
        self._random = random or Random()  # noqa: S311  # spreads probes, keeps no secret
        now = clock.monotonic()
        self._echoes = _Bucket(ECHOES_S, ECHO_BURST, now)
        self._looks = _Bucket(LOOKS_S, LOOK_BURST, now)
        self._devices: dict[str, _Bucket] = {}

    def take(self, wakes: Iterable[Wake]) -> dict[str, int]:
        """Take wakes and return how many were obeyed, were too many, or name no device."""
        results = dict.fromkeys(self.results, 0)
        for wake in wakes:
            results[self._take(wake)] += 1
        for result, count in results.items():
            self.results[result] += count
        return results

    def _take(self, wake: Wake) -> str:
        fleet = self._pipeline.fleet
        if wake.device not in fleet.graph.inventory.devices:
            self._devices.pop(wake.device, None)
            return UNKNOWN
        now = self._clock.monotonic()
        if wake.reason in (TrapKind.ON_BATTERY, TrapKind.ON_MAINS):
            ago = min(OLDEST_S, max(0.0, (self._clock.now() - wake.at).total_seconds()))
            self._pipeline.power_hint(wake.device, now - ago, on_battery=wake.reason is TrapKind.ON_BATTERY)
        own = self._devices.get(wake.device)
        if own is None:
            own = self._devices[wake.device] = _Bucket(PER_DEVICE_S, DEVICE_BURST, now)
        if not own.take(1, now):
            return LIMITED
        asked = (wake.device, *self._neighbours(wake.device))
        if not self._echoes.take(len(asked), now):
            asked = asked[:1]
            if not self._echoes.take(1, now):
                return LIMITED
        self._pipeline.schedule.burst(fleet.of(asked))
        if self._looks.take(1, now):
            self._readers.look(wake.device)
        log.info("woken_by_trap", device=wake.device, reason=str(wake.reason), asked=len(asked))
        return WOKE

    def _neighbours(self, device: str) -> Sequence[str]:
        """Return whom to ask with a device: its children first, then whoever is asked around a suspect (DIAGNOSIS 2.1)."""
        fleet = self._pipeline.fleet
        sample = self._random.sample
        children = sorted(fleet.graph.children.get(device, ()))
        if len(children) > barrier.CIRCLE_AT_MOST:
            children = sample(children, barrier.CIRCLE_AT_MOST)
        return tuple(dict.fromkeys((*children, *barrier.circle(fleet.graph, device, fleet.reach, sample))))
