"""Which messages a change of a ticket decides, and to whom they go: rows of the outbox, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from netwatch.casework.world import World
from netwatch.sop.entry import maybe_text, time_text
from netwatch.sop.record import Ticket
from netwatch.store import Transaction


def decide(
    tx: Transaction,
    world: World,
    ticket: Ticket,
    kind: str,
    *,
    key: str,
    roles: Iterable[str],
    at: datetime,
    more: Mapping[str, Any],
) -> bool:
    """Put one message per channel into the outbox. `key` is the ticket's part of the unique key: the same key is sent once, ever.

    Returns whether anything new was decided.
    """
    wanted = tuple(dict.fromkeys(roles))
    payload = {
        **describe(world, ticket),
        **more,
        "kind": kind,
        "roles": list(wanted),
        "people": addressees(world, ticket, wanted, at),
    }
    new = False
    for channel in world.settings.notifications.channels:
        if channel.roles and not set(channel.roles) & set(wanted):
            continue
        new = tx.outbox.put(f"{ticket.id}/{key}/{channel.name}", channel.name, payload, at) or new
    return new


def describe(world: World, ticket: Ticket) -> dict[str, Any]:
    """Return what every message about a ticket may say. No addresses, no credentials: messages leave the house (SOP.md 11)."""
    site = world.inventory.sites.get(ticket.site)
    step = world.procedure.steps[ticket.step.key]
    role = world.procedure.roles[step.actor]
    return {
        "ticket": ticket.id,
        "site": ticket.site,
        "site_name": site.name if site else ticket.site,
        "opd": ticket.opd,
        "side": ticket.proposal.get("side"),
        "affected": sorted(ticket.affected),
        "occurred_at": occurred_at(ticket),
        "step": ticket.step.key,
        "step_number": step.number,
        "step_label_id": step.text("id"),
        "step_label_en": step.text("en"),
        "role": step.actor,
        "role_label_id": role.text("id"),
        "role_label_en": role.text("en"),
        "due_at": maybe_text(ticket.step.due_at),
    }


def occurred_at(ticket: Ticket) -> str:
    """Return when the fault began, as the ticket records it; else when the ticket was opened."""
    value = ticket.recorded("occurred_at")
    return str(value) if value else time_text(ticket.opened_at)


def addressees(world: World, ticket: Ticket, roles: Iterable[str], at: datetime) -> list[str]:
    """Return the ids of the persons who hold the roles now; an office's head only for his own office."""
    offices = offices_of(ticket)
    return list(dict.fromkeys(person for role in roles for person in world.people.holders(role, at, offices)))


def offices_of(ticket: Ticket) -> tuple[str, ...]:
    """Return the offices a ticket is about."""
    return tuple(dict.fromkeys([*([ticket.opd] if ticket.opd else []), *ticket.affected_opds]))
