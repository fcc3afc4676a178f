"""`netwatch hostkey` against a real sshd whose key changes: shown, refused, accepted by name, and then read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netwatch.cli.app import run
from netwatch.probe.ssh import HostKeys
from tests.lab.ssh_server import Server

pytestmark = pytest.mark.lab
CITY = """version: 1
vantage: core
sites: {dc: {name: Data Center Contoh, kind: data_center}}
devices:
  core: {site: dc, role: core, address: 127.0.0.1, platform: cisco_ios, ssh: {port: PORT}, credentials: {ssh: ssh-ro}}
"""


@pytest.fixture
def server(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    (tmp_path / "inventory.yaml").write_text(CITY.replace("PORT", str(server.port)))
    (tmp_path / "netwatch.yaml").write_text("inventory: inventory.yaml\nlanguage: en\ncredentials: credentials.yaml\n")
    (tmp_path / "credentials.yaml").touch(0o600)
    (tmp_path / "credentials.yaml").write_text("version: 1\ncredentials: {ssh-ro: {username: netwatch, key_file: user}}\n")
    (tmp_path / "state").mkdir()
    monkeypatch.setenv("NETWATCH_CONFIG", str(tmp_path / "netwatch.yaml"))
    monkeypatch.setenv("NETWATCH_LANGUAGE", "en")
    return server


def probe(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert run(["probe", "core", "--only", "ssh", "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out)["ssh"])


def test_a_replaced_device_is_read_again_after_a_person_has_named_its_new_key(server, capsys):
    server.start()
    assert probe(capsys)["answered"] is True
    server.start("host_two")
    refused = probe(capsys)
    assert (refused["answered"], str(refused["error"]).split(":")[0]) == (False, "host_key_changed")

    assert run(["hostkey", "show", "core", "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert seen["known"]["fingerprint"] != seen["shown"]["fingerprint"]
    assert run(["hostkey", "accept", "core"]) == 2, "nobody at the terminal, nothing named"
    assert run(["hostkey", "accept", "core", "--fingerprint", seen["known"]["fingerprint"]]) == 5
    known = HostKeys(server.place / "state").known("core")
    assert known is not None
    assert known.fingerprint == seen["known"]["fingerprint"], "nothing was changed"
    capsys.readouterr()

    assert run(["hostkey", "accept", "core", "--fingerprint", seen["shown"]["fingerprint"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accepted"] is True
    assert probe(capsys)["answered"] is True
    text = (server.place / "state" / "known_hosts" / "core").read_text()
    assert f"in place of {seen['known']['kind']} {seen['known']['fingerprint']}" in text


def test_the_story_says_what_to_do_in_both_languages(server, capsys, monkeypatch):
    server.start()
    probe(capsys)
    server.start("host_two")
    assert run(["probe", "core", "--only", "ssh"]) == 0
    assert "`netwatch hostkey accept`" in capsys.readouterr().out
    monkeypatch.setenv("NETWATCH_LANGUAGE", "id")
    assert run(["probe", "core", "--only", "ssh"]) == 0
    assert "kunci host berubah" in capsys.readouterr().out
    assert run(["hostkey", "show", "core"]) == 0
    assert "diganti atau disadap" in capsys.readouterr().err


def test_a_device_that_shows_no_key_is_a_sentence(server, capsys):
    assert run(["hostkey", "show", "core"]) == 1
    assert "nobody listens on the SSH port" in capsys.readouterr().err
