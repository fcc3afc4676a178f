"""What each guard refuses, written from the SOP's text by hand: (way there, action, who, fields, papers) -> key of the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from netwatch.errors import Refused
from netwatch.sop import ticket as sop
from netwatch.sop.guards import GUARDS
from tests.unit.sop.city import Case, Script, opened, paper, procedure

TECHNICIAN, HEAD, AGENCY = "contoh-teknisi-1", "contoh-kabid", "contoh-kadis"
TO_4 = "dispose assign"
TO_5 = f"{TO_4} find_site_side"
TO_6 = f"{TO_5} schedule_visit"
TO_7 = f"{TO_6} record_inspection"
TO_8 = f"{TO_7} replace"
TO_9 = f"{TO_8} accept_form"
TO_10 = f"{TO_7} + repair"
TO_11 = f"{TO_10} send_report"
TO_12 = f"{TO_11} forward"

DIAGNOSIS = {"fault_kind": "cut_cable", "fault_location": "city_access_path", "grounds": "Port mati"}
VISIT = {"opd_contact_name": "Petugas Contoh", "coordinated_at": "2026-11-24T12:00", "visit_scheduled_for": "2026-11-25T09:00"}
INSPECTION = {"findings": "Kabel putus", "person_met": "Petugas Contoh"}
DECISION = {"repair_choice": "replace", "decision_reason": "Terbakar"}
REPAIR = {"repair_choice": "repair", "decision_reason": "Longgar", "repair_action": "Kencangkan", "test_result": "Baik"}
FORM = {"request_form_number": "1/BA", "request_form_signed_by": "contoh-camat"}
FITTED = {
    "old_device_serial": "SN-1",
    "new_device_serial": "SN-2",
    "fitted_at": "2026-11-24T12:00",
    "device_received_by": "Petugas Contoh",
    "test_result": "Baik",
}
REPORT = {
    "work_minutes_number": "2/BA",
    "team_signature": TECHNICIAN,
    "reporter_signature": "contoh-camat",
    "work_description": "Ganti kabel",
}
BOTH = ("work_minutes", "work_report_document")

Row = tuple[str, str, str, dict[str, Any], tuple[str, ...]]
PERMITTED: list[Row] = [
    ("", "dispose", AGENCY, {"forwarded_to": HEAD, "disposition_text": "Tindak lanjuti"}, ()),
    ("dispose", "assign", HEAD, {"appointed_staff": [TECHNICIAN, "contoh-teknisi-2"]}, ()),
    ("dispose", "transfer", HEAD, {"target_sop": "server_upkeep", "reason": "Server mati, bukan jaringan"}, ()),
    ("dispose", "cancel", AGENCY, {"reason": "Laporan keliru"}, ()),
    (TO_4, "merge", TECHNICIAN, {"target_ticket": "NW-2026-000002"}, ()),
    (TO_4, "find_site_side", TECHNICIAN, DIAGNOSIS, ()),
    (TO_4, "find_dc_side", TECHNICIAN, {**DIAGNOSIS, "fault_location": "data_center_network"}, ()),
    (TO_5, "schedule_visit", TECHNICIAN, VISIT, ()),
    (TO_6, "record_inspection", TECHNICIAN, INSPECTION, ("site_documentation",)),
    (TO_7, "replace", TECHNICIAN, DECISION, ()),
    (f"{TO_7} +", "repair", TECHNICIAN, REPAIR, ()),
    (TO_8, "accept_form", TECHNICIAN, FORM, ("replacement_request_form",)),
    (f"{TO_9} +", "finish_replacement", TECHNICIAN, FITTED, ()),
    (TO_10, "send_report", TECHNICIAN, REPORT, BOTH),
    (TO_11, "forward", HEAD, {"division_decision": "forward"}, ()),
    (TO_12, "approve", AGENCY, {"agency_decision": "approve"}, ()),
]
WRONG: list[tuple[str, dict[str, Any], str]] = [  # action of a row above, what is changed (None: left out), key of the reason
    ("dispose", {"forwarded_to": AGENCY}, "forwarded_to_not_accepted"),
    ("dispose", {"disposition_text": None}, "disposition_complete"),
    ("assign", {"appointed_staff": None}, "staff_appointed"),
    ("assign", {"appointed_staff": [TECHNICIAN, HEAD]}, "appointed_staff_not_accepted"),
    ("assign", {"appointed_staff": "siapa"}, "unknown_name"),
    ("transfer", {"target_sop": "tea_break"}, "unknown_name"),
    ("transfer", {"target_sop": None}, "target_is_related_sop"),
    ("transfer", {"reason": None}, "reason_given"),
    ("cancel", {"reason": None}, "reason_given"),
    ("cancel", {"reason": "123456789"}, "bad_value"),
    ("merge", {"target_ticket": "NW-2026-000001"}, "target_ticket_not_accepted"),
    ("merge", {"target_ticket": "NW-2026-000009"}, "target_ticket_not_accepted"),
    ("find_site_side", {"fault_location": "data_center_network"}, "side_not_fitting"),
    ("find_site_side", {"fault_kind": None}, "diagnosis_complete"),
    ("find_site_side", {"grounds": None}, "diagnosis_complete"),
    ("find_dc_side", {"fault_location": "third_party"}, "side_not_fitting"),
    ("schedule_visit", {"coordinated_at": None}, "visit_agreed"),
    ("schedule_visit", {"visit_scheduled_for": "2026-12-25T09:00"}, "visit_agreed"),
    ("record_inspection", {"person_met": None}, "site_documented"),
    ("replace", {"repair_choice": "repair"}, "repair_choice_not_accepted"),
    ("replace", {"condition": "broken"}, "decision_reasoned"),
    ("repair", {"repair_choice": "replace"}, "repair_choice_not_accepted"),
    ("repair", {"test_result": None}, "repair_recorded"),
    ("accept_form", {"request_form_signed_by": HEAD}, "request_form_signed_by_not_accepted"),
    ("accept_form", {"request_form_number": None}, "request_form_complete"),
    ("finish_replacement", {"new_device_serial": "SN-1"}, "new_device_serial_not_different"),
    ("finish_replacement", {"fitted_at": "kemarin"}, "bad_value"),
    ("send_report", {"reporter_signature": TECHNICIAN}, "reporter_signature_not_accepted"),
    ("send_report", {"team_signature": None}, "work_minutes_complete"),
    ("send_report", {"work_description": None}, "work_report_complete"),
    ("forward", {"division_decision": None}, "division_forwards"),
    ("forward", {"division_decision": "reopen_check"}, "division_decision_not_accepted"),
    ("approve", {"agency_decision": None}, "agency_approves"),
    ("approve", {"agency_decision": "return_review"}, "agency_decision_not_accepted"),
]


def station(way: str) -> Case:
    case = Case.open()
    case.open_tickets = frozenset({"NW-2026-000001", "NW-2026-000002"})
    case.take(sop.perform(procedure(), case.ticket, sop.Act("submit", "system", "system"), case.context()))
    script = Script(case)
    for name in way.split():
        if name == "+":
            case.heal()
        else:
            script.do(name)
    return case


def row_of(action: str) -> Row:
    return next(row for row in PERMITTED if row[1] == action)


def keys(case: Case, action: str, by: str, fields: dict[str, Any], papers: tuple[sop.Document, ...]) -> set[str]:
    try:
        sop.perform(procedure(), case.ticket, sop.Act(action, by, by, fields=fields, documents=papers), case.context())
    except Refused as refused:
        return {reason.key for reason in refused.reasons}
    return set()


@pytest.mark.parametrize("row", PERMITTED, ids=lambda row: row[1])
def test_exactly_what_the_guards_text_asks_for_is_enough(row: Row) -> None:
    """No more is demanded than the specification says; without each of the papers it is refused."""
    way, action, by, fields, papers = row
    case = station(way)
    assert keys(case, action, by, fields, tuple(paper(key) for key in papers)) == set()
    for left_out in papers:
        assert keys(case, action, by, fields, tuple(paper(key) for key in papers if key != left_out)) != set()


@pytest.mark.parametrize(("action", "change", "key"), WRONG, ids=lambda value: value if isinstance(value, str) else str(value))
def test_what_the_guard_does_not_accept_is_refused_by_its_name(action: str, change: dict[str, Any], key: str) -> None:
    """One change of a permitted act each."""
    way, _, by, fields, papers = row_of(action)
    changed = {name: value for name, value in {**fields, **change}.items() if value is not None}
    assert key in keys(station(way), action, by, changed, tuple(paper(key) for key in papers))


def test_an_incomplete_report_waits_for_somebody_who_completes_it() -> None:
    """report_complete: the daemon submits only what names office, place, symptom and time."""
    performed = opened(symptom=" ")
    case = Case(performed.ticket, [performed.entry])
    assert keys(case, "submit", "system", {}, ()) == {"report_complete"}
    assert keys(case, "submit", TECHNICIAN, {"symptom": "Tidak ada koneksi"}, ()) == set()


def test_approval_wants_every_paper_of_the_path_with_its_hash() -> None:
    """documents_locked."""
    case = station(TO_12)
    approve = (AGENCY, {"agency_decision": "approve"}, ())
    whole = case.ticket
    for key in ("site_documentation", *BOTH):
        case.ticket = replace(whole, documents=tuple(d for d in whole.documents if d.key != key))
        assert keys(case, "approve", *approve) == {"documents_locked"}
    case.ticket = replace(whole, documents=tuple(replace(d, sha256=None) for d in whole.documents))
    assert keys(case, "approve", *approve) == {"documents_locked"}


def test_a_letter_ticket_without_measurements_needs_evidence_in_step_4() -> None:
    """Kind, location, grounds and one timed evidence: ICMP, SNMP or SSH."""
    performed = opened("letter", affected={}, proposal={}, incident=None)
    case = Case(performed.ticket, [performed.entry])
    script = Script(case)
    for action in ("submit", "dispose", "assign"):
        script.do(action)
    assert keys(case, "find_site_side", TECHNICIAN, DIAGNOSIS, ()) == {"diagnosis_complete"}
    assert keys(case, "find_site_side", TECHNICIAN, {**DIAGNOSIS, "ssh_evidence": "show interface: down"}, ()) == set()


def test_every_guard_has_a_refusal_in_these_tables() -> None:
    """A new guard needs a line here (official_active, untouched_automatic and service_recovered have tests of their own)."""
    elsewhere = {"official_active", "untouched_automatic", "service_recovered", "documents_locked", "report_complete"}
    named = {guard for row in PERMITTED for t in procedure().transitions if t.action == row[1] for guard in t.guards}
    assert set(GUARDS) - elsewhere <= named
