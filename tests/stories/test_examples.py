"""The example scenarios of the documentation run, and say what their first line promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from netwatch.cli.app import run

SCENARIOS = Path(__file__).parent / "scenarios"


def simulate(name: str, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert run(["simulate", str(SCENARIOS / f"{name}.yaml"), *more]) == 0
    return capsys.readouterr().out


def document(name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(simulate(name, capsys, "--json"))
    assert made["schema"] == "netwatch.simulation/1"
    return made


def test_the_cut_office_has_one_ticket_on_its_own_side(capsys: pytest.CaptureFixture[str]) -> None:
    """What a person reads ends with the ticket."""
    told = simulate("site-cut", capsys)
    assert "incident_opened" in told
    assert "NW-2026-000001" in told.splitlines()[-1]
    assert "kel-001" in told.splitlines()[-1]


def test_people_bring_the_example_ticket_to_done(capsys: pytest.CaptureFixture[str]) -> None:
    """Thirteen steps in four hours, as an example."""
    tickets = document("to-done", capsys)["tickets"]
    assert [(ticket["site"], ticket["state"]) for ticket in tickets] == [("kel-003", "done")]


def test_the_bad_day_has_one_ticket_per_fault(capsys: pytest.CaptureFixture[str]) -> None:
    """The core, the office that stayed dark, the duct, the flapping link: nothing for the monitor, nothing twice."""
    made = document("bad-day", capsys)
    sides = [ticket["incident"]["cause"]["side"] for ticket in made["tickets"]]
    assert "monitor" not in sides
    assert 2 <= len(made["tickets"]) <= 4, made["tickets"]
    assert len({ticket["incident"]["id"] for ticket in made["tickets"]}) == len(made["tickets"])


def test_a_wrong_scenario_is_refused_with_exit_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every fault with its place, on stderr."""
    (tmp_path / "wrong.yaml").write_text("inventory: city.yaml\nduration: soon\nevents: [{at: 0, fial: {}}]\n")
    assert run(["simulate", str(tmp_path / "wrong.yaml")]) == 3
    said = capsys.readouterr().err
    assert "wrong.yaml:2:" in said
    assert "wrong.yaml:3:" in said


def test_a_folder_that_is_in_use_is_not_overwritten(tmp_path: Path) -> None:
    """--keep wants an empty place."""
    (tmp_path / "precious").write_text("data")
    assert run(["simulate", str(SCENARIOS / "site-cut.yaml"), "--keep", str(tmp_path)]) == 2
