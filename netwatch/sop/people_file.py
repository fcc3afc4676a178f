"""people.yaml -> People; every fault with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from netwatch.errors import InvalidFile
from netwatch.sop.people import OPD_HEAD, Appointment, People, Person
from netwatch.sop.procedure import Procedure
from netwatch.sop.record import SYSTEM
from netwatch.strict_yaml import Day, Loc, Model, Whole, load_yaml, suggestion, validate

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class AppointmentModel(Model):
    """One dated appointment; `from` and `until` are included."""

    role: str
    kind: str = "definitif"
    opd: str | None = None
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None


class PersonModel(Model):
    """One person."""

    name: str
    nip: str | None = None
    rank: str | None = None
    position: str | None = None
    accounts: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    appointments: tuple[AppointmentModel, ...] = ()


class RecordersModel(Model):
    """Accounts that may type for others."""

    accounts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class PeopleModel(Model):
    """The whole file."""

    version: Whole
    recorders: RecordersModel = RecordersModel()
    people: dict[str, PersonModel]


def read_people(path: Path | str, procedure: Procedure) -> People:
    """Read and check people.yaml against the roles and kinds of the procedure. Raise InvalidFile with every fault."""
    document = load_yaml(Path(path))
    model = validate(document, PeopleModel)
    faults = [document.fault(loc, text) for loc, text in faults_of(model, procedure)]
    if faults:
        raise InvalidFile(faults)
    return People(
        zone=procedure.zone,
        persons={key: person_of(key, person) for key, person in model.people.items()},
        recorder_accounts=frozenset(model.recorders.accounts),
        recorder_groups=frozenset(model.recorders.groups),
        role_labels={key: (role.label, role.gloss) for key, role in procedure.roles.items()},
    )


def person_of(key: str, person: PersonModel) -> Person:
    """Return one person as the rest of netwatch knows him."""
    appointments = tuple(Appointment(a.role, a.kind, a.opd, a.from_, a.until) for a in person.appointments)
    return Person(key, person.name, person.nip, person.rank, person.position, person.accounts, person.notices, appointments)


def faults_of(model: PeopleModel, procedure: Procedure) -> Iterator[tuple[Loc, str]]:
    """Find names that do not exist, wrong NIPs, and accounts of two persons."""
    if model.version != 1:
        yield ("version",), f"expected version 1, found {model.version}"
    pattern = re.compile(procedure.appointments.nip["pattern"])
    owner: dict[str, str] = {}
    roles = [role for role in procedure.roles if role != SYSTEM]
    for key, person in model.people.items():
        at = ("people", key)
        if ID.fullmatch(key) is None or key == SYSTEM:
            yield at, f"'{key}' is not an id of a person: small letters, digits and '-' (and not '{SYSTEM}')"
        if person.nip and not pattern.fullmatch(person.nip):
            yield (*at, "nip"), f"expected 18 digits 'YYYYMMDD YYYYMM S NNN' in quotes, found '{person.nip}'"
        for number, account in enumerate(person.accounts):
            if account in owner:
                yield (*at, "accounts", number), f"account '{account}' already belongs to '{owner[account]}'"
            owner.setdefault(account, key)
        for number, appointment in enumerate(person.appointments):
            place = (*at, "appointments", number)
            if appointment.role not in roles:
                yield (*place, "role"), f"role '{appointment.role}' is not in the procedure{suggestion(appointment.role, roles)}"
            if appointment.kind not in procedure.appointments.kinds:
                near = suggestion(appointment.kind, procedure.appointments.kinds)
                yield (*place, "kind"), f"kind '{appointment.kind}' is not one of {', '.join(procedure.appointments.kinds)}{near}"
            if appointment.opd is not None and appointment.role != OPD_HEAD:
                yield (*place, "opd"), f"only {OPD_HEAD} has an office"
            if appointment.from_ and appointment.until and appointment.until < appointment.from_:
                yield (*place, "until"), f"ends {appointment.until.isoformat()}, before it begins {appointment.from_.isoformat()}"
