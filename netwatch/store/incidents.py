"""Incidents, the devices that the open ones hold, their evidence, and who acknowledged them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Select, delete, insert, or_, select, update

from netwatch.errors import NotFound
from netwatch.incident import Incident, IncidentState, from_json, to_json
from netwatch.store import records, schema
from netwatch.store.canonical import canonical, plain
from netwatch.store.states import insert_row

if TYPE_CHECKING:
    from netwatch.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """What an incident was judged from: a snapshot, a device's answer. `sha256` is that of the body's canonical text."""

    incident: int
    at: datetime
    kind: str
    sha256: str
    body: Any


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody saw it, and said why nothing more is to be done for now."""

    id: int
    incident: int
    by: str
    at: datetime
    reason: str
    expires_at: datetime | None
    ended_at: datetime | None

    def holds(self, now: datetime) -> bool:
        """Say whether it still counts."""
        return self.ended_at is None and (self.expires_at is None or now < self.expires_at)


class Incidents:
    """One row per fault over time. Every write adds its own journal entry (invariant I2)."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def insert(self, incident: Incident, *, verb: str = "opened", reason: Mapping[str, Any] | None = None) -> int:
        """Store a new incident and return its number. Raises Conflict when an open one already holds one of its devices."""
        number = insert_row(self._tx, schema.incidents, self._columns(incident))
        stored = replace(incident, id=number)
        self._hold_locus(stored)
        self._note(stored, verb, reason)
        return number

    def update(self, incident: Incident, *, verb: str = "changed", reason: Mapping[str, Any] | None = None) -> None:
        """Store the new value of an incident. `verb` and `reason` (code and values) say in the journal what happened."""
        if incident.id is None:
            raise ValueError("an incident without a number was never stored")
        table = schema.incidents
        done = self._tx.connection.execute(update(table).where(table.c.id == incident.id).values(self._columns(incident)))
        if done.rowcount != 1:
            raise NotFound(f"there is no incident {incident.id}")
        self._hold_locus(incident)
        self._note(incident, verb, reason)

    def get(self, number: int) -> Incident:
        """Return one incident. Raises NotFound."""
        row = self._tx.connection.execute(self._query().where(schema.incidents.c.id == number)).one_or_none()
        if row is None:
            raise NotFound(f"there is no incident {number}")
        return _incident(row)

    def by_key(self, key: str) -> Incident | None:
        """Return the incident with a permanent name, or None."""
        row = self._tx.connection.execute(self._query().where(schema.incidents.c.key == key)).one_or_none()
        return None if row is None else _incident(row)

    def load_known(self, recovered_after: datetime) -> Sequence[Incident]:
        """Return what `incident.reconcile` must know: the open ones, and those recovered after a time; oldest first."""
        table = schema.incidents
        recent = (table.c.state == IncidentState.RECOVERED) & (table.c.ended_at > recovered_after)
        rows = self._tx.connection.execute(
            self._query().where(or_(table.c.state == IncidentState.OPEN, recent)).order_by(table.c.id)
        )
        return [_incident(row) for row in rows]

    def list(
        self,
        *,
        state: IncidentState | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 1000,
    ) -> Sequence[Incident]:
        """Return incidents, newest first; `since` and `until` choose those that were open in that time."""
        table = schema.incidents
        query = self._query().order_by(table.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(table.c.state == str(state))
        if since is not None:
            query = query.where(or_(table.c.ended_at.is_(None), table.c.ended_at > since))
        if until is not None:
            query = query.where(table.c.began_at < until)
        return [_incident(row) for row in self._tx.connection.execute(query)]

    def add_evidence(self, incident: int, kind: str, body: Any) -> str:
        """Keep what a verdict was made of, once per content; return its SHA-256."""
        text = canonical(plain(body))
        digest = hashlib.sha256(text.encode()).hexdigest()
        table = schema.evidence
        known = self._tx.connection.scalar(
            select(table.c.id).where(table.c.incident == incident, table.c.kind == kind, table.c.sha256 == digest)
        )
        if known is None:
            values = {"incident": incident, "at": self._tx.now, "kind": kind, "sha256": digest}
            self._tx.connection.execute(insert(table).values(body=json.dumps(_json(body), ensure_ascii=False), **values))
        return digest

    def evidence(self, incident: int) -> Sequence[StoredEvidence]:
        """Return the evidence of an incident, oldest first."""
        table = schema.evidence
        rows = self._tx.connection.execute(select(table).where(table.c.incident == incident).order_by(table.c.id))
        return [StoredEvidence(row.incident, row.at, row.kind, row.sha256, json.loads(row.body)) for row in rows]

    def _query(self) -> Select[Any]:
        return select(schema.incidents.c.id, schema.incidents.c.body)

    def _columns(self, incident: Incident) -> dict[str, Any]:
        return {
            "key": incident.key,
            "locus": locus_text(incident.locus),
            "state": str(incident.state),
            "began_at": incident.began_at,
            "ended_at": incident.ended_at,
            "kind": str(incident.cause.kind),
            "element": incident.cause.element,
            "side": str(incident.cause.side),
            "ticket": incident.ticket,
            "updated_at": self._tx.now,
            "body": json.dumps(to_json(replace(incident, id=None)), sort_keys=True, separators=(",", ":"), ensure_ascii=False),
        }

    def _hold_locus(self, incident: Incident) -> None:
        table, execute = schema.open_locus, self._tx.connection.execute
        wanted = incident.locus if incident.state is IncidentState.OPEN else frozenset()
        held = set(self._tx.connection.scalars(select(table.c.device).where(table.c.incident == incident.id)))
        if gone := sorted(held - wanted):
            execute(delete(table).where(table.c.device.in_(gone)))
        if new := sorted(wanted - held):
            execute(insert(table), [{"device": device, "incident": incident.id} for device in new])

    def _note(self, incident: Incident, verb: str, reason: Mapping[str, Any] | None) -> None:
        cause = incident.cause
        fields = {
            "key": incident.key,
            "state": str(incident.state),
            "locus": incident.locus,
            "began_at": incident.began_at,
            "ended_at": incident.ended_at,
            "cause": {"kind": str(cause.kind), "element": cause.element, "side": str(cause.side), "domain": str(cause.domain)},
            "confidence": cause.confidence,
            "affected": len(incident.affected),
            "reason": dict(reason or {}),
        }
        entry = {"kind": "incident", "action": verb, "incident": incident.id, "performed_by": "system", "recorded_by": "system"}
        self._tx.journal.append({**entry, "performed_at": self._tx.now, "fields": fields})


class Acknowledgements:
    """Who saw an incident and why he lets it be."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(
        self,
        incident: int,
        *,
        by: str,
        at: datetime,
        reason: str,
        expires_at: datetime | None = None,
        recorded_by: str | None = None,
    ) -> int:
        """Note an acknowledgement (a reason is mandatory) in table and journal; it replaces the one before. Return its number."""
        if not reason.strip():
            raise ValueError("an acknowledgement needs a reason")
        self.end(incident, at)
        values = {"incident": incident, "by": by, "at": at, "reason": reason, "expires_at": expires_at}
        number = insert_row(self._tx, schema.acknowledgements, values)
        who = {"performed_by": by, "performed_at": at, "recorded_by": recorded_by or by}
        fields = {"reason": reason, "expires_at": expires_at}
        self._tx.journal.append(
            {"kind": "acknowledgement", "action": "acknowledge", "incident": incident, "fields": fields, **who}
        )
        return number

    def end(self, incident: int, at: datetime) -> int:
        """End what holds for an incident (it recovered, or was acknowledged anew); return how many ended."""
        table = schema.acknowledgements
        statement = update(table).where(table.c.incident == incident, table.c.ended_at.is_(None))
        return self._tx.connection.execute(statement.values(ended_at=at)).rowcount

    def of(self, incident: int) -> Sequence[Acknowledgement]:
        """Return all acknowledgements of an incident, oldest first."""
        table = schema.acknowledgements
        return self._read(select(table).where(table.c.incident == incident))

    def holding(self, now: datetime) -> Sequence[Acknowledgement]:
        """Return those that count now."""
        return [found for found in self._read(select(schema.acknowledgements)) if found.holds(now)]

    def expired(self, now: datetime) -> Sequence[Acknowledgement]:
        """Return those whose time is over and that nobody ended yet: remind again, then `end` them."""
        table = schema.acknowledgements
        return self._read(select(table).where(table.c.ended_at.is_(None), table.c.expires_at <= now))

    def _read(self, query: Select[Any]) -> Sequence[Acknowledgement]:
        rows = self._tx.connection.execute(query.order_by(schema.acknowledgements.c.id))
        return [Acknowledgement(row.id, row.incident, row.by, row.at, row.reason, row.expires_at, row.ended_at) for row in rows]


def locus_text(locus: frozenset[str]) -> str:
    """Return a locus as the text that the unique index compares."""
    return " ".join(sorted(locus))


def _incident(row: Row[Any]) -> Incident:
    return replace(from_json(json.loads(row.body)), id=row.id)


def _json(value: Any) -> Any:
    """Make evidence JSON: times as text, sets sorted; floats stay numbers."""
    return json.loads(records.dump(value))
