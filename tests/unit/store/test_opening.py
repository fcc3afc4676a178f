from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from netwatch.errors import StoreBroken, StoreError
from netwatch.store import Store, schema
from netwatch.store.upgrade import upgrade


def test_no_database_says_what_to_run(state: Path) -> None:
    with pytest.raises(StoreError, match="netwatch db upgrade") as refused:
        Store.open(f"sqlite:///{state}/netwatch.db", state_directory=state)
    assert refused.value.exit_code == 1
    assert "belum ada" in refused.value.reason.id  # type: ignore[attr-defined]
    assert not (state / "netwatch.db").exists()


def test_a_lost_database_is_not_replaced_by_an_empty_one(state: Path) -> None:
    """`rm netwatch.db` and a restart must not begin a new record beside the old attachments."""
    url = f"sqlite:///{state}/netwatch.db"
    (state / "attachments").mkdir()
    (state / "attachments" / "x").touch()
    for open_it in (lambda: Store.open(url, state_directory=state), lambda: upgrade(url, state_directory=state)):
        with pytest.raises(StoreError, match=r"is gone, but .* still holds attachments"):
            open_it()
    upgrade(url, state_directory=state, force=True)
    assert (state / "netwatch.db").exists()


def test_a_log_without_its_database_counts_as_a_lost_database(state: Path) -> None:
    (state / "netwatch.db-wal").write_bytes(b"x")
    with pytest.raises(StoreError, match=r"netwatch\.db-wal"):
        upgrade(f"sqlite:///{state}/netwatch.db", state_directory=state)


def test_sockets_locks_and_empty_folders_are_no_leftovers(state: Path) -> None:
    for name in ("monitor.lock", "netwatch.sock", "known_hosts"):
        (state / name).touch()
    (state / "papers").mkdir()
    upgrade(f"sqlite:///{state}/netwatch.db", state_directory=state)


@pytest.mark.parametrize(("found", "said"), [("0000", "run `netwatch db upgrade`"), ("9999", "install the newer netwatch")])
def test_another_schema_is_refused_with_both_numbers(store: Store, found: str, said: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})
    with pytest.raises(StoreError, match=f"schema {found}.*{schema.REVISION}.*{said}"):
        Store.open(str(store.url), state_directory=store.state_directory)


def test_an_empty_database_is_refused(state: Path, postgres: object) -> None:
    url = postgres.database()  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match="is empty"):
        Store.open(url, state_directory=state)


def test_what_is_no_database_is_named(state: Path) -> None:
    (state / "netwatch.db").write_bytes(b"this is a letter, not a database. " * 100)
    with pytest.raises(StoreBroken, match="damaged"):
        Store.open(f"sqlite:///{state}/netwatch.db", state_directory=state)


def test_a_server_that_is_not_there_is_away(state: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read or written now"):
        Store.open(f"postgresql://netwatch@/x?host={state}", state_directory=state)


def test_upgrading_twice_changes_nothing(database: str, state: Path) -> None:
    first = upgrade(database, state_directory=state)
    second = upgrade(database, state_directory=state)
    assert (first.before, second.before, second.after) == (None, schema.REVISION, schema.REVISION)
    store = Store.open(database, state_directory=state)
    with store.read() as tx:
        assert tx.journal.head().seq == 0
    store.close()
