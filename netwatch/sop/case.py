"""One act on one ticket in one world: what a guard looks at, and what it may ask for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from netwatch.errors import Reason
from netwatch.sop.act import Context
from netwatch.sop.people import OPD_HEAD
from netwatch.sop.procedure import Procedure
from netwatch.sop.procedure_parts import Transition
from netwatch.sop.record import Document, StepVisit, Ticket

OWN_HAND = frozenset({"cli", "board", "system"})
"""Channels in which the act itself is the proof."""

DATA_CENTER = "data_center"
PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Want:
    """A field that a guard asks for."""

    name: str
    required: bool = True
    choices: tuple[str, ...] | None = None  # the only values the guard accepts
    suggested: Any = None
    instead: tuple[str, ...] = ()  # other fields that do as well
    differs_from: str | None = None  # must not equal this field
    required_if: Mapping[str, str] = field(default_factory=dict)  # only with these values of other fields
    recorded: bool = False  # a value recorded in an earlier step does as well


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that a guard asks for."""

    key: str
    required: bool
    have: bool
    waived_by: tuple[str, ...] = ()  # fields that do instead (G20)


@dataclass(frozen=True, slots=True)
class Case:
    """An act being judged: its fields are parsed, its documents stored. For a list of possible actions both are empty."""

    procedure: Procedure
    ticket: Ticket
    transition: Transition
    context: Context
    at: datetime  # performed_at
    channel: str
    performed_by: str | None = None  # None: a list of possible actions, for nobody in particular
    fields: Mapping[str, Any] = field(default_factory=dict)
    documents: tuple[Document, ...] = ()

    def known(self, name: str) -> Any:
        """Return the value given now, else the latest recorded one."""
        given = self.fields.get(name)
        return self.ticket.recorded(name) if given is None else given

    @property
    def offices(self) -> frozenset[str]:
        """Return the offices whose heads may speak in column 4: the requester's, else all affected; none: an agency's place."""
        return frozenset({self.ticket.opd} if self.ticket.opd is not None else self.ticket.affected_opds)

    @property
    def side(self) -> str | None:
        """Return the side a person established in step 4, or None."""
        location = self.known("fault_location")
        return self.procedure.fault_locations[location].side if location in self.procedure.fault_locations else None

    def holders(self, role: str) -> tuple[str, ...]:
        """Return who holds a role at the time of the act (an opd_head: of this ticket's offices)."""
        return self.context.people.holders(role, self.at, self.offices if role == OPD_HEAD else None)

    def has(self, key: str, *, of: StepVisit | None = None) -> bool:
        """Say whether a document is handed in with this act, or was since that visit began (None: ever)."""
        return any(document.key == key for document in self.documents) or bool(self.ticket.papers(key, of=of))

    def papers(self, key: str, *, of: StepVisit | None = None) -> tuple[Document, ...]:
        """Return a document's revisions since that visit began, those of this act included."""
        return (*self.ticket.papers(key, of=of), *(document for document in self.documents if document.key == key))

    def performer_refused(self) -> Reason | None:
        """Say why whoever performs may not (role, appointment, office at performed_at); for a list: why nobody may."""
        roles, people = self.transition.by, self.context.people
        if self.performed_by is not None:
            return people.may_act(self.performed_by, roles, self.at, self.offices)
        if any(self.holders(role) for role in roles):
            return None
        return Reason(
            "nobody_holds_role",
            f"tidak ada yang menjabat {' atau '.join(people.label(role, 'id') for role in roles)}",
            f"nobody holds the role of {' or '.join(people.label(role, 'en') for role in roles)}",
        )

    @property
    def round(self) -> tuple[StepVisit, ...]:
        """Return the visits since the connection was last checked: the path that the minutes of work describe."""
        visits = self.ticket.visits
        starts = [number for number, visit in enumerate(visits) if visit.key == "connection_check"]
        return visits[starts[-1] :] if starts else visits

    def request_signers(self) -> tuple[str, ...]:
        """Return who may sign the replacement request: the office; on the Data Center's side division_head stands in (G1)."""
        if self.side == DATA_CENTER or not self.offices:
            return self.holders("division_head")
        return self.holders(OPD_HEAD)

    def minutes_signers(self) -> tuple[str, ...]:
        """Return who may acknowledge the minutes: the reporter; on the Data Center's side only if there is exactly one (G1)."""
        reporters = {*self.ticket.affected_opds, *({self.ticket.opd} if self.ticket.opd else ())}
        if not self.offices or (self.side == DATA_CENTER and len(reporters) != 1):
            return self.holders("division_head")
        return self.holders(OPD_HEAD)
