"""What is known of every device: echoes, agents and ports, each for what it proves and no more."""

from __future__ import annotations

from netwatch.detect.state import DeviceState, State
from netwatch.diagnose.snapshot import Reach, VantageView
from netwatch.inventory.graph import Graph
from netwatch.monitor.fleet import PORT_READING_VALID_S, Fleet
from netwatch.observation import PortAdmin, PortOper, PortStatus, SnmpReading
from tests.unit.monitor.desk import NOON, OFFICES, city

DOWN = DeviceState(state=State.DOWN, since=100.0, first_lost_at=100.0, losses=21, last_echo_at=120.0)


def fleet() -> Fleet:
    """A city whose devices were all up at 50 s."""
    made = Fleet(Graph.of(city(*OFFICES)), 10.0)
    for watch in made:
        made.set_state(watch, DeviceState(state=State.UP, since=50.0, last_answer_at=110.0, last_echo_at=110.0))
    return made


def says(made: Fleet, device: str, at: float, *, answered: bool = True, **fields: object) -> None:
    made.take(SnmpReading(device, at, answered=answered, **fields))  # type: ignore[arg-type]


def port(made: Fleet, at: float, oper: PortOper, reason: str | None = None) -> None:
    says(made, "dist", at, ports=(PortStatus("ge10", PortAdmin.UP, oper, reason=reason),))


def view(made: Fleet, now: float = 125.0):
    return made.snapshot(now, NOON, lambda _: NOON, VantageView())


def test_a_frozen_fleet_stays_as_it_was():
    made = fleet()
    made.set_state(made.watches["kel1-rtr"], DOWN)
    says(made, "kel2-rtr", 110.0)
    frozen = made.frozen()
    before = view(frozen)
    for watch in made:
        made.set_state(watch, DOWN)
        watch.covered = True
        watch.grace_until = 1e9
    says(made, "kel2-rtr", 120.0, answered=False)
    port(made, 121.0, PortOper.DOWN)
    made.power.note("kel1-rtr", 121.0)
    del made.watches["kel3-rtr"]
    assert view(frozen) == before
    assert frozen.troubled == {"kel1-rtr"}
    assert not frozen.watches["kel3-rtr"].covered
    assert len(frozen) == len(made) + 1
    assert [watch.device for watch in frozen.of(["kel3-rtr", "nobody"])] == ["kel3-rtr"]


def test_a_frozen_fleet_says_what_the_real_one_says():
    made = fleet()
    made.set_state(made.watches["kel1-rtr"], DOWN)
    made.watches["kel1-rtr"].refused_by = "192.0.2.9"
    says(made, "kel1-rtr", 105.0)
    port(made, 110.0, PortOper.DOWN)
    assert view(made.frozen()) == view(made)
    assert made.frozen().speaks("kel1-rtr") is made.speaks("kel1-rtr") is True


def test_an_agent_that_answers_after_the_first_lost_echo_proves_that_its_device_lives():
    made = fleet()
    made.set_state(made.watches["kel1-rtr"], DOWN)
    says(made, "kel1-rtr", 99.0)
    assert not made.speaks("kel1-rtr")
    says(made, "kel1-rtr", 118.5)
    assert not made.speaks("kel1-rtr"), "its pings may only be a moment later than its agent"
    made.set_state(made.watches["kel1-rtr"], DOWN._replace(last_echo_at=122.0))
    assert made.speaks("kel1-rtr")


def test_an_agent_is_silent_after_two_readings_in_a_row_and_only_if_it_ever_answered():
    made = fleet()
    for at in (10.0, 20.0, 30.0):
        says(made, "kel1-rtr", at, answered=False)
    assert not made.agent_is_silent("kel1-rtr")
    says(made, "kel1-rtr", 40.0)
    says(made, "kel1-rtr", 50.0, answered=False)
    assert not made.agent_is_silent("kel1-rtr")
    says(made, "kel1-rtr", 60.0, answered=False)
    assert made.agent_is_silent("kel1-rtr")


def test_a_port_that_came_back_is_no_reason_to_hurry():
    made = fleet()
    port(made, 101.0, PortOper.DOWN)
    port(made, 104.0, PortOper.UP, reason="err-disabled")
    assert made.port_down_times("kel1-rtr") == [101.0, 104.0]
    port(made, 107.0, PortOper.UP)
    assert made.port_down_times("kel1-rtr") == []
    assert made.port_down_times("kel1-sw") == [], "its uplink names no port"


def test_an_old_reading_of_a_port_is_no_evidence():
    made = fleet()
    port(made, 100.0, PortOper.DOWN)
    assert ("dist", "ge10") in view(made, 100.0 + PORT_READING_VALID_S).ports
    assert ("dist", "ge10") not in view(made, 101.0 + PORT_READING_VALID_S).ports


def test_an_ancestor_is_settled_by_an_echo_sent_after_the_first_loss_below():
    made = fleet()
    made.set_state(made.watches["kel1-sw"], DOWN._replace(since=111.0))
    assert set(made.unsettled_ancestors("kel1-sw")) == {"kel1-rtr", "dist", "core"}
    for name in ("kel1-rtr", "dist", "core"):
        made.set_state(made.watches[name], made.watches[name].state._replace(last_answer_at=112.0))
    assert made.unsettled_ancestors("kel1-sw") == []


def test_a_device_that_leaves_takes_everything_along():
    made = fleet()
    made.set_state(made.watches["dist"], DOWN)
    says(made, "dist", 105.0, uptime_s=5.0)
    port(made, 106.0, PortOper.DOWN)
    made.watches.pop("dist")
    made.forget("dist")
    assert not made.troubled
    assert (made.ports, made.snmp) == ({}, {})
    assert made.port_down_times("kel1-rtr") == []
    assert made.spoke_at("dist") == float("-inf")


def test_a_device_that_was_never_asked_is_not_measured_and_a_suspect_is_unsettled():
    made = fleet()
    made.set_state(made.watches["kel1-rtr"], DeviceState())
    made.set_state(
        made.watches["kel2-rtr"], DeviceState(state=State.SUSPECT, since=120.0, first_lost_at=120.0, losses=1, last_echo_at=120.0)
    )
    devices = view(made).devices
    assert devices["kel1-rtr"].icmp is None
    assert devices["kel2-rtr"].icmp is Reach.UNSETTLED
    assert not devices["kel2-rtr"].certain
