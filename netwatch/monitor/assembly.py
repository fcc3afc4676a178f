"""Put the parts of the monitor together."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from netwatch.casework import World
from netwatch.clock import Clock
from netwatch.detect.state import Policy
from netwatch.monitor.cases import Cases, GatePolicy
from netwatch.monitor.fleet import Fleet
from netwatch.monitor.judge import Judge
from netwatch.monitor.live import Live
from netwatch.monitor.pipeline import Pipeline
from netwatch.monitor.readers import SnmpReaders
from netwatch.monitor.recorder import ThreadRecorder
from netwatch.monitor.restore import restore
from netwatch.monitor.thinking import Aside
from netwatch.monitor.vantage import LOOPBACK, IsolationCheck, SystemVantage
from netwatch.monitor.watch import Watch
from netwatch.monitor.writer import Writer
from netwatch.probe.icmp import EchoEngine
from netwatch.settings import Settings, load_credentials
from netwatch.store import Store


@dataclass(slots=True)
class Assembly:
    """The parts of one monitor process."""

    settings: Settings
    world: World
    store: Store
    engine: EchoEngine
    pipeline: Pipeline
    recorder: ThreadRecorder
    writer: Writer
    readers: SnmpReaders
    live: Live
    clock: Clock


def assemble(settings: Settings, world: World, store: Store, places: Mapping[str, str | None], *, clock: Clock) -> Assembly:
    """Build a monitor that takes up where the last one stopped; `places` are the devices' numeric addresses.

    Raises NetwatchError when it cannot probe or read its past.
    """
    policy = policy_of(settings)
    fleet = Fleet(world.graph, policy.interval)
    cases = Cases(fleet, gate_of(settings))
    writer = Writer(store, world)
    recorder = ThreadRecorder(writer, clock=clock, stored=writer.stored)
    isolation = IsolationCheck(SystemVantage(places[world.inventory.vantage] or LOOPBACK))
    judge = Judge(
        fleet=fleet,
        cases=cases,
        recorder=recorder,
        isolation=isolation,
        clock=clock,
        boot=f"monitor-{secrets.token_hex(6)}",
        aside=Aside(),
    )
    credentials = load_credentials(settings.credentials)
    readers = SnmpReaders(fleet, settings.snmp, credentials, clock=clock)
    pipeline = Pipeline(
        fleet=fleet, cases=cases, judge=judge, recorder=recorder, clock=clock, isolation=isolation, policy=policy, readers=readers
    )
    readers.deliver = pipeline.read
    engine = EchoEngine(pipeline, clock=clock, timeout=policy.timeout)
    pipeline.connect(engine)
    for watch in fleet:
        aim(engine, watch, places[watch.device])
    restore(pipeline, store, now=clock.now())
    live = Live(
        pipeline=pipeline,
        recorder=recorder,
        engine=engine,
        reloaded_at=clock.now(),
        monotonic=clock.monotonic,
        calendar_days=lambda: writer.world.calendar.days_remaining(clock.now()),
    )
    live.readings_done = readers.done
    return Assembly(settings, world, store, engine, pipeline, recorder, writer, readers, live, clock)


def policy_of(settings: Settings) -> Policy:
    """Return the detection numbers of a configuration."""
    detection = settings.detection
    return Policy(
        interval=detection.interval,
        timeout=detection.timeout,
        confirm_window=detection.confirm_window,
        false_down_per_device_year=detection.false_down_per_device_year,
        up_after=detection.up_after,
    )


def gate_of(settings: Settings) -> GatePolicy:
    """Return the ticket gate of a configuration."""
    return GatePolicy(settings.tickets.open_after, settings.tickets.reopen_within)


def aim(engine: EchoEngine, watch: Watch, address: str | None) -> None:
    """Give a watch its probe target. A name that does not resolve leaves it without one: unknown, never down."""
    if watch.target is not None:
        if watch.target.address == address:
            return
        engine.remove(watch.target)
        watch.target = None
    if address is not None:
        watch.target = engine.add(watch.device, address, owner=watch)
