"""The due time of a step, and the papers' numbers: small rules that opening and performing share. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from netwatch.errors import Reason
from netwatch.sop.procedure import Procedure
from netwatch.sop.record import Document, Ticket
from netwatch.sop.working_time import Calendar, OutsideCalendar


def due_of(procedure: Procedure, calendar: Calendar, step: str, entered: datetime) -> tuple[datetime | None, str | None]:
    """Return the due time of a step entered now, and why there is none.

    Outside the holiday calendar no deadline is computed: the ticket goes on without one and says so (flag `deadline_unknown`),
    because a calendar that ended must not stop the work on an outage.
    """
    kind = procedure.steps.get(step)
    if kind is None or kind.days is None:
        return None, None
    try:
        return calendar.due(entered, kind.days), None
    except OutsideCalendar as error:
        return None, str(error)


def numbered(ticket: Ticket | None, documents: Sequence[Document], *, at: datetime, by: str) -> tuple[Document, ...]:
    """Give newly handed-in documents their revision, time and hand."""
    given: list[Document] = []
    for document in documents:
        earlier = [*(ticket.documents if ticket is not None else ()), *given]
        revision = 1 + max((d.revision for d in earlier if d.key == document.key), default=0)
        made = replace(document, revision=revision, state="recorded", attached_at=at.astimezone(UTC), attached_by=by)
        given.append(made)
    return tuple(given)


def document_faults(procedure: Procedure, ticket: Ticket | None, documents: Iterable[Document]) -> list[Reason]:
    """Return why documents cannot be handed in now: unknown key, or a paper of a later step."""
    faults: list[Reason] = []
    here = 1 if ticket is None else procedure.steps[ticket.step.key].number
    for document in documents:
        kind = procedure.documents.get(document.key)
        if kind is None:
            known = ", ".join(procedure.documents)
            faults.append(
                Reason(
                    "unknown_document",
                    f"dokumen '{document.key}' tidak dikenal; yang ada: {known}",
                    f"document '{document.key}' is not known; there are: {known}",
                )
            )
        elif procedure.steps[kind.first_at].number > here:
            faults.append(
                Reason(
                    "document_too_early",
                    f"{document.key} ({kind.label}) baru ada mulai langkah {procedure.steps[kind.first_at].number}",
                    f"{document.key} comes into being in step {procedure.steps[kind.first_at].number}, not before",
                )
            )
    return faults
