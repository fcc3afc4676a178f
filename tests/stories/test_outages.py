"""Outages of one place: one ticket, the right place, the right side, and nothing for those behind it."""

from __future__ import annotations

import pytest

from tests.stories.stage import Stage

NOISE = "noise: {loss: 0.01}"


def test_a_cut_site_is_down_within_33_seconds_and_has_one_ticket_after_the_gate(stage: Stage) -> None:
    """The main job: cut one office's uplink; DIAGNOSIS 1.3 gives the worst time, INTERFACES the gate of 180 s."""
    played = stage.play(
        f"""
        seed: 1
        duration: 500
        {NOISE}
        events: [{{at: 120, fail: {{link: dc-dist-1/kel-001-rtr}}}}]
        """
    )
    down = played.first("device_down", device="kel-001-rtr")
    assert 120 < down["at"] <= 153
    ticket = played.ticket()
    assert ticket["site"] == "kel-001"
    assert ticket["incident"]["cause"]["side"] == "site"
    opened = played.first("ticket_opened")
    assert 300 <= opened["at"] <= 312
    assert played.first("device_unreachable", device="kel-001-sw1")["behind"] == "kel-001-rtr"
    assert len(played.incidents) == 1


def test_a_dead_distribution_router_is_one_ticket_and_none_for_the_sites_behind_it(stage: Stage) -> None:
    """Eight offices fall silent with it; all of them are its victims."""
    played = stage.play(
        """
        seed: 2
        duration: 500
        events: [{at: 120, fail: {device: dc-dist-1}}]
        """
    )
    ticket = played.ticket()
    assert ticket["site"] == "dc"
    assert ticket["incident"]["cause"]["side"] == "data_center"
    assert len(played.incidents) == 1
    assert len(played.incidents[0]["affected"]) == 17


@pytest.mark.parametrize("seed", range(50))
def test_a_core_cut_at_any_moment_with_a_hundred_sites_behind_it_is_one_incident(stage: Stage, seed: int) -> None:
    """B1: the freshness barrier judges no child by a stale parent. The link fails at another phase for every seed."""
    played = stage.play(
        f"""
        seed: {seed}
        duration: 60
        {NOISE}
        events: [{{at: {20 + seed * 0.2:.1f}, fail: {{link: dc-core/dc-dist-1}}}}]
        """,
        offices=100 if seed % 10 == 0 else 30,
        check=False,
    )
    assert [incident["locus"] for incident in played.incidents] == [["dc-dist-1"]], played.told()


def test_offices_on_one_power_feed_are_one_fault(stage: Stage) -> None:
    """Five offices lose their power at once: one cause, one ticket, and the other offices keep out of it."""
    played = stage.play(
        """
        seed: 3
        duration: 500
        events: [{at: 120, fail: {power: pln-1}}]
        """
    )
    ticket = played.ticket()
    assert ticket["incident"]["cause"]["side"] == "site"
    assert {entry["device"][:7] for entry in ticket["affected"]} == {f"kel-00{n}" for n in range(1, 6)}


def test_a_device_that_comes_back_is_up_within_25_seconds_and_its_ticket_stays_open(stage: Stage) -> None:
    """Network recovery never closes a ticket: people do."""
    played = stage.play(
        """
        seed: 4
        duration: 900
        events: [{at: 120, fail: {link: dc-dist-1/kel-002-rtr, for: 400}}]
        """
    )
    up = played.first("device_up", device="kel-002-rtr")
    assert 520 < up["at"] <= 545
    assert played.incidents[0]["state"] == "recovered"
    assert played.ticket()["state"] == "open"


def test_a_short_outage_is_recorded_and_opens_no_ticket(stage: Stage) -> None:
    """A minute of darkness is a `down` in the record; the gate keeps it from people's desks."""
    played = stage.play(
        """
        seed: 5
        duration: 500
        events: [{at: 120, fail: {link: dc-dist-1/kel-001-rtr, for: 70}}]
        """
    )
    assert played.events("device_down", device="kel-001-rtr")
    assert played.incidents[0]["state"] == "recovered"
    assert played.tickets == []


def test_loss_on_every_link_makes_nobody_down(stage: Stage) -> None:
    """Ten percent of all echoes lost for an hour: no `down`, no incident (alpha = 0.001 a device and year)."""
    played = stage.play(
        """
        seed: 6
        duration: 3600
        noise: {loss: 0.10}
        """,
        check=False,
    )
    assert not played.events("device_down", "device_unreachable")
    assert played.incidents == []


def test_bursts_of_loss_open_no_ticket(stage: Stage) -> None:
    """Twenty blackouts a day of 10 s on every device for six hours: the wide window swallows most, the gate the rest."""
    played = stage.play(
        """
        seed: 7
        duration: 21600
        noise: {loss: 0.01, bursts_per_day: 20, burst_seconds: 10}
        """,
        check=False,
    )
    assert played.tickets == []


def test_a_flapping_link_is_one_incident_and_one_ticket(stage: Stage) -> None:
    """Six outages of one minute within half an hour: flapping, one incident that stays open, never six."""
    played = stage.play(
        """
        seed: 8
        duration: 5400
        events: [{at: 120, fail: {flap: {link: dc-dist-1/kel-001-rtr, period: 150, count: 10}}}]
        """
    )
    assert len(played.incidents) == 1, played.told()
    assert len(played.tickets) <= 1
    assert played.events("device_flapping", device="kel-001-rtr")


def test_the_same_place_again_within_half_an_hour_is_the_same_ticket(stage: Stage) -> None:
    """tickets.reopen_within: the incident reopens, the ticket goes on."""
    played = stage.play(
        """
        seed: 9
        duration: 2700
        events:
          - {at: 120, fail: {link: dc-dist-1/kel-001-rtr, for: 400}}
          - {at: 1800, fail: {link: dc-dist-1/kel-001-rtr}}
        """
    )
    assert played.ticket()["state"] == "open"
    assert len(played.incidents) == 1
    assert played.incidents[0]["reopened"] == 1
    assert played.incidents[0]["state"] == "open"


def test_the_same_place_again_much_later_is_a_new_incident_that_names_the_old_one(stage: Stage) -> None:
    """After the window it is another fault; the first ticket is still open, so the second incident has its own."""
    played = stage.play(
        """
        seed: 10
        duration: 3600
        events:
          - {at: 120, fail: {link: dc-dist-1/kel-001-rtr, for: 300}}
          - {at: 2700, fail: {link: dc-dist-1/kel-001-rtr}}
        """
    )
    assert len(played.incidents) == 2
    assert played.incidents[1]["follows"] == played.incidents[0]["key"]


def test_late_victims_join_and_early_survivors_leave(stage: Stage) -> None:
    """One falls later, another comes back by itself: one incident, one ticket, each device with its own times."""
    played = stage.play(
        """
        seed: 11
        duration: 900
        events:
          - {at: 120, fail: {power: kel-001}}
          - {at: 100, fail: {device: kel-001-sw1, for: 300}}
          - {at: 700, repair: {power: kel-001}}
        """
    )
    assert len(played.tickets) == 1
    affected = {entry["device"]: entry for entry in played.incidents[0]["affected"]}
    assert set(affected) == {"kel-001-rtr", "kel-001-sw1"}
    assert all(entry["until"] for entry in affected.values())
