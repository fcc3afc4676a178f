"""People who do not exist: they read what a ticket allows, fill in its form and act, as a script with `netwatch ticket` would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from netwatch.errors import NetwatchError, Refused
from netwatch.simulate.scenario import ActSpec, PeopleSpec

# Of several actions that a step allows, the first of these that nothing forbids: the way to `done`, never a way out of it.
WAY_TO_DONE = {
    "repair": (
        "submit", "dispose", "assign", "find_dc_side", "find_site_side", "schedule_visit", "record_inspection", "repair",
        "accept_form", "finish_replacement", "send_report", "forward", "approve",
    ),
    "replace": (
        "submit", "dispose", "assign", "find_dc_side", "find_site_side", "schedule_visit", "record_inspection", "replace",
        "accept_form", "finish_replacement", "send_report", "forward", "approve",
    ),
}  # fmt: skip


class Office(Protocol):
    """What simulated people may do with tickets; everything goes through casework, like the daemon's api."""

    def open_tickets(self) -> Sequence[str]:
        """Return the numbers of the open tickets, oldest first."""

    def actions(self, ticket: str) -> Sequence[Mapping[str, Any]]:
        """Return the available actions as `ticket actions --json` lists them."""

    def affected(self, ticket: str) -> Sequence[str]:
        """Return the devices of the ticket."""

    def people_in(self, roles: Sequence[str]) -> Sequence[str]:
        """Return the ids of the persons who hold one of these roles now."""

    def do(
        self, ticket: str, action: str, *, by: str, fields: Mapping[str, Any], documents: Sequence[str], request_id: str
    ) -> None:
        """Perform one action; `documents` are keys for which a paper is handed in. Raises Refused and Conflict like casework."""


class SimulatedPeople:
    """Looks at every open ticket now and then and does the next thing on the way to `done`; or does what a list says."""

    def __init__(self, spec: PeopleSpec) -> None:
        self._spec = spec
        self._pending = sorted(spec.acts, key=lambda act: act.at)
        self._next_at: dict[str, float] = {}  # ticket -> when somebody gets to it
        self._look_at = 0.0
        self._sequence = 0
        self._unanswered: tuple[str, str, dict[str, Any]] | None = None  # an act whose answer a crash swallowed
        self.done: list[dict[str, Any]] = []  # what was done or refused, for the timeline
        self.refused = 0

    def work(self, office: Office, elapsed: float, now: datetime) -> None:
        """Do what is due. Called once a second or so of simulated time."""
        if self._unanswered is not None:  # ask again with the same request id: it happens once
            ticket, action, arguments = self._unanswered
            self._perform(office, ticket, action, arguments, elapsed)
        while self._pending and self._pending[0].at <= elapsed:
            self._act(office, self._pending[0], elapsed, now)
            self._pending.pop(0)
        if self._spec.auto is None or elapsed < self._look_at:
            return
        self._look_at = elapsed + 10.0
        for ticket in office.open_tickets():
            if self._next_at.setdefault(ticket, elapsed + self._spec.delay) <= elapsed:
                self._next_at[ticket] = elapsed + self._spec.delay
                self._next_step(office, ticket, elapsed, now)

    def _next_step(self, office: Office, ticket: str, elapsed: float, now: datetime) -> None:
        available = {entry["action"]: entry for entry in office.actions(ticket)}
        for name in sorted(WAY_TO_DONE[self._spec.auto or "repair"], key=lambda name: not _proposed(available.get(name))):
            entry = available.get(name)
            if entry is None:
                continue
            fields = fill(entry, now=now, devices=office.affected(ticket), people_in=office.people_in)
            if fields is None:
                continue
            by = next(iter(office.people_in(entry["roles"])), None)
            if by is not None and self._perform(office, ticket, name, self._request(by, fields, entry), elapsed):
                return

    def _act(self, office: Office, act: ActSpec, elapsed: float, now: datetime) -> None:
        ticket = act.ticket or next(iter(office.open_tickets()), None)
        if ticket is None:
            self._note(elapsed, "", act.action, "no open ticket")
            return
        entry = next((e for e in office.actions(ticket) if e["action"] == act.action), None)
        if entry is None:
            self._note(elapsed, ticket, act.action, "not an action of this step")
            return
        fields = fill(entry, now=now, devices=office.affected(ticket), people_in=office.people_in) or {}
        by = act.by or next(iter(office.people_in(entry["roles"])), "")
        self._perform(office, ticket, act.action, self._request(by, {**fields, **act.fields}, entry), elapsed)

    def _request(self, by: str, fields: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
        self._sequence += 1
        documents = [paper["key"] for paper in entry["documents"] if paper["required"] and not paper["have"]]
        return {"by": by, "fields": fields, "documents": documents, "request_id": f"simulated-{self._sequence}"}

    def _perform(self, office: Office, ticket: str, action: str, arguments: dict[str, Any], elapsed: float) -> bool:
        self._unanswered = (ticket, action, arguments)
        try:
            office.do(ticket, action, **arguments)
        except NetwatchError as error:  # Refused, Conflict: an answer too; the person tries again later
            self._unanswered = None
            self._note(
                elapsed, ticket, action, "; ".join(r.key for r in error.reasons) if isinstance(error, Refused) else str(error)
            )
            return False
        self._unanswered = None
        self._note(elapsed, ticket, action, None)
        return True

    def _note(self, elapsed: float, ticket: str, action: str, refusal: str | None) -> None:
        self.refused += refusal is not None
        event = "act_done" if refusal is None else "act_refused"
        self.done.append({"at": round(elapsed, 3), "event": event, "ticket": ticket, "action": action, "reason": refusal})


def _proposed(entry: Mapping[str, Any] | None) -> bool:
    """Say whether an action goes the way the system proposes: all it must choose has a suggestion (which side, at step 4)."""
    chosen = [field for field in (entry or {}).get("fields", ()) if field["required"] and field["type"] == "choice"]
    return all(field.get("suggested") is not None for field in chosen)


def fill(entry: Mapping[str, Any], *, now: datetime, devices: Sequence[str], people_in: Any) -> dict[str, Any] | None:
    """Fill in the required fields of an action's form; None when a choice is asked for and none is left.

    What the system proposes is taken; texts name their field, so that two different ones are never equal.
    """
    fields: dict[str, Any] = {}
    for field in entry["fields"]:
        if not field["required"]:
            continue
        value = _value(field, now=now, devices=devices, people_in=people_in)
        if value is None:
            return None
        fields[field["name"]] = value
    return fields


def _value(field: Mapping[str, Any], *, now: datetime, devices: Sequence[str], people_in: Any) -> Any:
    if field.get("suggested") is not None:
        return field["suggested"]
    choices = [choice["value"] if isinstance(choice, Mapping) else choice for choice in field.get("choices") or ()]
    kind = field["type"]
    if choices:
        return [choices[0]] if kind.startswith("list") else choices[0]
    if kind == "choice":
        return None
    plain: dict[str, Any] = {
        "datetime": now.isoformat(),
        "date": (now + timedelta(hours=7)).date().isoformat(),
        "bool": "true",
        "integer": "1",
        "device": devices[0] if devices else None,
        "person": next(iter(people_in(("dc_team",))), None),
    }
    if kind in plain:
        return plain[kind]
    text = f"{field.get('label') or field['name']} (simulasi)"
    return [text] if kind.startswith("list") else text
