"""Who may act: dated appointments, deputies, offices, recorders (SOP.md section 5)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from netwatch.errors import InvalidFile
from netwatch.sop.people import Appointment, Person, load_people
from tests.unit.sop.city import OFFICE, START, people, procedure, with_people


def person(*appointments: Appointment) -> Person:
    return Person("contoh-x", "Pejabat Contoh X", position="Kepala Bidang Contoh", appointments=appointments)


def test_every_role_of_the_procedure_is_held_by_an_invented_person() -> None:
    """The shipped file makes the demo run."""
    roles = [role for role in procedure().roles if role != "system"]
    assert people().vacant(roles, START) == ()
    assert all("Contoh" in known.name for known in people().persons.values())
    assert len(people().holders("dc_team", START)) >= 2


@pytest.mark.parametrize(
    ("moment", "held"),
    [
        ("2026-11-23T16:59:59Z", False),  # 23 November 23.59 WIB
        ("2026-11-23T17:00:00Z", True),  # 24 November 00.00 WIB
        ("2026-11-25T16:59:59Z", True),  # 25 November 23.59 WIB
        ("2026-11-25T17:00:00Z", False),
    ],
)
def test_first_and_last_day_of_an_appointment_are_included_in_local_time(moment: str, held: bool) -> None:
    """Days are counted in WIB, not in UTC."""
    acting = person(Appointment("division_head", "plh", None, date(2026, 11, 24), date(2026, 11, 25)))
    assert with_people(**{"contoh-x": acting}).holds("contoh-x", "division_head", datetime.fromisoformat(moment)) is held


def test_a_head_acts_for_his_own_office_and_who_stands_for_any_acts_for_all() -> None:
    """Column 4 is the requesting office."""
    assert people().holds("contoh-camat", "opd_head", START, {OFFICE})
    assert not people().holds("contoh-camat", "opd_head", START, {"Kelurahan Tiban"})
    assert people().holds("contoh-opd", "opd_head", START, {"Kelurahan Tiban"})
    assert not people().holds("contoh-camat", "opd_head", START, set())
    assert people().holders("opd_head", START, {OFFICE}) == ("contoh-camat", "contoh-opd")


@pytest.mark.parametrize(
    ("who", "key"),
    [
        ("contoh-kabid", None),
        ("contoh-kadis", "role_missing"),
        ("contoh-nobody", "unknown_person"),
        ("contoh-x", "appointment_not_in_force"),
        ("system", "system_may_not"),
    ],
)
def test_a_refusal_says_why_and_who_may(who: str, key: str | None) -> None:
    """Both languages, with a stable key."""
    expired = person(Appointment("division_head", "plt", None, date(2026, 1, 1), date(2026, 11, 23)))
    reason = with_people(**{"contoh-x": expired}).may_act(who, ["division_head"], START)
    assert (reason.key if reason else None) == key
    if key in {"role_missing", "appointment_not_in_force"}:
        assert "contoh-kabid" in reason.id
        assert "contoh-kabid" in reason.en


def test_the_head_of_another_office_is_told_so() -> None:
    """Not "no role", but "not this office"."""
    reason = people().may_act("contoh-camat", ["opd_head"], START, {"Kelurahan Tiban"})
    assert reason is not None
    assert reason.key == "other_office"


def test_the_signature_block_says_plt_or_plh() -> None:
    """G14."""
    acting = person(Appointment("division_head", "plt", None, None, None))
    assert with_people(**{"contoh-x": acting}).signature("contoh-x", "division_head", START).startswith("Plt. Kepala Bidang")
    assert people().signature("contoh-kadis", "agency_head", START) == "Kepala Dinas Komunikasi dan Informatika"


def test_accounts_lead_to_persons_and_recorders_are_accounts_or_groups() -> None:
    """The socket gives the account."""
    assert people().person_of_account("kadis").id == "contoh-kadis"
    assert people().person_of_account("nobody") is None
    assert people().is_recorder("root")
    assert people().is_recorder("teknisi1", ["netwatch"])
    assert not people().is_recorder("teknisi1", ["users"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 2\npeople: {}\n", "expected version 1"),
        ("version: 1\npeople: {a: {name: A, appointments: [{role: agency_haed}]}}\n", "did you mean 'agency_head'"),
        ("version: 1\npeople: {a: {name: A, appointments: [{role: dc_team, kind: tetap}]}}\n", "kind 'tetap'"),
        ("version: 1\npeople: {a: {name: A, appointments: [{role: dc_team, opd: X}]}}\n", "only opd_head has an office"),
        ("version: 1\npeople: {a: {name: A, nip: '123'}}\n", "expected 18 digits"),
        ("version: 1\npeople: {a: {name: A, accounts: [x]}, b: {name: B, accounts: [x]}}\n", "already belongs to 'a'"),
        ("version: 1\npeople: {A_B: {name: A}}\n", "not an id of a person"),
        ("version: 1\npeople: {system: {name: A}}\n", "not an id of a person"),
        (
            "version: 1\npeople: {a: {name: A, appointments: [{role: dc_team, from: 2026-02-01, until: 2026-01-01}]}}\n",
            "before it begins",
        ),
        ("version: 1\npeople: {a: {name: A, appointments: [{role: system}]}}\n", "role 'system'"),
        ("version: 1\npeople: {a: {nama: A}}\n", "name"),
    ],
)
def test_wrong_people_are_refused_with_their_place(tmp_path: Path, text: str, said: str) -> None:
    """A typing error must not take away or give a role in silence."""
    file = tmp_path / "people.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidFile) as caught:
        load_people(file, procedure())
    assert said in str(caught.value)
    assert all(fault.line > 0 for fault in caught.value.faults)


def test_the_offices_of_a_head_limit_what_he_sees() -> None:
    """None stands for any office."""
    assert people().offices_of("contoh-camat", START) == {OFFICE}
    assert people().offices_of("contoh-opd", START) is None
    assert people().offices_of("contoh-kabid", datetime(2026, 1, 1, tzinfo=UTC)) == frozenset()
