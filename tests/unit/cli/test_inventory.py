"""`netwatch inventory`, as an engineer without a daemon uses it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from netwatch.cli.app import run
from netwatch.inventory.schema import json_schema

CITY = Path(__file__).parents[3] / "inventory.yaml"


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NETWATCH_LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)


def inventory(text: str, name: str = "inventory.yaml") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def test_check_needs_neither_configuration_nor_argument(capsys: pytest.CaptureFixture[str]) -> None:
    inventory(CITY.read_text(encoding="utf-8"))
    assert run(["inventory", "check"]) == 0
    seen = capsys.readouterr()
    assert seen.out.startswith("inventory.yaml: valid. 20 devices (20 probed) at 8 sites, 20 links (4 with another way)")
    assert seen.err == ""


def test_check_speaks_indonesian_by_default(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETWATCH_LANGUAGE")
    assert run(["inventory", "check", str(CITY)]) == 0
    assert "benar. 20 perangkat" in capsys.readouterr().out


def test_check_says_all_faults_on_stderr_and_exits_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    path = inventory(
        CITY.read_text(encoding="utf-8").replace("to: dc-dist-1", "to: dc-dits-1").replace("role: core", "role: cor")
    )
    assert run(["inventory", "check", path]) == 3
    seen = capsys.readouterr()
    assert seen.out == ""
    assert "inventory.yaml:32:37: devices.dc-core.role" in seen.err
    assert "did you mean 'dc-dist-1'?" in seen.err
    assert "did you mean 'core'?" in seen.err
    assert len(seen.err.splitlines()) > 4


def test_check_as_json_gives_the_faults_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    path = inventory(CITY.read_text(encoding="utf-8").replace("vantage: dc-core", "vantage: dc-cor"))
    assert run(["inventory", "check", path, "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "netwatch.inventory-check/1"
    assert not document["ok"]
    assert [(fault["file"], fault["line"], fault["column"]) for fault in document["faults"]] == [("inventory.yaml", 6, 10)]


def test_check_as_json_of_a_valid_inventory_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inventory", "check", str(CITY), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["devices"], document["redundant"]) == (True, 20, 4)


def test_warnings_go_to_stderr_and_do_not_fail(capsys: pytest.CaptureFixture[str]) -> None:
    text = "version: 1\nvantage: a\nsites: {dc: {name: x, kind: data_center}}\n"
    path = inventory(text + "devices:\n  a: {site: dc, role: core, address: 127.0.0.1}\n")
    assert run(["inventory", "check", path]) == 0
    assert capsys.readouterr().err == "warning: inventory.yaml:5:3: 1 device with a loopback address: a\n"


def test_a_missing_file_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inventory", "check"]) == 3
    assert capsys.readouterr().err == "inventory.yaml: cannot be read: No such file or directory\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    path = inventory("version: 1")
    Path(path).chmod(stat.S_IWUSR)
    assert run(["inventory", "check"]) == 3
    assert "Permission denied" in capsys.readouterr().err


def test_show_prints_a_table_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inventory", "show", str(CITY)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 21
    assert run(["inventory", "show", str(CITY), "--json", "--device", "hub-tiban-rtr"]) == 0
    document = json.loads(capsys.readouterr().out)
    (device,) = document["devices"]
    assert device["distance"] == 2
    assert device["platform"] == "mikrotik_routeros"
    assert [uplink["id"] for uplink in device["uplinks"]] == ["dc-dist-1/hub-tiban-rtr", "dc-dist-2/hub-tiban-rtr"]


def test_show_of_an_unknown_device_suggests_the_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inventory", "show", str(CITY), "--device", "dc-cor"]) == 1
    assert "did you mean 'dc-core'?" in capsys.readouterr().err


def test_diff_says_what_moves(capsys: pytest.CaptureFixture[str]) -> None:
    path = inventory(CITY.read_text(encoding="utf-8").replace("10.100.3.2", "10.100.9.9"))
    assert run(["inventory", "diff", str(CITY), path]) == 0
    assert capsys.readouterr().out == "> device nongsa-sw\n    address: 10.100.3.2 -> 10.100.9.9\n"
    assert run(["inventory", "diff", str(CITY), path, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changes"] == [
        {"verb": "moves", "kind": "device", "id": "nongsa-sw", "fields": {"address": {"old": "10.100.3.2", "new": "10.100.9.9"}}}
    ]


def test_diff_of_the_same_says_so_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inventory", "diff", str(CITY), str(CITY)]) == 0
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("", "No differences.\n")


def test_schema_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inventory", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()
