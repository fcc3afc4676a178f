"""`netwatch diagnose`: two files in, a verdict out."""

import json

import pytest

from netwatch.cli.app import run

INVENTORY = """
version: 1
vantage: core
sites:
  dc: {name: Data Center, kind: data_center}
  kec-a: {name: Kantor A, kind: office, opd: Kecamatan A}
devices:
  core: {site: dc, role: core, address: 192.0.2.1}
  a-rtr: {site: kec-a, role: router, address: 192.0.2.2, uplinks: [{to: core, port: ge1}]}
  a-sw: {site: kec-a, role: switch, address: 192.0.2.3, uplinks: [{to: a-rtr}]}
"""
DARK = {
    "schema": "netwatch.observations/1",
    "at": "2026-11-24T03:00:00Z",
    "devices": {"core": {"icmp": "up"}, "a-rtr": {"icmp": "down"}, "a-sw": {"icmp": "down"}},
    "ports": {"core": {"ge1": {"admin": "up", "oper": "up"}}},
}
QUIET = {"schema": "netwatch.observations/1", "at": "2026-11-24T03:01:00Z", "devices": {"core": {"icmp": "up"}}}


@pytest.fixture
def town(tmp_path):
    (tmp_path / "inventory.yaml").write_text(INVENTORY)
    return tmp_path


def diagnose(town, name, text):
    (town / name).write_text(text)
    return run(["diagnose", "--inventory", str(town / "inventory.yaml"), "--observations", str(town / name), "--json"])


def test_one_document_gives_one_diagnosis(town, capsys):
    assert diagnose(town, "o.json", json.dumps(DARK)) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(c["kind"], c["element"], c["side"]) for c in found["causes"]] == [("device", "a-rtr", "site")]
    assert found["unreachable"] == ["a-sw"]


def test_lines_in_are_lines_out_in_order(town, capsys):
    assert diagnose(town, "o.jsonl", "\n".join(json.dumps(one) for one in (DARK, QUIET, DARK)) + "\n\n") == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [len(one["causes"]) for one in found] == [1, 0, 1]


def test_a_line_that_cannot_be_read_is_a_cause_of_kind_unknown_and_exit_three(town, capsys):
    """Never an exception, never silence: the other lines are judged all the same."""
    lines = [json.dumps(DARK), "{not json", json.dumps({**DARK, "devices": {"x": {}}}), json.dumps(DARK)]
    assert diagnose(town, "o.jsonl", "\n".join(lines)) == 3
    captured = capsys.readouterr()
    found = [json.loads(line) for line in captured.out.splitlines()]
    assert [one["causes"][0]["kind"] for one in found] == ["device", "unknown", "unknown", "device"]
    assert ":2:" in captured.err
    assert ":3:" in captured.err


def test_a_document_that_cannot_be_read_is_exit_three_with_its_place(town, capsys):
    assert diagnose(town, "o.json", '{"at": 1') == 3
    assert "o.json:1:" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_one_sentence(town, capsys):
    code = run(["diagnose", "--inventory", str(town / "inventory.yaml"), "--observations", str(town / "gone.json")])
    assert code == 1
    assert "gone.json" in capsys.readouterr().err


def test_a_port_that_reads_down_in_front_of_an_answering_site_is_noted(town, capsys):
    document = {**QUIET, "devices": {"core": {"icmp": "up"}, "a-rtr": {"icmp": "up"}}}
    document["ports"] = {"core": {"ge1": {"admin": "up", "oper": "down"}}}
    assert diagnose(town, "o.json", json.dumps(document)) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["causes"] == []
    assert found["notes"][0]["code"] == "wrong_port_in_inventory"
