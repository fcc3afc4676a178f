"""An incident as JSON and back, exactly: the store keeps this body."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from netwatch.diagnose.report import cause_from_json, cause_json
from netwatch.incident.life import Change, Incident, IncidentState, Outage


def to_json(incident: Incident) -> dict[str, Any]:
    """Return the incident as JSON values; times are RFC 3339 with their microseconds."""
    return {
        "key": incident.key,
        "id": incident.id,
        "state": incident.state.value,
        "locus": sorted(incident.locus),
        "cause": cause_json(incident.cause),
        "began_at": incident.began_at.isoformat(),
        "ended_at": _text(incident.ended_at),
        "affected": {
            device: {"state": outage.state, "since": outage.since.isoformat(), "until": _text(outage.until)}
            for device, outage in sorted(incident.affected.items())
        },
        "split_from": incident.split_from,
        "follows": incident.follows,
        "merged_into": incident.merged_into,
        "reopened": incident.reopened,
        "ticket": incident.ticket,
    }


def from_json(data: Mapping[str, Any]) -> Incident:
    """Return the incident that `to_json` wrote. KeyError or ValueError when it is not one."""
    return Incident(
        key=data["key"],
        locus=frozenset(data["locus"]),
        cause=cause_from_json(data["cause"]),
        state=IncidentState(data["state"]),
        began_at=datetime.fromisoformat(data["began_at"]),
        ended_at=_time(data["ended_at"]),
        affected={
            device: Outage(datetime.fromisoformat(outage["since"]), _time(outage["until"]), outage["state"])
            for device, outage in data["affected"].items()
        },
        split_from=data["split_from"],
        follows=data["follows"],
        merged_into=data["merged_into"],
        reopened=data["reopened"],
        id=data["id"],
        ticket=data["ticket"],
    )


def change_json(change: Change) -> dict[str, Any]:
    """Return one change for the journal: the verb, the reason, and the incident as it is afterwards."""
    reason = {"code": change.reason.code, **change.reason.values}
    return {"verb": change.verb, "reason": reason, "incident": to_json(change.incident)}


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
