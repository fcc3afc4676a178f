"""What SQLite would not notice: its file is gone, or is another one (RELIABILITY 4, rows 7 and 8)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from netwatch.errors import StoreBroken
from netwatch.store import Store


def write(store: Store, tx_id: str) -> None:
    with store.begin(tx_id) as tx:
        tx.journal.append({"kind": "test"})


def test_a_deleted_database_stops_the_writing(sqlite_store: Store) -> None:
    write(sqlite_store, "before")
    assert sqlite_store.file is not None
    sqlite_store.file.unlink()
    with pytest.raises(StoreBroken, match="deleted or replaced"):
        write(sqlite_store, "after")
    with pytest.raises(StoreBroken), sqlite_store.read():
        pass
    assert not sqlite_store.file.exists(), "nobody made an empty one"
    assert sqlite_store.health().writable is False


def test_a_database_that_was_put_back_is_used_again_after_reopening(sqlite_store: Store) -> None:
    file = sqlite_store.file
    assert file is not None
    write(sqlite_store, "before")
    aside = file.with_name("aside")
    file.rename(aside)
    with pytest.raises(StoreBroken):
        write(sqlite_store, "lost")
    aside.rename(file)
    write(sqlite_store, "after")
    assert sqlite_store.committed("before")
    assert not sqlite_store.committed("lost")


def test_a_replaced_database_stops_the_writing(sqlite_store: Store, tmp_path: Path) -> None:
    assert sqlite_store.file is not None
    copy = tmp_path / "copy.db"
    shutil.copy(sqlite_store.file, copy)
    copy.replace(sqlite_store.file)
    with pytest.raises(StoreBroken, match="deleted or replaced"):
        write(sqlite_store, "after")


def test_a_deleted_log_stops_the_writing(sqlite_store: Store) -> None:
    write(sqlite_store, "before")
    assert sqlite_store.ground is not None
    sqlite_store.ground.log.unlink()
    with pytest.raises(StoreBroken, match="-wal was deleted"):
        write(sqlite_store, "after")


def test_the_log_can_be_cut_to_nothing_and_is_measured(sqlite_store: Store) -> None:
    write(sqlite_store, "one")
    assert sqlite_store.health().wal_bytes > 0
    assert sqlite_store.checkpoint_log() is True
    assert sqlite_store.health().wal_bytes == 0
    write(sqlite_store, "two")


def test_a_reader_that_stays_keeps_the_log_and_blocks_nobody(sqlite_store: Store) -> None:
    with sqlite_store.read() as tx:
        before = tx.journal.head()
        write(sqlite_store, "meanwhile")
        assert sqlite_store.checkpoint_log() is False
        assert tx.journal.head() == before, "a snapshot"
    assert sqlite_store.checkpoint_log() is True


def test_a_false_alarm_of_a_dying_disk_is_judged_by_looking(sqlite_store: Store) -> None:
    sqlite_store.quick_check()
    assert sqlite_store.file is not None
    sqlite_store.checkpoint_log()
    sqlite_store.close()
    with sqlite_store.file.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 4)
    with pytest.raises(StoreBroken):
        sqlite_store.quick_check()
