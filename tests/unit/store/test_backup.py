"""A backup made while running restores to a record that verifies, and nobody can take it for the old one (P15)."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from netwatch.errors import StoreAway, StoreBroken, StoreError
from netwatch.store import Store, locks
from netwatch.store.attachments import FOLDER, keep
from netwatch.store.backup import FILE, MANIFEST, backup, newest, open_backup
from netwatch.store.outbox import MessageState
from netwatch.store.restore import restore
from netwatch.store.upgrade import upgrade
from netwatch.store.verify import examine, verify

from .conftest import NOON, StillClock
from .examples import a_busy_day, act, incident, open_ticket


@pytest.fixture
def busy(store: Store) -> Store:
    a_busy_day(store)
    file = keep(store.state_directory, b"%PDF surat")
    with store.begin("file") as tx:
        tx.attachments.add(file, "application/pdf")
    return store


def url_of(store: Store) -> str:
    return store.url.set(drivername=store.url.get_backend_name()).render_as_string(hide_password=False)


def test_a_backup_is_whole_verified_and_described(busy: Store, tmp_path: Path) -> None:
    settings, secret = tmp_path / "netwatch.yaml", tmp_path / "credentials.yaml"
    settings.write_text("language: id")
    secret.write_text("community: rahasia")
    made = backup(busy, tmp_path / "backups", configuration=[settings, secret])
    manifest = json.loads((made.folder / MANIFEST).read_text())
    assert manifest["journal_head"] == {"seq": made.head.seq, "hash": made.head.hash}
    assert manifest["counts"]["tickets"] == 1
    assert manifest["counts"]["journal"] == 6
    assert (made.folder / "configuration" / "netwatch.yaml").exists()
    assert not list(made.folder.rglob("credentials*")), "P13: no secret in a backup"
    assert newest(tmp_path / "backups") == NOON
    copy = open_backup(made.folder)
    assert verify(copy, heads=[made.head]) == []
    copy.close()
    assert sorted(path.name for path in made.folder.iterdir()) == [FOLDER, "configuration", MANIFEST, FILE], "no log beside it"
    with busy.begin("later") as tx:
        assert tx.connection is not None, "the live database goes on"


def test_attachments_are_linked_not_copied(busy: Store, tmp_path: Path) -> None:
    made = backup(busy, tmp_path)
    (linked,) = (made.folder / FOLDER).iterdir()
    assert linked.stat().st_nlink == 2


def test_two_backups_in_one_second_have_two_names(busy: Store, tmp_path: Path) -> None:
    assert backup(busy, tmp_path / "b").folder.name == "netwatch-20261124T050000Z"
    assert backup(busy, tmp_path / "b").folder.name == "netwatch-20261124T050000Z-2"


def test_a_backup_while_people_work_is_one_instant(busy: Store, tmp_path: Path) -> None:
    """RELIABILITY 9: while acts go on, the copy holds whole acts only."""
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with busy.begin(f"act-{number}") as tx:
                open_ticket(tx)
                tx.outbox.put(f"m{number}", "log", {}, NOON)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        folders = [backup(busy, tmp_path / "b").folder for _ in range(3)]
    finally:
        stop.set()
        worker.join()
    for folder in folders:
        copy = open_backup(folder)
        assert verify(copy) == []
        copy.close()


def test_a_failed_backup_leaves_nothing_that_looks_like_one(busy: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("netwatch.store.backup.sync_folder", full)
    with pytest.raises(StoreAway, match="No space left"):
        backup(busy, tmp_path / "b")
    assert list((tmp_path / "b").iterdir()) == []
    assert newest(tmp_path / "b") is None


def test_a_database_that_does_not_verify_is_not_backed_up_as_if_it_did(busy: Store, tmp_path: Path) -> None:
    next((busy.state_directory / FOLDER).iterdir()).write_bytes(b"changed")
    with pytest.raises(StoreBroken, match="does not verify"):
        backup(busy, tmp_path / "b")
    assert list((tmp_path / "b").iterdir()) == []


def test_a_restore_brings_everything_back_and_holds_the_messages(busy: Store, tmp_path: Path, clock: StillClock) -> None:
    made = backup(busy, tmp_path / "b")
    with busy.begin("after") as tx:
        lost = act(tx, tx.tickets.list()[0], "assign", "connection_check")
        head = tx.journal.head()
    busy.close()
    shutil.rmtree(busy.state_directory / FOLDER)

    done = restore(made.folder, url_of(busy), state_directory=busy.state_directory, clock=clock)
    assert (done.head, done.replaced, done.missing) == (made.head, head, 1)
    again = Store.open(url_of(busy), state_directory=busy.state_directory, clock=clock)
    with again.read() as tx:
        assert tx.tickets.get(lost.id).version == lost.version - 1
        assert tx.outbox.due(NOON) == [], "nothing is sent twice by itself"
        assert [message.state for message in tx.outbox.list()] == [MessageState.WAITING]
        *_, last = tx.journal.entries()
        assert last.body["kind"] == "restored"
        assert last.body["fields"]["replaced_head"] == str(head)
    assert verify(again) == []
    said = [str(violation) for violation in verify(again, heads=[head])]
    assert said[0].startswith("I1 outside"), "the head on the papers does not fit: nobody takes it for the old chain"
    with again.begin("next") as tx:
        number = tx.incidents.insert(incident("other"))
        assert number == 2, "numbers go on after the largest"
    again.close()


def test_a_head_from_a_paper_tells_how_many_entries_are_missing(busy: Store, tmp_path: Path, clock: StillClock) -> None:
    made = backup(busy, tmp_path / "b")
    with busy.begin("after") as tx:
        for _ in range(3):
            tx.journal.append({"kind": "test"})
        head = tx.journal.head()
    busy.close()
    state = tmp_path / "new-host"
    target = f"sqlite:///{state}/netwatch.db"
    done = restore(made.folder, target, state_directory=state, clock=clock, heads=[head])
    assert (done.replaced, done.missing) == (None, 3)


def test_the_replaced_database_is_kept_aside_with_its_log(sqlite_store: Store, tmp_path: Path, clock: StillClock) -> None:
    a_busy_day(sqlite_store)
    made = backup(sqlite_store, tmp_path / "b")
    sqlite_store.close()
    assert sqlite_store.file is not None
    sqlite_store.file.with_name("netwatch.db-wal").write_bytes(b"of the old database")
    done = restore(made.folder, url_of(sqlite_store), state_directory=sqlite_store.state_directory, clock=clock)
    assert done.aside is not None
    assert done.aside.exists()
    again = Store.open(url_of(sqlite_store), state_directory=sqlite_store.state_directory, clock=clock)
    assert verify(again) == []
    again.close()


@pytest.mark.parametrize("process", locks.PROCESSES)
def test_nothing_is_restored_under_a_running_process(busy: Store, tmp_path: Path, process: str) -> None:
    made = backup(busy, tmp_path / "b")
    with locks.hold(busy.state_directory, process), pytest.raises(StoreError, match=f"the {process} of netwatch is running"):
        restore(made.folder, url_of(busy), state_directory=busy.state_directory)
    assert verify(busy) == []


def test_a_second_process_of_a_kind_is_refused(state: Path) -> None:
    with locks.hold(state, "monitor"), pytest.raises(StoreError, match="is running"), locks.hold(state, "monitor"):
        pass
    with locks.hold(state, "monitor"):
        pass


def test_a_damaged_backup_changes_nothing(busy: Store, tmp_path: Path) -> None:
    made = backup(busy, tmp_path / "b")
    file = made.folder / FILE
    octets = bytearray(file.read_bytes())
    octets[len(octets) // 2] ^= 1
    file.write_bytes(octets)
    with pytest.raises(StoreBroken, match="is not the file that was backed up"):
        restore(made.folder, url_of(busy), state_directory=busy.state_directory)
    (made.folder / MANIFEST).write_text("{}")
    with pytest.raises(StoreError, match="is not a backup"):
        restore(made.folder, url_of(busy), state_directory=busy.state_directory)
    assert verify(busy) == []


def test_one_flipped_bit_in_a_row_is_found_by_verify(busy: Store, tmp_path: Path) -> None:
    """SQLite's integrity_check says ok; the chain names the entry."""
    made = backup(busy, tmp_path / "b")
    file = made.folder / FILE
    octets = file.read_bytes()
    place = octets.index(b'"action":"dispose","calendar_version"') + 12
    file.write_bytes(octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :])
    copy = open_backup(made.folder)
    with copy.read() as tx:
        assert tx.connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    assert examine(copy).first_bad_seq == 5
    copy.close()


@pytest.mark.postgres
@pytest.mark.parametrize("direction", ["sqlite to postgresql", "postgresql to sqlite"])
def test_one_database_becomes_the_other_with_the_same_head(
    direction: str, postgres: Any, tmp_path: Path, clock: StillClock
) -> None:
    """RELIABILITY 9, "both databases": every body octet by octet."""
    states = {"sqlite": tmp_path / "one", "postgresql": tmp_path / "two"}
    urls = {"sqlite": f"sqlite:///{tmp_path}/one/netwatch.db", "postgresql": postgres.database()}
    source, target = direction.split(" to ")
    upgrade(urls[source], state_directory=states[source], clock=clock)
    store = Store.open(urls[source], state_directory=states[source], clock=clock)
    a_busy_day(store)
    made = backup(store, tmp_path / "b")
    with store.read() as tx:
        bodies = [(entry.seq, entry.hash, entry.text) for entry in tx.journal.entries()]
    store.close()
    restore(made.folder, urls[target], state_directory=states[target], clock=clock)
    other = Store.open(urls[target], state_directory=states[target], clock=clock)
    with other.read() as tx:
        assert [(entry.seq, entry.hash, entry.text) for entry in tx.journal.entries()][: len(bodies)] == bodies
    assert verify(other, heads=[made.head]) == []
    with other.begin("next") as tx:
        assert tx.incidents.insert(incident("other")) == 2
        assert open_ticket(tx).id == "NW-2026-000002"
    other.close()


def test_an_upgrade_backs_up_what_it_changes(
    database: str, state: Path, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(database, state_directory=state, clock=clock)
    made: list[Path] = []

    def take(store: Store) -> Path:
        made.append(backup(store, state / "backups").folder)
        return made[-1]

    assert upgrade(database, state_directory=state, clock=clock, backup=take).backup is None, "nothing to upgrade"
    monkeypatch.setattr("netwatch.store.upgrade.schema.REVISION", "0002")
    assert upgrade(database, state_directory=state, clock=clock, backup=take).backup == made[0]
