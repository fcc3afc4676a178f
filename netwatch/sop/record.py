"""What a ticket is made of. Frozen values; `replay.apply` is the only thing that makes a new one from an old one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

SYSTEM = "system"
"""The performer of what the daemon does by itself; never a signatory."""


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
    revision: int  # 0: netwatch's draft; recorded ones count from 1. `perform` and `attach` give the number
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
    due_at: datetime | None  # None: no limit (done), or outside the calendar's range
    left_at: datetime | None = None
    action: str | None = None  # the action that left it
    performed_by: str | None = None
    record: Mapping[str, Any] = field(default_factory=dict)  # field name -> JSON value
    papers_before: int = 0  # how many documents the ticket had when this visit began: later ones belong to it


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
    proposal: Mapping[str, Any] = field(
        default_factory=dict
    )  # the cause netwatch proposes; as INTERFACES "cause", numbers as text
    documents: tuple[Document, ...] = ()
    hold: Hold | None = None
    holds: tuple[Hold, ...] = ()  # ended ones
    flags: Mapping[str, Any] = field(
        default_factory=dict
    )  # previous_ticket, repeated, short_outage, late, merged_into, emergency_action, touched, ...
    closed_at: datetime | None = None
    version: int = 0  # the number of entries behind it: grows by one with every change

    @property
    def step(self) -> StepVisit:
        """Return the present step (of a closed ticket: the last one)."""
        return self.visits[-1]

    @property
    def is_open(self) -> bool:
        """Say whether the ticket still waits for somebody."""
        return self.state is TicketState.OPEN

    def recorded(self, name: str) -> Any:
        """Return the latest value recorded for a field in any step, or None."""
        for visit in reversed(self.visits):
            if name in visit.record:
                return visit.record[name]
        return None

    def papers(self, key: str, *, of: StepVisit | None = None) -> tuple[Document, ...]:
        """Return a document's recorded revisions, oldest first; `of` leaves out what came before that visit."""
        first = 0 if of is None else of.papers_before
        return tuple(d for d in self.documents[first:] if d.key == key and d.state == "recorded")
