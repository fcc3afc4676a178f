"""The monitoring host that does not exist: a real folder for a disk, the daemon's real parts, simulated network and clocks."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from netwatch.casework import World, load_world
from netwatch.casework.shown import incident_json, ticket_json
from netwatch.errors import InvalidFile, NetwatchError
from netwatch.inventory.model import Window
from netwatch.monitor.assembly import Assembly, policy_of
from netwatch.monitor.cases import Cases, GatePolicy
from netwatch.monitor.clockwatch import ClockWatch
from netwatch.monitor.fleet import Fleet
from netwatch.monitor.judge import Judge
from netwatch.monitor.pipeline import Pipeline
from netwatch.monitor.records import InlineRecorder, Record, Written
from netwatch.monitor.reload import adopt, objections
from netwatch.monitor.restore import restore
from netwatch.monitor.vantage import IsolationCheck
from netwatch.monitor.writer import Writer
from netwatch.settings import Settings, load_settings
from netwatch.simulate.clock import SimulatedClock
from netwatch.simulate.network import SimulatedNetwork
from netwatch.simulate.office import CaseworkOffice
from netwatch.simulate.probes import SimulatedProber, SimulatedReaders, SimulatedVantage
from netwatch.simulate.scenario import MaintenanceSpec, Scenario
from netwatch.simulate.timeline import Timeline
from netwatch.store import Store
from netwatch.store.tickets import TicketFilter
from netwatch.store.upgrade import upgrade

LOOK_EVERY_S = 1.0
SCAN = b"%PDF-1.4\n% kertas simulasi\n%%EOF\n"


class Machine:
    """One host. `boot` starts the daemon from the database, `die` is kill -9, `tick` one turn of its loop."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        scenario_folder: Path,
        folder: Path,
        network: SimulatedNetwork,
        clock: SimulatedClock,
        timeline: Timeline,
    ) -> None:
        self._seed = scenario.seed
        self._scenario_folder = scenario_folder
        self._network = network
        self._clock = clock
        self._timeline = timeline
        self._configuration = folder / "netwatch.yaml"
        self._boots = 0
        self._parts: Assembly | None = None
        self._prober: SimulatedProber | None = None
        self._readers: SimulatedReaders | None = None
        self._echoes_before = 0
        self._configure(scenario, scenario_folder / scenario.inventory)
        settings = self.settings()
        upgrade(settings.database, state_directory=settings.state_directory, clock=clock)

    # The life of the process

    @property
    def alive(self) -> bool:
        """Say whether the daemon runs."""
        return self._parts is not None

    @property
    def parts(self) -> Assembly:
        """Return the running daemon's parts."""
        assert self._parts is not None, "the daemon does not run"
        return self._parts

    @property
    def echoes(self) -> int:
        """Return how many echoes were sent so far."""
        return self._echoes_before + (self._prober.sent if self._prober is not None else 0)

    def boot(self) -> None:
        """Start the daemon: everything it knows comes from the files."""
        settings = self.settings()
        world = load_world(settings)
        store = Store.open(settings.database, state_directory=settings.state_directory, clock=self._clock)
        self._boots += 1
        self._parts = None
        try:
            self._parts = self._assemble(settings, world, store)
        finally:
            if self._parts is None:
                store.close()
        self._timeline.note(self._clock.elapsed, "daemon_started")

    def _assemble(self, settings: Settings, world: World, store: Store) -> Assembly:
        """Put the real parts together around a simulated network; what `monitor.assembly` does around sockets."""
        clock = self._clock
        policy = policy_of(settings)
        fleet = Fleet(world.graph, policy.interval)
        cases = Cases(fleet, GatePolicy(settings.tickets.open_after, settings.tickets.reopen_within))
        writer = Writer(store, world)
        recorder = InlineRecorder(self._noting(writer))
        isolation = IsolationCheck(SimulatedVantage(self._network))
        judge = Judge(
            fleet=fleet, cases=cases, recorder=recorder, isolation=isolation, clock=clock, boot=f"monitor-{self._boots}"
        )
        self._readers = SimulatedReaders(self._network, world.inventory, clock, interval=settings.snmp.interval)
        pipeline = Pipeline(
            fleet=fleet,
            cases=cases,
            judge=judge,
            recorder=recorder,
            clock=clock,
            isolation=isolation,
            policy=policy,
            readers=self._readers,
            random=random.Random(f"{self._seed}/{self._boots}"),  # noqa: S311  # spreads probes, keeps no secret
        )
        self._echoes_before = self.echoes
        self._prober = SimulatedProber(self._network, clock, timeout=policy.timeout)
        pipeline.connect(self._prober)
        for watch in fleet:
            watch.target = self._prober.add(watch.device, world.inventory.devices[watch.device].address, owner=watch)
        restore(pipeline, store, now=clock.now())
        self._clock_watch = ClockWatch(clock)
        self._look_at = clock.monotonic() + LOOK_EVERY_S
        return Assembly(
            settings=settings,
            world=world,
            store=store,
            engine=cast("Any", self._prober),
            pipeline=pipeline,
            recorder=cast("Any", recorder),
            writer=writer,
            readers=cast("Any", self._readers),
            live=cast("Any", None),
            clock=clock,
        )

    def _noting(self, write: Writer) -> Callable[[Record], Written]:
        def noted(record: Record) -> Written:
            try:
                written = write(record)
            except NetwatchError as error:  # refused or overtaken: as the recorder of the daemon answers
                written = Written(record, error=f"{type(error).__name__}: {error}", stored=write.stored(record))
            self._timeline.take(self._clock.elapsed, record, written)
            return written

        return noted

    def tick(self) -> None:
        """Run one turn of the daemon's loop: replies, readings, the pipeline, and once a second the clocks."""
        parts = self.parts
        now = self._clock.monotonic()
        pipeline = parts.pipeline
        assert self._prober is not None
        assert self._readers is not None
        self._prober.deliver(pipeline, now)
        self._readers.deliver(pipeline.read, now)
        pipeline.tick(now)
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY_S
            jump = self._clock_watch.look()
            if jump.suspended:
                pipeline.blind(now, jump.suspended, "suspended")
            if jump.stepped:
                pipeline.clock_stepped(jump.stepped)

    def die(self) -> None:
        """Kill the process: nothing is flushed, nothing is said; the files stay as they are."""
        if self._parts is not None:
            parts, self._parts = self._parts, None
            parts.store.close()

    def close(self) -> None:
        """Let go of the database."""
        self.die()

    # What people and scenarios do to it

    def reload(self, file: str) -> None:
        """Put another inventory in place and send SIGHUP. A bad one changes nothing, as in `monitor.service`."""
        before = self._configuration.read_text()
        document = json.loads(before)
        document["inventory"] = str(self._scenario_folder / file)
        self._configuration.write_text(json.dumps(document))
        try:
            world = load_world(self.settings())
            faults = objections(world, self.parts.pipeline.cases)
        except InvalidFile as error:
            faults = list(error.faults)
        if faults:
            self._configuration.write_text(before)  # somebody corrects the file at once
            self._timeline.note(self._clock.elapsed, "reload_refused", reasons=[fault.text for fault in faults[:5]])
            return
        adopt(self.parts, world, {device.id: device.address for device in world.inventory.devices.values()}, {})
        self._network.use(world.inventory)
        assert self._readers is not None
        self._readers.use(world.inventory)
        self._timeline.note(self._clock.elapsed, "reloaded", devices=len(self.parts.pipeline.fleet))

    def announce(self, work: MaintenanceSpec) -> None:
        """Store a maintenance window from now on, as `netwatch maintenance add` does; the next beat tells the daemon."""
        now = self._clock.now()
        window = Window(
            id=f"simulated-{now:%Y%m%d%H%M%S}",
            reason=work.reason,
            starts_at=now,
            ends_at=now + timedelta(seconds=work.duration),
            devices=work.devices,
            sites=work.sites,
        )
        with self.parts.store.begin(f"maintenance-{window.id}") as tx:
            tx.maintenance.add(window, by="contoh-teknisi-1")
        self._timeline.note(self._clock.elapsed, "maintenance_announced", sites=list(work.sites), devices=list(work.devices))

    @property
    def office(self) -> CaseworkOffice:
        """Return the way in for simulated people."""
        return CaseworkOffice(self.parts.store, self.parts.world)

    # What it holds

    def settings(self) -> Settings:
        """Read the configuration."""
        return load_settings(self._configuration, environ={})

    def incidents(self) -> list[dict[str, Any]]:
        """Return all incidents, oldest first."""
        with self.parts.store.read() as tx:
            return [incident_json(tx, incident) for incident in reversed(tx.incidents.list(limit=100_000))]

    def tickets(self) -> list[dict[str, Any]]:
        """Return all tickets as INTERFACES shows them, oldest first."""
        with self.parts.store.read() as tx:
            found = sorted(tx.tickets.list(TicketFilter(limit=100_000)), key=lambda ticket: ticket.id)
            return [ticket_json(tx, self.parts.world, ticket, tx.now) for ticket in found]

    def _configure(self, scenario: Scenario, inventory: Path) -> None:
        """Write netwatch.yaml (JSON is YAML too) for this machine."""
        folder = self._configuration.parent
        folder.mkdir(parents=True, exist_ok=True)
        document = {
            "inventory": str(inventory.resolve()),
            "people": str(people_file()),
            "database": f"sqlite:///{folder.resolve() / 'netwatch.db'}",
            "state_directory": str(folder.resolve() / "state"),
            "detection": {key: _number(value) for key, value in scenario.detection.items()},
            "tickets": {key: _number(value) for key, value in scenario.tickets.items()},
        }
        self._configuration.write_text(json.dumps({key: value for key, value in document.items() if value != {}}))


def people_file() -> Path:
    """Return the shipped invented persons."""
    from netwatch.settings import shipped

    return shipped("people.yaml")


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value
