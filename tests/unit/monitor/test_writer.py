"""One record, one transaction: whole or not at all, once, and only on what is still true. On SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from netwatch.detect.state import State
from netwatch.diagnose.cause import Evidence
from netwatch.errors import Conflict
from netwatch.incident import CauseChanged, Incident, IncidentState, Joined, Opened, Outage, Recovered, Reopened
from netwatch.inventory.model import Window
from netwatch.monitor.records import Beat, Blind, ClockStep, Moment, OpenTicket, StateChange
from netwatch.monitor.writer import Stale, Writer
from netwatch.store.verify import verify
from tests.unit.store.conftest import NOON
from tests.unit.store.examples import incident

WHY = Evidence("test", {})
LATER = NOON + timedelta(minutes=5)


def down(device: str) -> StateChange:
    return StateChange(device, State.UP, State.DOWN, NOON, "certain_loss")


def opening(*locus: str, key: str = "first") -> Incident:
    return incident(*locus, key=key)


def moment(tx: str, *changes: object, states: tuple[StateChange, ...] = (), **before: Incident) -> Moment:
    return Moment(tx, NOON, states, changes, None, {one.key: one for one in before.values()})  # type: ignore[arg-type]


@pytest.fixture
def writer(store, world) -> Writer:
    return Writer(store, world)


def known(store) -> list[Incident]:
    """The stored incidents, oldest first, without what the database adds; its invariants hold."""
    assert [str(each) for each in verify(store)] == []
    with store.read() as tx:
        return [replace(one, id=None, ticket=None) for one in reversed(tx.incidents.list())]


def test_a_judgement_is_written_whole_or_not_at_all(writer, store):
    """The second incident's device belongs to the first: nothing of the second judgement stays, not even its states."""
    first, second = opening("kel1-rtr"), opening("kel1-rtr", "kel2-rtr", key="second")
    writer(moment("a", Opened(first, WHY), states=(down("kel1-rtr"),)))
    with pytest.raises(Conflict):
        writer(moment("b", Opened(second, WHY), states=(down("kel2-rtr"),)))
    assert known(store) == [first]
    with store.read() as tx:
        assert set(tx.states.load()) == {"kel1-rtr"}


def test_a_record_that_was_written_before_a_crash_is_not_written_twice(writer, store):
    record = moment("a", Opened(opening("kel1-rtr"), WHY), states=(down("kel1-rtr"),))
    writer(record)
    assert writer(record).error is None
    ticket = writer(OpenTicket("b", LATER, "first")).ticket
    assert ticket is not None
    assert writer(OpenTicket("b", LATER, "first")).ticket == ticket
    assert writer(OpenTicket("c", LATER, "first")).ticket == ticket
    with store.read() as tx:
        assert len(tx.tickets.list()) == 1


def test_a_change_of_an_incident_that_somebody_else_changed_is_refused_with_what_is_stored(writer, store):
    first = opening("kel1-rtr")
    healed = replace(first, state=IncidentState.RECOVERED, ended_at=LATER)
    writer(moment("a", Opened(first, WHY)))
    writer(moment("b", Recovered(healed, WHY), before=first))
    grown = replace(first, affected={**first.affected, "kel1-sw": Outage(NOON)})
    record = moment("c", Joined(grown, WHY), before=first)
    with pytest.raises(Stale):
        writer(record)
    assert known(store) == [healed]
    stored = writer.stored(record)
    assert stored is not None
    assert [replace(one, id=None) for one in stored.incidents] == [healed]


def test_a_change_of_an_incident_that_was_never_stored_is_refused(writer, store):
    first = opening("kel1-rtr")
    with pytest.raises(Stale):
        writer(moment("a", CauseChanged(first, WHY), before=first))
    assert known(store) == []


def test_several_changes_of_one_incident_in_one_judgement_are_compared_with_what_was_there_before_the_first(writer, store):
    first = opening("kel1-rtr")
    grown = replace(first, affected={**first.affected, "kel1-sw": Outage(NOON)})
    healed = replace(grown, state=IncidentState.RECOVERED, ended_at=LATER)
    writer(moment("a", Opened(first, WHY), Joined(grown, WHY)))
    writer(moment("b", Recovered(healed, WHY), before=grown))
    assert known(store) == [healed]


def test_a_ticket_does_not_make_a_change_stale(writer, store):
    """The pipeline hears of the number a moment after it was written."""
    first = opening("kel1-rtr")
    writer(moment("a", Opened(first, WHY)))
    writer(OpenTicket("b", NOON, "first"))
    healed = replace(first, state=IncidentState.RECOVERED, ended_at=LATER)
    writer(moment("c", Recovered(healed, WHY), before=first))
    assert known(store) == [healed]


def test_an_incident_whose_ticket_has_ended_is_not_reopened(writer, store):
    first = opening("kel1-rtr")
    healed = replace(first, state=IncidentState.RECOVERED, ended_at=LATER)
    writer(moment("a", Opened(first, WHY)))
    ticket = writer(OpenTicket("b", NOON, "first")).ticket
    writer(moment("c", Recovered(healed, WHY), before=first))
    again = moment("d", Reopened(replace(first, reopened=1), WHY), before=healed)
    with store.begin("end") as tx:
        found = tx.tickets.get(ticket)
        tx.tickets.update(replace(found, state=type(found.state).CANCELLED, version=found.version + 1), found.version)
    with pytest.raises(Stale, match="has ended"):
        writer(again)
    stored = writer.stored(again)
    assert stored is not None
    assert stored.ended == {ticket}


def test_no_ticket_is_opened_for_a_place_that_has_healed_or_was_never_stored(writer, store):
    first = opening("kel1-rtr")
    writer(moment("a", Opened(first, WHY)))
    writer(moment("b", Recovered(replace(first, state=IncidentState.RECOVERED, ended_at=LATER), WHY), before=first))
    assert writer(OpenTicket("c", LATER, "first")).ticket is None
    assert writer(OpenTicket("d", LATER, "nobody")).ticket is None


def test_a_gap_that_began_is_ended_and_not_noted_twice(writer, store):
    writer(Blind("a", NOON, NOON, None, "isolated"))
    writer(Blind("b", LATER, NOON, LATER, "isolated"))
    with store.read() as tx:
        assert [(one.began_at, one.ended_at) for one in tx.blind.list()] == [(NOON, LATER)]


def test_a_gap_in_which_the_clock_was_set_back_ends_no_earlier_than_it_began(writer, store):
    early = NOON - timedelta(hours=1)
    writer(Blind("a", NOON, NOON, None, "isolated"))
    writer(Blind("b", early, early - timedelta(minutes=5), early, "isolated"))
    with store.read() as tx:
        assert all(one.ended_at is not None and one.ended_at >= one.began_at for one in tx.blind.list())


def test_a_heartbeat_brings_the_windows_and_the_tickets_that_have_ended(writer, store):
    window = Window("w", "ganti UPS", NOON, NOON + timedelta(hours=1), devices=("kel1-rtr",))
    with store.begin("window") as tx:
        tx.maintenance.add(window, by="contoh-teknisi")
    writer(moment("a", Opened(opening("kel1-rtr"), WHY)))
    ticket = writer(OpenTicket("b", NOON, "first")).ticket
    written = writer(Beat("c", NOON, isolated=False, tickets=(ticket,)))
    assert written.windows == (window,)
    assert written.ended == frozenset()


def test_a_step_of_the_clock_is_in_the_journal(writer, store):
    writer(ClockStep("a", NOON, -3600.0))
    with store.read() as tx:
        noted = [entry.body for entry in tx.journal.entries() if entry.body["action"] == "clock_stepped"]
    assert [body["fields"] for body in noted] == [{"milliseconds": -3_600_000}]
