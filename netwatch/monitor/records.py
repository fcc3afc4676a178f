"""What the pipeline decided and wants written: each value is one transaction of `monitor.writer`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from netwatch.detect.state import State
from netwatch.incident import Change, Incident
from netwatch.inventory.model import Window

EVIDENT = frozenset({"opened", "cause_changed", "split", "reopened", "merged"})  # verbs whose snapshot is kept


@dataclass(frozen=True, slots=True)
class StateChange:
    """One device's state as people see it, from now on."""

    device: str
    before: State
    after: State
    since: datetime
    reason: str
    explained_by: str | None = None
    loss_ratio: float = 0.0


@dataclass(frozen=True, slots=True)
class Moment:
    """State changes and incident changes that one judgement brought: they are written together or not at all."""

    tx: str
    at: datetime
    states: tuple[StateChange, ...] = ()
    changes: tuple[Change, ...] = ()
    evidence: Mapping[str, Any] | None = None  # the frozen snapshot, where an incident opens or changes its cause
    before: Mapping[str, Incident] = field(default_factory=dict)  # by key: the changed incidents as they were; absent: new ones


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """The gate has passed: the incident with this key gets its ticket."""

    tx: str
    at: datetime
    incident: str


@dataclass(frozen=True, slots=True)
class AfterRecovery:
    """A recovered incident was judged once more, with the restarts known: `body` says what came of it."""

    tx: str
    at: datetime
    incident: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Blind:
    """Nothing was measured from `since` to `until` (None: still blind): never anybody's downtime."""

    tx: str
    at: datetime
    since: datetime
    until: datetime | None
    reason: str  # isolated | stopped | paused | suspended


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The wall clock jumped by this many seconds against the monotonic one."""

    tx: str
    at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Beat:
    """The monitor is alive and has finished a round."""

    tx: str
    at: datetime
    isolated: bool
    tickets: tuple[str, ...] = ()  # of known incidents: which of them have ended?


@dataclass(frozen=True, slots=True)
class Sweep:
    """Once a minute: deadlines, reminders, self-recovered tickets."""

    tx: str
    at: datetime


Record = Moment | OpenTicket | AfterRecovery | Blind | ClockStep | Beat | Sweep


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database holds, read after it refused a `Moment`: the next decision starts from this."""

    incidents: tuple[Incident, ...]
    ended: frozenset[str]  # tickets of those incidents that people have ended


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a record. `ticket` is set after `OpenTicket`; `error` when it was refused, `stored` what stands instead."""

    record: Record
    ticket: str | None = None
    windows: tuple[Window, ...] | None = None  # after `Beat`: the maintenance windows people have added
    ended: frozenset[str] | None = None  # after `Beat`: those of its tickets that are no longer open
    error: str | None = None
    stored: Stored | None = None


class Recorder(Protocol):
    """Takes records in order and writes each once; the pipeline never waits for it."""

    def submit(self, record: Record) -> None:
        """Queue one record."""

    def collect(self) -> list[Written]:
        """Return what has been written since the last call."""


Write = Callable[[Record], Written]


class InlineRecorder:
    """Writes at once, in the caller's thread: the simulator and the tests."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._written: list[Written] = []

    def submit(self, record: Record) -> None:
        """Write one record now."""
        self._written.append(self._write(record))

    def collect(self) -> list[Written]:
        """Return what has been written since the last call."""
        written, self._written = self._written, []
        return written
