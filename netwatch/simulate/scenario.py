"""A scenario file: what breaks when, and what people and the machine do meanwhile (INTERFACES "Simulate").

Read strictly: every unknown key, wrong type, element that the inventory does not have is reported at once as `file:line:column`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from netwatch.errors import Fault as FileFault
from netwatch.errors import InvalidFile
from netwatch.inventory.document import load_inventory
from netwatch.inventory.model import GroupKind, Inventory
from netwatch.simulate.faults import Fault, FaultKind, links_of
from netwatch.strict_yaml import Document, Loc, Model, Moment, Number, Seconds, Whole, check, load_yaml, suggestion

AT_START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # a Tuesday, 08.00 WIB
FAULT_KEYS = ("device", "link", "power", "cable", "provider", "port", "snmp", "icmp", "loss", "flap", "monitor")
EVENT_KEYS = ("fail", "repair", "crash", "clock", "suspend", "stall", "reload", "maintenance")


class NoiseSpec(Model):
    """What goes wrong without a fault: independent loss, and blackouts of single devices."""

    loss: Number = Field(0.0, ge=0, lt=1)
    bursts_per_day: Number = Field(0.0, ge=0, le=10_000)
    burst_seconds: Number = Field(20.0, gt=0, le=86_400)


class PortSpec(Model):
    """A port that is shut."""

    device: str
    port: str
    how: Literal["admin_down", "err_disabled"] = "admin_down"


class LossSpec(Model):
    """A link that loses a share of the echoes."""

    link: str
    ratio: Number = Field(gt=0, le=1)


class FlapSpec(Model):
    """A link that goes down `count` times, each time for half a period."""

    link: str
    period: Seconds
    count: Whole = Field(gt=0, le=10_000)


class FaultSpec(Model):
    """One thing that fails or is repaired. Exactly one of the kinds is given."""

    device: str | None = None
    link: str | None = None
    power: str | None = None  # a site or a power risk group
    cable: str | None = None
    provider: str | None = None
    port: PortSpec | None = None
    snmp: str | None = None
    icmp: str | None = None
    loss: LossSpec | None = None
    flap: FlapSpec | None = None
    monitor: Literal["carrier", "route"] | None = None
    how: Literal["power", "hang"] | None = None  # of a device
    duration: Seconds | None = Field(None, alias="for")

    @model_validator(mode="before")
    @classmethod
    def _bare_monitor(cls, value: Any) -> Any:
        """Let `fail: monitor` stand for the loss of the carrier."""
        return {"monitor": "carrier"} if value == "monitor" else value

    @model_validator(mode="after")
    def _one_kind(self) -> FaultSpec:
        given = [key for key in FAULT_KEYS if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"name exactly one of {', '.join(FAULT_KEYS)}" + (f", not {' and '.join(given)}" if given else ""))
        if self.how is not None and self.device is None:
            raise ValueError("how: power or hang belongs to a device")
        if self.flap is not None and self.duration is not None:
            raise ValueError("a flap lasts period x count seconds; `for` does not belong to it")
        return self

    @property
    def key(self) -> str:
        """Return the kind that is given, as written."""
        return next(key for key in FAULT_KEYS if getattr(self, key) is not None)

    def fault(self) -> Fault:
        """Return the fault; a flap is the link fault it consists of."""
        if self.port is not None:
            return Fault(FaultKind.PORT, f"{self.port.device}:{self.port.port}", how=self.port.how)
        if self.loss is not None:
            return Fault(FaultKind.LOSS, self.loss.link, ratio=self.loss.ratio)
        if self.flap is not None:
            return Fault(FaultKind.LINK, self.flap.link)
        if self.monitor is not None:
            return Fault(FaultKind.MONITOR, "uplink", how=self.monitor)
        return Fault(FaultKind(self.key), getattr(self, self.key), how=(self.how or "power") if self.device else "")


class PauseSpec(Model):
    """The monitoring machine sleeps (suspend) or its process is stopped (stall) for so many seconds."""

    duration: Seconds = Field(alias="for")


class ClockSpec(Model):
    """The wall clock of the monitoring machine is stepped by so many seconds."""

    step: Number


class MaintenanceSpec(Model):
    """Somebody announces work: a window from now on."""

    sites: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    duration: Seconds = Field(alias="for")
    reason: str = Field("Pemeliharaan terjadwal", min_length=1)


class Event(Model):
    """One thing that happens. Exactly one of the kinds is given; `at` counts seconds from the start."""

    at: Number = Field(ge=0)
    fail: FaultSpec | None = None
    repair: FaultSpec | None = None
    crash: Literal["daemon"] | None = None
    clock: ClockSpec | None = None
    suspend: PauseSpec | None = None
    stall: PauseSpec | None = None
    reload: str | None = None  # an inventory file, relative to the scenario
    maintenance: MaintenanceSpec | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Event:
        given = [key for key in EVENT_KEYS if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"name exactly one of {', '.join(EVENT_KEYS)}" + (f", not {' and '.join(given)}" if given else ""))
        if self.repair is not None and (self.repair.duration is not None or self.repair.flap is not None):
            raise ValueError("a repair names what was broken; it has no `for`, and a flap ends by itself")
        return self


class ActSpec(Model):
    """One act of a simulated person, in the words of `netwatch ticket do`."""

    at: Number = Field(ge=0)
    action: str
    by: str | None = None  # a person of people.yaml; else the first who may
    ticket: str | None = None  # else the oldest open one
    fields: Mapping[str, str] = {}


class PeopleSpec(Model):
    """Simulated people: they follow the procedure by themselves, or do what is listed."""

    auto: Literal["repair", "replace"] | None = None  # what they choose at step 7
    delay: Seconds = 600.0  # seconds a person takes for one step
    acts: tuple[ActSpec, ...] = ()


class Scenario(Model):
    """A story of a city, ready to be run."""

    inventory: str
    seed: Whole = 0
    duration: Seconds = Field(le=400 * 86_400)
    noise: NoiseSpec = NoiseSpec()
    start: Moment = AT_START
    events: tuple[Event, ...] = ()
    people: PeopleSpec = PeopleSpec()
    detection: Mapping[str, Number] = {}  # overrides of netwatch.yaml's section
    tickets: Mapping[str, Number] = {}

    @field_validator("people", mode="before")
    @classmethod
    def _people(cls, value: Any) -> Any:
        """Let `people: auto` and a bare list of acts stand for themselves."""
        if value == "auto":
            return {"auto": "repair"}
        return {"acts": value} if isinstance(value, list) else value

    def faults(self) -> Iterator[tuple[float, bool, Fault]]:
        """Yield (seconds, begins, fault) of every failure and repair, `for` and `flap` written out."""
        for event in self.events:
            if event.repair is not None:
                yield event.at, False, event.repair.fault()
            if event.fail is None:
                continue
            fault = event.fail.fault()
            if event.fail.flap is not None:
                period = event.fail.flap.period
                for turn in range(event.fail.flap.count):
                    yield event.at + turn * period, True, fault
                    yield event.at + (turn + 0.5) * period, False, fault
                continue
            yield event.at, True, fault
            if event.fail.duration is not None:
                yield event.at + event.fail.duration, False, fault


def load_scenario(path: Path) -> tuple[Scenario, Inventory]:
    """Read a scenario and its inventory. Raises InvalidFile with every fault of both, elements that do not exist included."""
    document = load_yaml(path)
    scenario, faults = check(document, Scenario)
    if scenario is None:
        raise InvalidFile(faults)
    inventory = load_inventory(path.parent / scenario.inventory)
    faults = list(_strangers(document, scenario, inventory))
    if faults:
        raise InvalidFile(faults)
    return scenario, inventory


def _strangers(document: Document, scenario: Scenario, inventory: Inventory) -> Iterator[FileFault]:
    """Yield a fault for every element of an event that the inventory does not have."""
    groups = {kind: {g.id for g in inventory.risk_groups.values() if g.kind is kind} for kind in GroupKind}
    known: dict[str, set[str]] = {
        "device": set(inventory.devices),
        "snmp": set(inventory.devices),
        "icmp": set(inventory.devices),
        "link": set(links_of(inventory)),
        "power": groups[GroupKind.POWER] | set(inventory.sites),
        "cable": groups[GroupKind.CABLE],
        "provider": groups[GroupKind.PROVIDER],
        "site": set(inventory.sites),
    }
    if any(event.reload for event in scenario.events):
        return  # elements may come with another inventory; what does not exist then simply does not fail
    for loc, kind, name in _elements(scenario):
        if name not in known[kind]:
            yield document.fault(loc, f"no such {kind} in the inventory: '{name}'{suggestion(name, known[kind])}")


def _elements(scenario: Scenario) -> Iterator[tuple[Loc, str, str]]:
    """Yield (place in the file, kind, name) of everything the events name."""
    for index, event in enumerate(scenario.events):
        for verb in ("fail", "repair"):
            spec: FaultSpec | None = getattr(event, verb)
            if spec is not None and spec.monitor is None:
                loc, kind, name = _named(spec)
                yield ("events", index, verb, *loc), kind, name
        if event.maintenance is not None:
            for place, name in enumerate(event.maintenance.sites):
                yield ("events", index, "maintenance", "sites", place), "site", name
            for place, name in enumerate(event.maintenance.devices):
                yield ("events", index, "maintenance", "devices", place), "device", name


def _named(spec: FaultSpec) -> tuple[tuple[str, ...], str, str]:
    """Return where the element is written, what it should be, and its name."""
    if spec.port is not None:
        return ("port", "device"), "device", spec.port.device
    if spec.loss is not None:
        return ("loss", "link"), "link", spec.loss.link
    if spec.flap is not None:
        return ("flap", "link"), "link", spec.flap.link
    return (spec.key,), spec.key, str(getattr(spec, spec.key))
