"""Lateness tells people and never moves a ticket (G10)."""

from __future__ import annotations

from datetime import datetime, timedelta

from netwatch.sop import escalation
from netwatch.sop import ticket as sop
from tests.unit.sop.city import OFFICE, Case, Script, calendar, people, procedure


def waiting() -> Case:
    """Return a ticket in step 3: entered Tuesday 10.00 WIB, due Wednesday 10.00 WIB."""
    case = Case.open()
    case.take(sop.perform(procedure(), case.ticket, sop.Act("submit", "system", "system"), case.context()))
    case.now = datetime.fromisoformat("2026-11-24T09:00:00+07:00")
    Script(case).do("dispose")
    assert calendar().show(case.ticket.step.due_at) == "Rabu 25-11-2026 10.00 WIB"
    return case


def told(case: Case, moment: str) -> list[tuple[int | None, tuple[str, ...]]]:
    now = datetime.fromisoformat(f"{moment}:00+07:00")
    return [
        (notice.days_late, notice.persons) for notice in escalation.notices(procedure(), calendar(), people(), case.ticket, now)
    ]


def test_the_ladder_is_actor_superior_agency_head() -> None:
    """At once the actor, after one working day his superior, after two the agency head."""
    case = waiting()
    assert told(case, "2026-11-25T10:00") == [(None, ("contoh-kabid",))]
    assert told(case, "2026-11-25T10:01") == [(0, ("contoh-kabid",))]
    assert told(case, "2026-11-26T10:01") == [(0, ("contoh-kabid",)), (1, ("contoh-kabid", "contoh-kadis"))]
    assert told(case, "2026-11-27T10:01")[-1] == (2, ("contoh-kabid", "contoh-kadis"))


def test_the_reminder_comes_half_a_working_day_before() -> None:
    """Eight and a half hours of Wednesday: 4 h 15 min before 10.00 is Tuesday 14.15."""
    case = waiting()
    due = escalation.reminder_at(procedure(), calendar(), case.ticket)
    assert calendar().show(due) == "Selasa 24-11-2026 14.15 WIB"
    assert told(case, "2026-11-24T14:14") == []
    assert told(case, "2026-11-24T14:15") == [(None, ("contoh-kabid",))]


def test_the_same_notice_has_the_same_key() -> None:
    """So that a sweep every minute sends it once."""
    case = waiting()
    late = case.ticket.step.due_at + timedelta(minutes=1)
    first = escalation.notices(procedure(), calendar(), people(), case.ticket, late)
    again = escalation.notices(procedure(), calendar(), people(), case.ticket, late + timedelta(hours=3))
    assert [notice.key for notice in first] == [notice.key for notice in again] == [f"{case.ticket.id}/staff_assignment/1/late-0"]


def test_of_the_offices_heads_only_the_one_of_that_office_is_told() -> None:
    """Step 1 waits for column 4."""
    case = Case.open()
    late = case.ticket.step.due_at + timedelta(minutes=1)
    assert case.ticket.opd == OFFICE
    assert escalation.notices(procedure(), calendar(), people(), case.ticket, late)[0].persons == ("contoh-camat",)


def test_a_hold_moves_the_net_due_time_by_its_working_time_and_not_the_gross_one() -> None:
    """Gross time always runs; net time is reported beside it."""
    case = waiting()
    script = Script(case)
    for name in ("assign", "find_site_side"):
        script.do(name)
    gross = case.ticket.step.due_at
    assert escalation.net_due_at(calendar(), case.ticket, case.now) == gross
    end = (case.now + timedelta(days=3)).isoformat()
    case.act("hold", "contoh-teknisi-1", after=timedelta(), hold_reason="awaiting_opd", expected_end=end)
    case.act("resume", "contoh-teknisi-1", after=timedelta(hours=2))
    assert case.ticket.step.due_at == gross
    moved = escalation.net_due_at(calendar(), case.ticket, case.now)
    assert calendar().working_time(gross, moved) == timedelta(hours=2)


def test_a_closed_ticket_tells_nobody() -> None:
    """Nothing waits any more."""
    case = waiting()
    case.act("cancel", "contoh-kabid", reason="Laporan keliru, bukan gangguan")
    assert told(case, "2026-12-10T10:00") == []
