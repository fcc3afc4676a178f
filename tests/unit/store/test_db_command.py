"""`netwatch db`: the commands that work without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netwatch.cli.app import run
from netwatch.store import Store, locks

from .examples import a_busy_day


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "netwatch.yaml").write_text("inventory: inventory.yaml\npeople: people.yaml\nlanguage: en\n")
    monkeypatch.setenv("NETWATCH_CONFIG", str(tmp_path / "netwatch.yaml"))
    monkeypatch.delenv("NETWATCH_LANGUAGE", raising=False)
    return tmp_path


def open_store(place: Path) -> Store:
    return Store.open(f"sqlite:///{place}/state/netwatch.db", state_directory=place / "state")


def test_from_nothing_to_a_restored_database(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "verify"]) == 1
    assert "run `netwatch db upgrade`" in capsys.readouterr().err
    assert run(["db", "upgrade"]) == 0
    assert run(["db", "upgrade", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["after"] == "0001"
    store = open_store(place)
    a_busy_day(store)
    store.close()

    assert run(["db", "backup", str(place / "backups"), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    head = f"{made['head']['seq']}:{made['head']['hash']}"
    assert run(["db", "verify", "--head", head, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "schema": "netwatch.db-verify/1",
        "ok": True,
        "entries": 6,
        "head": made["head"],
        "first_bad_seq": None,
        "violations": [],
    }
    assert run(["db", "verify", "--backup", made["folder"]]) == 0
    assert run(["db", "restore", made["folder"], "--to", str(place / "drill")]) == 0
    assert (place / "drill" / "netwatch.db").exists()
    (place / "state" / "netwatch.db").unlink()
    assert run(["db", "upgrade"]) == 1, "never an empty one beside a lost one"
    assert run(["db", "restore", made["folder"], "--head", f"9:{'a' * 16}"]) == 0
    assert "Entries missing: 4" in capsys.readouterr().err
    store = open_store(place)
    with store.read() as tx:
        assert tx.outbox.held()
    assert run(["db", "release-outbox", "--drop-before", "2030-01-01T00:00:00Z"]) == 0
    assert "1 dropped" in capsys.readouterr().err
    store.close()


def test_a_violation_is_printed_and_is_exit_1(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["db", "upgrade"])
    store = open_store(place)
    a_busy_day(store)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER journal_no_update")
        connection.exec_driver_sql("UPDATE journal SET body = replace(body, 'contoh-kadis', 'contoh-kabid') WHERE seq = 5")
    store.close()
    capsys.readouterr()
    assert run(["db", "verify"]) == 1
    printed = capsys.readouterr()
    assert "I1 hash seq 5" in printed.out
    assert "the first bad entry is 5" in printed.err


def test_a_restore_under_a_running_daemon_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["db", "upgrade"])
    run(["db", "backup", str(place / "backups")])
    (folder,) = (place / "backups").iterdir()
    with locks.hold(place / "state", "monitor"):
        assert run(["db", "restore", str(folder)]) == 1
    assert "is running" in capsys.readouterr().err


@pytest.mark.parametrize("head", ["7", "x:y", "1:abc"])
def test_a_head_that_cannot_be_read_is_a_usage_error(place: Path, head: str) -> None:
    assert run(["db", "verify", "--head", head]) == 2
