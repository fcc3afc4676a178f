"""What happened, in order: lines for people and programs, and one hash over all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from netwatch.detect.state import State
from netwatch.monitor.records import Blind, ClockStep, Moment, OpenTicket, Record, Written


class Timeline:
    """Collects events with their time in seconds from the start."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def note(self, at: float, event: str, **details: Any) -> None:
        """Add one line."""
        self.events.append({"at": round(at, 3), "event": event, **details})

    def take(self, at: float, record: Record, written: Written) -> None:
        """Add what a record of the pipeline says, once it is written."""
        if written.error is not None:
            self.note(at, "not_written", record=type(record).__name__, reason=written.error)
        elif isinstance(record, Moment):
            for change in record.states:
                if State.UNKNOWN is change.before and change.after is State.UP:
                    continue  # the first answer of everybody after a start tells nobody anything
                extra = {} if change.explained_by is None else {"behind": change.explained_by}
                self.note(
                    at, f"device_{change.after}", device=change.device, before=str(change.before), reason=change.reason, **extra
                )
            for step in record.changes:
                incident = step.incident
                self.note(
                    at,
                    f"incident_{step.verb}",
                    incident=incident.key,
                    kind=str(incident.cause.kind),
                    element=incident.cause.element,
                    side=str(incident.cause.side),
                    locus=sorted(incident.locus),
                    affected=len(incident.affected),
                    reason=step.reason.code,
                )
        elif isinstance(record, OpenTicket):
            self.note(at, "ticket_opened", ticket=written.ticket, incident=record.incident)
        elif isinstance(record, Blind):
            self.note(at, "blind" if record.until is None else "blind_ended", reason=record.reason)
        elif isinstance(record, ClockStep):
            self.note(at, "clock_stepped", seconds=round(record.seconds, 3))

    def digest(self, *more: Mapping[str, Any]) -> str:
        """Return a SHA-256 over the timeline and whatever else must be equal."""
        text = json.dumps([self.events, *more], sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()
