"""Where the last monitor stopped the next one goes on: on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from netwatch.casework import World
from netwatch.detect.state import State
from netwatch.incident import IncidentState
from netwatch.monitor.restore import restore
from netwatch.monitor.writer import Writer
from netwatch.sop.record import TicketState
from netwatch.store import Store
from netwatch.store.states import StoredState
from tests.unit.monitor.desk import NOON, Desk

HIT = {"kel1-rtr", "kel1-sw"}


def start(store: Store, world: World, boot: str, *, after: float = 0.0, restored: bool = True) -> Desk:
    """A monitor that starts `after` seconds from noon, as its wall clock says, with everything reachable."""
    desk = Desk(world.inventory, writer=Writer(store, world), boot=boot)
    desk.clock.offset += timedelta(seconds=after)
    desk.judge.resync()
    if restored:
        restore(desk.pipeline, store, now=desk.clock.now())
    return desk


def gaps(store: Store) -> list[tuple[str, datetime, datetime | None]]:
    with store.read() as tx:
        return [(one.reason, one.began_at, one.ended_at) for one in tx.blind.list()]


def run(desk: Desk, clock: object, seconds: float) -> None:
    desk.run(seconds)
    clock.moment = desk.clock.now()  # type: ignore[attr-defined]


def test_the_gap_after_a_restart_is_no_data(store, clock, world):
    """Ten minutes from the last heartbeat to the start: recorded as such, and as nobody's downtime."""
    first = start(store, world, "first")
    run(first, clock, 30)
    with store.read() as tx:
        beat = tx.heartbeat.last("monitor").last_cycle_at
    second = start(store, world, "second", after=630)
    assert gaps(store) == [("stopped", beat, NOON + timedelta(seconds=630))]
    run(second, clock, 60)
    assert second.states("kel1-rtr") == []
    assert second.pipeline.counts.blind_s["stopped"] == pytest.approx((gaps(store)[0][2] - beat).total_seconds())


def test_a_restart_within_two_rounds_leaves_no_gap(store, clock, world):
    run(start(store, world, "first"), clock, 30)
    with store.read() as tx:
        beat = tx.heartbeat.last("monitor").last_cycle_at
    start(store, world, "second", after=(beat - NOON).total_seconds() + 19)
    assert gaps(store) == []


def test_a_first_start_has_no_gap(store, clock, world):
    start(store, world, "first")
    assert gaps(store) == []


def test_a_blind_period_that_was_open_at_a_crash_ends_with_the_next_start(store, clock, world):
    """The monitor died while it was cut off: nobody else would ever end that gap."""
    first = start(store, world, "first")
    run(first, clock, 30)
    first.air.silent = set(first.fleet.watches)
    first.seat.plugged = False
    run(first, clock, 60)
    assert [(reason, end) for reason, _, end in gaps(store)] == [("isolated", None)]
    began = gaps(store)[0][1]
    second = start(store, world, "second", after=600)
    assert ("isolated", began, NOON + timedelta(seconds=600)) in gaps(store)
    assert all(end is not None for _, _, end in gaps(store))
    run(second, clock, 120)
    assert not second.judge.frozen
    with store.read() as tx:
        assert {one.state for one in tx.incidents.list()} == {IncidentState.RECOVERED}
        assert {each.state for each in tx.states.load().values()} == {State.UP}


def test_what_was_down_is_down_and_goes_on_with_its_incident_and_ticket(store, clock, world):
    first = start(store, world, "first")
    run(first, clock, 30)
    first.air.silent = set(HIT)
    run(first, clock, 300)
    incident = first.incident()
    assert incident.ticket is not None
    second = start(store, world, "second", after=360)
    second.air.silent = set(HIT)
    run(second, clock, 300)
    assert second.incident().key == incident.key
    assert second.incident().ticket == incident.ticket
    assert "down" not in second.states("kel1-rtr")
    second.air.silent = set()
    run(second, clock, 60)
    with store.read() as tx:
        assert [one.state for one in tx.incidents.list()] == [IncidentState.RECOVERED]
        assert len(tx.tickets.list()) == 1


def test_what_came_back_while_nobody_looked_has_healed_and_gets_no_ticket(store, clock, world):
    first = start(store, world, "first")
    run(first, clock, 30)
    first.air.silent = set(HIT)
    run(first, clock, 60)
    second = start(store, world, "second", after=3600)
    run(second, clock, 120)
    assert second.tickets() == []
    with store.read() as tx:
        assert [one.state for one in tx.incidents.list()] == [IncidentState.RECOVERED]


def test_a_suspicion_does_not_outlive_the_process(store, clock, world):
    first = start(store, world, "first")
    run(first, clock, 30)
    first.air.silent = set(HIT)
    run(first, clock, 12)
    assert first.fleet.watches["kel1-rtr"].state.state is State.SUSPECT
    second = start(store, world, "second", after=60)
    assert not second.fleet.troubled


def test_states_of_devices_that_left_the_inventory_hurt_nobody(store, clock, world):
    with store.begin("old") as tx:
        tx.states.save([StoredState("gone-rtr", State.DOWN, NOON, "test")])
    second = start(store, world, "second")
    run(second, clock, 60)
    assert not second.fleet.troubled


def test_a_ticket_that_ended_while_nobody_looked_is_not_taken_up_again(store, clock, world):
    first = start(store, world, "first")
    run(first, clock, 30)
    first.air.silent = set(HIT)
    run(first, clock, 250)
    old = first.incident()
    first.air.silent = set()
    run(first, clock, 60)
    with store.begin("end") as tx:
        found = tx.tickets.get(old.ticket)
        tx.tickets.update(replace(found, state=TicketState.CANCELLED, version=found.version + 1), found.version)
    second = start(store, world, "second", after=400)
    run(second, clock, 30)
    second.air.silent = set(HIT)
    run(second, clock, 60)
    assert second.incident().follows == old.key
    assert second.refusals == []
