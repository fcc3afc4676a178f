"""Step 1: a ticket comes into being, from the daemon or from a letter, a call, a public channel. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from netwatch.errors import Reason, Refused
from netwatch.sop.act import Performed
from netwatch.sop.deadline import document_faults, due_of, numbered
from netwatch.sop.entry import Entry, exact, time_text
from netwatch.sop.procedure import Procedure
from netwatch.sop.record import SYSTEM, Document
from netwatch.sop.replay import apply
from netwatch.sop.working_time import Calendar, OutsideCalendar


def open_ticket(
    procedure: Procedure,
    calendar: Calendar,
    *,
    id: str,  # noqa: A002
    origin: str,
    site: str,
    opd: str | None,
    symptom: str,
    occurred_at: datetime,
    now: datetime,
    affected: Mapping[str, Any] | None = None,
    affected_opds: Sequence[str] = (),
    proposal: Mapping[str, Any] | None = None,
    incident: int | None = None,
    fields: Mapping[str, Any] | None = None,
    documents: Sequence[Document] = (),
    performed_by: str | None = None,
    recorded_by: str = SYSTEM,
    channel: str | None = None,
    previous_ticket: str | None = None,
    request_id: str | None = None,
) -> Performed:
    """Open a ticket in step 1 and draft its disposition sheet.

    `opd` None: the place belongs to the agency itself (G13). `affected`: device -> {"state", "since"}; `proposal`: the cause as
    in INTERFACES (numbers are kept as text). `fields`: more of step 1's record (reporter_name, letter_number, ...).
    `previous_ticket`: the last closed ticket of the place within the repeat window (see `is_repeat`, G9). Raises Refused for an
    unknown origin, field or document.
    """
    faults = document_faults(procedure, None, documents)
    if origin not in procedure.origins:
        known = ", ".join(procedure.origins)
        faults.append(
            Reason("unknown_origin", f"asal '{origin}' tidak dikenal: {known}", f"origin '{origin}' is none of {known}")
        )
    record = procedure.steps[procedure.first_step].record
    faults += [
        Reason("field_not_taken", f"langkah 1 tidak mencatat '{name}'", f"step 1 does not record '{name}'")
        for name in fields or ()
        if name not in record
    ]
    if faults:
        raise Refused(faults)
    now = now.astimezone(UTC)
    measured = exact(affected or {})
    by = performed_by or recorded_by
    recorded = {
        "reported_at": time_text(now),
        **(fields or {}),
        "ticket_number": id,
        "origin": origin,
        "opd": opd if opd is not None else procedure.sop.agency,
        "site": site,
        "occurred_at": time_text(occurred_at),
        "symptom": symptom.strip() or None,
        "affected_devices": sorted(measured) or None,
        "detection_evidence": [f"{device}: {part.get('state')} {part.get('since')}" for device, part in sorted(measured.items())]
        or None,
    }
    flags: dict[str, Any] = {}
    if origin != "automatic" or by != SYSTEM:
        flags["touched"] = True
    if previous_ticket is not None:
        flags |= {"previous_ticket": previous_ticket, "repeated": True}
    due_at, unknown = due_of(procedure, calendar, procedure.first_step, now)
    if unknown is not None:
        flags["deadline_unknown"] = unknown
    draft = Document("disposition_sheet", 0, "draft", None, None, None, None, now, SYSTEM)
    entry = Entry(
        kind="ticket_opened",
        ticket=id,
        incident=incident,
        step=None,
        to=procedure.first_step,
        action="open",
        performed_by=by,
        performed_at=now,
        recorded_by=recorded_by,
        recorded_at=now,
        channel=channel or ("system" if by == SYSTEM else "cli"),
        fields=exact({name: value for name, value in recorded.items() if value is not None}),
        documents=(draft, *numbered(None, documents, at=now, by=recorded_by)),
        due_at=due_at,
        procedure_revision=procedure.revision,
        calendar_version=calendar.version,
        changes={
            "origin": origin,
            "site": site,
            "opd": opd,
            "affected": measured,
            "affected_opds": list(dict.fromkeys(affected_opds)),
            "proposal": exact(proposal or {}),
            "flags": flags,
        },
        request_id=request_id,
    )
    return Performed(apply(None, entry), entry)


def is_repeat(procedure: Procedure, calendar: Calendar, closed_at: datetime, now: datetime) -> bool:
    """Say whether a fault at the same place follows within the window of an earlier ticket's end (repeat_working_days, G9)."""
    window = procedure.parameters[procedure.reopening.window_parameter].value
    try:
        return calendar.whole_days_between(closed_at, now) <= window
    except OutsideCalendar:
        return False
