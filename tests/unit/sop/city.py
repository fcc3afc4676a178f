"""The procedure, the people and the calendar that are shipped, and a script that knows nothing but `ticket actions --json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from netwatch.sop import ticket as sop
from netwatch.sop.people import People, load_people
from netwatch.sop.procedure import Procedure, load_procedure
from netwatch.sop.working_time import Calendar, load_calendar

ROOT = Path(__file__).parents[3]
START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # Tuesday 08.00 WIB
OFFICE = "Kecamatan Sekupang"


@cache
def procedure() -> Procedure:
    return load_procedure(ROOT / "config" / "sop.yaml")


@cache
def people() -> People:
    return load_people(ROOT / "config" / "people.yaml", procedure())


@cache
def calendar() -> Calendar:
    return load_calendar(ROOT / "config" / "holidays.yaml", procedure())


def context(now: datetime = START, **more: Any) -> sop.Context:
    return sop.Context(**{"now": now, "people": people(), "calendar": calendar(), **more})


def paper(key: str, number: int = 1) -> sop.Document:
    return sop.Document(key, 0, "recorded", f"{number:064x}", 100 + number, "image/png", f"{key}.png", START, "x")


def proposal(side: str, domain: str) -> dict[str, Any]:
    evidence = [{"code": "upstream_port_down", "id": "port ge1 dc-dist-1 mati", "en": "port ge1 of dc-dist-1 is down"}]
    return {
        "kind": "link",
        "element": "dc-dist-1/sekupang-rtr",
        "side": side,
        "domain": domain,
        "confidence": 0.71,
        "evidence": evidence,
        "alternatives": [{"kind": "device", "element": "sekupang-rtr", "side": side, "confidence": 0.2}],
    }


def opened(origin: str = "automatic", side: str = "site", domain: str = "site_uplink", **more: Any) -> sop.Performed:
    given: dict[str, Any] = {
        "id": "NW-2026-000001",
        "origin": origin,
        "site": "kec-sekupang",
        "opd": OFFICE,
        "symptom": "sekupang-rtr tidak menjawab",
        "occurred_at": START - timedelta(minutes=4),
        "now": START,
        "affected": {"sekupang-rtr": {"state": "down", "since": START - timedelta(minutes=4)}},
        "affected_opds": [OFFICE],
        "proposal": proposal(side, domain),
        "incident": 7,
    }
    return sop.open_ticket(procedure(), calendar(), **{**given, **more})


@dataclass
class Case:
    """One ticket with its history and its own time."""

    ticket: sop.Ticket
    entries: list[sop.Entry]
    now: datetime = START
    stable_since: datetime | None = None
    open_tickets: frozenset[str] = frozenset()
    papers: int = 0
    more: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, **given: Any) -> Case:
        performed = opened(**given)
        return cls(performed.ticket, [performed.entry])

    def context(self, **more: Any) -> sop.Context:
        facts = {"stable_since": self.stable_since, "open_tickets": self.open_tickets, **self.more, **more}
        return context(self.now, **facts)

    def paper(self, key: str) -> sop.Document:
        self.papers += 1
        return paper(key, self.papers)

    def take(self, performed: sop.Performed) -> sop.Ticket:
        self.ticket = performed.ticket
        self.entries.append(performed.entry)
        return self.ticket

    def act(
        self, action: str, by: str, *, attach: tuple[str, ...] = (), after: timedelta = timedelta(hours=1), **fields: Any
    ) -> sop.Ticket:
        """Perform with one's own hand, an hour later."""
        self.now += after
        act = sop.Act(action, by, by, fields=fields, documents=tuple(self.paper(key) for key in attach))
        return self.take(sop.perform(procedure(), self.ticket, act, self.context()))

    def heal(self) -> None:
        """Let the network be up for as long as it takes."""
        self.now += timedelta(hours=2)
        self.stable_since = self.now - timedelta(hours=1)


class Script:
    """Reads only the JSON of `ticket actions` and the list of people by role; fills every required field by its type."""

    def __init__(self, case: Case, *, caller: str | None = None) -> None:
        self.case = case
        self.caller = caller  # None: everybody types for himself

    def listed(self) -> dict[str, Mapping[str, Any]]:
        shown = sop.actions_json(procedure(), self.case.ticket, self.case.context(caller=self.caller))
        return {action["action"]: action for action in shown["actions"]}

    def do(self, name: str, **chosen: Any) -> sop.Ticket:
        self.case.now += timedelta(hours=1)
        action = self.listed()[name]
        assert action["refused_because"] == [], action["refused_because"]
        by = self.somebody(action["roles"][0])
        fields = {
            f["name"]: chosen.get(f["name"], self.value(f)) for f in action["fields"] if f["required"] or f["name"] in chosen
        }
        keys = [document["key"] for document in action["documents"] if document["required"] and not document["have"]]
        act = sop.Act(name, by, self.caller or by, fields=fields, documents=tuple(self.case.paper(key) for key in keys))
        return self.case.take(sop.perform(procedure(), self.case.ticket, act, self.case.context(caller=self.caller)))

    def somebody(self, role: str) -> str:
        return next(person for person in people().persons if role in people().roles_of(person, self.case.now))

    def value(self, listed: Mapping[str, Any]) -> Any:
        """Fill one field from its type alone."""
        if listed.get("choices"):
            return listed["choices"][0]
        match listed["type"]:
            case "text":
                return f"isi uji untuk {listed['name']}"
            case "datetime":
                return self.case.now.isoformat()
            case "date":
                return self.case.now.date().isoformat()
            case "bool":
                return True
            case "integer":
                return 1
            case "device":
                return min(self.case.ticket.affected)
            case "list of text":
                return [f"isi uji untuk {listed['name']}"]
        raise AssertionError(f"no value for {listed}")


def replayed(case: Case) -> sop.Ticket:
    """Rebuild the ticket from what the journal would hold."""
    return sop.replay([sop.Entry.from_body(entry.to_body()) for entry in case.entries])


def with_people(**persons: Any) -> People:
    return replace(people(), persons={**people().persons, **persons})
