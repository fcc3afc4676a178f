"""How an act is recorded: who did it, who typed it, when, through which channel, with which proof (SOP.md section 5). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC
from typing import Any

from netwatch.errors import Reason
from netwatch.sop.act import Act, Context
from netwatch.sop.people import People
from netwatch.sop.procedure import Procedure
from netwatch.sop.procedure_parts import FieldKind
from netwatch.sop.record import SYSTEM, Ticket
from netwatch.sop.values import value_of
from netwatch.strict_yaml import suggestion

RECORDING_FIELDS = ("confirmation",)
"""Fields of the recording itself, accepted with every action."""


def channel_of(act: Act) -> str:
    """Return the channel the act came through."""
    if act.performed_by == SYSTEM:
        return "system"
    if act.channel is not None:
        return act.channel
    if act.performed_by == act.recorded_by:
        return "cli"
    return "scanned_paper" if act.documents or not act.fields.get("confirmation") else "oral_confirmed"


def recording_faults(
    procedure: Procedure, ticket: Ticket, act: Act, context: Context, *, named: str | None = None
) -> list[Reason]:
    """Return what is wrong with the record of an act: no proof for another's act, a time that cannot be.

    `named`: a second official whom the act names as deciding (G22); he too must have typed it himself, or be proven.
    """
    faults: list[Reason] = []
    now, at = context.now, (act.performed_at or context.now).astimezone(UTC)
    channel = channel_of(act)
    if channel not in procedure.recording.channels and channel != "system":
        known = ", ".join(procedure.recording.channels)
        faults.append(
            Reason("unknown_channel", f"saluran '{channel}' tidak dikenal: {known}", f"channel '{channel}' is none of {known}")
        )
    if at > now:
        faults.append(
            Reason(
                "performed_in_future",
                f"waktu tindakan {context.calendar.show(at)} masih akan datang",
                f"the time of the act, {context.calendar.show(at)}, is still to come",
            )
        )
    if at < ticket.step.entered_at:
        entered = context.calendar.show(ticket.step.entered_at)
        faults.append(
            Reason(
                "performed_before_step",
                f"waktu tindakan mendahului selesainya langkah sebelumnya ({entered})",
                f"the act is dated before the previous step was completed ({entered})",
            )
        )
    others = [person for person in (act.performed_by, named) if person is not None and person not in {act.recorded_by, SYSTEM}]
    if act.recorded_by == SYSTEM and act.performed_by != SYSTEM:
        faults.append(
            Reason(
                "system_may_not",
                "netwatch tidak mencatat atas nama orang",
                "netwatch itself does not act in the name of a person",
            )
        )
    elif others:
        faults += proof_faults(act, context, channel, others)
    elif channel == "scanned_paper" and not act.documents:
        faults.append(no_proof(others or [act.performed_by]))
    return faults


def proof_faults(act: Act, context: Context, channel: str, others: Iterable[str]) -> list[Reason]:
    """Return what is missing when somebody types what another decided."""
    faults: list[Reason] = []
    if act.performed_by != act.recorded_by and not context.may_type_for_others(act.recorded_by):
        faults.append(
            Reason(
                "not_a_recorder",
                f"{act.recorded_by} tidak boleh mencatat atas nama {act.performed_by} (recorders di people.yaml)",
                f"{act.recorded_by} may not type for {act.performed_by} (recorders in people.yaml)",
            )
        )
    spoken = channel == "oral_confirmed" and act.fields.get("confirmation")
    if not act.documents and not spoken:
        faults.append(no_proof(others))
    if act.performed_by != act.recorded_by and channel in {"cli", "board"}:
        faults.append(
            Reason(
                "channel_not_own",
                f"saluran '{channel}' hanya untuk tindakan sendiri",
                f"channel '{channel}' is for one's own acts only",
            )
        )
    return faults


def no_proof(persons: Iterable[str]) -> Reason:
    """Say that another's act needs evidence."""
    names = ", ".join(persons)
    return Reason(
        "evidence_missing",
        f"tindakan {names} dicatat orang lain: lampirkan bukti (pindaian atau foto), atau isi confirmation bila lisan",
        f"the act of {names} is typed by somebody else: attach evidence (scan or photo), or fill in confirmation if spoken",
    )


def parse_fields(
    procedure: Procedure, act: Act, *, names: Collection[str], people: People, devices: Collection[str]
) -> tuple[dict[str, Any], list[Reason]]:
    """Return the values of the given fields, and a reason for each that is unknown, not taken by the action, or no value."""
    values: dict[str, Any] = {}
    faults: list[Reason] = []
    for name, given in act.fields.items():
        kind = procedure.fields.get(name)
        if kind is None or name not in {*names, *RECORDING_FIELDS}:
            near = suggestion(name, names)
            faults.append(
                Reason(
                    "field_not_taken",
                    f"'{act.action}' tidak menerima isian '{name}'; yang diterima: {', '.join(names) or '-'}",
                    f"'{act.action}' does not take field '{name}'{near}",
                )
            )
            continue
        value = value_of(name, kind, given, procedure.zone)
        if isinstance(value, Reason):
            faults.append(value)
        elif value is not None:
            values[name] = value
            faults += unknown_names(name, kind, value, procedure=procedure, people=people, devices=devices)
    return values, faults


def unknown_names(
    name: str, kind: FieldKind, value: Any, *, procedure: Procedure, people: People, devices: Collection[str]
) -> list[Reason]:
    """Return a reason for every person, device or choice that does not exist."""
    known: Mapping[str, Any] | Collection[str]
    match kind.type:
        case "person":
            known = people.persons
        case "device" if devices:
            known = devices
        case "choice" if procedure.choices_of(name):
            known = procedure.choices_of(name)
        case _:
            return []
    wrong = [item for item in (value if isinstance(value, list) else [value]) if item not in known]
    return [
        Reason(
            "unknown_name",
            f"{name} ({kind.label}): '{item}' tidak dikenal{suggestion(item, known).replace('did you mean', 'maksudnya')}",
            f"{name}: '{item}' is not known{suggestion(item, known)}",
        )
        for item in wrong
    ]
