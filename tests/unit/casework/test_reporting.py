"""Two reports, one event (FEATURES N4)."""

from __future__ import annotations

import pytest

from netwatch import casework
from netwatch.detect.state import State
from netwatch.diagnose.cause import Side
from netwatch.errors import InvalidFile
from netwatch.store.verify import verify
from tests.unit.casework.office import PDF, Office


def report(
    office: Office, site: str = "kec-sekupang", *, letter: bool = False, request_id: str | None = None
) -> dict[str, object]:
    given = casework.Report(
        site=site, symptom="internet mati", reporter="Petugas Contoh", recorded_by="contoh-teknisi-1", request_id=request_id
    )
    papers = [casework.Paper("incoming_letter", "surat.pdf", PDF)] if letter else []
    return casework.report(office.store, office.world, given, papers=papers)


def test_a_report_opens_a_ticket_that_waits_for_the_disposition(office: Office) -> None:
    ticket = report(office)
    assert ticket["origin"] == "phone"
    assert ticket["step"]["key"] == "agency_disposition"
    assert ticket["incident"] is None
    assert verify(office.store) == []


def test_a_letter_makes_it_a_letter(office: Office) -> None:
    ticket = report(office, letter=True)
    assert ticket["origin"] == "letter"
    assert "incoming_letter" in {each["key"] for each in ticket["documents"]}


def test_a_report_joins_the_open_ticket_of_its_place(office: Office) -> None:
    opened = office.open()
    joined = report(office, letter=True)
    assert joined["id"] == opened["id"]
    assert "incoming_letter" in {each["key"] for each in joined["documents"]}
    office.recover("sekupang-rtr", "sekupang-sw")
    office.clock.advance(hours=2)
    office.beat()
    assert office.tx(lambda tx: casework.sweep(tx, office.world, office.clock.now())).cancelled == (), "somebody reported it"
    assert verify(office.store) == []


def test_an_incident_takes_over_the_ticket_that_was_reported_first(office: Office) -> None:
    reported = report(office)
    office.clock.advance(minutes=2)
    measured = office.open()
    assert measured["id"] == reported["id"]
    assert measured["incident"]["id"] == 1
    assert [each["device"] for each in measured["affected"]] == ["sekupang-rtr", "sekupang-sw"]
    with office.store.read() as tx:
        assert tx.incidents.get(1).ticket == reported["id"]
    assert verify(office.store) == []


def test_another_place_gets_its_own_ticket(office: Office) -> None:
    assert report(office)["id"] != report(office, "kel-tiban")["id"]


def test_the_same_report_twice_is_one(office: Office) -> None:
    assert report(office, request_id="r-1") == report(office, request_id="r-1")
    assert report(office, request_id="r-2")["version"] != report(office, request_id="r-1")["version"]


def test_an_unknown_place_is_named_with_its_near_one(office: Office) -> None:
    with pytest.raises(InvalidFile, match="kec-sekupang"):
        report(office, "kec-sekupan")


def test_a_reported_place_without_measured_fault_is_judged_by_all_its_devices(office: Office) -> None:
    ticket = str(report(office)["id"])
    office.states(State.UP, "sekupang-rtr")
    with office.store.read() as tx:
        assert casework.stable_since(tx, office.world, tx.tickets.get(ticket), office.clock.now()) is None
    office.states(State.UP, "sekupang-sw")
    with office.store.read() as tx:
        assert casework.stable_since(tx, office.world, tx.tickets.get(ticket), office.clock.now()) == office.clock.now()


def test_a_report_from_an_office_behind_a_fault_elsewhere_joins_the_ticket_of_that_fault(office: Office) -> None:
    """G11: one ticket per cause; later letters attach to it."""
    opened = office.open("dc-dist-1", "sekupang-rtr", "sekupang-sw", "tiban-rtr", side=Side.DATA_CENTER)
    assert opened["site"] == "dc"
    joined = report(office, "kel-tiban")
    assert joined["id"] == opened["id"]
    assert set(joined["affected_opds"]) == {"Kecamatan Sekupang", "Kelurahan Tiban"}
