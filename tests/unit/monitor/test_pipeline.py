"""The walk from an echo to a ticket, one rule a test."""

from __future__ import annotations

from datetime import timedelta

from netwatch.inventory.model import Window, WindowMode
from tests.unit.monitor.desk import OFFICES, Desk, city


def settled(**changes: object) -> Desk:
    """A city of eight offices in which everything has answered."""
    desk = Desk(city(*OFFICES, **changes))
    desk.run(30)
    assert not desk.fleet.troubled
    return desk


def test_a_silent_router_is_down_after_the_confirm_window_and_has_one_ticket_after_the_gate():
    desk = settled()
    desk.air.silent = {"kel1-rtr", "kel1-sw"}
    desk.run(34)
    assert desk.states("kel1-rtr")[-1] == "down"
    assert desk.states("kel1-sw")[-1] == "unreachable"
    assert desk.tickets() == []
    desk.run(600)
    assert len(desk.tickets()) == 1
    assert desk.verbs().count("opened") == 1


def test_a_pause_of_the_monitor_opens_no_ticket_before_the_device_was_asked_afresh():
    """Down for half a minute, then an hour in which nobody measured, healed meanwhile: the hour is no silence (P6)."""
    desk = settled()
    desk.air.silent = {"kel1-rtr", "kel1-sw"}
    desk.run(40)
    assert desk.states("kel1-rtr")[-1] == "down"
    desk.air.silent = set()
    desk._late.clear()
    desk.clock.mono += 3600
    desk.run(60)
    assert desk.tickets() == []


def test_a_pause_in_an_outage_that_goes_on_delays_the_ticket_by_a_fresh_look_only():
    desk = settled()
    desk.air.silent = {"kel1-rtr", "kel1-sw"}
    desk.run(40)
    desk.clock.mono += 3600
    desk.run(60)
    assert len(desk.tickets()) == 1


def test_a_window_laid_over_an_open_incident_opens_no_ticket_while_it_lasts():
    desk = settled()
    desk.air.silent = {"kel1-rtr", "kel1-sw"}
    desk.run(60)
    at = desk.clock.now()
    desk.judge.windows = (Window("w", "ganti UPS", at, at + timedelta(seconds=600), sites=("kel1",)),)
    desk.run(590)
    assert desk.tickets() == []
    desk.run(60)
    assert len(desk.tickets()) == 1


def test_an_echo_on_its_way_when_probing_is_switched_off_makes_nobody_suspect():
    desk = settled()
    desk.air.silent = {"kel1-rtr"}
    while not any(target.device == "kel1-rtr" for _, target, _, _ in desk._late):
        desk.run(0.5)
    at = desk.clock.now()
    desk.judge.windows = (
        Window("w", "ganti UPS", at, at + timedelta(seconds=600), devices=("kel1-rtr",), mode=WindowMode.NO_PROBING),
    )
    desk.pipeline.judge.cover(desk.now)
    desk.run(60)
    assert "kel1-rtr" not in desk.fleet.troubled


def test_no_ticket_for_offices_behind_a_router_that_is_not_probed_on_purpose():
    desk = settled()
    at = desk.clock.now()
    desk.judge.windows = (
        Window("w", "ganti router", at, at + timedelta(seconds=3600), devices=("dist",), mode=WindowMode.NO_PROBING),
    )
    desk.run(20)
    desk.air.silent = {"dist"} | {name for name in desk.fleet.watches if name.startswith("kel")}
    desk.run(900)
    assert desk.tickets() == []


def test_one_device_without_a_route_is_no_isolation():
    """A small inventory: nothing answers for three seconds between rounds, and one probe never leaves this machine."""
    for name in ("core", "dist", "kel1-rtr", "kel1-sw"):
        desk = Desk(city("kel1"))
        desk.air.unroutable = {name}
        desk.run(120)
        assert desk.blinds() == []


def test_probes_of_everybody_that_cannot_leave_are_isolation():
    desk = settled()
    desk.air.unroutable = set(desk.fleet.watches)
    desk.run(30)
    assert desk.judge.frozen
    desk.air.unroutable = set()
    desk.run(30)
    assert not desk.judge.frozen
    assert desk.tickets() == []


def test_a_refused_ticket_is_asked_for_again_and_not_every_second():
    desk = settled()
    desk.air.silent = {"kel1-rtr", "kel1-sw"}
    desk.refuse = "the clock says 1970"
    desk.run(60 + 180 + 300)
    assert 2 <= len(desk.tickets()) <= 12
    desk.refuse = None
    desk.run(120)
    asked = len(desk.tickets())
    desk.run(600)
    assert len(desk.tickets()) == asked
    assert desk.incident().ticket is not None


def test_the_mass_guard_ends_though_one_place_after_the_other_falls_and_returns():
    """In a large city there is no minute without a change somewhere; the others' tickets must not wait for one."""
    desk = Desk(city(*(f"o{number}" for number in range(40)), *(f"x{number}" for number in range(25))))
    desk.run(30)
    fallen = {f"o{number}-{kind}" for number in range(40) for kind in ("rtr", "sw")}
    for turn in range(20):
        desk.air.silent = fallen | {f"x{turn}-rtr", f"x{turn}-sw"}
        desk.run(42)
    assert len(desk.tickets()) >= 1


def test_an_agent_that_speaks_though_pings_are_lost_keeps_the_device_from_a_ticket():
    desk = settled()
    desk.air.silent = {"kel1-rtr"}
    for _ in range(80):
        desk.run(5)
        desk.read("kel1-rtr", answered=True)
    assert desk.tickets() == []
    assert desk.states("kel1-rtr")[-1] == "degraded"


def test_a_device_whose_agent_falls_silent_after_its_pings_is_down_after_all():
    desk = settled()
    desk.air.silent = {"kel1-rtr"}
    for _ in range(20):
        desk.run(5)
        desk.read("kel1-rtr", answered=True)
    desk.air.silent = {"kel1-rtr", "kel1-sw"}
    for _ in range(80):
        desk.run(5)
        desk.read("kel1-rtr", answered=False)
    assert desk.states("kel1-rtr")[-1] == "down"
    assert len(desk.tickets()) == 1


def test_an_agent_heard_after_the_incident_opened_ends_the_incident_without_a_ticket():
    desk = settled()
    desk.air.silent = {"kel1-rtr"}
    desk.run(60)
    assert desk.states("kel1-rtr")[-1] == "down"
    for _ in range(80):
        desk.run(5)
        desk.read("kel1-rtr", answered=True)
    assert desk.tickets() == []
    assert desk.states("kel1-rtr")[-1] == "degraded"


def test_a_router_that_rarely_answers_pings_does_not_keep_a_dead_device_behind_it_from_its_ticket():
    """Its other children prove that it forwards; each of its stray answers used to restart the gate of the dead one."""
    desk = Desk(city("kel1", "kel2", "kel3"))
    desk.run(30)
    desk.air.silent = {"dist"}
    desk.run(60)
    for _ in range(12):
        desk.air.silent = {"dist", "kel1-rtr", "kel1-sw"}
        desk.run(50)
        desk.air.silent.discard("dist")
        desk.run(10.5)
    assert len([ticket for ticket in desk.tickets() if "kel1" in ticket.incident]) == 1


def test_a_silent_device_whose_name_resolves_no_more_is_not_counted_as_silent():
    desk = settled()
    desk.air.silent = {"kel1-rtr", "kel1-sw"}
    desk.run(60)
    for name in ("kel1-rtr", "kel1-sw"):
        desk.fleet.watches[name].target = None
    desk.run(600)
    assert desk.tickets() == []
