"""The guards of config/sop.yaml: one function each; None, or the reason for refusing.

A guard has up to four parts. `wants` and `papers` are what a person can fill in and hand in: they make the list of possible
actions (`actions.py`) and the refusal, so that the two cannot differ. `rest` is a condition on what was filled in; `fact` one
that filling in cannot meet (service recovered, somebody acted, no other ticket).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from netwatch.errors import Reason
from netwatch.sop import suggest
from netwatch.sop.case import OWN_HAND, PROVIDER, Case, Paper, Want
from netwatch.sop.entry import time_of
from netwatch.sop.guard import Guard
from netwatch.sop.recovery import recovery_wants, service_recovered, untouched_automatic

# -- steps 1 to 3


def report_wants(case: Case) -> Iterable[Want]:
    """Ask for the minimum of a report; what step 1 recorded counts."""
    return [
        Want(name, required=case.ticket.recorded(name) is None, recorded=True)
        for name in ("symptom", "occurred_at")
        if case.ticket.recorded(name) is None
    ]


def report_rest(case: Case) -> Reason | None:
    """Office and site are given at the opening; the ticket itself is the paper."""
    if case.ticket.recorded("opd") and case.ticket.recorded("site"):
        return None
    return Reason("report_complete", "Laporan belum menyebut OPD dan situs", "the report does not name office and site")


def official_active(case: Case) -> Reason | None:
    """Whoever performs holds a role of the action at performed_at. The list of actions asks whether anybody does."""
    return case.performer_refused()


def disposition_wants(case: Case) -> Iterable[Want]:
    """Ask for the addressee (only the division head) and the text."""
    heads = case.holders("division_head")
    return [Want("forwarded_to", choices=heads, suggested=heads[0] if heads else None), Want("disposition_text")]


def disposition_papers(case: Case) -> Iterable[Paper]:
    """Ask for the initialled sheet unless the official acted with his own hand."""
    return [
        Paper("disposition_sheet", required=case.channel not in OWN_HAND, have=case.has("disposition_sheet", of=case.ticket.step))
    ]


def staff_wants(case: Case) -> Iterable[Want]:
    """Ask for at least one member of the team; a pending emergency action is put before the division head (G15)."""
    team = case.holders("dc_team")
    wants = [Want("appointed_staff", choices=team, suggested=list(team[:1]) or None)]
    if "emergency_action" in case.ticket.flags:
        wants.append(Want("emergency_confirmed", required=False))
    return wants


# -- steps 4 to 7


def diagnosis_wants(case: Case) -> Iterable[Want]:
    """Ask for kind, location, grounds and one timed evidence; what the daemon measured counts as evidence."""
    sides = {side for side, kind in case.procedure.sides.items() if kind.branch is not None}
    branch = {side for side in sides if case.procedure.sides[side].branch == case.transition.action} or sides
    places = tuple(key for key, place in case.procedure.fault_locations.items() if place.side in branch)
    proposed = suggest.location(case.ticket)
    measured = suggest.detection(case.ticket)
    others = ("snmp_evidence", "ssh_evidence")
    return [
        Want("fault_kind", choices=tuple(case.procedure.fault_kinds), suggested=suggest.kind(case.ticket)),
        Want("fault_location", choices=places, suggested=proposed if proposed in places else None),
        Want("grounds", suggested=suggest.grounds(case.ticket)),
        Want("icmp_evidence", required=not measured, suggested="; ".join(measured) or None, instead=others),
    ]


def on_side(*sides: str) -> Callable[[Case], Reason | None]:
    """Return the guard that wants the established place on one of these sides."""

    def check(case: Case) -> Reason | None:
        if case.side is None or case.side in sides:
            return None
        label = case.procedure.sides[case.side].text
        return Reason(
            "side_not_fitting",
            f"lokasi gangguan berada di {label('id')}; tindakan ini hanya untuk {', '.join(sides)}",
            f"the fault is on side {case.side}; this action is for {', '.join(sides)} only",
        )

    return check


def visit_wants(case: Case) -> Iterable[Want]:
    """Ask for contact, time spoken and visit time; outside working days for the office's agreement to it as well."""
    planned = case.fields.get("visit_scheduled_for")
    working = case.context.calendar.is_working_moment(time_of(planned) if planned else case.at)
    return [
        Want("opd_contact_name", suggested=case.ticket.recorded("reporter_name")),
        Want("coordinated_at"),
        Want("visit_scheduled_for", suggested=suggest.visit_time(case.context.calendar, case.at)),
        Want("visit_agreed_by_opd", required=not working, suggested=True),
    ]


def visit_rest(case: Case) -> Reason | None:
    """Want the office's agreement for a visit outside working days."""
    planned = time_of(case.fields["visit_scheduled_for"])
    if case.fields.get("visit_agreed_by_opd") or case.context.calendar.is_working_moment(planned):
        return None
    shown = case.context.calendar.show(planned)
    return Reason(
        "visit_agreed",
        f"kunjungan {shown} di luar hari kerja: isi visit_agreed_by_opd bila OPD menyetujui",
        f"the visit ({shown}) is outside working days: set visit_agreed_by_opd if the office agreed",
    )


def site_wants(case: Case) -> Iterable[Want]:
    """Ask for findings and the person met; for a provider's fault, the fields that waive the photo are offered."""
    wants = [Want("findings"), Want("person_met", suggested=case.ticket.recorded("opd_contact_name"))]
    if case.side == PROVIDER:
        wants += [Want("provider_ticket_number", required=False, suggested=case.ticket.recorded("provider_ticket_number"))]
        wants += [Want("reason", required=False)]
    return wants


def site_papers(case: Case) -> Iterable[Paper]:
    """Ask for one photo of this visit; waived for a provider's fault with its ticket number and a reason (G20)."""
    waiver = ("provider_ticket_number", "reason") if case.side == PROVIDER else ()
    return [
        Paper("site_documentation", required=True, have=case.has("site_documentation", of=case.ticket.step), waived_by=waiver)
    ]


def decision_wants(case: Case) -> Iterable[Want]:
    """Ask for the decision that fits the action, its reason, and the device if one is broken."""
    choices = ("replace",) if case.transition.to == "replacement_request" else ("repair", "no_damage")
    return [
        Want("repair_choice", choices=choices, suggested=choices[0]),
        Want("decision_reason"),
        Want(
            "device_id",
            required=False,
            required_if={"condition": "broken"},
            suggested=next(iter(sorted(case.ticket.affected)), None),
        ),
    ]


# -- steps 8 to 10


def form_wants(case: Case) -> Iterable[Want]:
    """Ask for the register's number and who signed: the office, or division_head on the Data Center's side (G1)."""
    signers = case.request_signers()
    return [
        Want("request_form_number"),
        Want("request_form_signed_by", choices=signers, suggested=signers[0] if signers else None),
    ]


def form_papers(case: Case) -> Iterable[Paper]:
    """Ask for the scan of the signed form; a returned form needs a new revision."""
    return [Paper("replacement_request_form", required=True, have=case.has("replacement_request_form", of=case.ticket.step))]


def replacement_wants(case: Case) -> Iterable[Want]:
    """Ask for both serial numbers (different ones), when it was fitted, who received it and the test."""
    return [
        Want("old_device_serial", suggested=case.ticket.recorded("serial_number")),
        Want("new_device_serial", differs_from="old_device_serial"),
        Want("fitted_at"),
        Want("device_received_by", suggested=case.ticket.recorded("opd_contact_name")),
        Want("test_result"),
    ]


def minutes_wants(case: Case) -> Iterable[Want]:
    """Ask for number and both signatures."""
    team = case.holders("dc_team")
    staff = [person for person in case.ticket.recorded("appointed_staff") or () if person in team]
    signers = case.minutes_signers()
    return [
        Want("work_minutes_number"),
        Want("team_signature", choices=team, suggested=next(iter([*staff, *team]), None)),
        Want("reporter_signature", choices=signers, suggested=signers[0] if signers else None),
    ]


def minutes_papers(case: Case) -> Iterable[Paper]:
    """Ask for the scan of the signed minutes of this round; a returned report may keep them."""
    visits = case.ticket.visits
    first = len(visits) - 1
    while first >= 2 and visits[first - 1].action == "return_report":
        first = max(number for number in range(first - 1) if visits[number].key == visits[first].key)
    return [Paper("work_minutes", required=True, have=case.has("work_minutes", of=visits[first]))]


def report_papers(case: Case) -> Iterable[Paper]:
    """Ask for the report; a returned one needs a new revision (G8)."""
    return [Paper("work_report_document", required=True, have=case.has("work_report_document", of=case.ticket.step))]


# -- steps 11 and 12, and the ways out


def lock_papers(case: Case) -> Iterable[Paper]:
    """Ask for every compulsory document of the path taken."""
    left = {visit.key: visit for visit in case.round if visit.action is not None}
    keys = []
    visit = left.get("site_inspection")
    if visit is not None and visit.action == "record_inspection" and not visit.record.get("reason"):
        keys.append("site_documentation")
    if left.get("replacement_request") is not None and left["replacement_request"].action == "accept_form":
        keys.append("replacement_request_form")
    keys += ["work_minutes", "work_report_document"]
    return [Paper(key, required=True, have=case.has(key)) for key in keys]


def lock_rest(case: Case) -> Reason | None:
    """Want a hash for every recorded document."""
    bare = sorted({d.key for d in (*case.ticket.documents, *case.documents) if d.state == "recorded" and not d.sha256})
    if not bare:
        return None
    return Reason("documents_locked", f"tanpa SHA-256: {', '.join(bare)}", f"without SHA-256: {', '.join(bare)}")


def merge_wants(case: Case) -> Iterable[Want]:
    """Ask for another open ticket."""
    return [Want("target_ticket", choices=tuple(sorted(case.context.open_tickets - {case.ticket.id})))]


def merge_fact(case: Case) -> Reason | None:
    """There must be another open ticket at all."""
    if case.context.open_tickets - {case.ticket.id}:
        return None
    return Reason("merge_target_open", "tidak ada tiket lain yang terbuka", "no other ticket is open")


def decided(field: str, value: str) -> Callable[[Case], Iterable[Want]]:
    """Return the wants of a review: the decision that fits the action."""
    return lambda _: [Want(field, choices=(value,), suggested=value)]


GUARDS: Mapping[str, Guard] = {
    guard.key: guard
    for guard in (
        Guard("report_complete", wants=report_wants, rest=report_rest),
        Guard("official_active", fact=official_active),
        Guard("disposition_complete", wants=disposition_wants, papers=disposition_papers),
        Guard("staff_appointed", wants=staff_wants),
        Guard("diagnosis_complete", wants=diagnosis_wants),
        Guard("side_is_site", rest=on_side("site", "provider")),
        Guard("side_is_data_center", rest=on_side("data_center")),
        Guard("visit_agreed", wants=visit_wants, rest=visit_rest),
        Guard("site_documented", wants=site_wants, papers=site_papers),
        Guard("decision_reasoned", wants=decision_wants),
        Guard("repair_recorded", wants=lambda _: [Want("repair_action"), Want("test_result")]),
        Guard("request_form_complete", wants=form_wants, papers=form_papers),
        Guard("replacement_recorded", wants=replacement_wants),
        Guard("service_recovered", wants=recovery_wants, fact=service_recovered),
        Guard("work_minutes_complete", wants=minutes_wants, papers=minutes_papers),
        Guard("work_report_complete", wants=lambda _: [Want("work_description")], papers=report_papers),
        Guard("division_forwards", wants=decided("division_decision", "forward")),
        Guard("agency_approves", wants=decided("agency_decision", "approve")),
        Guard("reason_given", wants=lambda _: [Want("reason")]),
        Guard("documents_locked", papers=lock_papers, rest=lock_rest),
        Guard("untouched_automatic", fact=untouched_automatic),
        Guard("target_is_related_sop", wants=lambda case: [Want("target_sop", choices=tuple(case.procedure.sop.related_sops))]),
        Guard("merge_target_open", wants=merge_wants, fact=merge_fact),
    )
}
