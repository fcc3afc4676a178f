"""Run a scenario: move the clocks, break things, let the daemon and the people work, and tell what happened."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netwatch.inventory.model import Inventory
from netwatch.simulate.clock import SimulatedClock
from netwatch.simulate.death import Death
from netwatch.simulate.faults import Fault
from netwatch.simulate.machine import Machine
from netwatch.simulate.network import Noise, SimulatedNetwork
from netwatch.simulate.people import SimulatedPeople
from netwatch.simulate.scenario import Event, Scenario
from netwatch.simulate.timeline import Timeline

TICK_S = 0.1
RESTART_AFTER_S = 5.0  # RestartSec of the unit
PEOPLE_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Result:
    """What a run brought, as JSON values."""

    timeline: list[dict[str, Any]]
    incidents: list[dict[str, Any]]
    tickets: list[dict[str, Any]]
    digest: str  # SHA-256 over all of it: equal for equal scenarios
    echoes: int

    def json(self) -> dict[str, Any]:
        """Return the document of INTERFACES "Simulate"."""
        return {
            "schema": "netwatch.simulation/1",
            "timeline": self.timeline,
            "incidents": self.incidents,
            "tickets": self.tickets,
            "digest": self.digest,
        }


class Simulation:
    """One scenario on its way. `folder` holds the machine's disk: configuration, database, papers."""

    def __init__(self, scenario: Scenario, inventory: Inventory, scenario_folder: Path, folder: Path) -> None:
        self.scenario = scenario
        self.timeline = Timeline()
        self.clock = SimulatedClock(scenario.start)
        noise = Noise(scenario.noise.loss, scenario.noise.bursts_per_day, scenario.noise.burst_seconds)
        self.network = SimulatedNetwork(inventory, noise, random.Random(scenario.seed))  # noqa: S311  # noise, no secret
        self.people = SimulatedPeople(scenario.people)
        self.machine = Machine(
            scenario,
            scenario_folder=scenario_folder,
            folder=folder,
            network=self.network,
            clock=self.clock,
            timeline=self.timeline,
        )
        self._plan: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        for at, begins, fault in scenario.faults():
            self._at(at, self._fault(at, begins, fault))
        for event in scenario.events:
            for act in self._acts(event):
                self._at(event.at, act)
        self._boot_at: float | None = None
        self._look_at = 0.0

    def run(self) -> Result:
        """Run to the end and close the database."""
        try:
            for _ in self.steps():
                pass
            return self.result()
        finally:
            self.machine.close()

    def steps(self) -> Iterator[float]:
        """Live from tick to tick; yields the seconds since the start after each."""
        self._dying(self.machine.boot)
        ticks = round(self.scenario.duration / TICK_S)
        clock, network, plan, machine = self.clock, self.network, self._plan, self.machine
        tick = 0
        while tick < ticks:
            tick += 1
            elapsed = tick * TICK_S
            if elapsed < clock.elapsed:  # the machine slept
                continue
            clock.advance_to(elapsed)
            while plan and plan[0][0] <= elapsed:
                self._dying(heapq.heappop(plan)[2])
            network.pass_to(elapsed)
            if self._boot_at is not None and elapsed >= self._boot_at:
                self._boot_at = None
                self._dying(machine.boot)
            if machine.alive:
                self._dying(machine.tick)
                if machine.alive and elapsed >= self._look_at:
                    self._look_at = elapsed + PEOPLE_LOOK_S
                    self._dying(self._people)
            yield elapsed

    def result(self) -> Result:
        """Return what happened so far."""
        if not self.machine.alive:
            self.machine.boot()
        incidents, tickets = self.machine.incidents(), self.machine.tickets()
        digest = self.timeline.digest({"incidents": incidents, "tickets": tickets})
        return Result(self.timeline.events, incidents, tickets, digest, self.machine.echoes)

    def _people(self) -> None:
        before = len(self.people.done)
        self.people.work(self.machine.office, self.clock.elapsed, self.clock.now())
        self.timeline.events += self.people.done[before:]

    def _dying(self, act: Callable[[], None]) -> None:
        """Do something of the monitoring machine during which its process may die."""
        try:
            act()
        except Death:
            self._crash()

    def _crash(self) -> None:
        self.machine.die()
        self.timeline.note(self.clock.elapsed, "daemon_crashed")
        self._boot_at = self.clock.elapsed + RESTART_AFTER_S

    def _at(self, at: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._plan, (at, next(self._order), act))

    def _fault(self, at: float, begins: bool, fault: Fault) -> Callable[[], None]:  # noqa: FBT001
        def happen() -> None:
            if begins:
                self.network.begin(fault)
            else:
                self.network.end(fault, at)
            self.timeline.note(at, "fault_began" if begins else "fault_ended", kind=str(fault.kind), element=fault.element)

        return happen

    def _acts(self, event: Event) -> Iterator[Callable[[], None]]:
        """Yield what an event other than a fault does."""
        if event.crash is not None:
            yield self._crash
        if event.clock is not None:
            step = event.clock.step
            yield lambda: self.clock.step_wall(step)
        if event.suspend is not None:
            asleep = event.suspend.duration
            yield lambda: self.clock.suspend_until(self.clock.elapsed + asleep)
        if event.stall is not None:
            stopped = event.stall.duration
            yield lambda: self.clock.advance_to(self.clock.elapsed + stopped)
        if event.reload is not None:
            file = event.reload
            yield lambda: self.machine.reload(file)
        if event.maintenance is not None:
            work = event.maintenance
            yield lambda: self.machine.announce(work)
