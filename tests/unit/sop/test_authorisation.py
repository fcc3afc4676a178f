"""Who may do what: every step, action, role and appointment against a table written by hand (RELIABILITY 6)."""

from __future__ import annotations

import csv
from datetime import date
from functools import cache

import pytest

from netwatch.errors import Refused
from netwatch.sop import ticket as sop
from netwatch.sop.people import Appointment, People, Person
from tests.unit.sop.city import OFFICE, ROOT, Case, Script, paper, procedure, with_people
from tests.unit.sop.test_script_reads_only_actions import REPLACE, walk

ROLES = ("agency_head", "division_head", "dc_team", "opd_head")
TODAY, YESTERDAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 23), date(2026, 11, 25)
WHEN = {
    "valid": ("definitif", None, None, OFFICE, True),
    "of today only": ("definitif", TODAY, TODAY, OFFICE, True),
    "plt": ("plt", TODAY, None, OFFICE, True),
    "plh": ("plh", TODAY, TODAY, OFFICE, True),
    "for any office": ("definitif", None, None, None, True),
    "expired yesterday": ("definitif", None, YESTERDAY, OFFICE, False),
    "begins tomorrow": ("definitif", TOMORROW, None, OFFICE, False),
}
NOT_ALLOWED = {
    "role_missing",
    "appointment_not_in_force",
    "other_office",
    "unknown_person",
    "system_may_not",
    "action_not_here",
    "aside_not_here",
    "not_held",
    "ticket_closed",
}


@cache
def table() -> dict[tuple[str, str], set[str]]:
    lines = [
        line
        for line in (ROOT / "tests/data/authorisation.csv").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    return {(row["step"], row["action"]): set(row["roles"].split()) for row in csv.DictReader(lines)}


@cache
def states() -> dict[str, Case]:
    """Return one ticket in each of the 13 steps and the three other final states."""
    found: dict[str, Case] = {}

    def led(names: list[str]) -> Case:
        case = Case.open()
        case.open_tickets = frozenset({"NW-2026-000002"})
        if names:
            walk(case, Script(case), names[1:])
        return case

    for length in range(len(REPLACE) + 2):
        case = led(["submit", *REPLACE][:length])
        found[case.ticket.step.key] = case
    for name, state in (("cancel", "cancelled"), ("merge", "merged"), ("transfer", "transferred")):
        found[state] = led(["submit", "dispose", name])
    return found


def everybody() -> People:
    """Give each role a person for each kind of appointment, and one head of another office."""
    persons = {
        "lain": Person(
            "lain", "Kepala Contoh Lain", appointments=(Appointment("opd_head", "definitif", "Kelurahan Tiban", None, None),)
        )
    }
    for role in ROLES:
        for number, (kind, first, last, office, _) in enumerate(WHEN.values()):
            who = f"{role}-{number}".replace("_", "-")
            appointment = Appointment(role, kind, office if role == "opd_head" else None, first, last)
            persons[who] = Person(who, f"Contoh {who}", appointments=(appointment,))
    persons["tanpa-peran"] = Person("tanpa-peran", "Contoh Tanpa Peran")
    return with_people(**persons)


def decision(case: Case, action: str, by: str, people: People, **more: object) -> set[str]:
    """Return the keys of the refusal; what is missing to fill in does not matter here."""
    act = sop.Act(action, by, str(more.get("recorded_by", by)), documents=more.get("documents", ()))
    try:
        sop.perform(procedure(), case.ticket, act, case.context(people=people))
    except Refused as refused:
        return {reason.key for reason in refused.reasons}
    return set()


def all_actions() -> list[str]:
    return [*procedure().actions, "hold", "resume", "emergency_action"]


@pytest.mark.parametrize("state", [*[f"{number}" for number in range(1, 14)], "cancelled", "merged", "transferred"])
def test_every_cell_of_the_matrix_is_as_the_table_says(state: str) -> None:
    """Roles x appointments x actions of one step or final state; whatever is not in the table is refused."""
    keys = {str(step.number): key for key, step in procedure().steps.items()}
    case, people = states()[keys.get(state, state)], everybody()
    step = keys.get(state, state) if case.ticket.is_open else "closed"
    for action in all_actions():
        allowed = table().get((step, action), set())
        for role in ROLES:
            for number, (name, row) in enumerate(WHEN.items()):
                found = decision(case, action, f"{role}-{number}".replace("_", "-"), people)
                assert found.isdisjoint(NOT_ALLOWED) == (role in allowed and row[-1]), (step, action, role, name, found)
        for who in ("lain", "tanpa-peran", "siapa"):
            assert not decision(case, action, who, people).isdisjoint(NOT_ALLOWED), (step, action, who)
        assert decision(case, action, "system", people).isdisjoint(NOT_ALLOWED) == ("system" in allowed), (step, action)


def test_for_another_person_a_recorder_needs_evidence_and_nobody_else_may_type() -> None:
    """recorded_by is never his choice; each act in another's name is proven."""
    people = everybody()
    for case in states().values():
        if not case.ticket.is_open:
            continue
        for (step, action), roles in table().items():
            if step != case.ticket.step.key or "system" in roles:
                continue
            who = f"{min(roles)}-0".replace("_", "-")
            scan = {"documents": (paper("act_evidence"),)}
            assert "evidence_missing" in decision(case, action, who, people, recorded_by="root")
            proven = decision(case, action, who, people, recorded_by="root", **scan)
            assert proven.isdisjoint({"evidence_missing", "not_a_recorder"})
            assert "not_a_recorder" in decision(case, action, who, people, recorded_by="contoh-teknisi-1", **scan)


def test_the_table_knows_every_transition() -> None:
    """A row for each (step, action) of the procedure, so that a new one cannot slip in."""
    known = {(step, transition.action) for transition in procedure().transitions for step in transition.from_}
    assert known == {cell for cell in table() if cell[1] not in procedure().asides}
