"""The counter at which simulated people act: real casework, real papers (of three lines)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netwatch.casework.acting import actions, perform
from netwatch.casework.papers import Paper
from netwatch.casework.world import World
from netwatch.sop.act import Act
from netwatch.sop.record import TicketState
from netwatch.store import Store
from netwatch.store.tickets import TicketFilter

SCAN = b"%PDF-1.4\n% kertas simulasi\n%%EOF\n"


class CaseworkOffice:
    """Simulated people's way to tickets: through `casework`, like the api."""

    def __init__(self, store: Store, world: World) -> None:
        self._store = store
        self._world = world

    def open_tickets(self) -> Sequence[str]:
        """Return the numbers of the open tickets, oldest first."""
        with self._store.read() as tx:
            return sorted(ticket.id for ticket in tx.tickets.list(TicketFilter(state=TicketState.OPEN, limit=100_000)))

    def actions(self, ticket: str) -> Sequence[Mapping[str, Any]]:
        """Return the available actions as `ticket actions --json` lists them."""
        listed: Sequence[Mapping[str, Any]] = actions(self._store, self._world, ticket)["actions"]
        return listed

    def affected(self, ticket: str) -> Sequence[str]:
        """Return the devices of the ticket."""
        with self._store.read() as tx:
            return sorted(tx.tickets.get(ticket).affected)

    def people_in(self, roles: Sequence[str]) -> Sequence[str]:
        """Return the ids of the persons who hold one of these roles now."""
        at = self._store.clock.now()
        return [person for role in roles for person in self._world.people.holders(role, at)]

    def do(
        self, ticket: str, action: str, *, by: str, fields: Mapping[str, Any], documents: Sequence[str], request_id: str
    ) -> None:
        """Perform one action as the person himself, with a scanned paper for each document."""
        act = Act(action=action, performed_by=by, recorded_by=by, fields=fields, request_id=request_id)
        papers = [Paper(key, f"{key}.pdf", SCAN + key.encode()) for key in documents]
        perform(self._store, self._world, ticket, act, papers=papers)
