"""All of it or nothing, once; and what a failed COMMIT means (RELIABILITY 3)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from netwatch.errors import Conflict, StoreAway, StoreBusy
from netwatch.store import Store, Transaction, ballast
from netwatch.store import engine as engines
from netwatch.store.errors import AlreadyCommitted, DiskFull, UnknownOutcome


def note(tx: Transaction) -> int:
    return tx.journal.append({"kind": "test"})


@contextmanager
def commit_fails(store: Store, *, after: bool, times: int = 1) -> Iterator[list[int]]:
    """Let COMMIT report an I/O error, after it happened or instead of happening."""
    original: Callable[[Any], None] = store.engine.dialect.do_commit
    left = [times]

    def do_commit(connection: Any) -> None:
        if left[0] == 0:
            return original(connection)
        left[0] -= 1
        if after:
            original(connection)
        else:
            connection.rollback()
        error = store.engine.dialect.dbapi.OperationalError("disk I/O error")
        if store.file is not None:
            error.sqlite_errorname = "SQLITE_IOERR"
        raise error

    store.engine.dialect.do_commit = do_commit  # type: ignore[method-assign]
    try:
        yield left
    finally:
        store.engine.dialect.do_commit = original  # type: ignore[method-assign]


def test_an_error_in_the_block_leaves_nothing(store: Store) -> None:
    with pytest.raises(KeyError), store.begin("t1") as tx:  # noqa: PT012 - the block is the transaction
        note(tx)
        raise KeyError
    assert not store.committed("t1")
    with store.begin("t1") as tx:
        assert note(tx) == 1


def test_the_same_transaction_id_is_taken_once(store: Store) -> None:
    with store.begin("t1") as tx:
        note(tx)
    with pytest.raises(AlreadyCommitted) as refused, store.begin("t1"):
        pass
    assert isinstance(refused.value, Conflict)


def test_run_returns_what_the_work_returned(store: Store) -> None:
    assert store.run("t1", note) == 1
    assert store.committed("t1")


def test_a_commit_that_failed_and_happened_is_accepted(store: Store) -> None:
    """fsync reported an error and the transaction is there all the same: neither repeated nor lost."""
    with commit_fails(store, after=True):
        assert store.run("t1", note) == 1
    with store.read() as tx:
        assert tx.journal.head().seq == 1
    assert store.health().unknown_outcomes == {"committed": 1}


def test_a_commit_that_failed_and_did_not_happen_is_an_error_and_can_be_repeated(store: Store) -> None:
    with commit_fails(store, after=False), pytest.raises(StoreAway):
        store.run("t1", note)
    assert not store.committed("t1")
    assert store.run("t1", note) == 1
    assert store.health().unknown_outcomes == {"absent": 1}


def test_when_nobody_can_be_asked_the_outcome_is_unknown(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: str) -> bool:
        raise StoreAway("gone")

    with commit_fails(store, after=True), pytest.raises(UnknownOutcome) as unknown, monkeypatch.context() as patch:  # noqa: PT012 - the block is the transaction
        patch.setattr(store, "committed", away)
        with store.begin("t1") as tx:
            note(tx)
    assert unknown.value.tx_id == "t1"
    assert store.committed("t1"), "asked again later, it was there"


def test_run_asks_again_until_the_outcome_is_known(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first COMMIT happened, the answer was lost, the database was away: the second attempt finds the first one."""
    real, calls = store.committed, []

    def away_once(tx_id: str) -> bool:
        calls.append(tx_id)
        if len(calls) == 1:
            raise StoreAway("gone")
        return real(tx_id)

    monkeypatch.setattr(store, "committed", away_once)
    with commit_fails(store, after=True):
        assert store.run("t1", note) == 1
    with store.read() as tx:
        assert tx.journal.head().seq == 1


def test_two_writers_wait_for_each_other(store: Store) -> None:
    """Read-then-write in both: with a deferred BEGIN one of them would fail at once."""
    barrier = threading.Barrier(4)
    failed: list[BaseException] = []

    def write(name: int) -> None:
        barrier.wait()
        for number in range(10):
            try:
                store.run(f"{name}-{number}", note)
            except BaseException as error:  # noqa: BLE001
                failed.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with store.read() as tx:
        assert tx.journal.head().seq == 40


def test_a_lock_that_stays_is_busy_and_a_reader_is_not_blocked(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.05)
    sqlite_store.reopen()
    other = engines.connect_sqlite(sqlite_store.file)  # type: ignore[arg-type]
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreBusy, match="locked by another writer"):
            sqlite_store.run("t1", note, patience_s=0.0)
        with sqlite_store.read() as tx:
            assert tx.journal.head().seq == 0
    finally:
        other.close()
    assert sqlite_store.run("t1", note) == 1


def test_a_full_disk_gives_up_its_ballast_and_the_act_is_done(sqlite_store: Store) -> None:
    """SQLite's page limit stands for the disk: it is lifted when the ballast goes."""
    assert ballast.present(sqlite_store.state_directory), "db upgrade made it"
    full = {"raise": True}

    def work(tx: Transaction) -> int:
        if full["raise"]:
            full["raise"] = False
            tx.connection.exec_driver_sql("PRAGMA max_page_count=1")
            tx.inventories.add("d" * 64, "x" * 5_000_000, author="system")
        else:
            tx.connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        return note(tx)

    assert sqlite_store.run("t1", work) == 1
    assert not ballast.present(sqlite_store.state_directory)
    assert sqlite_store.health().errors == {"full": 1}


def test_a_full_disk_without_ballast_refuses_and_reads_go_on(sqlite_store: Store) -> None:
    ballast.drop(sqlite_store.state_directory)

    def fill(tx: Transaction) -> None:
        tx.connection.exec_driver_sql("PRAGMA max_page_count=1")
        tx.inventories.add("d" * 64, "x" * 5_000_000, author="system")

    with pytest.raises(DiskFull, match="disk of the database is full"):
        sqlite_store.run("t1", fill)
    with sqlite_store.read() as tx:
        assert tx.journal.head().seq == 0
    assert sqlite_store.health().writable is False


def test_a_reader_cannot_write_on_postgresql_and_nothing_it_writes_stays_on_sqlite(store: Store) -> None:
    with pytest.raises((Exception,)), store.read() as tx:  # noqa: PT012 - the block is the transaction
        tx.set_setting("x", "y")
        raise RuntimeError
    with store.read() as tx:
        assert tx.setting("x") is None


def test_what_is_only_needed_for_a_while_is_forgotten(store: Store, clock: Any) -> None:
    with store.begin("old") as tx:
        tx.requests.remember("r1", {"ok": True}, caller="a")
    clock.advance(40 * 86400)
    with store.begin("new") as tx:
        assert tx.forget_before(clock.now()) == {"transactions": 1, "requests": 1, "outbox": 0}


def test_errors_that_are_not_the_databases_pass_unchanged(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.begin("t1"):
        _ = 1 / 0
    with pytest.raises(Exception) as error, store.begin("t2") as tx:
        tx.connection.exec_driver_sql("SELECT * FROM nothing")
    assert not isinstance(error.value, OperationalError)
