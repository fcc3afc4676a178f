"""What an incident is, and the verbs of its life: the values that `reconcile` takes and returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from netwatch.diagnose.cause import Cause, Evidence


class IncidentState(StrEnum):
    """An incident is open while its locus is silent; people close tickets, the network closes incidents."""

    OPEN = "open"
    RECOVERED = "recovered"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Outage:
    """One device's part in an incident."""

    since: datetime
    until: datetime | None = None
    state: str = "down"  # down | unreachable


@dataclass(frozen=True, slots=True)
class Incident:
    """One fault over time, keyed by its locus. `key` is its permanent name, given at opening (sorted locus + opening time)."""

    key: str
    locus: frozenset[str]
    cause: Cause
    state: IncidentState
    began_at: datetime  # first lost echo of the locus
    ended_at: datetime | None = None  # first answer of the last device of the locus to return
    affected: Mapping[str, Outage] = field(default_factory=dict)
    split_from: str | None = None  # key
    follows: str | None = None  # key of an earlier incident of the same place
    merged_into: str | None = None
    reopened: int = 0
    id: int | None = None  # the database's number, once stored
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class OutageView:
    """What an incident needs to know of one device now. Neither silent nor answered: pending, nothing is concluded from it.

    Views are wanted for every silent device and for every device of a known incident; a device of an incident without a view is
    no longer watched and leaves.
    """

    certain: bool  # silent by rule 1.2 and free to be judged: no maintenance window, no boot grace, no look still awaited
    silent: bool  # not to be called healed: certain or not yet, or flapping
    since: datetime | None = None  # first lost echo of the present outage
    answered_at: datetime | None = None  # first answer of the present service
    hidden_by: str | None = None  # the entry device that explains its silence


@dataclass(frozen=True, slots=True)
class IncidentPolicy:
    """Seconds (netwatch.yaml tickets.reopen_within; DIAGNOSIS 2.2 and 3.2 for the others)."""

    reopen_within: float = 1800.0
    boot_grace: float = 180.0  # after the locus has healed, before a silent victim is a fault of its own
    onset_skew: float = 120.0  # devices that fell silent within this time of each other may share one cause


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to one incident: its new value, and the reason as a code with values."""

    incident: Incident
    reason: Evidence
    verb: ClassVar[str] = "changed"


class Opened(Change):
    """A fault at a place where none was open or fresh."""

    __slots__ = ()
    verb = "opened"


class CauseChanged(Change):
    """The same place, another cause; the reason names the old one."""

    __slots__ = ()
    verb = "cause_changed"


class Joined(Change):
    """Devices fell silent and belong to this fault."""

    __slots__ = ()
    verb = "joined"


class Left(Change):
    """Devices answer again, are no longer watched, or belong to another fault now."""

    __slots__ = ()
    verb = "left"


class Recovered(Change):
    """All devices of the locus answer again."""

    __slots__ = ()
    verb = "recovered"


class Reopened(Change):
    """The same place again within the time that counts as the same fault."""

    __slots__ = ()
    verb = "reopened"


class Split(Change):
    """The place healed, a victim stayed silent: its own fault, linked by `split_from`."""

    __slots__ = ()
    verb = "split"


class Merged(Change):
    """Two incidents turned out to be one; this one ends and names the other in `merged_into`."""

    __slots__ = ()
    verb = "merged"
