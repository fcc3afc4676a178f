"""Lines and devices neither well nor dead, and a monitor that is disturbed meanwhile: what people are told, and what not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from netwatch.simulate.run import Simulation
from tests.stories.city import inventory_text
from tests.stories.stage import Played, Stage

TIMEOUT_S = 1.0


def slowed(simulation: Simulation, behind: str, extra: Callable[[float], float]) -> None:
    """Let what begins with `behind` answer later, by `extra(seconds from the start)`; after a second its answer is lost."""
    network, clock = simulation.network, simulation.clock
    answers = network.echo

    def echo(device: str) -> float | None:
        rtt = answers(device)
        if rtt is None or not device.startswith(behind):
            return rtt
        later = rtt + extra(clock.elapsed)
        return later if later < TIMEOUT_S else None

    network.echo = echo  # type: ignore[method-assign]


def finish(stage: Stage, simulation: Simulation) -> Played:
    """Play a prepared scenario to its end."""
    played = Played(simulation.run(), stage.folder / f"play-{stage.plays}" / "machine")
    played.agree()
    return played


def test_bursts_of_loss_on_the_line_of_an_office_make_it_down_for_no_longer_than_they_last_and_open_no_ticket(
    stage: Stage,
) -> None:
    """Eight blackouts of 15 s on one line, four of 60 s on another: the short are no outage, the long are recorded."""
    short = "\n".join(f"          - {{at: {300 + 200 * n}, fail: {{link: dc-dist-1/kel-001-rtr, for: 15}}}}" for n in range(8))
    long = "\n".join(f"          - {{at: {300 + 700 * n}, fail: {{link: dc-dist-1/kel-002-rtr, for: 60}}}}" for n in range(4))
    played = stage.play(
        f"""
        seed: 11
        duration: 3600
        noise: {{loss: 0.01}}
        events:
{short}
{long}
        """
    )
    assert not played.events("device_down", device="kel-001-rtr")
    assert len(played.events("device_down", device="kel-002-rtr")) == 4
    assert played.tickets == []
    assert {tuple(incident["locus"]) for incident in played.incidents} == {("kel-002-rtr",)}
    assert {incident["state"] for incident in played.incidents} == {"recovered"}


def test_a_latency_spike_below_the_timeout_is_no_loss_and_one_above_it_is_a_short_outage(stage: Stage) -> None:
    """Round trips of 0.9 s for ten minutes change no state. Of 2 s for one minute: nothing comes in time, and no ticket opens."""
    simulation = stage.prepare("seed: 12\nduration: 1800\nnoise: {loss: 0.01}\n")
    slowed(simulation, "kel-001", lambda at: 0.9 if 300 <= at < 900 else 2.0 if 1200 <= at < 1260 else 0.0)
    played = finish(stage, simulation)
    for event in played.events("device_down", "device_degraded", "device_unreachable"):
        assert event["device"].startswith("kel-001")
        assert 1200 < event["at"] <= 1270
    assert played.events("device_up", device="kel-001-rtr", before="down")
    assert played.tickets == []


def test_one_way_loss_of_half_the_answers_is_degraded_service_and_never_down(stage: Stage) -> None:
    """Requests arrive, half of the answers do not: seen as loss on everything behind the line, within a quarter of an hour."""
    played = stage.play(
        """
        seed: 13
        duration: 3600
        events: [{at: 600, fail: {loss: {link: dc-dist-1/kel-001-rtr, ratio: 0.5}}}]
        """
    )
    assert not played.events("device_down", "device_unreachable")
    assert played.first("device_degraded", device="kel-001-rtr")["at"] <= 600 + 900
    assert {event["device"] for event in played.events("device_degraded")} == {"kel-001-rtr", "kel-001-sw1"}
    assert not [incident for incident in played.incidents if incident["state"] == "open" and "down" in str(incident["affected"])]


def test_a_circuit_that_is_broken_in_one_direction_is_found_though_its_port_stays_lit(stage: Stage) -> None:
    """The provider's equipment keeps the light on: nothing answers, so it is an outage; the ticket blames no port of ours."""
    played = stage.play(
        """
        seed: 14
        duration: 600
        events: [{at: 120, fail: {link: dc-dist-1/kel-002-rtr}}]
        """
    )
    ticket = played.ticket()
    assert ticket["site"] == "kel-002"
    assert "upstream_port_down" not in str(ticket["incident"]["cause"]["evidence"])


def test_a_router_that_answers_pings_but_forwards_nothing_is_found_by_what_is_behind_it(stage: Stage) -> None:
    """Its agent is dead and its office is dark while its pings are answered: the office has a ticket, the router is not down."""
    played = stage.play(
        """
        seed: 15
        duration: 900
        events:
          - {at: 120, fail: {snmp: kel-001-rtr}}
          - {at: 120, fail: {link: kel-001-rtr/kel-001-sw1}}
        """,
        inventory=inventory_text(8).replace("defaults: {", "defaults: {credentials: {snmp: contoh}, "),
    )
    assert not played.events("device_down", device="kel-001-rtr")
    assert played.first("device_degraded", device="kel-001-rtr")["reason"] == "agent_silent"
    assert played.first("device_down", device="kel-001-sw1")["at"] <= 120 + 33
    ticket = played.ticket()
    assert ticket["site"] == "kel-001"
    assert [entry["device"] for entry in ticket["affected"]] == ["kel-001-sw1"]


def test_a_slow_reboot_is_one_outage_whose_devices_come_back_one_after_the_other(stage: Stage) -> None:
    """The router is away for 150 s, its switch for four minutes: shorter than the gate, then within the boot grace."""
    played = stage.play(
        """
        seed: 16
        duration: 1200
        events:
          - {at: 120, fail: {device: kel-001-rtr, for: 150}}
          - {at: 120, fail: {device: kel-001-sw1, for: 240}}
        """
    )
    assert len(played.incidents) == 1, played.told()
    assert played.tickets == []
    assert played.incidents[0]["state"] == "recovered"
    assert played.first("device_up", device="kel-001-rtr", before="down")["at"] <= 120 + 150 + 25
    assert played.first("device_up", device="kel-001-sw1")["at"] <= 120 + 240 + 40


@pytest.mark.parametrize("step", [1_700, -1_700, -86_400])
def test_a_clock_jump_between_two_outages_of_a_place_leaves_them_one_incident_and_one_ticket(stage: Stage, step: int) -> None:
    """Eleven minutes pass between them, the wall says 40, or that it was yesterday: the same fault, the same ticket."""
    played = stage.play(
        f"""
        seed: 17
        duration: 2000
        events:
          - {{at: 120, fail: {{link: dc-dist-1/kel-001-rtr, for: 400}}}}
          - {{at: 800, clock: {{step: {step}}}}}
          - {{at: 1200, fail: {{link: dc-dist-1/kel-001-rtr, for: 400}}}}
        """
    )
    assert len(played.incidents) == 1, played.told()
    assert played.incidents[0]["reopened"] == 1
    assert played.ticket()["state"] == "open"
    assert not played.events("not_written")


@pytest.mark.parametrize("healed", [False, True])
def test_a_monitor_suspended_for_an_hour_in_an_outage_asks_afresh_before_it_opens_a_ticket(stage: Stage, healed: bool) -> None:
    """What healed while nobody looked has no ticket, what still lasts has one: after a fresh look, not for the hour of sleep."""
    events = "{at: 120, fail: {link: dc-dist-1/kel-001-rtr" + (", for: 600" if healed else "") + "}}"
    played = stage.play(
        f"""
        seed: 18
        duration: 4500
        events:
          - {events}
          - {{at: 200, suspend: {{for: 3600}}}}
        """
    )
    assert played.first("blind_ended", reason="suspended")["at"] >= 3800
    assert len(played.incidents) == 1
    assert played.incidents[0]["state"] == ("recovered" if healed else "open")
    assert len(played.tickets) == (0 if healed else 1)
    if not healed:
        assert 3880 < played.first("ticket_opened")["at"] <= 3910  # 80 s before the sleep, 100 s after it


def test_an_inventory_reload_in_the_middle_of_an_outage_judges_on_by_the_new_uplinks(stage: Stage) -> None:
    """The switch of the dark office turns out to hang on another router: no longer explained, and the first ticket stays."""
    simulation = stage.prepare(
        """
        seed: 19
        duration: 1500
        events:
          - {at: 120, fail: {device: kel-001-rtr}}
          - {at: 120, fail: {device: kel-001-sw1}}
          - {at: 500, reload: corrected.yaml}
        """
    )
    text = inventory_text(8).replace(
        "kel-001-sw1: {site: kel-001, role: switch, address: 10.200.0.2, uplinks: [{to: kel-001-rtr, port: ge2",
        "kel-001-sw1: {site: kel-001, role: switch, address: 10.200.0.2, uplinks: [{to: kel-002-rtr, port: ge9",
    )
    assert "kel-002-rtr, port: ge9" in text
    (stage.folder / "play-1" / "corrected.yaml").write_text(text)
    played = finish(stage, simulation)
    assert played.first("device_unreachable", device="kel-001-sw1")["behind"] == "kel-001-rtr"
    assert played.first("device_down", device="kel-001-sw1")["at"] >= 500
    assert played.first("incident_opened")["locus"] == ["kel-001-rtr"]
    first = next(incident for incident in played.incidents if "kel-001-rtr" in incident["locus"])
    assert first["state"] == "open"
    assert first["ticket"] is not None
    assert not played.events("not_written")
