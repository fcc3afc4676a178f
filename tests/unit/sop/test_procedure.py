"""config/sop.yaml: equal to the specification where it must be, and refused when it is not sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from netwatch.errors import InvalidFile
from netwatch.sop.guards import GUARDS
from netwatch.sop.procedure import load_procedure
from tests.unit.sop.city import ROOT, procedure

SOP = (ROOT / "config" / "sop.yaml").read_text(encoding="utf-8")


def test_there_are_13_steps_28_transitions_and_a_function_for_every_guard() -> None:
    """The figures of the specification."""
    assert sorted(step.number for step in procedure().steps.values()) == list(range(1, 14))
    assert len(procedure().transitions) == 28
    assert set(GUARDS) == set(procedure().guards)


def test_only_submit_and_cancel_self_recovered_are_automatic() -> None:
    """The daemon decides nothing else."""
    automatic = {transition.action for transition in procedure().transitions if transition.automatic}
    assert automatic == {"submit", "cancel_self_recovered"}


def test_the_sum_of_the_steps_days_is_the_specifications() -> None:
    """12 working days with a replacement on the site's side."""
    assert sum(step.days or 0 for step in procedure().steps.values()) == 12


def test_the_revision_changes_with_the_content_not_with_a_comment(tmp_path: Path) -> None:
    """A ticket keeps the revision it was born under."""
    same, other = tmp_path / "same.yaml", tmp_path / "other.yaml"
    same.write_text("# a comment\n" + SOP, encoding="utf-8")
    other.write_text(SOP.replace('label: "Ditahan sejak"', 'label: "Ditahan mulai"'), encoding="utf-8")
    assert load_procedure(same).revision == procedure().revision
    assert load_procedure(other).revision != procedure().revision
    assert procedure().revision.startswith("02-")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("actor: agency_head", "actor: agency_haed", "role 'agency_haed' is not defined; did you mean 'agency_head'"),
        ("guards: [official_active, staff_appointed]", "guards: [official_active, staf_appointed]", "guard 'staf_appointed'"),
        ("to: staff_assignment, action: dispose", "to: staff_assigment, action: dispose", "state 'staff_assigment'"),
        (
            "to: staff_assignment, action: dispose",
            "to: agency_disposition, action: dispose",
            "step 'staff_assignment' cannot be reached",
        ),
        ("outputs: [check_record]", "outputs: [check_records]", "document 'check_records'"),
        ("action: approve, by", "action: return_review, by", "more than once"),
        ("to: done, action: approve", "to: division_review, action: approve", "'done' cannot be reached"),
        ("{id: t13, from: [agency_review]", "{id: t12, from: [agency_review]", "transition 't12' stands here more than once"),
        (
            "by: [agency_head], guards: [official_active, agency_approves",
            "by: [system], guards: [official_active, agency_approves",
            "daemon",
        ),
        ("action: cancel, by", "action: cancl, by", "action 'cancl' is not defined; did you mean 'cancel'"),
        ("branch: find_dc_side", "branch: find_dc", "action 'find_dc' is not defined"),
        ("number: 4\n", "number: 5\n", "step number 5"),
        ('open: "07:30", close: "16:00"', 'open: "7.30", close: "16:00"', "open"),
    ],
)
def test_an_unsound_procedure_is_refused_with_place_and_reason(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Names that do not exist, dead ends, a daemon that signs: exit 3 with file:line:column."""
    file = tmp_path / "sop.yaml"
    file.write_text(SOP.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidFile) as caught:
        load_procedure(file)
    assert said in str(caught.value)
    assert all(fault.line > 0 for fault in caught.value.faults)


def test_an_unknown_guard_function_is_named(tmp_path: Path) -> None:
    """A guard without code would let everybody through."""
    line = '  reason_given:          {label: "Alasan diberikan"'
    file = tmp_path / "sop.yaml"
    file.write_text(SOP.replace(line, '  weather_fine: {label: "x", gloss: "y", check: "z"}\n' + line, 1), encoding="utf-8")
    with pytest.raises(InvalidFile, match="'weather_fine' has no function"):
        load_procedure(file)


def test_every_fault_is_shown_at_once(tmp_path: Path) -> None:
    """One look, all repairs."""
    file = tmp_path / "sop.yaml"
    file.write_text(
        SOP.replace("actor: agency_head", "actor: a").replace("outputs: [check_record]", "outputs: [b]"), encoding="utf-8"
    )
    with pytest.raises(InvalidFile) as caught:
        load_procedure(file)
    assert len(caught.value.faults) >= 3
