"""`netwatch sop`: shows, checks and draws the procedure without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netwatch.cli.app import run
from netwatch.sop.graph_text import dot, mermaid
from netwatch.sop.procedure import load_procedure

SOP = Path(__file__).parents[3] / "config" / "sop.yaml"


def test_show_lists_13_steps_as_table_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Data on stdout, the schema's name in the JSON."""
    assert run(["sop", "show", str(SOP)]) == 0
    assert "Disposisi Kepala Dinas" in capsys.readouterr().out
    assert run(["sop", "show", str(SOP), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "netwatch.sop/1"
    assert [step["number"] for step in document["steps"]] == list(range(1, 14))


def test_check_says_what_it_counted_and_refuses_with_places(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Exit 0, or 3 with file:line:column of every fault."""
    assert run(["sop", "check", str(SOP), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["transitions"] == 28
    broken = tmp_path / "sop.yaml"
    broken.write_text(SOP.read_text(encoding="utf-8").replace("actor: agency_head", "actor: agency_haed"), encoding="utf-8")
    assert run(["sop", "check", str(broken)]) == 3
    assert f"{broken}:" in capsys.readouterr().err


def test_the_graph_has_every_step_and_every_arrow(capsys: pytest.CaptureFixture[str]) -> None:
    """Both forms, both languages."""
    assert run(["sop", "graph", str(SOP)]) == 0
    assert capsys.readouterr().out.startswith("stateDiagram-v2\n")
    procedure = load_procedure(SOP)
    arrows = sum(len(transition.from_) for transition in procedure.transitions)
    assert mermaid(procedure, "en").count(" --> ") == arrows + 1 + len(procedure.final_states)
    drawn = dot(procedure)
    assert drawn.count(" -> ") == arrows
    assert 'repair_decision [label="7. Keputusan perbaikan", shape=diamond];' in drawn
