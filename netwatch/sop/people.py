"""Persons, dated appointments, and who may act (SOP.md section 5). The one place where authorisation is decided. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from netwatch.errors import Reason
from netwatch.sop.record import SYSTEM

if TYPE_CHECKING:
    from netwatch.sop.procedure import Procedure

OPD_HEAD = "opd_head"

SYSTEM_MAY_NOT = Reason("system_may_not", "netwatch tidak boleh melakukan ini", "netwatch itself may not do this")
KIND_SHOWN = {"definitif": "", "plt": "Plt. ", "plh": "Plh. ", "delegate": "a.n. "}
"""What the signature block says before the position (G14)."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """One role held by one person from the first to the last day, both included."""

    role: str
    kind: str  # definitif | plt | plh | delegate
    opd: str | None  # of an opd_head: his office; None stands for any office
    first: date | None
    last: date | None

    def covers(self, day: date) -> bool:
        """Say whether the appointment is in force on the day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def reaches(self, offices: Collection[str] | None) -> bool:
        """Say whether it counts for a matter of these offices: only an opd_head is bound to one. None: no office matters."""
        return self.role != OPD_HEAD or self.opd is None or offices is None or self.opd in offices


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may act, or is told."""

    id: str
    name: str
    nip: str | None = None
    rank: str | None = None
    position: str | None = None
    accounts: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    appointments: tuple[Appointment, ...] = ()


@dataclass(frozen=True, slots=True)
class People:
    """Everybody in people.yaml, on the calendar days of the city's time zone."""

    zone: ZoneInfo
    persons: Mapping[str, Person]
    recorder_accounts: frozenset[str] = frozenset()
    recorder_groups: frozenset[str] = frozenset()
    role_labels: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # role -> Indonesian, English

    def person_of_account(self, account: str) -> Person | None:
        """Return the person whose operating-system account this is."""
        return next((person for person in self.persons.values() if account in person.accounts), None)

    def is_recorder(self, account: str, groups: Iterable[str] = ()) -> bool:
        """Say whether the account may type for others (evidence is asked for all the same)."""
        return account in self.recorder_accounts or not self.recorder_groups.isdisjoint(groups)

    def appointments_of(self, person: str, at: datetime) -> tuple[Appointment, ...]:
        """Return the appointments in force at the moment; none for an unknown person."""
        known = self.persons.get(person)
        day = at.astimezone(self.zone).date()
        return tuple(appointment for appointment in known.appointments if appointment.covers(day)) if known else ()

    def roles_of(self, person: str, at: datetime, offices: Collection[str] | None = None) -> tuple[str, ...]:
        """Return the roles held at the moment, in the order of the file; `offices` narrows opd_head to these offices."""
        held = [appointment.role for appointment in self.appointments_of(person, at) if appointment.reaches(offices)]
        return tuple(dict.fromkeys(held))

    def offices_of(self, person: str, at: datetime) -> frozenset[str] | None:
        """Return the offices a person heads now; None: any office (no limit), empty: none."""
        headed = [appointment.opd for appointment in self.appointments_of(person, at) if appointment.role == OPD_HEAD]
        return None if None in headed else frozenset(opd for opd in headed if opd is not None)

    def holds(self, person: str, role: str, at: datetime, offices: Collection[str] | None = None) -> bool:
        """Say whether the person held the role at the moment (official_active)."""
        return role in self.roles_of(person, at, offices)

    def holders(self, role: str, at: datetime, offices: Collection[str] | None = None) -> tuple[str, ...]:
        """Return who holds the role at the moment; the head of an office before somebody who stands for any."""
        found = [person for person in self.persons if self.holds(person, role, at, offices)]
        if role == OPD_HEAD and offices is not None:
            found.sort(key=lambda person: all(a.opd is None for a in self.appointments_of(person, at) if a.role == OPD_HEAD))
        return tuple(found)

    def vacant(self, roles: Iterable[str], at: datetime) -> tuple[str, ...]:
        """Return the roles that nobody holds at the moment: tickets will stand still there."""
        return tuple(role for role in roles if role != SYSTEM and not self.holders(role, at))

    def may_act(self, person: str, roles: Collection[str], at: datetime, offices: Collection[str] | None = None) -> Reason | None:
        """Return None when the person holds one of the roles at the moment, else why not and who does."""
        if person == SYSTEM:
            return None if SYSTEM in roles else SYSTEM_MAY_NOT
        known = self.persons.get(person)
        if known is None:
            return Reason("unknown_person", f"'{person}' tidak ada di people.yaml", f"'{person}' is not in people.yaml")
        if any(self.holds(person, role, at, offices) for role in roles):
            return None
        wanted = [role for role in roles if role != SYSTEM]
        who = ", ".join(dict.fromkeys(name for role in wanted for name in self.holders(role, at, offices))) or "-"
        day = at.astimezone(self.zone).date()
        past = [a for a in known.appointments if a.role in wanted and a.reaches(offices)]
        if past:
            return Reason(
                "appointment_not_in_force",
                f"{known.name} bukan {self.label(past[0].role, 'id')} pada {day:%d-%m-%Y}; yang berwenang: {who}",
                f"{known.name} was not {self.label(past[0].role, 'en')} on {day.isoformat()}; who is: {who}",
            )
        if any(a.role in wanted for a in self.appointments_of(person, at)):
            return Reason(
                "other_office",
                f"{known.name} bukan kepala OPD tiket ini; yang berwenang: {who}",
                f"{known.name} is not the head of this ticket's office; who is: {who}",
            )
        return Reason(
            "role_missing",
            f"{known.name} bukan {' atau '.join(self.label(role, 'id') for role in wanted)}; yang berwenang: {who}",
            f"{known.name} is not {' or '.join(self.label(role, 'en') for role in wanted)}; who is: {who}",
        )

    def label(self, role: str, language: str) -> str:
        """Return a role's name for people."""
        indonesian, english = self.role_labels.get(role, (role, role))
        return english if language == "en" else indonesian

    def signature(self, person: str, role: str, at: datetime) -> str:
        """Return the line above the name in a signature block: position, with Plt. or Plh. where the appointment says so."""
        known = self.persons[person]
        kind = next((a.kind for a in self.appointments_of(person, at) if a.role == role), "definitif")
        position = self.label(role, "id") if kind != "definitif" or known.position is None else known.position
        return KIND_SHOWN[kind] + position


def load_people(path: Path | str, procedure: Procedure) -> People:
    """Read and check people.yaml. Raise InvalidFile with every fault."""
    from netwatch.sop.people_file import read_people

    return read_people(path, procedure)
