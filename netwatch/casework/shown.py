"""Tickets and incidents as INTERFACES shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from netwatch.casework.world import World
from netwatch.diagnose.report import cause_json, rfc3339
from netwatch.errors import NotFound
from netwatch.incident import Incident
from netwatch.sop.record import Ticket
from netwatch.sop.ticket_json import public
from netwatch.store import Transaction


def ticket_json(tx: Transaction, world: World, ticket: Ticket, now: datetime) -> dict[str, Any]:
    """Return TICKET of INTERFACES, its incident as the network has it now."""
    incident = None if ticket.incident is None else _incident_of(tx, ticket.incident)
    language = world.settings.language
    shown = None if incident is None else _brief(incident, language)
    return public(ticket, world.procedure, now=now, incident=shown, language=language)


def incident_json(tx: Transaction, incident: Incident) -> dict[str, Any]:
    """Return one incident with its whole cause, what it hit and who acknowledged it."""
    assert incident.id is not None
    return {
        "schema": "netwatch.incident/1",
        "id": incident.id,
        "key": incident.key,
        "state": incident.state.value,
        "began_at": rfc3339(incident.began_at),
        "ended_at": rfc3339(incident.ended_at) if incident.ended_at else None,
        "cause": cause_json(incident.cause),
        "locus": sorted(incident.locus),
        "affected": [
            {
                "device": device,
                "state": outage.state,
                "since": rfc3339(outage.since),
                "until": rfc3339(outage.until) if outage.until else None,
            }
            for device, outage in sorted(incident.affected.items())
        ],
        "ticket": incident.ticket,
        "reopened": incident.reopened,
        "split_from": incident.split_from,
        "follows": incident.follows,
        "merged_into": incident.merged_into,
        "acknowledgements": [
            {
                "by": each.by,
                "at": rfc3339(each.at),
                "reason": each.reason,
                "expires_at": rfc3339(each.expires_at) if each.expires_at else None,
                "holds": each.holds(tx.now),
            }
            for each in tx.acknowledgements.of(incident.id)
        ],
    }


def _incident_of(tx: Transaction, number: int) -> Incident | None:
    try:
        return tx.incidents.get(number)
    except NotFound:
        return None


def _brief(incident: Incident, language: str) -> dict[str, Any]:
    """Return the incident as it stands inside TICKET: evidence as sentences in the language of the house."""
    cause = cause_json(incident.cause)
    cause["evidence"] = [each[language] for each in cause["evidence"]]
    return {
        "id": incident.id,
        "state": incident.state.value,
        "began_at": rfc3339(incident.began_at),
        "ended_at": rfc3339(incident.ended_at) if incident.ended_at else None,
        "cause": cause,
    }
