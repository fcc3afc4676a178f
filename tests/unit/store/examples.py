"""A fault, a ticket and its acts, as the rooms above make them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from netwatch.diagnose.cause import Cause, CauseKind, Domain, Side
from netwatch.incident import Incident, IncidentState, Outage
from netwatch.sop.entry import Entry
from netwatch.sop.record import Document, Ticket
from netwatch.sop.replay import apply
from netwatch.store import Store, Transaction

from .conftest import NOON


def incident(*locus: str, at: datetime = NOON, **changes: Any) -> Incident:
    devices = frozenset(locus or ("sekupang-rtr",))
    cause = Cause(CauseKind.LINK, "dc-dist-1/sekupang-rtr", Side.SITE, Domain.SITE_UPLINK, 0.71, devices, devices)
    fields: dict[str, Any] = {
        "key": f"{' '.join(sorted(devices))} {at.isoformat()}",
        "locus": devices,
        "cause": cause,
        "state": IncidentState.OPEN,
        "began_at": at,
        "affected": {device: Outage(at) for device in devices},
    }
    return Incident(**{**fields, **changes})


def entry(kind: str, ticket: str, action: str, *, at: datetime = NOON, **changes: Any) -> Entry:
    fields: dict[str, Any] = {
        "incident": None,
        "step": None,
        "to": None,
        "performed_by": "system",
        "performed_at": at,
        "recorded_by": "system",
        "recorded_at": at,
        "channel": "system",
        "fields": {},
        "documents": (),
        "due_at": None,
        "procedure_revision": "r1",
        "calendar_version": "c1",
    }
    return Entry(kind=kind, ticket=ticket, action=action, **{**fields, **changes})


def open_ticket(tx: Transaction, *, incident_id: int | None = None, at: datetime = NOON, year: int = 2026) -> Ticket:
    """Open a ticket the way casework does: number, value, row, entry."""
    start = {
        "origin": "automatic",
        "site": "kec-sekupang",
        "opd": "Kecamatan Sekupang",
        "affected": {"sekupang-rtr": {"state": "down"}},
        "affected_opds": ["Kecamatan Sekupang"],
        "proposal": {"kind": "link", "confidence": "0.71"},
        "flags": {},
    }
    opening = entry(
        "ticket_opened",
        tx.tickets.next_id(year),
        "open",
        at=at,
        to="intake",
        incident=incident_id,
        changes=start,
        fields={"symptom": "tidak menjawab"},
        due_at=at + timedelta(days=1),
    )
    ticket = apply(None, opening)
    tx.tickets.insert(ticket)
    tx.journal.append(opening.to_body())
    return ticket


def act(
    tx: Transaction,
    ticket: Ticket,
    action: str,
    to: str,
    *,
    by: str = "contoh-staf",
    at: datetime = NOON,
    documents: tuple[Document, ...] = (),
) -> Ticket:
    """Perform an act the way casework does."""
    done = entry(
        "ticket_act", ticket.id, action, at=at, step=ticket.step.key, to=to, performed_by=by, recorded_by=by, documents=documents
    )
    changed = apply(ticket, done)
    tx.tickets.update(changed, expected_version=ticket.version)
    tx.journal.append(done.to_body())
    return changed


def a_busy_day(store: Store) -> Ticket:
    """Write a little of everything: an incident, its ticket with three entries, a message, a checkpoint in the middle."""
    with store.begin("day-1") as tx:
        number = tx.incidents.insert(incident())
        ticket = open_ticket(tx, incident_id=number)
        tx.outbox.put(f"{ticket.id}/opened/log", "log", {"text": "tiket dibuka"}, NOON)
    with store.begin("day-2") as tx:
        ticket = act(tx, ticket, "submit", "disposition")
    with store.begin("day-3") as tx:
        tx.journal.checkpoint("daily")
    with store.begin("day-4") as tx:
        return act(tx, ticket, "dispose", "staff_assignment", by="contoh-kadis")
