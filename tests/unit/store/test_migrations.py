"""The schema in code, the migrations and both databases say the same."""

from __future__ import annotations

import threading
from importlib.resources import files

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, inspect

from netwatch.store import Store, schema
from netwatch.store.opening import revision_of
from netwatch.store.upgrade import migrate, newest, upgrade
from netwatch.store.verify import verify


def test_the_revision_in_code_is_the_newest_migration() -> None:
    assert newest() == schema.REVISION


def test_the_migrations_make_the_schema_that_the_code_declares(store: Store) -> None:
    """What `alembic check` does, on both databases."""
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, schema.metadata) == []


def test_down_and_up_again(store: Store) -> None:
    migrate(store.engine, "base")
    with store.engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    migrate(store.engine, "head")
    assert revision_of(store.engine) == schema.REVISION
    with store.engine.connect() as connection:
        assert set(schema.metadata.tables) < set(inspect(connection).get_table_names())


def test_a_migration_that_fails_leaves_the_old_schema(database: str, state: object) -> None:
    """RELIABILITY 4, row 34: at every statement of `db upgrade`; the next try completes it."""
    statements = count_statements(database, state)
    assert statements > 20
    for number in range(0, statements, 7):
        store = Store.open(database, state_directory=state, any_revision=True)  # type: ignore[arg-type]
        migrate(store.engine, "base")
        with pytest.raises(RuntimeError), failing_at(store, number):
            migrate(store.engine, "head")
        assert revision_of(store.engine) is None or inspect(store.engine).get_table_names() in ([], ["alembic_version"])
        store.close()
    upgrade(database, state_directory=state, force=True)  # type: ignore[arg-type]
    store = Store.open(database, state_directory=state)  # type: ignore[arg-type]
    assert verify(store) == []
    store.close()


def test_two_processes_may_upgrade_at_the_same_time(database: str, state: object) -> None:
    """Both units run `db upgrade` before they start."""
    barrier, failed = threading.Barrier(4), []

    def go() -> None:
        barrier.wait()
        try:
            upgrade(database, state_directory=state)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    store = Store.open(database, state_directory=state)  # type: ignore[arg-type]
    with store.read() as tx:
        assert tx.journal.head().seq == 0
    assert verify(store) == []
    store.close()


class failing_at:  # noqa: N801 - reads as a sentence
    def __init__(self, store: Store, number: int) -> None:
        self.engine, self.left = store.engine, number

    def executed(self, *_: object) -> None:
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("the migration dies here")

    def __enter__(self) -> None:
        event.listen(self.engine, "after_cursor_execute", self.executed)

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "after_cursor_execute", self.executed)


def count_statements(database: str, state: object) -> int:
    upgrade(database, state_directory=state)  # type: ignore[arg-type]
    store, seen = Store.open(database, state_directory=state), []  # type: ignore[arg-type]
    migrate(store.engine, "base")

    def executed(*arguments: object) -> None:
        seen.append(arguments[2])

    event.listen(store.engine, "after_cursor_execute", executed)
    migrate(store.engine, "head")
    store.close()
    return len(seen)


def test_the_migrations_are_packaged() -> None:
    folder = files("netwatch.store") / "migrations"
    assert (folder / "env.py").is_file()
    assert (folder / "script.py.mako").is_file()
