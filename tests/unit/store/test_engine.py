from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from netwatch.errors import StoreError
from netwatch.store import Store
from netwatch.store import engine as engines
from netwatch.store.engine import has_wal_reset_bug, parse_url
from netwatch.store.upgrade import upgrade


def test_every_connection_flushes_before_it_says_done(store: Store) -> None:
    """A power cut lost no acknowledged act with FULL, and some in every try with NORMAL (RELIABILITY 3)."""
    facts = store.facts()
    if facts["database"] == "sqlite":
        assert (facts["synchronous"], facts["journal_mode"]) == (2, "wal")
    else:
        with store.read() as tx:
            assert tx.connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
            assert tx.connection.exec_driver_sql("SHOW statement_timeout").scalar() == "30s"
            assert tx.connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar() == "1min"


def test_foreign_keys_hold_on_every_connection(sqlite_store: Store) -> None:
    with sqlite_store.read() as one, sqlite_store.read() as two:
        for tx in (one, two):
            assert tx.connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert tx.connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000


@pytest.mark.parametrize(
    ("version", "bug"),
    [
        ("3.40.1", True), ("3.44.5", True), ("3.44.6", False), ("3.45.0", True), ("3.50.6", True), ("3.50.7", False),
        ("3.51.0", True), ("3.51.2", True), ("3.51.3", False), ("3.53.4", False),
    ],
)  # fmt: skip
def test_the_versions_with_the_wal_reset_bug_are_known(version: str, bug: bool) -> None:
    assert has_wal_reset_bug(version) is bug


def test_a_library_with_the_bug_gets_the_rollback_journal_and_a_warning(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        sqlite_version = "3.40.1"

        def __getattr__(self, name: str) -> object:
            return getattr(sqlite3, name)

    monkeypatch.setattr(engines, "sqlite_module", Old)
    monkeypatch.setattr("netwatch.store.store.sqlite_module", Old)
    url = f"sqlite:///{state}/netwatch.db"
    upgrade(url, state_directory=state)
    store = Store.open(url, state_directory=state)
    try:
        assert store.facts()["journal_mode"] == "delete"
        assert "3.40.1" in store.warnings[0]
        with store.begin("t1") as tx:
            tx.journal.append({"kind": "test"})
        assert store.committed("t1")
    finally:
        store.close()


def test_the_database_is_not_readable_by_others(sqlite_store: Store) -> None:
    assert sqlite_store.file is not None
    assert stat.S_IMODE(sqlite_store.file.stat().st_mode) & 0o007 == 0


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "netwatch.db", ""])
def test_other_databases_are_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(StoreError, match="database: "):
        parse_url(url)


def test_a_path_with_odd_letters_is_opened_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "a b%20?#é"
    url = f"sqlite:///{str(folder).replace('%', '%25').replace('?', '%3F')}/netwatch.db"
    if parse_url(url).database != f"{folder}/netwatch.db":
        url = f"sqlite:///{folder}/netwatch.db"
    if parse_url(url).database != f"{folder}/netwatch.db":
        pytest.skip("this path cannot be written in a URL")
    upgrade(url, state_directory=folder)
    assert (folder / "netwatch.db").exists()
