"""Trouble of the monitor itself: never anybody's outage (FEATURES B3, B4; RELIABILITY P6, P8)."""

from __future__ import annotations

import pytest

from tests.stories.stage import Stage


def test_a_monitor_that_is_cut_off_opens_no_ticket_and_records_the_gap(stage: Stage) -> None:
    """Ten minutes without a carrier in a city of 150 offices: no site ticket, one local incident, the time is no data."""
    played = stage.play(
        """
        seed: 1
        duration: 1200
        events: [{at: 300, fail: {monitor: carrier, for: 600}}]
        """,
        offices=150,
    )
    assert played.tickets == []
    assert not played.events("device_down", "device_unreachable")
    assert {incident["cause"]["side"] for incident in played.incidents} <= {"monitor"}
    assert played.first("blind", reason="isolated")["at"] < 330
    assert 900 <= played.first("blind_ended", reason="isolated")["at"] <= 920


def test_an_outage_that_lasts_while_the_monitor_is_cut_off_is_the_same_incident_afterwards(stage: Stage) -> None:
    """A site is down, then the monitor is blind, then it sees again: one ticket, nothing new."""
    played = stage.play(
        """
        seed: 2
        duration: 1800
        events:
          - {at: 120, fail: {link: dc-dist-1/kel-001-rtr}}
          - {at: 500, fail: {monitor: carrier, for: 400}}
        """
    )
    assert len(played.tickets) == 1, played.told()
    sites = [incident for incident in played.incidents if incident["cause"]["side"] != "monitor"]
    assert len(sites) == 1
    assert sites[0]["state"] == "open"


@pytest.mark.parametrize("step", [86_400, -86_400, 3_600, -90])
def test_a_step_of_the_wall_clock_changes_no_state(stage: Stage, step: int) -> None:
    """A day forward, a day back: noted, and nothing else (P8)."""
    played = stage.play(
        f"""
        seed: 3
        duration: 600
        events: [{{at: 300, clock: {{step: {step}}}}}]
        """
    )
    assert not played.events("device_down", "device_unreachable", "device_unknown")
    assert played.incidents == []
    assert played.first("clock_stepped")["seconds"] == pytest.approx(step, abs=2)


def test_a_step_of_the_wall_clock_during_an_outage_opens_the_ticket_when_it_was_due(stage: Stage) -> None:
    """The gate counts monotonic seconds."""
    played = stage.play(
        """
        seed: 4
        duration: 600
        events:
          - {at: 120, fail: {link: dc-dist-1/kel-001-rtr}}
          - {at: 200, clock: {step: -86400}}
        """
    )
    assert 300 <= played.first("ticket_opened")["at"] <= 312
    assert len(played.tickets) == 1


@pytest.mark.parametrize("how", ["suspend", "stall"])
def test_a_monitor_that_slept_for_an_hour_makes_nobody_down_and_goes_on_at_once(stage: Stage, how: str) -> None:
    """The time is recorded as no data; a real outage afterwards is found as fast as ever."""
    played = stage.play(
        f"""
        seed: 5
        duration: 5000
        events:
          - {{at: 300, {how}: {{for: 3600}}}}
          - {{at: 4200, fail: {{link: dc-dist-1/kel-001-rtr}}}}
        """
    )
    blind = played.first("blind_ended")
    assert 3900 <= blind["at"] <= 3915
    assert not played.events("device_down") or played.first("device_down")["at"] > 4200
    assert played.first("device_down", device="kel-001-rtr")["at"] <= 4233
    assert len(played.tickets) == 1


def test_a_daemon_that_dies_in_an_outage_goes_on_with_the_same_incident_and_ticket(stage: Stage) -> None:
    """Before the verdict, between verdict and ticket, after the ticket: always one incident, one ticket."""
    for moment in (125, 160, 250, 400):
        played = stage.play(
            f"""
            seed: 6
            duration: 700
            events:
              - {{at: 120, fail: {{link: dc-dist-1/kel-001-rtr}}}}
              - {{at: {moment}, crash: daemon}}
            """
        )
        assert len(played.tickets) == 1, played.told()
        assert len(played.incidents) == 1, played.told()
        assert len(played.messages()) == len(set(played.messages()))


def test_a_reload_in_the_middle_of_an_outage_changes_nothing_about_it(stage: Stage) -> None:
    """A new office appears; the one that is down keeps its incident, and cannot be removed meanwhile."""
    from tests.stories.city import inventory_text

    simulation = stage.prepare(
        """
        seed: 7
        duration: 900
        events:
          - {at: 120, fail: {link: dc-dist-1/kel-001-rtr}}
          - {at: 200, reload: larger.yaml}
          - {at: 400, reload: without.yaml}
          - {at: 450, reload: broken.yaml}
        """
    )
    folder = stage.folder / "play-1"
    (folder / "larger.yaml").write_text(inventory_text(9))
    (folder / "without.yaml").write_text("\n".join(line for line in inventory_text(9).splitlines() if "kel-001-" not in line))
    (folder / "broken.yaml").write_text("version: 1\nvantage: nowhere\n")
    result = simulation.run()
    names = [event["event"] for event in result.timeline]
    assert names.count("reloaded") == 1
    assert names.count("reload_refused") == 2
    assert len(result.tickets) == 1
    assert len(result.incidents) == 1
    assert result.incidents[0]["state"] == "open"


def test_a_clock_that_is_set_back_while_the_monitor_is_cut_off_leaves_no_gap_that_ends_before_it_begins(stage: Stage) -> None:
    """The gap is as long as it was by the monotonic clock, whatever the wall says at its end (I7)."""
    played = stage.play(
        """
        seed: 8
        duration: 700
        events:
          - {at: 100, fail: {monitor: carrier, for: 300}}
          - {at: 250, clock: {step: -3600}}
        """
    )
    assert played.first("blind_ended", reason="isolated")
