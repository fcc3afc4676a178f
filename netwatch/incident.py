"""The life of one fault: opens, grows, heals, comes back (DIAGNOSIS 3.6). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from netwatch.diagnose.cause import Cause


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
