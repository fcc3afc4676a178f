"""PostgreSQL goes away and comes back: nothing acknowledged is lost, nothing is done twice (RELIABILITY 3 and 4, row 11)."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import psycopg
import pytest

from netwatch.errors import StoreAway, StoreBusy
from netwatch.store import Store, Transaction
from netwatch.store.verify import verify

from .conftest import PostgresServer, StillClock

pytestmark = pytest.mark.postgres


def note(tx: Transaction) -> int:
    return tx.journal.append({"kind": "test"})


@pytest.fixture
def pg_store(postgres: PostgresServer, postgres_template: str, state: object, clock: StillClock) -> Iterator[Store]:
    url = postgres.database(postgres_template)
    opened = Store.open(url, state_directory=state, clock=clock)  # type: ignore[arg-type]
    yield opened
    opened.close()
    postgres.drop(url)


def cut(postgres: PostgresServer, store: Store) -> None:
    """End every session of the database, as an administrator or a restart does."""
    with psycopg.connect(host=str(postgres.folder), user="netwatch", dbname="postgres", autocommit=True) as connection:
        statement = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(statement, [store.url.database])


def test_a_session_that_was_cut_between_two_acts_is_not_noticed(postgres: PostgresServer, pg_store: Store) -> None:
    pg_store.run("t1", note)
    cut(postgres, pg_store)
    assert pg_store.run("t2", note) == 2


def test_a_session_cut_inside_an_act_leaves_nothing(postgres: PostgresServer, pg_store: Store) -> None:
    def work(tx: Transaction) -> None:
        note(tx)
        cut(postgres, pg_store)
        note(tx)

    with pytest.raises(StoreAway, match="cannot be read or written now"):
        pg_store.run("t1", work)
    assert not pg_store.committed("t1")
    assert pg_store.run("t1", note) == 1


def test_a_session_cut_at_commit_is_looked_up(postgres: PostgresServer, pg_store: Store) -> None:
    def work(tx: Transaction) -> None:
        note(tx)
        cut(postgres, pg_store)

    with pytest.raises(StoreAway):
        pg_store.run("t1", work)
    assert pg_store.health().unknown_outcomes == {"absent": 1}
    assert verify(pg_store) == []


def test_a_server_that_is_gone_is_away_until_it_is_back(postgres: PostgresServer, pg_store: Store) -> None:
    pg_store.run("t1", note)
    assert postgres.process is not None
    os.kill(postgres.process.pid, signal.SIGQUIT)  # dies without a checkpoint, like a power cut of the server
    postgres.process.wait()
    try:
        with pytest.raises(StoreAway):
            pg_store.run("t2", note)
        with pytest.raises(StoreAway), pg_store.read():
            pass
        assert pg_store.health().writable is False
    finally:
        postgres.start()
    assert pg_store.run("t2", note) == 2
    assert pg_store.health().writable is True
    assert verify(pg_store) == []


def test_a_writer_who_waits_too_long_is_busy(pg_store: Store) -> None:
    release, holds = threading.Event(), threading.Event()

    def hold() -> None:
        with pg_store.begin("holder"):
            holds.set()
            release.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    holds.wait(10)
    try:
        with pytest.raises(StoreBusy), pg_store.read() as tx:  # noqa: PT012 - the block is the transaction
            tx.connection.exec_driver_sql("SET LOCAL statement_timeout = '50ms'")
            tx.connection.exec_driver_sql("SELECT pg_sleep(5)")
        with pg_store.read() as tx:
            assert tx.journal.head().seq == 0, "a reader waits for nobody"
    finally:
        release.set()
        holder.join()
    assert pg_store.committed("holder")
