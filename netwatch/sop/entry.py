"""One line of a ticket's history: everything the journal keeps of one change, as JSON values only. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from netwatch.sop.record import Document, Hold


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of one ticket, complete: `replay.apply` needs nothing else (RELIABILITY 8, invariant I2)."""

    kind: str  # ticket_opened | ticket_act | ticket_held | ticket_resumed | ticket_documents | ticket_note
    ticket: str
    incident: int | None
    step: str | None  # the step in which it was done; None for the opening
    to: str | None  # the step or final state it leads to; None: it stays
    action: str  # an action of the procedure, or the name of the note
    performed_by: str  # a person's id, or "system"
    performed_at: datetime
    recorded_by: str  # a person's id, or the account that typed
    recorded_at: datetime
    channel: str  # a key of sop.yaml recording.channels, or "system"
    fields: Mapping[str, Any]
    documents: tuple[Document, ...]
    due_at: datetime | None
    procedure_revision: str
    calendar_version: str
    changes: Mapping[str, Any] = field(
        default_factory=dict
    )  # what else changes: incident, affected, affected_opds, flags, opening values
    hold: Hold | None = None
    request_id: str | None = None

    def to_body(self) -> dict[str, Any]:
        """Return the ticket part of the journal body: strings, whole numbers, booleans, null, lists and objects. No floats."""
        return {
            "kind": self.kind,
            "ticket": self.ticket,
            "incident": self.incident,
            "step": self.step,
            "to": self.to,
            "action": self.action,
            "performed_by": self.performed_by,
            "performed_at": time_text(self.performed_at),
            "recorded_by": self.recorded_by,
            "recorded_at": time_text(self.recorded_at),
            "channel": self.channel,
            "fields": exact(self.fields),
            "documents": [document_body(document) for document in self.documents],
            "due_at": maybe_text(self.due_at),
            "procedure_revision": self.procedure_revision,
            "calendar_version": self.calendar_version,
            "changes": exact(self.changes),
            "hold": None if self.hold is None else hold_body(self.hold),
            "request_id": self.request_id,
        }

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Entry:
        """Read the ticket part of a journal body back. Other keys of the body (chain, seq, tx, ...) are left alone."""
        return cls(
            kind=body["kind"],
            ticket=body["ticket"],
            incident=body["incident"],
            step=body["step"],
            to=body["to"],
            action=body["action"],
            performed_by=body["performed_by"],
            performed_at=time_of(body["performed_at"]),
            recorded_by=body["recorded_by"],
            recorded_at=time_of(body["recorded_at"]),
            channel=body["channel"],
            fields=dict(body["fields"]),
            documents=tuple(document_of(document) for document in body["documents"]),
            due_at=maybe_time(body["due_at"]),
            procedure_revision=body["procedure_revision"],
            calendar_version=body["calendar_version"],
            changes=dict(body["changes"]),
            hold=None if body["hold"] is None else hold_of(body["hold"]),
            request_id=body["request_id"],
        )


def time_text(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC with six digits: one text for one moment, so that hashes agree."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def time_of(text: str) -> datetime:
    """Read what `time_text` wrote (and any other RFC 3339 text)."""
    return datetime.fromisoformat(text).astimezone(UTC)


def maybe_text(moment: datetime | None) -> str | None:
    """Write a moment that may be missing."""
    return None if moment is None else time_text(moment)


def maybe_time(text: str | None) -> datetime | None:
    """Read a moment that may be missing."""
    return None if text is None else time_of(text)


def exact(value: Any) -> Any:
    """Turn a value into JSON whose hash cannot depend on a printer: floats and moments become text, tuples lists."""
    match value:
        case Mapping():
            return {str(key): exact(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            items = [exact(item) for item in value]
            return sorted(items) if isinstance(value, (set, frozenset)) else items
        case float():
            return repr(value)
        case datetime():
            return time_text(value)
        case None | bool() | int() | str():
            return value
    raise TypeError(f"not a value for the journal: {value!r}")


def document_body(document: Document) -> dict[str, Any]:
    """Write one document of an entry."""
    return {
        "key": document.key,
        "revision": document.revision,
        "state": document.state,
        "sha256": document.sha256,
        "size": document.size,
        "media_type": document.media_type,
        "name": document.name,
        "attached_at": time_text(document.attached_at),
        "attached_by": document.attached_by,
    }


def document_of(body: Mapping[str, Any]) -> Document:
    """Read one document of an entry."""
    return Document(**{**body, "attached_at": time_of(body["attached_at"])})


def hold_body(hold: Hold) -> dict[str, Any]:
    """Write a hold."""
    return {
        "reason": hold.reason,
        "since": time_text(hold.since),
        "expected_end": time_text(hold.expected_end),
        "by": hold.by,
        "until": maybe_text(hold.until),
    }


def hold_of(body: Mapping[str, Any]) -> Hold:
    """Read a hold."""
    return Hold(
        reason=body["reason"],
        since=time_of(body["since"]),
        expected_end=time_of(body["expected_end"]),
        by=body["by"],
        until=maybe_time(body["until"]),
    )
