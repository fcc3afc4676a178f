"""What netwatch proposes for a field. Never an answer: a person gives it or changes it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from netwatch.sop.entry import time_of, time_text
from netwatch.sop.record import Ticket
from netwatch.sop.working_time import Calendar, OutsideCalendar

LOCATION_OF = {  # domain of the proposed cause -> place a person may establish in step 4
    "dc": "data_center_network",
    "provider": "third_party",
    "site_uplink": "city_access_path",
    "site_power": "opd_premises",
    "site_device": "opd_premises",
    "agent": "opd_premises",
}
KIND_OF = {  # kind of the proposed cause -> kind of fault
    "device": "total_outage",
    "link": "total_outage",
    "site_power": "power",
    "power_feed": "power",
    "cable": "cut_cable",
    "provider": "total_outage",
    "configuration": "configuration",
    "agent": "partial_outage",
    "redundancy": "partial_outage",
}


def location(ticket: Ticket) -> str | None:
    """Return the place netwatch proposes, or None for `monitor` and `unknown` (they cannot be the outcome of step 4)."""
    return LOCATION_OF.get(str(ticket.proposal.get("domain")))


def kind(ticket: Ticket) -> str | None:
    """Return the kind of fault netwatch proposes."""
    return KIND_OF.get(str(ticket.proposal.get("kind")))


def proposal_text(ticket: Ticket) -> str | None:
    """Return the proposal in one line, for the field system_proposal."""
    if not ticket.proposal:
        return None
    cause = ticket.proposal
    return f"{cause.get('kind')} {cause.get('element')} ({cause.get('side')}, {cause.get('confidence')})"


def grounds(ticket: Ticket, language: str = "id") -> str | None:
    """Return the evidence behind the proposal as text, or None."""
    said = list(sentences(ticket.proposal.get("evidence", ()), language))
    return "; ".join(said) or None


def sentences(evidence: Iterable[Any], language: str) -> Iterable[str]:
    """Return the sentences of a cause's evidence, whether it holds texts or {code, id, en}."""
    for item in evidence:
        if isinstance(item, Mapping):
            yield str(item.get(language) or item.get("code"))
        else:
            yield str(item)


def detection(ticket: Ticket) -> list[str]:
    """Return what was measured at the opening, one line a device: the timed evidence of step 1."""
    return [f"{device}: {part.get('state')} sejak {part.get('since')}" for device, part in sorted(ticket.affected.items())]


def visit_time(calendar: Calendar, now: datetime) -> str | None:
    """Return the next moment in office hours at least an hour away, for a visit."""
    try:
        return time_text(calendar.start(now + timedelta(hours=1)))
    except OutsideCalendar:
        return None


def duration(begin: str, end: str) -> str:
    """Write the time between two moments in Indonesian: `1 hari 1 jam 47 menit`."""
    minutes = max(int((time_of(end) - time_of(begin)).total_seconds()) // 60, 0)
    days, hours = minutes // 1440, minutes // 60 % 24
    parts = [f"{days} hari"] if days else []
    parts += [f"{hours} jam"] if hours or days else []
    return " ".join([*parts, f"{minutes % 60} menit"])
