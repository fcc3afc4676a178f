"""The rules of the record and of the readings, one by one (SOP.md sections 4 and 5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from netwatch.errors import Refused
from netwatch.sop import ticket as sop
from netwatch.sop.people import Appointment, Person
from netwatch.sop.ticket_json import is_overdue, public
from tests.unit.sop.city import START, Case, Script, calendar, opened, paper, people, procedure, proposal, with_people

TO_4 = ("dispose", "assign")
TO_6 = (*TO_4, "find_site_side", "schedule_visit")
TO_7 = (*TO_6, "record_inspection")


def at(*names: str, **given: object) -> tuple[Case, Script]:
    """Lead a ticket up to the step behind these actions."""
    case = Case.open(**given)
    case.take(sop.perform(procedure(), case.ticket, sop.Act("submit", "system", "system"), case.context()))
    script = Script(case)
    for name in names:
        if name == "+":
            case.heal()
        else:
            script.do(name)
    return case, script


def refused(case: Case, act: sop.Act, **more: object) -> set[str]:
    """Return the keys of all reasons."""
    with pytest.raises(Refused) as caught:
        sop.perform(procedure(), case.ticket, act, case.context(**more))
    return {reason.key for reason in caught.value.reasons}


DISPOSE = {"forwarded_to": "contoh-kabid", "disposition_text": "Mohon ditindaklanjuti"}


# -- who and when


def test_another_mans_act_needs_a_recorder_and_evidence() -> None:
    """recorded_by may differ from performed_by only with a scan, and only a recorder may type for others."""
    case, _ = at()
    scan = (paper("disposition_sheet"),)
    assert refused(case, sop.Act("dispose", "contoh-kadis", "root", fields=DISPOSE)) == {
        "evidence_missing",
        "disposition_complete",
    }
    assert refused(case, sop.Act("dispose", "contoh-kadis", "contoh-teknisi-1", fields=DISPOSE, documents=scan)) == {
        "not_a_recorder"
    }
    done = sop.perform(
        procedure(), case.ticket, sop.Act("dispose", "contoh-kadis", "root", fields=DISPOSE, documents=scan), case.context()
    )
    assert done.entry.channel == "scanned_paper"
    assert (done.entry.performed_by, done.entry.recorded_by) == ("contoh-kadis", "root")
    assert done.ticket.step.key == "staff_assignment"
    assert done.ticket.visits[-2].record["sheet_scan"] == scan[0].sha256
    assert done.ticket.visits[-2].record["disposed_by"] == "contoh-kadis"


def test_a_person_of_the_recorders_group_may_type_for_others() -> None:
    """The api knows the groups of the account and says so in the context."""
    case, _ = at()
    act = sop.Act("dispose", "contoh-kadis", "contoh-teknisi-1", fields=DISPOSE, documents=(paper("disposition_sheet"),))
    assert sop.perform(procedure(), case.ticket, act, case.context(recorder=True)).ticket.step.key == "staff_assignment"


def test_a_spoken_order_needs_its_confirmation_and_the_disposition_its_sheet() -> None:
    """oral_confirmed replaces the scan, except where the sheet itself is the proof."""
    case, _ = at(*TO_4)
    spoken = {
        "fault_kind": "power",
        "fault_location": "opd_premises",
        "grounds": "PLN padam",
        "confirmation": "Ditegaskan lewat telepon 10.15",
    }
    done = sop.perform(
        procedure(), case.ticket, sop.Act("find_site_side", "contoh-teknisi-1", "root", fields=spoken), case.context()
    )
    assert done.entry.channel == "oral_confirmed"
    assert done.entry.fields["confirmation"].startswith("Ditegaskan")
    early, _ = at()
    oral = {**DISPOSE, "confirmation": "Ditegaskan lewat telepon 10.15"}
    assert refused(early, sop.Act("dispose", "contoh-kadis", "root", fields=oral)) == {"disposition_complete"}


def test_nothing_is_dated_in_the_future_or_before_the_previous_step() -> None:
    """performed_at <= recorded_at, and not before the previous step was completed."""
    case, _ = at(*TO_4)
    act = sop.Act("recheck", "contoh-teknisi-1", "contoh-teknisi-1", fields={})
    future = replace(act, action="find_site_side", performed_at=case.now + timedelta(seconds=1))
    assert "performed_in_future" in refused(case, future)
    past = replace(act, action="find_site_side", performed_at=case.ticket.step.entered_at - timedelta(seconds=1))
    assert "performed_before_step" in refused(case, past)


def test_the_appointment_counts_at_the_time_of_the_act_not_of_typing() -> None:
    """official_active looks at performed_at; a Plh. of that day signs, a day later he may not."""
    acting = Person(
        "contoh-plh",
        "Pejabat Contoh Plh",
        appointments=(Appointment("agency_head", "plh", None, date(2026, 11, 24), date(2026, 11, 24)),),
    )
    everybody = with_people(**{"contoh-plh": acting})
    case, _ = at()
    act = sop.Act("dispose", "contoh-plh", "root", fields=DISPOSE, documents=(paper("disposition_sheet"),), performed_at=case.now)
    case.now += timedelta(days=2)
    done = sop.perform(procedure(), case.ticket, act, case.context(people=everybody))
    assert done.entry.performed_at < done.entry.recorded_at
    assert done.ticket.step.entered_at == act.performed_at
    assert "appointment_not_in_force" in refused(case, replace(act, performed_at=case.now), people=everybody)


def test_the_daemon_may_not_act_for_people_nor_in_their_name() -> None:
    """Only t01 and t31."""
    case, _ = at()
    assert "system_may_not" in refused(case, sop.Act("dispose", "system", "system", fields=DISPOSE))
    assert "system_may_not" in refused(case, sop.Act("dispose", "contoh-kadis", "system", fields=DISPOSE))


def test_fields_of_the_record_itself_cannot_be_set() -> None:
    """recorded_by, origin, step, and whatever the action does not take."""
    case, _ = at()
    for name in ("recorded_by", "recorded_at", "origin", "step", "system_proposal", "fault_kind"):
        assert "field_not_taken" in refused(
            case, sop.Act("dispose", "contoh-kadis", "contoh-kadis", fields={**DISPOSE, name: "x"})
        )


def test_all_reasons_come_at_once() -> None:
    """One refusal, one repair."""
    case, _ = at()
    assert refused(case, sop.Act("dispose", "contoh-kabid", "contoh-kabid", fields={"forwarded_to": "contoh-kadis"})) >= {
        "role_missing",
        "forwarded_to_not_accepted",
    }


# -- readings


def test_g3_only_an_untouched_automatic_ticket_cancels_itself() -> None:
    """After 60 stable minutes, before any human act; then counted as a short outage."""
    case, _ = at()
    cancel = sop.Act("cancel_self_recovered", "system", "system")
    assert refused(case, cancel) == {"untouched_automatic"}
    up = {"stable_since": case.now - timedelta(hours=1)}
    done = sop.perform(procedure(), case.ticket, cancel, case.context(**up))
    assert done.ticket.state is sop.TicketState.CANCELLED
    assert done.ticket.flags["short_outage"] is True
    joined = sop.note(procedure(), case.ticket, "report_joined", now=case.now, changes={"flags": {"touched": True}})
    case.ticket = joined.ticket
    assert refused(case, cancel, **up) == {"untouched_automatic"}


def test_g4_recovery_after_the_disposition_still_goes_up_to_the_heads() -> None:
    """A network that heals never closes a ticket; a person states the cause."""
    case, script = at(*TO_4)
    case.take(sop.note(procedure(), case.ticket, "recovered", now=case.now, fields={"at": case.now}))
    assert case.ticket.step.key == "connection_check"
    case.heal()
    script.do("declare_recovered", reason="Listrik PLN menyala kembali")
    assert case.ticket.step.key == "work_report"


def test_service_recovered_wants_every_device_up_for_half_an_hour() -> None:
    """N3: measured, stable; one second less is not enough, and the list says when it will be."""
    case, script = at(*TO_7)
    fields = {"repair_choice": "repair", "decision_reason": "Kabel longgar", "repair_action": "Kencangkan", "test_result": "Baik"}
    act = sop.Act("repair", "contoh-teknisi-1", "contoh-teknisi-1", fields=fields)
    almost = case.now - timedelta(seconds=1799)
    assert refused(case, act, stable_since=almost) == {"service_recovered"}
    case.stable_since = almost
    assert "30 menit" in script.listed()["repair"]["refused_because"][0]
    assert sop.perform(procedure(), case.ticket, act, case.context(stable_since=case.now - timedelta(seconds=1800)))


def test_g22_the_division_head_may_except_with_reason_and_follow_up() -> None:
    """Visible in the list as fields; never silent; valid until the connection is checked again."""
    case, script = at(*TO_7)
    assert {"override_reason", "override_by", "follow_up"} <= {f["name"] for f in script.listed()["repair"]["fields"]}
    fields = {
        "repair_choice": "repair",
        "decision_reason": "Menunggu jalur baru",
        "repair_action": "Jalur sementara",
        "test_result": "Sebagian",
        "override_reason": "Jalur fiber baru dibangun Januari",
        "override_by": "contoh-kabid",
        "follow_up": "Surat 12/2026",
    }
    act = sop.Act("repair", "contoh-teknisi-1", "contoh-teknisi-1", fields=fields)
    assert refused(case, act) == {"evidence_missing"}  # another official is named: prove it
    proven = replace(act, documents=(paper("act_evidence"),))
    assert refused(case, replace(proven, fields={k: v for k, v in fields.items() if k != "follow_up"})) == {"service_recovered"}
    wrong = {**fields, "override_by": "contoh-kadis"}
    assert refused(case, replace(proven, fields=wrong)) == {"override_by_not_accepted"}
    case.take(sop.perform(procedure(), case.ticket, proven, case.context()))
    assert case.ticket.flags["recovery_override"]["by"] == "contoh-kabid"
    script.do("send_report")
    script.do("reopen_check")
    assert "recovery_override" not in case.ticket.flags


def test_g20_a_providers_fault_may_go_without_a_photo() -> None:
    """With the provider's ticket number and a reason; not on the site's own side."""
    case, script = at(*TO_4, side="provider", domain="provider")
    script.do("find_site_side", fault_location="third_party")
    script.do("schedule_visit")
    fields = {"findings": "Gangguan jalur penyedia", "person_met": "Petugas Contoh"}
    act = sop.Act("record_inspection", "contoh-teknisi-1", "contoh-teknisi-1", fields=fields)
    assert refused(case, act) == {"site_documented"}
    waiver = {**fields, "provider_ticket_number": "INC-1", "reason": "Titik gangguan di POP penyedia"}
    assert sop.perform(procedure(), case.ticket, replace(act, fields=waiver), case.context()).ticket.step.key == "repair_decision"
    site, _ = at(*TO_6)
    assert refused(site, replace(act, fields=fields)) == {"site_documented"}


def test_g8_a_returned_report_needs_a_new_revision_and_keeps_the_old_one() -> None:
    """The minutes may stay as they were signed."""
    case, script = at(*TO_7, "+", "repair", "send_report", "return_report")
    assert case.ticket.step.attempt == 2
    needed = {d["key"] for d in script.listed()["send_report"]["documents"] if d["required"] and not d["have"]}
    assert needed == {"work_report_document"}
    script.do("send_report")
    assert [document.revision for document in case.ticket.papers("work_report_document")] == [1, 2]
    assert [document.revision for document in case.ticket.papers("work_minutes")] == [1]


def test_g6_a_returned_form_starts_a_new_day_and_needs_a_new_scan() -> None:
    """Same step, new clock, attempt counted; a form of the first attempt does not count."""
    case, script = at(*TO_7, "replace")
    case.take(
        sop.attach(
            procedure(),
            case.ticket,
            sop.Act("attach", "contoh-teknisi-1", "contoh-teknisi-1", documents=(paper("replacement_request_form"),)),
            case.context(),
        )
    )
    assert script.listed()["accept_form"]["documents"][0]["have"] is True
    entered = case.ticket.step.entered_at
    script.do("return_form")
    assert (case.ticket.step.key, case.ticket.step.attempt) == ("replacement_request", 2)
    assert case.ticket.step.entered_at > entered
    assert case.ticket.visits[-2].record["form_check_result"] == "returned"
    assert script.listed()["accept_form"]["documents"][0]["have"] is False


def test_g9_a_new_round_needs_new_minutes() -> None:
    """The fault is back before the report was sent: what was written about the first repair does not prove the second."""
    _case, script = at(*TO_7, "+", "repair", "send_report", "reopen_check", "find_dc_side", "repair")
    needed = {d["key"] for d in script.listed()["send_report"]["documents"] if d["required"] and not d["have"]}
    assert needed == {"work_minutes", "work_report_document"}


def test_g15_an_emergency_action_is_noted_and_put_before_the_division_head() -> None:
    """By the team, before step 3; confirmed there."""
    case, script = at()
    case.act("emergency_action", "contoh-teknisi-1", reason="Kabel utama putus di jalan, disambung sementara")
    script.do("dispose")
    assert "emergency_confirmed" in {field["name"] for field in script.listed()["assign"]["fields"]}
    script.do("assign", emergency_confirmed=True)
    assert case.ticket.flags["emergency_action"]["confirmed"] is True
    assert case.ticket.flags["emergency_action"]["confirmed_by"] == "contoh-kabid"


def test_an_action_on_a_held_step_ends_the_hold() -> None:
    """Who waits for a spare part and fits it waits no longer; the hold keeps its end."""
    case, script = at(*TO_7, "replace", "accept_form")
    case.act(
        "hold", "contoh-teknisi-1", hold_reason="awaiting_spare_part", expected_end=(case.now + timedelta(days=5)).isoformat()
    )
    case.heal()
    script.do("finish_replacement")
    assert case.ticket.hold is None
    assert case.ticket.holds[0].until == case.ticket.visits[-2].left_at


def test_matches_proposal_measures_the_classifier() -> None:
    """system_proposal is kept beside what the person established."""
    case, script = at(*TO_4)
    script.do("find_site_side", fault_location="opd_premises")
    record = case.ticket.visits[-2].record
    assert record["matches_proposal"] is False
    assert record["system_proposal"] == "link dc-dist-1/sekupang-rtr (site, 0.71)"
    other, script = at(*TO_4)
    script.do("find_site_side", fault_location="city_access_path")
    assert other.ticket.visits[-2].record["matches_proposal"] is True


def test_a_visit_on_a_sunday_needs_the_offices_agreement() -> None:
    """visit_agreed: on a working day, or agreed by the OPD."""
    case, _ = at(*TO_4, "find_site_side")
    fields = {
        "opd_contact_name": "Petugas Contoh",
        "coordinated_at": case.now.isoformat(),
        "visit_scheduled_for": "2026-11-29T09:00",
    }
    act = sop.Act("schedule_visit", "contoh-teknisi-1", "contoh-teknisi-1", fields=fields)
    assert refused(case, act) == {"visit_agreed"}
    assert sop.perform(procedure(), case.ticket, replace(act, fields={**fields, "visit_agreed_by_opd": "ya"}), case.context())
    monday = {**fields, "visit_scheduled_for": "2026-11-30T09:00"}
    done = sop.perform(procedure(), case.ticket, replace(act, fields=monday), case.context())
    assert done.entry.fields["visit_scheduled_for"] == "2026-11-30T02:00:00.000000Z"  # no offset: local time


def test_old_and_new_serial_numbers_differ() -> None:
    """A replacement by itself is none."""
    _case, script = at(*TO_7, "replace", "accept_form", "+")
    with pytest.raises(Refused, match="new_device_serial must differ"):
        script.do("finish_replacement", old_device_serial="SN-1", new_device_serial="SN-1")


def test_a_finished_ticket_is_locked() -> None:
    """No act, no paper, no note."""
    case, _ = at(*TO_7, "+", "repair", "send_report", "forward", "approve")
    assert refused(case, sop.Act("dispose", "contoh-kadis", "contoh-kadis")) == {"ticket_closed"}
    with pytest.raises(Refused, match="locked"):
        sop.attach(
            procedure(),
            case.ticket,
            sop.Act("attach", "contoh-kabid", "contoh-kabid", documents=(paper("work_minutes"),)),
            case.context(),
        )
    with pytest.raises(Refused):
        sop.note(procedure(), case.ticket, "recovered", now=case.now)
    assert sop.actions(procedure(), case.ticket, case.context()) == []


def test_when_the_calendar_ends_work_goes_on_without_a_deadline_and_says_so() -> None:
    """Never a silent date, never a ticket that cannot be opened."""
    late = START.replace(year=2028)
    performed = opened(now=late, occurred_at=late, affected={})
    assert performed.ticket.step.due_at is None
    assert "2028" in performed.ticket.flags["deadline_unknown"]


def test_the_public_ticket_is_that_of_interfaces() -> None:
    """Names and values scripts rely on."""
    case, _ = at(*TO_4)
    shown = public(case.ticket, procedure(), now=case.now, incident={"id": 7})
    assert shown["schema"] == "netwatch.ticket/1"
    assert shown["origin"] == "monitor"
    assert shown["step"]["number"] == 4
    assert set(shown["step"]) == {"number", "key", "label", "role", "entered_at", "due_at", "overdue", "attempt"}
    assert shown["affected"] == [{"device": "sekupang-rtr", "state": "down", "since": "2026-11-24T00:56:00.000000Z"}]
    assert shown["documents"][0]["key"] == "disposition_sheet"
    assert shown["documents"][0]["state"] == "draft"
    assert shown["incident"] == {"id": 7}
    assert not is_overdue(case.ticket, case.ticket.step.due_at)
    assert is_overdue(case.ticket, case.ticket.step.due_at + timedelta(seconds=1))
    assert public(case.ticket, procedure(), now=START, language="en")["step"]["label"].startswith("Team checks")


def test_a_letter_opens_a_touched_ticket_with_its_paper() -> None:
    """Origin letter: registered by a person, never cancelled by itself."""
    fields = {"reporter_name": "Petugas Contoh", "letter_number": "005/12/2026"}
    performed = opened(
        "letter", recorded_by="contoh-teknisi-1", documents=(paper("incoming_letter"),), fields=fields, proposal={}, affected={}
    )
    assert performed.ticket.flags["touched"] is True
    assert [d.key for d in performed.ticket.documents] == ["disposition_sheet", "incoming_letter"]
    assert performed.ticket.step.record["reporter_name"] == "Petugas Contoh"
    with pytest.raises(Refused):
        opened("pigeon")
    with pytest.raises(Refused):
        opened(fields={"fault_kind": "power"})


def test_people_and_calendar_of_the_act_are_remembered() -> None:
    """RELIABILITY 8: the entry is complete."""
    body = opened(proposal=proposal("site", "site_uplink")).entry.to_body()
    assert body["procedure_revision"] == procedure().revision
    assert body["calendar_version"] == calendar().version
    assert body["changes"]["proposal"]["confidence"] == "0.71"
    assert people().vacant(["dc_team"], START) == ()
