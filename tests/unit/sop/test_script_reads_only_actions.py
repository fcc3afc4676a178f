"""A script that reads only `ticket actions --json` drives a ticket to done on every branch (issue 2)."""

from __future__ import annotations

import json

import pytest

from netwatch.errors import Refused
from netwatch.sop import ticket as sop
from tests.unit.sop.city import OFFICE, Case, Script, procedure, replayed

REPAIR = [
    "dispose",
    "assign",
    "find_site_side",
    "schedule_visit",
    "record_inspection",
    "+",
    "repair",
    "send_report",
    "forward",
    "approve",
]
REPLACE = [
    "dispose",
    "assign",
    "find_site_side",
    "schedule_visit",
    "record_inspection",
    "replace",
    "accept_form",
    "+",
    "finish_replacement",
    "send_report",
    "forward",
    "approve",
]
DATA_CENTER = ["dispose", "assign", "find_dc_side", "+", "repair", "send_report", "forward", "approve"]
DATA_CENTER_REPLACE = [
    "dispose",
    "assign",
    "find_dc_side",
    "replace",
    "accept_form",
    "+",
    "finish_replacement",
    "send_report",
    "forward",
    "approve",
]
RECOVERED_IN_4 = ["dispose", "assign", "+", "declare_recovered", "send_report", "forward", "approve"]
RECOVERED_IN_5 = ["dispose", "assign", "find_site_side", "+", "declare_recovered", "send_report", "forward", "approve"]
RETURNED = [
    "dispose",
    "assign",
    "find_site_side",
    "schedule_visit",
    "record_inspection",
    "recheck",
    "find_site_side",
    "schedule_visit",
    "record_inspection",
    "replace",
    "return_form",
    "accept_form",
    "replacement_failed",
    "replace",
    "withdraw_form",
    "replace",
    "accept_form",
    "+",
    "finish_replacement",
    "send_report",
    "return_report",
    "send_report",
    "forward",
    "return_review",
    "forward",
    "return_review",
    "return_report",
    "send_report",
    "reopen_check",
    "find_site_side",
    "schedule_visit",
    "record_inspection",
    "repair",
    "fault_returned",
    "find_dc_side",
    "repair",
    "send_report",
    "forward",
    "approve",
]
BRANCHES = {
    "repair": REPAIR,
    "replacement": REPLACE,
    "data centre": DATA_CENTER,
    "data centre, replacement": DATA_CENTER_REPLACE,
    "recovered in step 4": RECOVERED_IN_4,
    "recovered in step 5": RECOVERED_IN_5,
    "every way back": RETURNED,
}


def walk(case: Case, script: Script, names: list[str]) -> None:
    case.now = case.ticket.opened_at
    case.take(sop.perform(procedure(), case.ticket, sop.Act("submit", "system", "system"), case.context()))
    for name in names:
        if name == "+":
            case.heal()
        else:
            script.do(name)
        assert replayed(case) == case.ticket


@pytest.mark.parametrize("caller", [None, "root"], ids=["everybody types himself", "a recorder types for all"])
@pytest.mark.parametrize("branch", BRANCHES)
def test_a_script_that_reads_only_the_json_reaches_done(branch: str, caller: str | None) -> None:
    """Choosing by name, filling required fields by type, attaching required documents is enough, whoever types."""
    case = Case.open()
    walk(case, Script(case, caller=caller), BRANCHES[branch])
    assert case.ticket.state is sop.TicketState.DONE
    assert case.ticket.step.key == "done"
    assert case.ticket.closed_at is not None


@pytest.mark.parametrize(
    "opds", [[OFFICE], [OFFICE, "Kelurahan Tiban"], []], ids=["one office", "two offices", "the agency's own place"]
)
def test_the_data_centre_branch_ends_for_one_office_many_or_none(opds: list[str]) -> None:
    """G1: with exactly one reporter the office acknowledges the minutes, else division_head, who signs the team's request too."""
    case = Case.open(site="dc", opd=None, affected_opds=opds, side="data_center", domain="dc")
    walk(case, Script(case), DATA_CENTER_REPLACE)
    assert case.ticket.state is sop.TicketState.DONE
    assert case.ticket.recorded("request_form_signed_by") == "contoh-kabid"
    assert case.ticket.recorded("reporter_signature") == ("contoh-camat" if len(opds) == 1 else "contoh-kabid")


def test_the_json_has_the_shape_of_interfaces_and_no_secrets_of_types() -> None:
    """Schema name, keys and field types are the contract."""
    case = Case.open()
    walk(case, Script(case), ["dispose", "assign"])
    document = json.loads(json.dumps(sop.actions_json(procedure(), case.ticket, case.context())))
    assert document["schema"] == "netwatch.ticket-actions/1"
    types = {"text", "datetime", "date", "bool", "integer", "choice", "person", "device", "list of text"}
    for action in document["actions"]:
        assert {"action", "to", "roles", "fields", "documents", "refused_because"} <= set(action)
        for field in action["fields"]:
            assert field["type"] in types
            assert isinstance(field["required"], bool)


def test_choices_are_narrowed_to_what_the_action_accepts() -> None:
    """find_site_side offers places of the site and provider sides only, and suggests netwatch's proposal where it fits."""
    case = Case.open()
    script = Script(case)
    walk(case, script, ["dispose", "assign"])
    listed = script.listed()
    place = {
        name: next(f for f in listed[name]["fields"] if f["name"] == "fault_location")
        for name in ("find_site_side", "find_dc_side")
    }
    assert place["find_site_side"]["choices"] == ["opd_premises", "city_access_path", "third_party"]
    assert place["find_site_side"]["suggested"] == "city_access_path"
    assert place["find_dc_side"]["choices"] == ["data_center_network"]
    assert "suggested" not in place["find_dc_side"]
    assert listed["declare_recovered"]["refused_because"] != []


def test_every_required_field_and_document_is_really_demanded() -> None:
    """Leaving out any one thing that the list calls required is refused; the list and the guards cannot differ."""
    case = Case.open()
    script = Script(case)
    names = REPLACE
    case.take(sop.perform(procedure(), case.ticket, sop.Act("submit", "system", "system"), case.context()))
    for name in names:
        if name == "+":
            case.heal()
            continue
        action = script.listed()[name]
        required = {f["name"]: script.value(f) for f in action["fields"] if f["required"]}
        keys = [d["key"] for d in action["documents"] if d["required"] and not d["have"]]
        by = script.somebody(action["roles"][0])
        for left_out in (*required, *keys):
            fields = {key: value for key, value in required.items() if key != left_out}
            papers = tuple(case.paper(key) for key in keys if key != left_out)
            with pytest.raises(Refused, match=left_out):
                sop.perform(procedure(), case.ticket, sop.Act(name, by, by, fields=fields, documents=papers), case.context())
        script.do(name)
    assert case.ticket.state is sop.TicketState.DONE
