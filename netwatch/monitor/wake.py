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
from netwatch.probe.snmp.traps.bucket import Bucket

PER_DEVICE_S = 0.1  # wakes a second of one device
DEVICE_BURST = 3.0
ECHOES_S = 100.0
ECHO_BURST = 300.0
FRESH_S = 2.0  # a neighbour that a wake has just asked is not asked again because of the next one
LOOKS_S = 10.0
LOOK_BURST = 50.0
OLDEST_S = 600.0  # a hint of earlier times is as good as none
MOST = 1000  # wakes of one call
SHOWN = 5  # wakes of one call that the log names
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
    try:
        document = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
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
    try:
        return Wake(one["device"], TrapKind(str(one.get("reason"))), at.astimezone(UTC))
    except OverflowError as error:
        raise ValueError("at: is not of this age") from error


class Waker:
    """Turns wakes into probes. Called on the loop of the pipeline."""

    def __init__(self, pipeline: Pipeline, readers: Readers, *, clock: Clock, random: Random | None = None) -> None:
        self.results = {WOKE: 0, LIMITED: 0, UNKNOWN: 0}
        self._pipeline = pipeline
        self._readers = readers
        self._clock = clock
        self._random = random or Random()  # noqa: S311  # spreads probes, keeps no secret
        now = clock.monotonic()
        self._echoes = Bucket(ECHOES_S, ECHO_BURST, now)
        self._looks = Bucket(LOOKS_S, LOOK_BURST, now)
        self._devices: dict[str, Bucket] = {}
        self._asked: dict[str, float] = {}

    def take(self, wakes: Iterable[Wake]) -> dict[str, int]:
        """Take wakes and return how many were obeyed, were too many, or name no device."""
        results = dict.fromkeys(self.results, 0)
        obeyed: list[str] = []
        for wake in wakes:
            result = self._take(wake)
            results[result] += 1
            if result == WOKE and len(obeyed) < SHOWN:
                obeyed.append(f"{wake.device} {wake.reason}")
        if obeyed:
            log.info("woken_by_traps", first=obeyed, **results)
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
            own = self._devices[wake.device] = Bucket(PER_DEVICE_S, DEVICE_BURST, now)
        if not own.holds(1, now) or not self._echoes.holds(1, now):
            return LIMITED
        asked = (wake.device, *(name for name in self._neighbours(wake.device) if now - self._asked.get(name, 0.0) >= FRESH_S))
        if not self._echoes.holds(len(asked), now):
            asked = asked[:1]
        own.spend(1)
        self._echoes.spend(len(asked))
        if len(self._asked) > len(fleet):  # devices have left
            self._asked.clear()
        self._asked.update(dict.fromkeys(asked, now))
        self._pipeline.schedule.burst(fleet.of(asked))
        if self._looks.holds(1, now):
            self._looks.spend(1)
            self._readers.look(wake.device)
        return WOKE

    def _neighbours(self, device: str) -> Sequence[str]:
        """Return whom to ask with a device: its children first, then whoever is asked around a suspect (DIAGNOSIS 2.1)."""
        fleet = self._pipeline.fleet
        sample = self._random.sample
        children = sorted(fleet.graph.children.get(device, ()))
        if len(children) > barrier.CIRCLE_AT_MOST:
            children = sample(children, barrier.CIRCLE_AT_MOST)
        return tuple(dict.fromkeys((*children, *barrier.circle(fleet.graph, device, fleet.reach, sample))))
