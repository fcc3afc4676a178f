"""The incidents in hand: what earns a ticket, what is the same fault again, and what a person's act keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from netwatch.diagnose.cause import CauseKind
from netwatch.incident import IncidentState, OutageView, reconcile
from netwatch.inventory.model import Site, SiteKind
from netwatch.monitor.cases import REMEMBERED_S, GatePolicy
from netwatch.monitor.records import Moment
from tests.unit.monitor.desk import OFFICES, Desk, city

HIT = {"kel1-rtr", "kel1-sw"}
DAY = 86_400.0


def settled(gate: GatePolicy | None = None, **changes: object) -> Desk:
    """A city of eight offices in which everything has answered."""
    desk = Desk(city(*OFFICES, **changes), gate=gate)
    desk.run(30)
    return desk


def fall(desk: Desk, seconds: float, *names: str) -> None:
    """Let devices be silent for so long, then answer for a minute."""
    desk.air.silent = set(names) or set(HIT)
    desk.run(seconds)
    desk.air.silent = set()
    desk.run(60)


def step(desk: Desk, seconds: float) -> None:
    """Set the wall clock."""
    desk.clock.offset += timedelta(seconds=seconds)
    desk.pipeline.clock_stepped(seconds)


@pytest.mark.parametrize("seconds", [DAY, -DAY, 3600.0, -3600.0])
def test_a_place_that_falls_again_after_ten_minutes_is_the_same_fault_whatever_the_clock_did_meanwhile(seconds: float):
    desk = settled()
    fall(desk, 300)
    step(desk, seconds)
    desk.run(500)
    desk.air.silent = set(HIT)
    desk.run(60)
    assert desk.verbs().count("opened") == 1
    assert desk.incident().reopened == 1


@pytest.mark.parametrize("seconds", [DAY, -DAY, 3600.0, -3600.0])
def test_a_place_that_falls_again_after_forty_minutes_is_another_fault_whatever_the_clock_did_meanwhile(seconds: float):
    desk = settled()
    fall(desk, 300)
    first = next(iter(desk.cases.known))
    step(desk, seconds)
    desk.run(2400)
    desk.air.silent = set(HIT)
    desk.run(60)
    assert desk.verbs().count("opened") == 2
    assert desk.incident().follows == first


def test_what_was_recorded_keeps_its_times_when_the_clock_steps():
    desk = settled()
    fall(desk, 300)
    (before,) = desk.cases.known.values()
    step(desk, -DAY)
    desk.air.silent = set(HIT)
    desk.run(60)
    after = desk.incident()
    assert after.began_at == before.began_at
    assert after.affected["kel1-rtr"].since < before.began_at - timedelta(hours=23)
    assert after.affected["kel1-sw"] == before.affected["kel1-sw"]


def test_a_judgement_says_how_each_changed_incident_was_before_it():
    """What the writer compares with the database, also across a step of the clock."""
    desk = settled()
    fall(desk, 300)
    step(desk, 3600)
    fall(desk, 300)
    last = {}
    for moment in desk.written(Moment):
        for key in {change.incident.key for change in moment.changes}:
            before = moment.before.get(key)  # its ticket is the database's affair
            assert (before and replace(before, ticket=None)) == last.get(key)
        last.update((change.incident.key, replace(change.incident, ticket=None)) for change in moment.changes)
    assert "reopened" in desk.verbs()


def test_an_incident_that_ended_in_the_future_by_an_older_clock_has_just_ended():
    """The clock was set back while the monitor was off: half an hour from now on, not a day and half an hour."""
    desk = settled()
    fall(desk, 300)
    known = tuple(desk.cases.known.values())
    for minutes, same in ((10, True), (40, False)):
        again = settled()
        again.clock.offset -= timedelta(days=1)
        again.judge.resync()
        again.cases.load(known, again.clock.now())
        again.run(60 * minutes)
        again.air.silent = set(HIT)
        again.run(60)
        assert (again.incident().key == known[0].key) is same


def test_a_recovered_incident_is_forgotten_after_a_day():
    desk = settled()
    fall(desk, 300)
    assert len(desk.cases.known) == 1
    desk.run(600)
    desk.clock.mono += REMEMBERED_S
    desk.run(60)
    fall(desk, 60, "kel2-rtr", "kel2-sw")
    assert {incident.locus for incident in desk.cases.known.values()} == {frozenset({"kel2-rtr"})}


def test_a_merge_keeps_the_ticket_that_a_person_acted_on_and_asks_for_no_second_one():
    """The older incident has no ticket yet, the younger one has: the younger goes on, and takes the older place in."""
    desk = settled()
    desk.air.silent = {"kel1-rtr", "kel1-sw", "kel2-rtr", "kel2-sw"}
    desk.run(40)
    older, younger = sorted(desk.cases.open(), key=lambda one: one.began_at)
    desk.cases.written(younger.key, "NW-2026-000001")
    places = older.locus | younger.locus
    cause = replace(younger.cause, kind=CauseKind.CABLE, element="duct", locus=places, affected=places)
    at = desk.clock.now()
    views = {name: OutageView(certain=True, silent=True, since=at - timedelta(seconds=40)) for name in places}
    known = desk.cases.now_known()
    decided = desk.cases.take(reconcile(known.incidents, (cause,), views, at, known.policy), at, desk.now)
    assert [change.verb for change in decided.changes].count("merged") == 1
    (survivor,) = desk.cases.open()
    assert (survivor.key, survivor.ticket, survivor.locus) == (younger.key, "NW-2026-000001", places)
    assert desk.cases.known[older.key].state is IncidentState.MERGED
    assert desk.cases.earned(desk.now + 3600) == []


def test_no_ticket_before_the_gate_and_one_after_it():
    desk = settled(GatePolicy(open_after=180.0))
    desk.air.silent = set(HIT)
    desk.run(179)
    assert desk.tickets() == []
    desk.run(15)
    assert len(desk.tickets()) == 1


def test_a_site_with_its_own_gate_opens_by_that():
    inventory = city(*OFFICES)
    inventory.sites["kel1"] = Site("kel1", "Kantor kel1", SiteKind.OFFICE, open_after=300)  # type: ignore[index]
    desk = Desk(inventory)
    desk.run(30)
    desk.air.silent = set(HIT)
    desk.run(290)
    assert desk.tickets() == []
    desk.run(30)
    assert len(desk.tickets()) == 1


def test_a_stray_answer_restarts_the_gate_and_not_the_outage():
    desk = settled()
    desk.air.silent = set(HIT)
    desk.run(150)
    desk.air.silent = {"kel1-sw"}
    desk.run(5)
    desk.air.silent = set(HIT)
    desk.run(100)
    assert desk.tickets() == []
    assert desk.verbs().count("opened") == 1
    desk.run(120)
    assert len(desk.tickets()) == 1
