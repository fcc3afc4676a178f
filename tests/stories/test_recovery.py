"""After the outage: nobody is judged before he had time to boot, and what was broken for its own reason is found (B2, B6)."""

from __future__ import annotations

import pytest

from tests.stories.stage import Stage

BOOT = "\n".join(f"          - {{at: 100, fail: {{device: kel-00{n}-rtr, for: {500 + n * 25}}}}}" for n in range(1, 6))


def test_late_booters_behind_a_core_that_came_back_open_nothing(stage: Stage) -> None:
    """Icinga's PR 8506: the parent is back at 600, five children up to two minutes later. Wanted number of new incidents: 0."""
    played = stage.play(
        f"""
        seed: 1
        duration: 1500
        events:
          - {{at: 100, fail: {{link: dc-core/dc-dist-1, for: 500}}}}
{BOOT}
        """
    )
    assert len(played.incidents) == 1, played.told()
    assert len(played.tickets) == 1


@pytest.mark.parametrize("moment", [600.0, 602.5, 605.0, 607.5])
def test_nobody_behind_a_core_that_comes_back_is_shown_as_down_for_a_moment(stage: Stage, moment: float) -> None:
    """The victims go from `unreachable` to `unknown` to `up`; a flash of `down` would be booked on the offices' account."""
    played = stage.play(
        f"""
        seed: 1
        duration: 700
        noise: {{loss: 0.01}}
        events:
          - {{at: 100, fail: {{link: dc-core/dc-dist-1}}}}
          - {{at: {moment}, repair: {{link: dc-core/dc-dist-1}}}}
        """,
        check=False,
    )
    assert [event["device"] for event in played.events("device_down")] == ["dc-dist-1"]


@pytest.mark.parametrize("phase", range(8))
def test_an_outage_does_not_turn_into_a_silent_agent_while_it_ends(stage: Stage, phase: int) -> None:
    """A switch that answers before its router was asked again does not mean that the router hides: its cause and side stay."""
    played = stage.play(
        f"""
        seed: {phase}
        duration: 230
        events: [{{at: 60, fail: {{link: dc-dist-1/kel-001-rtr, for: {120 + phase * 0.8:.1f}}}}}]
        tickets: {{open_after: 60}}
        """,
        offices=4,
        check=False,
    )
    assert played.ticket()["incident"]["cause"]["side"] == "site", played.told()
    assert not played.events("incident_cause_changed", side="data_center"), played.told()


def test_a_recovery_over_a_lossy_line_does_not_multiply_its_probes(stage: Stage) -> None:
    """Each answer of a recovering device asks for one more echo, not two: with loss the third answer may be long in coming."""
    played = stage.play(
        """
        seed: 3
        duration: 900
        noise: {loss: 0.3}
        events: [{at: 60, fail: {power: pln-1, for: 200}}]
        """,
        check=False,
    )
    assert played.result.echoes < 3 * 18 * 900, (
        "more than three echoes a second for every device, suspicions and their circles included"
    )
    assert all(ticket["state"] == "open" for ticket in played.tickets)


def test_a_site_that_stays_down_after_the_core_is_back_becomes_its_own_incident(stage: Stage) -> None:
    """It was hidden behind the core: exactly one split, with a link to where it came from, and its own ticket."""
    played = stage.play(
        """
        seed: 2
        duration: 2000
        events:
          - {at: 100, fail: {link: dc-core/dc-dist-1, for: 500}}
          - {at: 300, fail: {link: dc-dist-1/kel-003-rtr}}
        """
    )
    assert len(played.incidents) == 2, played.told()
    core, own = played.incidents
    assert core["state"] == "recovered"
    assert own["locus"] == ["kel-003-rtr"]
    assert own["split_from"] == core["key"]
    assert len(played.tickets) == 2
    assert played.first("incident_split")["at"] >= 600 + 180


def test_a_mass_event_waits_for_two_more_looks_and_then_opens_one_ticket_per_place(stage: Stage) -> None:
    """Half of the city falls silent within a minute for two reasons: two tickets, not thirty."""
    played = stage.play(
        """
        seed: 3
        duration: 900
        events:
          - {at: 120, fail: {device: dc-dist-1}}
          - {at: 130, fail: {device: dc-dist-2}}
        """,
        offices=30,
    )
    assert len(played.tickets) == 2, played.told()
    assert {ticket["site"] for ticket in played.tickets} == {"dc"}


def test_planned_work_is_silent_and_what_is_still_down_at_its_end_opens_then(stage: Stage) -> None:
    """M7: recovered inside is recorded; still down at the end is an incident from then on."""
    played = stage.play(
        """
        seed: 4
        duration: 1800
        events:
          - {at: 60, maintenance: {sites: [kel-001, kel-002], for: 840}}
          - {at: 120, fail: {link: dc-dist-1/kel-001-rtr, for: 500}}
          - {at: 120, fail: {link: dc-dist-1/kel-002-rtr}}
        """
    )
    assert len(played.tickets) == 1, played.told()
    assert played.tickets[0]["site"] == "kel-002"
    assert played.first("incident_opened")["at"] >= 900
    assert len(played.incidents) == 1


def test_an_untouched_automatic_ticket_that_healed_is_cancelled_after_an_hour(stage: Stage) -> None:
    """tickets.cancel_if_recovered_for: only a ticket that nobody touched."""
    played = stage.play(
        """
        seed: 5
        duration: 4800
        events: [{at: 120, fail: {link: dc-dist-1/kel-001-rtr, for: 400}}]
        """
    )
    assert played.ticket()["state"] == "cancelled"


def test_a_ticket_that_somebody_touched_is_not_cancelled_by_recovery(stage: Stage) -> None:
    """The agency head has disposed of it: from now on people decide."""
    played = stage.play(
        """
        seed: 6
        duration: 4800
        events: [{at: 120, fail: {link: dc-dist-1/kel-001-rtr, for: 400}}]
        people: [{at: 450, action: dispose}]
        """
    )
    assert played.first("act_done", action="dispose")
    assert played.ticket()["state"] == "open"
    assert played.ticket()["step"]["key"] == "staff_assignment"


def test_a_place_whose_ticket_is_done_gets_a_new_one_however_soon_it_fails_again(stage: Stage) -> None:
    """A ticket that reached `done` is never reopened, not even within tickets.reopen_within (DIAGNOSIS 3.6)."""
    played = stage.play(
        """
        seed: 7
        duration: 2100
        events:
          - {at: 60, fail: {link: dc-dist-1/kel-001-rtr, for: 300}}
          - {at: 1600, fail: {link: dc-dist-1/kel-001-rtr}}
        people: {auto: repair, delay: 20}
        tickets: {stable_before_close: 60}
        """
    )
    assert [ticket["state"] for ticket in played.tickets] == ["done", "open"], played.told()
    assert played.incidents[1]["follows"] == played.incidents[0]["key"]
