"""A ticket and the one way to change it: `perform` (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class TicketState(StrEnum):
    """Open, or one of the procedure's final states."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"
    MERGED = "merged"
    TRANSFERRED = "transferred"


@dataclass(frozen=True, slots=True)
class Document:
    """A paper of the ticket. Revisions are added, never overwritten; the file is stored under its SHA-256."""

    key: str  # a key of sop.yaml documents
    revision: int
    state: str  # draft | recorded
    sha256: str | None
    size: int | None
    media_type: str | None
    name: str | None  # the name it was handed in with
    attached_at: datetime
    attached_by: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Ditahan: a flag, not a state."""

    reason: str  # a key of sop.yaml hold.reasons
    since: datetime
    expected_end: datetime
    by: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class StepVisit:
    """One entry into one step, with what was recorded in it."""

    key: str
    attempt: int
    entered_at: datetime
    due_at: datetime | None
    left_at: datetime | None = None
    action: str | None = None  # the action that left it
    performed_by: str | None = None
    record: Mapping[str, Any] = field(default_factory=dict)  # field name -> JSON value


@dataclass(frozen=True, slots=True)
class Ticket:
    """One case in the procedure (tiket). The last visit is the present step."""

    id: str  # NW-2026-000001
    origin: str  # automatic | letter | phone | public_channel
    state: TicketState
    procedure_revision: str
    calendar_version: str
    site: str
    opd: str | None
    opened_at: datetime
    visits: tuple[StepVisit, ...]
    affected: Mapping[str, Any] = field(default_factory=dict)  # device -> {"state": ..., "since": ...}
    affected_opds: tuple[str, ...] = ()
    incident: int | None = None
    proposal: Mapping[str, Any] = field(default_factory=dict)  # the cause netwatch proposes, as in INTERFACES "cause"
    documents: tuple[Document, ...] = ()
    hold: Hold | None = None
    holds: tuple[Hold, ...] = ()  # ended ones
    flags: Mapping[str, Any] = field(
        default_factory=dict
    )  # previous_ticket, repeated, short_outage, late, merged_into, emergency_action, ...
    closed_at: datetime | None = None
    version: int = 0  # grows by one with every change

    @property
    def step(self) -> StepVisit:
        """Return the present step."""
        return self.visits[-1]
