"""A ticket is driven to `done` by people who only read what the ticket offers."""

from __future__ import annotations

import pytest

from tests.stories.stage import Stage


@pytest.mark.parametrize(
    ("branch", "fault", "passed"),
    [
        ("repair", "{link: dc-dist-1/kel-001-rtr, for: 4000}", "site_inspection"),
        ("replace", "{device: kel-001-rtr, for: 4000}", "device_replacement"),
        ("repair", "{device: dc-dist-1, for: 4000}", "repair_decision"),
    ],
)
def test_simulated_people_drive_a_ticket_to_done(stage: Stage, branch: str, fault: str, passed: str) -> None:
    """The repair branch, the replacement branch and the Data Center branch."""
    played = stage.play(
        f"""
        seed: 1
        duration: 16000
        events: [{{at: 120, fail: {fault}}}]
        people: {{auto: {branch}, delay: 300}}
        """
    )
    ticket = played.ticket()
    acts = [event["action"] for event in played.events("act_done")]
    assert ticket["state"] == "done", played.told()
    assert acts[0] == "dispose"
    assert acts[-1] == "approve"
    assert ("find_dc_side" in acts) == (ticket["site"] == "dc")
    assert ("finish_replacement" in acts) == (branch == "replace")


def test_what_the_procedure_refuses_is_told_and_changes_nothing(stage: Stage) -> None:
    """A technician cannot dispose."""
    played = stage.play(
        """
        seed: 2
        duration: 600
        events: [{at: 60, fail: {link: dc-dist-1/kel-001-rtr}}]
        people: [{at: 400, action: dispose, by: contoh-teknisi-1}]
        """
    )
    assert played.first("act_refused", action="dispose")["reason"]
    assert played.ticket()["step"]["key"] == "agency_disposition"
