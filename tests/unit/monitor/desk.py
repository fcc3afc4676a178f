"""A small city on a desk: the real fleet, cases, judge and pipeline, driven by hand with small fakes and a clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from netwatch.detect.state import Policy
from netwatch.incident import Incident
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import Device, Inventory, Role, Site, SiteKind, Uplink
from netwatch.monitor.cases import Cases, GatePolicy
from netwatch.monitor.fleet import Fleet
from netwatch.monitor.judge import Judge
from netwatch.monitor.pipeline import Pipeline
from netwatch.monitor.records import Blind, InlineRecorder, Moment, OpenTicket, Record, StateChange, Written
from netwatch.monitor.vantage import IsolationCheck
from netwatch.monitor.writer import Writer
from netwatch.observation import SnmpReading

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
TICK_S = 0.5


class HandClock:
    """Moves when told to."""

    def __init__(self) -> None:
        self.mono = 1000.0
        self.offset = NOON - timedelta(seconds=1000.0)

    def now(self) -> datetime:
        """Return the wall clock."""
        return self.offset + timedelta(seconds=self.mono)

    def monotonic(self) -> float:
        """Return the monotonic clock."""
        return self.mono

    def boottime(self) -> float:
        """Return the same: nobody sleeps here."""
        return self.mono


class Seat:
    """The monitor's own port."""

    def __init__(self) -> None:
        self.plugged: bool | None = True

    def carrier(self) -> bool | None:
        """Say what was set."""
        return self.plugged

    def aim(self, address: str) -> None:
        """Stay in the same seat."""


@dataclass(eq=False)
class Target:
    """A probe engine's handle."""

    device: str
    owner: Any
    address: str = "192.0.2.1"


class Air:
    """Takes echoes; `silent` devices do not answer, `unroutable` ones cannot even be asked."""

    def __init__(self) -> None:
        self.silent: set[str] = set()
        self.unroutable: set[str] = set()
        self.sent: list[tuple[str, bool]] = []
        self.out: list[tuple[Target, bool]] = []

    def send_many(self, targets: Iterable[Target], *, scheduled: bool) -> None:
        """Note what is sent; the desk delivers."""
        for target in targets:
            self.sent.append((target.device, scheduled))
            self.out.append((target, scheduled))


class Desk:
    """The pipeline and what it has written."""

    def __init__(
        self,
        inventory: Inventory,
        *,
        policy: Policy | None = None,
        gate: GatePolicy | None = None,
        writer: Writer | None = None,
        boot: str = "desk",
    ) -> None:
        self.clock = HandClock()
        self.writer = writer  # a real one, into a real database; without it every record is taken
        self.refusals: list[str] = []
        self.seat = Seat()
        self.air = Air()
        self.records: list[Record] = []
        self.refuse: str | None = None  # why no ticket can be opened now
        policy = policy or Policy()
        self.fleet = Fleet(Graph.of(inventory), policy.interval)
        self.cases = Cases(self.fleet, gate or GatePolicy())
        recorder = InlineRecorder(self._write)
        isolation = IsolationCheck(self.seat)
        self.judge = Judge(
            fleet=self.fleet, cases=self.cases, recorder=recorder, isolation=isolation, clock=self.clock, boot=boot
        )
        self.pipeline = Pipeline(
            fleet=self.fleet,
            cases=self.cases,
            judge=self.judge,
            recorder=recorder,
            clock=self.clock,
            isolation=isolation,
            policy=policy,
            random=Random(1),
        )
        self.pipeline.connect(self.air)
        for watch in self.fleet:
            watch.target = Target(watch.device, watch)
        self._late: list[tuple[float, Target, float, bool]] = []

    def _write(self, record: Record) -> Written:
        self.records.append(record)
        if self.writer is not None:
            try:
                return self.writer(record)
            except Exception as error:  # noqa: BLE001  # as the recorder of the daemon does
                self.refusals.append(f"{type(error).__name__}: {error}")
                return Written(record, error=str(error), stored=self.writer.stored(record))
        if isinstance(record, OpenTicket):
            if self.refuse is not None:
                return Written(record, error=self.refuse)
            return Written(record, ticket=f"T-{sum(isinstance(one, OpenTicket) for one in self.records)}")
        return Written(record)

    @property
    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return self.clock.mono

    def run(self, seconds: float) -> None:
        """Let time pass: echoes leave, come back at once or are lost a second later."""
        end = self.clock.mono + seconds
        while self.clock.mono < end - 1e-9:
            self.clock.mono += TICK_S
            while self._late and self._late[0][0] <= self.now:
                _, target, sent_at, scheduled = self._late.pop(0)
                self.pipeline.lost(target, sent_at, None, scheduled)
            self.pipeline.tick(self.now)
            out, self.air.out = self.air.out, []
            for target, scheduled in out:
                if target.device in self.air.unroutable:
                    self.pipeline.not_probed(target, self.now, "enetunreach")
                elif target.device in self.air.silent:
                    self._late.append((self.now + 1.0, target, self.now, scheduled))
                else:
                    self.pipeline.answered(target, self.now, 0.001, scheduled)

    def read(self, device: str, *, answered: bool) -> None:
        """Deliver one SNMP reading."""
        self.pipeline.read(SnmpReading(device, self.now, answered=answered))

    def written(self, kind: type[Any]) -> list[Any]:
        """Return the records of one kind."""
        return [record for record in self.records if isinstance(record, kind)]

    def tickets(self) -> list[OpenTicket]:
        """Return what was asked for."""
        return self.written(OpenTicket)

    def blinds(self) -> list[Blind]:
        """Return the gaps that were recorded."""
        return self.written(Blind)

    def states(self, device: str) -> list[str]:
        """Return the states people saw of a device, in order."""
        moments: list[Moment] = self.written(Moment)
        moved: list[StateChange] = [state for moment in moments for state in moment.states if state.device == device]
        return [state.after.value for state in moved]

    def verbs(self) -> list[str]:
        """Return what happened to incidents, in order."""
        return [change.verb for moment in self.written(Moment) for change in moment.changes]

    def incident(self) -> Incident:
        """Return the one open incident."""
        (incident,) = self.cases.open()
        return incident


def city(*offices: str, **changes: Any) -> Inventory:
    """Return a core, a distribution router `dist` and a router and a switch per office; `changes`: fields of devices by id."""
    sites = {"dc": Site("dc", "Data Center", SiteKind.DATA_CENTER)}
    devices = {
        "core": Device("core", "dc", Role.CORE, "192.0.2.1"),
        "dist": Device("dist", "dc", Role.DISTRIBUTION, "192.0.2.2", (Uplink("core/dist", "dist", "core"),)),
    }
    for number, office in enumerate(offices, 10):
        router, switch = f"{office}-rtr", f"{office}-sw"
        sites[office] = Site(office, f"Kantor {office}", SiteKind.OFFICE)
        devices[router] = Device(
            router, office, Role.ROUTER, f"192.0.2.{number}", (Uplink(f"dist/{router}", router, "dist", port=f"ge{number}"),)
        )
        devices[switch] = Device(
            switch, office, Role.SWITCH, f"198.51.100.{number}", (Uplink(f"{router}/{switch}", switch, router),)
        )
    return Inventory("core", sites, devices, {}, **changes)


OFFICES = tuple(f"kel{number}" for number in range(1, 9))
