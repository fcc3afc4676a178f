"""The monitor's side of a ticket: it opens, is told what the network does, and never closes (SOP.md G3, G4, G13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from netwatch.casework import messages
from netwatch.casework.network import context
from netwatch.casework.saving import save
from netwatch.casework.world import World
from netwatch.diagnose.explain import describe
from netwatch.diagnose.report import cause_json
from netwatch.incident import Incident
from netwatch.sop import ticket as procedure
from netwatch.sop.act import Act, Performed
from netwatch.sop.entry import time_text
from netwatch.sop.record import SYSTEM, Ticket, TicketState
from netwatch.store import Transaction
from netwatch.store.tickets import TicketFilter

SUBMIT = "submit"


def open_ticket_for_incident(tx: Transaction, world: World, incident: Incident, now: datetime) -> Ticket:
    """Give a stored incident its ticket, in the caller's transaction, and return it.

    An open ticket that the place's office asked for takes the incident over (N4: two reports, one event); otherwise a new one is
    made, submitted (t01) and announced. The stored incident learns the ticket's number. Raises Conflict when the incident has an
    open ticket already: another monitor was first.
    """
    assert incident.id is not None, "an incident is stored before it gets a ticket"
    site = site_of(world, incident)
    reported = _reported(tx, site)
    if reported is not None:
        ticket = _take_over(tx, world, reported, incident, now)
    else:
        ticket = _open(tx, world, incident, site, now)
    tx.incidents.update(replace(incident, ticket=ticket.id), verb="ticket_opened", reason={"code": "gate_passed", "ticket": ticket.id})
    return ticket


def note_recovery(tx: Transaction, world: World, incident: Incident, now: datetime) -> Ticket | None:
    """Note on the incident's open ticket that its place answers again. It stays open: people close tickets."""
    at = incident.ended_at or now
    return _note(tx, world, incident, now, "recovered", {"recovered_at": time_text(at)}, tell=True)


def note_outage_again(tx: Transaction, world: World, incident: Incident, now: datetime) -> Ticket | None:
    """Note on the incident's open ticket that its place is silent again."""
    since = max((outage.since for outage in incident.affected.values() if outage.until is None), default=now)
    return _note(tx, world, incident, now, "down_again", {"down_at": time_text(since)}, tell=True)


def update_affected(tx: Transaction, world: World, incident: Incident, now: datetime) -> Ticket | None:
    """Bring the ticket's list of affected devices and offices, and the proposed cause, up to date."""
    return _note(tx, world, incident, now, "affected_changed", {}, tell=False)


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
        previous_ticket=_previous(tx, world, site, now),
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
        more={f"cause_{language}": describe(incident.cause, world.graph, language) for language in ("id", "en")},
    )
    act = Act(action=SUBMIT, performed_by=SYSTEM, recorded_by=SYSTEM, performed_at=now)
    submitted = procedure.perform(world.procedure, ticket, act, context(tx, world, ticket, now))
    return save(tx, world, ticket, submitted)


def _take_over(tx: Transaction, world: World, ticket: Ticket, incident: Incident, now: datetime) -> Ticket:
    changes = {**_measured(world, incident), "incident": incident.id}
    return save(tx, world, ticket, procedure.note(world.procedure, ticket, "incident_linked", now=now, changes=changes))


def _measured(world: World, incident: Incident) -> dict[str, Any]:
    return {
        "affected": affected_of(incident),
        "affected_opds": list(offices_of(world, incident)),
        "proposal": cause_json(incident.cause),
    }


def _note(
    tx: Transaction, world: World, incident: Incident, now: datetime, kind: str, fields: Mapping[str, Any], *, tell: bool
) -> Ticket | None:
    if incident.ticket is None:
        return None
    before = tx.tickets.get(incident.ticket)
    if not before.is_open:
        return None
    noted: Performed = procedure.note(world.procedure, before, kind, now=now, fields=fields, changes=_measured(world, incident))
    ticket = save(tx, world, before, noted)
    if tell:
        messages.decide(tx, world, ticket, kind, key=f"{kind}/{ticket.version}", roles=["dc_team"], at=now, more=fields)
    return ticket


def _previous(tx: Transaction, world: World, site: str, now: datetime) -> str | None:
    """Return the last closed ticket of the place within the procedure's repeat window (G9)."""
    days = world.procedure.parameters["repeat_working_days"].value
    recent = tx.tickets.list(TicketFilter(site=site, opened_since=now - timedelta(days=365)))
    done = [ticket for ticket in recent if ticket.closed_at is not None]
    last = max(done, key=lambda ticket: ticket.closed_at or ticket.opened_at, default=None)
    if last is None or last.closed_at is None:
        return None
    return last.id if world.calendar.whole_days_between(last.closed_at, now) <= days else None
