"""A report from an office: it joins the open ticket of that place, or opens one (N4: two reports, one event)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from netwatch.casework import messages
from netwatch.casework.acting import PATIENCE_S, Kept, keep
from netwatch.casework.network import context
from netwatch.casework.opening import previous
from netwatch.casework.papers import Paper
from netwatch.casework.saving import save
from netwatch.casework.shown import ticket_json
from netwatch.casework.world import World
from netwatch.errors import Fault, InvalidFile
from netwatch.sop import ticket as procedure
from netwatch.sop.act import Act
from netwatch.sop.entry import time_text
from netwatch.sop.record import SYSTEM, Ticket, TicketState
from netwatch.store import Store, Transaction
from netwatch.store.tickets import TicketFilter

LETTER = "incoming_letter"
HUMAN_ORIGINS = ("letter", "phone", "public_channel")


@dataclass(frozen=True, slots=True)
class Report:
    """What an office said, and who wrote it down."""

    site: str
    symptom: str
    reporter: str
    recorded_by: str
    contact: str | None = None
    letter_number: str | None = None
    origin: str | None = None  # None: letter when there is one, else phone
    occurred_at: datetime | None = None  # None: now
    reported_at: datetime | None = None
    request_id: str | None = None


def report(store: Store, world: World, given: Report, *, papers: Sequence[Paper] = (), uid: int | None = None) -> dict[str, Any]:
    """Register a report and return TICKET. Raises InvalidFile for an unknown place or origin, and the store's errors."""
    _check(world, given)
    kept = keep(
        store,
        papers,
        Act(action="report", performed_by=given.recorded_by, recorded_by=given.recorded_by, request_id=given.request_id),
    )
    asked = {
        "action": "report",
        "site": given.site,
        "symptom": given.symptom,
        "reporter": given.reporter,
        "documents": [[each.document.key, each.document.sha256] for each in kept],
    }

    def work(tx: Transaction) -> dict[str, Any]:
        if given.request_id is not None:
            answered = tx.requests.seen(given.request_id, asked=asked)
            if answered is not None:
                return dict(answered)
        for each in kept:
            tx.attachments.add(each.file, each.media_type)
        known = _open_ticket_of(tx, world, given.site)
        after = open_new(tx, world, given, kept, uid) if known is None else _join(tx, world, known, given, kept, uid=uid)
        answer = ticket_json(tx, world, after, tx.now)
        if given.request_id is not None:
            tx.requests.remember(given.request_id, answer, caller=given.recorded_by, asked=asked)
        return answer

    return store.run(f"report-{uuid.uuid4()}", work, patience_s=PATIENCE_S)


def _check(world: World, given: Report) -> None:
    if given.site not in world.inventory.sites:
        from netwatch.strict_yaml import suggestion

        raise InvalidFile([Fault("site", 0, 0, f"'{given.site}' is not a site{suggestion(given.site, world.inventory.sites)}")])
    if given.origin is not None and given.origin not in HUMAN_ORIGINS:
        raise InvalidFile([Fault("origin", 0, 0, f"expected one of {', '.join(HUMAN_ORIGINS)}")])
    for name in ("symptom", "reporter"):
        if not getattr(given, name).strip():
            raise InvalidFile([Fault(name, 0, 0, "must not be empty")])


def _open_ticket_of(tx: Transaction, world: World, site: str) -> Ticket | None:
    """Return the newest open ticket of a place: its own, else that of a fault elsewhere which cuts it off (G11); or None."""
    tickets = tx.tickets.list(TicketFilter(state=TicketState.OPEN, limit=100_000))
    own = [ticket for ticket in tickets if ticket.site == site]
    devices = set(world.graph.devices_of_site.get(site, ()))
    hit = [
        ticket for ticket in tickets if devices & {device for device, part in ticket.affected.items() if part["state"] != "up"}
    ]
    return next(iter([*own[::-1], *hit[::-1]]), None)


def _fields(given: Report, now: datetime) -> dict[str, Any]:
    fields = {
        "reporter_name": given.reporter,
        "reporter_contact": given.contact,
        "letter_number": given.letter_number,
        "reported_at": time_text(given.reported_at or now),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _join(tx: Transaction, world: World, known: Ticket, given: Report, kept: Sequence[Kept], *, uid: int | None) -> Ticket:
    office = world.inventory.sites[given.site].opd
    offices = dict.fromkeys([*known.affected_opds, *([office] if office else [])])
    noted = procedure.note(
        world.procedure,
        known,
        "report_joined",
        now=tx.now,
        performed_by=given.recorded_by,
        recorded_by=given.recorded_by,
        fields={**_fields(given, tx.now), "symptom": given.symptom},
        documents=tuple(each.document for each in kept),
        changes={"flags": {"touched": True}, "affected_opds": list(offices)},
        request_id=given.request_id,
    )
    ticket = save(tx, world, known, noted, uid=uid)
    messages.decide(
        tx, world, ticket, "report_joined", key=f"report_joined/{ticket.version}", roles=["dc_team"], at=tx.now, more={}
    )
    return ticket


def open_new(tx: Transaction, world: World, given: Report, kept: Sequence[Kept], uid: int | None) -> Ticket:
    """Open a ticket for a report in the caller's transaction, submit it, and return it."""
    site = world.inventory.sites[given.site]
    now = tx.now
    opened = procedure.open_ticket(
        world.procedure,
        world.calendar,
        id=tx.tickets.next_id(now.astimezone(world.procedure.zone).year),
        origin=given.origin or ("letter" if any(each.document.key == LETTER for each in kept) else "phone"),
        site=given.site,
        opd=site.opd,
        symptom=given.symptom,
        occurred_at=given.occurred_at or now,
        now=now,
        fields=_fields(given, now),
        documents=tuple(each.document for each in kept),
        performed_by=given.recorded_by,
        recorded_by=given.recorded_by,
        previous_ticket=previous(tx, world, given.site, now),
        request_id=given.request_id,
    )
    ticket = save(tx, world, None, opened, uid=uid)
    messages.decide(tx, world, ticket, "ticket_opened", key="ticket_opened", roles=["dc_team"], at=now, more={})
    act = Act(action="submit", performed_by=SYSTEM, recorded_by=SYSTEM, performed_at=now)
    return save(tx, world, ticket, procedure.perform(world.procedure, ticket, act, context(tx, world, ticket, now)))
