"""What somebody wants to do to a ticket, and the world in which it is judged. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from netwatch.sop.entry import Entry
from netwatch.sop.people import People
from netwatch.sop.record import Document, Ticket
from netwatch.sop.working_time import Calendar


@dataclass(frozen=True, slots=True)
class Act:
    """One action by one person, typed by the same or another.

    `fields` may hold text as typed (`--field name=value`, a list for several) or JSON values. `documents` are already stored
    files; their `revision`, `attached_at` and `attached_by` are set by `perform`. `performed_at` None: now. `channel` None:
    derived (`cli` for one's own act, `scanned_paper` with a file for another's, `oral_confirmed` with the field `confirmation`).
    """

    action: str
    performed_by: str  # a person's id, or "system"
    recorded_by: str  # the caller the socket reports: his person's id, or his account's name
    performed_at: datetime | None = None
    channel: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    documents: tuple[Document, ...] = ()
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """Everything outside the ticket that a decision may look at."""

    now: datetime
    people: People
    calendar: Calendar
    stable_since: datetime | None = None  # all affected devices measured up without a break; None: they are not
    stable_before_close_s: float = 1800.0  # measured service before a repair counts (tickets.stable_before_close)
    cancel_if_recovered_for_s: float = (
        3600.0  # before an untouched automatic ticket is cancelled (tickets.cancel_if_recovered_for)
    )
    open_tickets: frozenset[str] = frozenset()  # ids of the open tickets, this one included or not
    devices: tuple[str, ...] = ()  # devices a field of type device may name; empty: not checked
    recorder: bool = False  # the caller may type for others (people.is_recorder); the api decides it from the socket
    caller: str | None = None  # for `actions`: who would type (as Act.recorded_by); None: the one who acts

    def may_type_for_others(self, who: str) -> bool:
        """Say whether who types is a recorder: an account or group of people.yaml."""
        person = self.people.persons.get(who)
        accounts = (who,) if person is None else person.accounts
        return self.recorder or any(self.people.is_recorder(account) for account in accounts)


@dataclass(frozen=True, slots=True)
class Performed:
    """The new ticket and the one entry that made it so."""

    ticket: Ticket
    entry: Entry
