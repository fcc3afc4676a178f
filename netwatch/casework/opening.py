"""The monitor's side of a ticket: it opens, is told what the network does, and never closes (SOP.md G3, G4, G13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from netwatch.casework import messages
from netwatch.casework.network import context
from netwatch.casework.saving import save
from netwatch.casework.world import World
from netwatch.diagnose.explain import CERTAINTY, certainty, hypothesis
from netwatch.diagnose.report import cause_json
from netwatch.errors import NetwatchError
from netwatch.incident import Incident
from netwatch.sop import ticket as procedure
from netwatch.sop.act import Act
from netwatch.sop.entry import exact, time_text
from netwatch.sop.record import SYSTEM, Ticket, TicketState
from netwatch.store import Transaction
from netwatch.store.tickets import TicketFilter

SUBMIT = "submit"
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)  # netwatch did not exist before


class ClockWrong(NetwatchError):
    """The wall clock is behind what has already happened: no ticket until it is set."""

    def __init__(self, now: datetime) -> None:
        super().__init__(f"the clock says {now.isoformat()}, but later tickets exist: set the clock (chrony, NTP)")


def open_ticket_for_incident(tx: Transaction, world: World, incident: Incident, now: datetime) -> Ticket:
    """Give a stored incident its ticket, in the caller's transaction, and return it.

    An open ticket that the place's office asked for takes the incident over (N4: two reports, one event); otherwise a new one is
    made, submitted (t01) and announced. The stored incident learns the ticket's number. Raises Conflict when the incident has an
    open ticket already (another monitor was first), and ClockWrong while the wall clock cannot be right.
    """
    assert incident.id is not None, "an incident is stored before it gets a ticket"
    trust_clock(tx, now)
    site = site_of(world, incident)
    reported = _reported(tx, site)
    ticket = _take_over(tx, world, reported, incident, now) if reported else _open(tx, world, incident, site, now)
    tx.incidents.update(
        replace(incident, ticket=ticket.id), verb="ticket_opened", reason={"code": "gate_passed", "ticket": ticket.id}
    )
    return ticket


def trust_clock(tx: Transaction, now: datetime) -> None:
    """Refuse to open tickets in a time that cannot be (RELIABILITY 4, row 15): a dead battery must not set deadlines in 1970."""
    later = tx.tickets.list(TicketFilter(opened_since=now + timedelta(days=1), limit=1))
    if now < EARLIEST or later:
        raise ClockWrong(now)


def note_recovery(tx: Transaction, world: World, incident: Incident, now: datetime) -> Ticket | None:
    """Note on the incident's open ticket that its place answers again. It stays open: people close tickets."""
    fields = {"recovered_at": time_text(incident.ended_at or now)}
    return _note(tx, world, incident, now, kind="recovered", fields=fields, flags=fields)


def note_outage_again(tx: Transaction, world: World, incident: Incident, now: datetime) -> Ticket | None:
    """Note on the incident's open ticket that its place is silent again; the recovery noted before no longer counts."""
    since = max((outage.since for outage in incident.affected.values() if outage.until is None), default=now)
    return _note(tx, world, incident, now, kind="down_again", fields={"down_at": time_text(since)}, flags={"recovered_at": None})


def update_affected(tx: Transaction, world: World, incident: Incident, now: datetime) -> Ticket | None:
    """Bring the ticket's affected devices and offices, and the proposed cause, up to date. Nothing new: nothing is written."""
    before = _ticket_of(tx, incident)
    if before is None:
        return None
    changes = _measured(world, incident, before)
    if all(getattr(before, name) == (tuple(value) if name == "affected_opds" else value) for name, value in changes.items()):
        return before
    return save(tx, world, before, procedure.note(world.procedure, before, "affected_changed", now=now, changes=changes))


def site_of(world: World, incident: Incident) -> str:
    """Return the place a ticket is about: that of the cause's device, else of the locus device nearest to the vantage."""
    devices = world.inventory.devices
    element = incident.cause.element
    if element in devices:
        return devices[element].site
    if element in world.inventory.sites:
        return element
    if element in world.graph.links:
        return devices[world.graph.links[element].device].site
    known = [device for device in incident.locus if device in devices]
    if not known:
        return devices[world.inventory.vantage].site
    return devices[min(known, key=lambda device: (world.graph.distance.get(device, 1 << 30), device))].site


def affected_of(incident: Incident) -> dict[str, Any]:
    """Return the devices of an incident as a ticket records them."""
    return {
        device: {"state": "up" if outage.until else outage.state, "since": time_text(outage.until or outage.since)}
        for device, outage in sorted(incident.affected.items())
    }


def cause_words(incident: Incident, language: str) -> str:
    """Return the proposed cause for a message: no addresses in it, messages leave the house (SOP.md 11)."""
    cause = incident.cause
    clause = hypothesis(cause.kind, cause.element, cause.domain, cause.evidence, language)
    word = CERTAINTY[certainty(cause.confidence)]
    return f"{word[1] if language == 'en' else word[0]}: {clause}"


def symptom_of(incident: Incident) -> str:
    """Return what an office would have reported, in the language of the papers."""
    silent = sorted(device for device, outage in incident.affected.items() if outage.until is None)
    named = ", ".join(silent[:5]) + (", ..." if len(silent) > 5 else "")
    return f"{len(silent)} perangkat tidak menjawab: {named}"


def offices_of(world: World, incident: Incident) -> tuple[str, ...]:
    """Return the offices hit, the ticket's own place first."""
    inventory = world.inventory
    sites = [site_of(world, incident), *(inventory.devices[d].site for d in sorted(incident.affected) if d in inventory.devices)]
    return tuple(dict.fromkeys(opd for site in sites if (opd := inventory.sites[site].opd)))


def _reported(tx: Transaction, site: str) -> Ticket | None:
    """Return the open ticket that somebody asked for at this place and that no incident has yet."""
    found = tx.tickets.list(TicketFilter(state=TicketState.OPEN, site=site))
    return next((ticket for ticket in found if ticket.incident is None), None)


def _open(tx: Transaction, world: World, incident: Incident, site: str, now: datetime) -> Ticket:
    year = now.astimezone(world.procedure.zone).year
    opened = procedure.open_ticket(
        world.procedure,
        world.calendar,
        id=tx.tickets.next_id(year),
        origin="automatic",
        site=site,
        opd=world.inventory.sites[site].opd,
        symptom=symptom_of(incident),
        occurred_at=incident.began_at,
        now=now,
        affected=affected_of(incident),
        affected_opds=offices_of(world, incident),
        proposal=cause_json(incident.cause),
        incident=incident.id,
        previous_ticket=previous(tx, world, site, now),
    )
    ticket = save(tx, world, None, opened)
    messages.decide(
        tx,
        world,
        ticket,
        "ticket_opened",
        key="ticket_opened",
        roles=["dc_team", "opd_head"],
        at=now,
        more={f"cause_{language}": cause_words(incident, language) for language in ("id", "en")},
    )
    act = Act(action=SUBMIT, performed_by=SYSTEM, recorded_by=SYSTEM, performed_at=now)
    submitted = procedure.perform(world.procedure, ticket, act, context(tx, world, ticket, now))
    return save(tx, world, ticket, submitted)


def _take_over(tx: Transaction, world: World, ticket: Ticket, incident: Incident, now: datetime) -> Ticket:
    changes = {**_measured(world, incident, ticket), "incident": incident.id}
    return save(tx, world, ticket, procedure.note(world.procedure, ticket, "incident_linked", now=now, changes=changes))


def _measured(world: World, incident: Incident, ticket: Ticket) -> dict[str, Any]:
    """Return what the network says now; offices once hit stay on the list, their letters may be on the way."""
    offices = dict.fromkeys([*ticket.affected_opds, *offices_of(world, incident)])
    return {"affected": affected_of(incident), "affected_opds": list(offices), "proposal": exact(cause_json(incident.cause))}


def _ticket_of(tx: Transaction, incident: Incident) -> Ticket | None:
    if incident.ticket is None:
        return None
    ticket = tx.tickets.get(incident.ticket)
    return ticket if ticket.is_open else None


def _note(
    tx: Transaction,
    world: World,
    incident: Incident,
    now: datetime,
    *,
    kind: str,
    fields: Mapping[str, Any],
    flags: Mapping[str, Any],
) -> Ticket | None:
    before = _ticket_of(tx, incident)
    if before is None:
        return None
    changes = {**_measured(world, incident, before), "flags": dict(flags)}
    noted = procedure.note(world.procedure, before, kind, now=now, fields=fields, changes=changes)
    ticket = save(tx, world, before, noted)
    messages.decide(tx, world, ticket, kind, key=f"{kind}/{ticket.version}", roles=["dc_team"], at=now, more=fields)
    return ticket


def previous(tx: Transaction, world: World, site: str, now: datetime) -> str | None:
    """Return the last closed ticket of the place when a new one repeats it (G9), else None."""
    recent = tx.tickets.list(TicketFilter(site=site, opened_since=now - timedelta(days=365)))
    closed = [(ticket.closed_at, ticket.id) for ticket in recent if ticket.closed_at is not None]
    if not closed:
        return None
    closed_at, number = max(closed)
    return number if procedure.is_repeat(world.procedure, world.calendar, closed_at, now) else None
