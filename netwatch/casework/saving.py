"""Write one change of a ticket: its new value, its journal entry and its messages, in the caller's transaction."""

from __future__ import annotations

from typing import Any

from netwatch.casework import messages
from netwatch.casework.world import World
from netwatch.sop.act import Performed
from netwatch.sop.record import Ticket, TicketState
from netwatch.store import Transaction


def save(tx: Transaction, world: World, before: Ticket | None, performed: Performed, *, uid: int | None = None) -> Ticket:
    """Store what `sop` decided; `before` is the ticket as it was read, None: a new one. Raises Conflict: it changed meanwhile."""
    ticket, entry = performed.ticket, performed.entry
    if before is None:
        tx.tickets.insert(ticket)
    else:
        tx.tickets.update(ticket, expected_version=before.version)
    tx.journal.append({**entry.to_body(), "os_uid": uid, "inventory_version": world.inventory.digest})
    if entry.kind == "ticket_act":
        _tell(tx, world, ticket, entry.action)
    return ticket


def _tell(tx: Transaction, world: World, ticket: Ticket, action: str) -> None:
    """Decide the message about a step: to whoever acts next, and at the end to whoever asked."""
    label = world.procedure.actions[action]
    more: dict[str, Any] = {"action": action, "action_label_id": label.text("id"), "action_label_en": label.text("en")}
    if ticket.state is TicketState.OPEN:
        kind, roles = "ticket_step", [world.procedure.steps[ticket.step.key].actor]
    else:
        state = world.procedure.final_states[ticket.state.value]
        more |= {"state": ticket.state.value, "state_label_id": state.text("id"), "state_label_en": state.text("en")}
        kind, roles = "ticket_closed", ["opd_head", "dc_team"]
    messages.decide(tx, world, ticket, kind, key=f"{kind}/{ticket.version}", roles=roles, at=tx.now, more=more)
