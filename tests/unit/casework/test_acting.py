"""People's side of a ticket: once, in one transaction, or not at all."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from netwatch import casework
from netwatch.errors import Conflict, InvalidFile, NotFound, Refused
from netwatch.sop.act import Act
from netwatch.store.verify import verify
from tests.unit.casework.office import PDF, Office

DISPOSE: dict[str, Any] = {"forwarded_to": "contoh-kabid", "disposition_text": "mohon diperiksa"}


def dispose(office: Office, ticket: str, *, by: str = "contoh-kadis", request_id: str | None = None) -> Any:
    return office.do(ticket, "dispose", by, papers=("disposition_sheet",), request_id=request_id, **DISPOSE)


def entries(office: Office, ticket: str) -> list[dict[str, Any]]:
    with office.store.read() as tx:
        return [entry.body for entry in tx.journal.of_ticket(ticket)]


def test_an_act_moves_the_ticket_and_is_one_entry(office: Office) -> None:
    ticket = office.open()["id"]
    before = len(entries(office, ticket))
    after = dispose(office, ticket)
    assert after["step"]["key"] == "staff_assignment"
    added = entries(office, ticket)[before:]
    assert [(entry["action"], entry["performed_by"], entry["recorded_by"]) for entry in added] == [
        ("dispose", "contoh-kadis", "contoh-kadis")
    ]
    assert verify(office.store) == []


def test_the_same_request_id_is_done_once_and_answered_the_same(office: Office) -> None:
    ticket = office.open()["id"]
    first = dispose(office, ticket, request_id="r-1")
    office.clock.advance(minutes=5)
    assert dispose(office, ticket, request_id="r-1") == first
    assert [entry["action"] for entry in entries(office, ticket)].count("dispose") == 1


def test_a_request_id_stands_for_one_act_only(office: Office) -> None:
    ticket = office.open()["id"]
    dispose(office, ticket, request_id="r-1")
    with pytest.raises(Conflict):
        office.do(ticket, "assign", "contoh-kabid", request_id="r-1", appointed_staff=["contoh-teknisi-1"])


def test_a_refusal_changes_nothing_but_stands_in_the_journal(office: Office) -> None:
    """P11: refusals of known persons are journalled."""
    before = office.open()
    with pytest.raises(Refused) as refused:
        dispose(office, before["id"], by="contoh-teknisi-1")
    assert {reason.key for reason in refused.value.reasons} == {"role_missing"}
    after = office.show(before["id"])
    assert (after["version"], after["step"], after["documents"]) == (before["version"], before["step"], before["documents"])
    last = entries(office, before["id"])[-1]
    assert (last["kind"], last["performed_by"], last["fields"]["reasons"]) == ("refusal", "contoh-teknisi-1", ["role_missing"])
    assert verify(office.store) == []


def test_of_two_at_once_one_is_told_who_was_first(office: Office) -> None:
    """RELIABILITY 4, row 13."""
    for _ in range(5):
        ticket = office.open("tiban-rtr")["id"]
        start = threading.Barrier(2)
        results: list[Any] = []

        def act(number: str = ticket, gate: threading.Barrier = start, kept: list[Any] = results) -> None:
            gate.wait()
            try:
                kept.append(dispose(office, number))
            except Conflict as conflict:
                kept.append(conflict)

        threads = [threading.Thread(target=act) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        lost = [each for each in results if isinstance(each, Conflict)]
        assert len(results) == 2
        assert len(lost) == 1
        assert "contoh-kadis" in str(lost[0])
        assert [entry["action"] for entry in entries(office, ticket)].count("dispose") == 1
        office.do(ticket, "cancel", "contoh-kabid", reason="selesai dicoba berulang")
        office.recover("tiban-rtr")
        office.clock.advance(minutes=1)


def test_a_form_of_an_older_version_is_a_conflict(office: Office) -> None:
    ticket = office.open()
    act = Act(action="dispose", performed_by="contoh-kadis", recorded_by="contoh-kadis", fields=DISPOSE)
    with pytest.raises(Conflict, match="version"):
        casework.perform(office.store, office.world, ticket["id"], act, version=ticket["version"] - 1)


def test_who_is_no_recorder_types_only_for_himself(office: Office) -> None:
    ticket = office.open()["id"]
    act = Act(action="dispose", performed_by="contoh-kadis", recorded_by="contoh-teknisi-1", fields=DISPOSE)
    paper = casework.Paper("disposition_sheet", "lembar.pdf", PDF)
    with pytest.raises(Refused) as refused:
        casework.perform(office.store, office.world, ticket, act, papers=[paper], recorder=False)
    assert "not_a_recorder" in {reason.key for reason in refused.value.reasons}


def test_a_recorder_needs_evidence(office: Office) -> None:
    ticket = office.open()["id"]
    act = Act(action="dispose", performed_by="contoh-kadis", recorded_by="account:root", fields=DISPOSE)
    with pytest.raises(Refused) as refused:
        casework.perform(office.store, office.world, ticket, act)
    assert "evidence_missing" in {reason.key for reason in refused.value.reasons}


@pytest.mark.parametrize(
    ("name", "octets"),
    [("a.pdf", b"hello"), ("a.exe", b"MZ"), ("a.jpg", PDF), ("a.pdf", b""), ("a.txt", b"\xff\xfe\x00"), ("pdf", PDF)],
)
def test_a_paper_is_what_its_octets_say(office: Office, name: str, octets: bytes) -> None:
    ticket = office.open()["id"]
    act = Act(action="attach", performed_by="contoh-teknisi-1", recorded_by="contoh-teknisi-1")
    with pytest.raises(InvalidFile):
        casework.attach(office.store, office.world, ticket, act, papers=[casework.Paper("act_evidence", name, octets)])


def test_papers_are_attached_without_leaving_the_step_and_keep_their_revisions(office: Office) -> None:
    ticket = office.open()["id"]
    act = Act(action="attach", performed_by="contoh-teknisi-1", recorded_by="contoh-teknisi-1")
    for number in (1, 2):
        paper = casework.Paper("incoming_letter", "../../surat masuk.pdf", PDF + str(number).encode())
        after = casework.attach(office.store, office.world, ticket, act, papers=[paper])
    letters = [each for each in after["documents"] if each["key"] == "incoming_letter"]
    assert [each["revision"] for each in letters] == [1, 2]
    assert letters[0]["name"] == "surat masuk.pdf"
    assert after["step"]["key"] == "agency_disposition"
    assert verify(office.store) == []


def test_the_head_of_an_office_sees_his_offices_tickets_only(office: Office) -> None:
    """Other ids do not exist for him: 404, not 403 (RELIABILITY 6)."""
    own = office.open()["id"]
    other = office.open("tiban-rtr")["id"]
    with office.store.read() as tx:
        assert casework.visible(tx, office.world, own, "contoh-camat").id == own
        with pytest.raises(NotFound):
            casework.visible(tx, office.world, other, "contoh-camat")
        assert casework.visible(tx, office.world, other, "contoh-opd").id == other


def test_a_held_ticket_waits_and_goes_on(office: Office) -> None:
    ticket = office.open()["id"]
    dispose(office, ticket)
    office.do(ticket, "assign", "contoh-kabid", papers=("disposition_sheet",), appointed_staff=["contoh-teknisi-1"])
    with pytest.raises(Refused):
        office.do(ticket, "hold", "contoh-teknisi-1", hold_reason="awaiting_opd", expected_end="2026-11-27T08:00:00+07:00")


def test_a_merged_ticket_hands_its_offices_to_the_other(office: Office) -> None:
    first, second = office.open()["id"], office.open("tiban-rtr")["id"]
    office.do(second, "merge", "contoh-kabid", target_ticket=first)
    assert office.show(second)["state"] == "merged"
    assert "Kelurahan Tiban" in office.show(first)["affected_opds"]
    assert "tiban-rtr" in {each["device"] for each in office.show(first)["affected"]}
    assert verify(office.store) == []
