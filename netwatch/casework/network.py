"""What the network says about a ticket: the one place where measurements become facts for the procedure's guards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from netwatch.casework.world import World
from netwatch.detect.state import AGENT_SILENT, State
from netwatch.inventory.model import Status
from netwatch.sop.act import Context
from netwatch.sop.record import Ticket, TicketState
from netwatch.store import Transaction
from netwatch.store.states import StoredState
from netwatch.store.tickets import TicketFilter

MONITOR = "monitor"  # the process name of the monitor's heartbeat
FRESH_ROUNDS = 3
FRESH_AT_LEAST = timedelta(seconds=60)
States = Mapping[str, StoredState]
PROBED = frozenset({Status.ACTIVE, Status.MAINTENANCE})


def context(
    tx: Transaction,
    world: World,
    ticket: Ticket | None,
    now: datetime,
    *,
    caller: str | None = None,
    recorder: bool = True,
    states: States | None = None,
) -> Context:
    """Return everything outside a ticket that its guards look at.

    Who asks about many tickets brings the `states` along, read once; he then acts for netwatch, which merges nothing.
    """
    others = tx.tickets.list(TicketFilter(state=TicketState.OPEN, limit=100_000)) if states is None else ()
    return Context(
        now=now,
        people=world.people,
        calendar=world.calendar,
        stable_since=None if ticket is None else stable_since(tx, world, ticket, now, states=states),
        stable_before_close_s=world.settings.tickets.stable_before_close,
        cancel_if_recovered_for_s=world.settings.tickets.cancel_if_recovered_for,
        open_tickets=frozenset(each.id for each in others),
        devices=tuple(world.inventory.devices),
        caller=caller,
        recorder=recorder,
    )


def stable_since(
    tx: Transaction, world: World, ticket: Ticket, now: datetime, *, states: States | None = None
) -> datetime | None:
    """Return since when everything the ticket is about is measured up without a break; None: it is not, or nobody measures.

    "Measured" is meant: time in which the monitor was blind, stopped or cut off counts neither as outage nor as service, so the
    clock starts again after it. A degraded or flapping device is not stable service.
    """
    if not monitor_is_fresh(tx, world, now):
        return None
    devices = watched(world, ticket)
    since = up_since(devices, tx.states.load() if states is None else states)
    if since is None:
        return None
    for period in tx.blind.list(since=since):
        if period.device is not None and period.device not in devices:
            continue
        if period.ended_at is None:
            return None
        since = max(since, period.ended_at)
    return since


def watched(world: World, ticket: Ticket) -> tuple[str, ...]:
    """Return the devices a ticket is about that are still probed: the affected ones, or all of its place when none is named."""
    named: Iterable[str] = ticket.affected or world.graph.devices_of_site.get(ticket.site, ())
    devices = world.inventory.devices
    return tuple(device for device in named if device in devices and devices[device].status in PROBED)


def up_since(devices: Iterable[str], states: States) -> datetime | None:
    """Return when the last of the devices came up; None while one of them is not plainly up, or when there is none."""
    known = [states.get(device) for device in devices]
    if not known or any(state is None or not _serves(state) for state in known):
        return None
    return max(state.since for state in known if state is not None)


def monitor_is_fresh(tx: Transaction, world: World, now: datetime) -> bool:
    """Say whether the monitor finished a round lately and sees the network."""
    beat = tx.heartbeat.last(MONITOR)
    if beat is None or beat.isolated:
        return False
    age = now - beat.last_cycle_at
    return age <= max(FRESH_AT_LEAST, timedelta(seconds=FRESH_ROUNDS * world.settings.detection.interval))


def _serves(state: StoredState) -> bool:
    """Tell whether a device does its work: it is up, or nothing but its SNMP agent is silent."""
    return state.state is State.UP or (state.state is State.DEGRADED and state.reason == AGENT_SILENT)
