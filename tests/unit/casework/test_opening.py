"""The monitor's side of a ticket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from netwatch import casework
from netwatch.casework.opening import ClockWrong
from netwatch.store.verify import verify
from tests.unit.casework.office import MORNING, Office


def test_an_incident_gets_one_ticket_that_waits_for_the_disposition(office: Office) -> None:
    ticket = office.open()
    assert ticket["id"] == "NW-2026-000001"
    assert ticket["step"]["key"] == "agency_disposition"
    assert ticket["origin"] == "monitor"
    assert ticket["site"] == "kec-sekupang"
    assert ticket["opd"] == "Kecamatan Sekupang"
    assert [each["device"] for each in ticket["affected"]] == ["sekupang-rtr", "sekupang-sw"]
    assert ticket["incident"]["cause"]["side"] == "site"
    assert ticket["incident"]["cause"]["confidence"] == 0.71
    assert all(isinstance(each, str) for each in ticket["incident"]["cause"]["evidence"])
    assert verify(office.store) == []


def test_opening_decides_one_message_per_channel_for_each_event(office: Office) -> None:
    office.open()
    with office.store.read() as tx:
        kinds = [message.payload["kind"] for message in tx.outbox.list()]
    assert kinds == ["ticket_opened", "ticket_step"]


def test_a_network_that_heals_leaves_the_ticket_open(office: Office) -> None:
    ticket = office.open()
    office.clock.advance(minutes=10)
    office.recover("sekupang-rtr", "sekupang-sw")
    after = office.show(ticket["id"])
    assert after["state"] == "open"
    assert after["incident"]["state"] == "recovered"
    assert verify(office.store) == []


def test_what_did_not_change_is_not_written_again(office: Office) -> None:
    ticket = office.open()
    with office.store.read() as tx:
        incident = tx.incidents.list()[0]
    office.tx(lambda tx: casework.update_affected(tx, office.world, incident, office.clock.now()))
    assert office.show(ticket["id"])["version"] == ticket["version"]


def test_no_ticket_is_opened_while_the_clock_cannot_be_right(office: Office) -> None:
    """RELIABILITY 4, row 15: a machine that wakes up in 1970, or days before its own journal."""
    office.open("tiban-rtr")
    for wrong in (datetime(1970, 1, 1, tzinfo=UTC), office.clock.now() - timedelta(days=2)):
        office.clock.at = wrong
        with pytest.raises(ClockWrong):
            office.open("sekupang-rtr")
        office.clock.at = MORNING
        office.recover("sekupang-rtr")
    office.clock.at = MORNING - timedelta(hours=1)  # an hour back is a step, not a dead battery
    assert office.open("sekupang-sw")["state"] == "open"
