"""The journal attacked as root in SQL: which check finds which attack (RELIABILITY 8).

A chain that was recomputed to its end is valid in itself: only a head that had left the house finds it. Both are asserted.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from netwatch.store import Store
from netwatch.store.canonical import canonical
from netwatch.store.chain import parse_head
from netwatch.store.journal import BEFORE_FIRST, Head, chained
from netwatch.store.upgrade import upgrade
from netwatch.store.verify import examine, verify

from .examples import a_busy_day, act

Found = set[tuple[str, str]]  # invariant, check


@pytest.fixture
def published(store: Store) -> Head:
    """A day's work, and the head that stands on the papers."""
    ticket = a_busy_day(store)
    with store.begin("last") as tx:
        act(tx, ticket, "assign", "connection_check", by="contoh-kabid")
        return tx.journal.head()


def attack(store: Store, *statements: str | Callable[[Connection], None]) -> None:
    """Do it as root: without triggers and foreign keys, then put the triggers back."""
    with store.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        with connection.begin():
            kept = []
            if sqlite:
                kept = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
                for name, _ in kept:
                    connection.execute(text(f"DROP TRIGGER {name}"))
            else:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            for statement in statements:
                if callable(statement):
                    statement(connection)
                else:
                    connection.execute(text(statement))
            for _, sql in kept:
                connection.execute(text(sql))
        connection.invalidate()


def change_a_letter(connection: Connection, seq: int, *, rehash: bool = False) -> None:
    body, previous = entry(connection, seq).body, entry(connection, seq - 1).hash
    changed = body.replace("contoh-kadis", "contoh-kabid") if "contoh-kadis" in body else body.replace("system", "sistem")
    assert changed != body
    write(connection, seq, changed, chained(previous, changed) if rehash else entry(connection, seq).hash)


def recompute_from(connection: Connection, seq: int) -> None:
    """Make every hash from `seq` on valid again, and the head."""
    rows = connection.execute(text("SELECT seq, body FROM journal WHERE seq >= :seq ORDER BY seq"), {"seq": seq}).all()
    before = connection.execute(text("SELECT hash FROM journal WHERE seq = :seq"), {"seq": seq - 1}).scalar() or BEFORE_FIRST
    # Hashes are unique: move the old ones out of the way first.
    connection.execute(text("UPDATE journal SET hash = 'x' || seq WHERE seq >= :seq"), {"seq": seq})
    last = (seq - 1, before)
    for row in rows:
        before = chained(before, row.body)
        write(connection, row.seq, row.body, before)
        last = (row.seq, before)
    connection.execute(text("UPDATE journal_head SET seq = :seq, hash = :hash"), {"seq": last[0], "hash": last[1]})


def entry(connection: Connection, seq: int) -> object:
    return connection.execute(text("SELECT * FROM journal WHERE seq = :seq"), {"seq": seq}).one()


def write(connection: Connection, seq: int, body: str, entry_hash: str) -> None:
    connection.execute(
        text("UPDATE journal SET body = :body, hash = :hash WHERE seq = :seq"), {"body": body, "hash": entry_hash, "seq": seq}
    )


def renumber_down(connection: Connection, removed: int) -> None:
    """Close the gap that a deleted entry left: every later entry says the number before."""
    for row in connection.execute(text("SELECT seq, body FROM journal WHERE seq > :seq ORDER BY seq"), {"seq": removed}).all():
        body = json.loads(row.body)
        body["seq"] -= 1
        values = {"body": canonical(body), "new": row.seq - 1, "old": row.seq}
        connection.execute(text("UPDATE journal SET seq = :new, body = :body WHERE seq = :old"), values)
    recompute_from(connection, removed)


def found(store: Store, *heads: Head) -> Found:
    return {(violation.invariant, violation.check) for violation in verify(store, heads=heads)}


def first_bad(store: Store, *heads: Head) -> int | None:
    return examine(store, heads=heads).first_bad_seq


# The day's entries: 0 genesis, 1 incident, 2 ticket opened, 3 submit, 4 checkpoint (of 3), 5 dispose, 6 assign.


def test_an_honest_record_has_no_violation(store: Store, published: Head) -> None:
    assert published.seq == 6
    assert verify(store, heads=[published]) == []
    assert verify(store, heads=[parse_head(f"6:{published.hash[:16]}")]) == [], "16 digits from a paper are enough"
    assert verify(store, since=4, heads=[published]) == []


def test_a_changed_letter_is_found_by_its_hash(store: Store, published: Head) -> None:
    attack(store, lambda c: change_a_letter(c, 5))
    assert ("I1", "hash") in found(store)
    assert first_bad(store) == 5
    assert ("I1", "outside") not in found(store, published), "the last hash still equals the published one"


def test_a_changed_letter_with_its_own_hash_breaks_the_next_entry(store: Store, published: Head) -> None:
    attack(store, lambda c: change_a_letter(c, 5, rehash=True))
    assert ("I1", "hash") in found(store)
    assert first_bad(store) == 5, "the column beside it says who it was"
    hashes = [violation.seq for violation in verify(store) if violation.check == "hash"]
    assert hashes == [6]


def test_recomputing_everything_later_is_found_only_by_a_head_from_outside(store: Store, published: Head) -> None:
    def forge(connection: Connection) -> None:
        change_a_letter(connection, 5)
        connection.execute(text("UPDATE journal SET performed_by = 'contoh-kabid', recorded_by = 'contoh-kabid' WHERE seq = 5"))
        body = connection.execute(text("SELECT body FROM tickets")).scalar_one().replace("contoh-kadis", "contoh-kabid")
        connection.execute(text("UPDATE tickets SET body = :body"), {"body": body})
        recompute_from(connection, 5)

    attack(store, forge)
    assert found(store) == set(), "the forged chain is valid in itself"
    assert found(store, published) == {("I1", "outside")}
    assert first_bad(store, published) == 6


def test_a_forger_who_forgets_the_published_head_inside_is_found_by_it(store: Store, published: Head) -> None:
    attack(store, lambda c: (change_a_letter(c, 3), recompute_from(c, 3)))
    assert ("I1", "checkpoint") in found(store)
    assert first_bad(store) == 3


def test_two_swapped_entries_are_found(store: Store, published: Head) -> None:
    def swap(connection: Connection) -> None:
        for old, new in ((5, 99), (6, 5), (99, 6)):
            connection.execute(text(f"UPDATE journal SET seq = {new} WHERE seq = {old}"))

    attack(store, swap)
    assert {("I1", "hash"), ("I1", "place")} <= found(store)
    assert first_bad(store) == 5


def test_a_deleted_entry_is_a_gap(store: Store, published: Head) -> None:
    attack(store, "DELETE FROM journal WHERE seq = 5")
    assert {("I1", "gap"), ("I1", "hash"), ("I2", "version")} <= found(store)
    assert first_bad(store) == 5


def test_a_deleted_and_renumbered_entry_is_found_by_a_head_or_by_its_ticket(store: Store, published: Head) -> None:
    attack(store, "DELETE FROM journal WHERE seq = 5", lambda c: renumber_down(c, 5))
    assert found(store) == {("I2", "version")}, "the chain is valid again; the ticket counts its entries"
    assert ("I1", "outside") in found(store, published)


def test_the_last_entries_deleted_everywhere_are_found_only_by_a_head(store: Store, published: Head) -> None:
    """The database is put back to the state before: nothing inside can know."""
    with store.read() as tx:
        ticket = tx.tickets.list()[0]
    with store.begin("later") as tx:
        act(tx, ticket, "submit", "visit")
        later = tx.journal.head()

    def forget(connection: Connection) -> None:
        connection.execute(text("DELETE FROM journal WHERE seq = 7"))
        connection.execute(text("UPDATE journal_head SET seq = 6, hash = :hash"), {"hash": published.hash})
        connection.execute(text("UPDATE tickets SET body = :body, version = :version, step = :step"), before)

    from netwatch.store.tickets import columns

    before = {name: columns(ticket)[name] for name in ("body", "version", "step")}
    attack(store, forget)
    assert found(store, published) == set()
    assert found(store, later) == {("I1", "outside")}
    said = [str(violation) for violation in verify(store, heads=[later])]
    assert "1 entries are missing" in said[0]


def test_the_last_entries_deleted_in_the_journal_alone_are_found_by_the_head(store: Store, published: Head) -> None:
    attack(store, "DELETE FROM journal WHERE seq > 4")
    assert {("I1", "head"), ("I2", "version")} <= found(store)
    assert first_bad(store) == 5


def test_a_ticket_deleted_everywhere_but_in_the_journal_has_vanished(store: Store, published: Head) -> None:
    attack(store, "DELETE FROM tickets")
    assert ("I2", "vanished") in found(store)
    assert first_bad(store) == 2


def test_a_ticket_deleted_with_its_entries_leaves_gaps(store: Store, published: Head) -> None:
    attack(store, "DELETE FROM tickets", "DELETE FROM journal WHERE ticket IS NOT NULL")
    assert ("I1", "gap") in found(store)
    assert first_bad(store) == 2


def test_an_incident_deleted_everywhere_but_in_the_journal_has_vanished(store: Store, published: Head) -> None:
    attack(store, "DELETE FROM incidents", "DELETE FROM open_locus", "UPDATE tickets SET incident = NULL")
    assert ("I2", "vanished") in found(store)
    assert first_bad(store) == 1


def test_an_entry_inserted_in_the_past_does_not_fit(store: Store, published: Head) -> None:
    def insert(connection: Connection) -> None:
        for seq in range(6, 3, -1):
            connection.execute(text(f"UPDATE journal SET seq = {seq + 1} WHERE seq = {seq}"))
        body = json.loads(entry(connection, 3).body) | {"seq": 4, "tx": "forged"}  # type: ignore[attr-defined]
        forged = canonical(body)
        connection.execute(
            text(
                "INSERT INTO journal SELECT 4, :hash, 'forged', 0, recorded_at, kind, ticket, incident, action, performed_by,"
                " recorded_by, :body FROM journal WHERE seq = 3"
            ),
            {"hash": chained(entry(connection, 3).hash, forged), "body": forged},  # type: ignore[attr-defined]
        )

    attack(store, insert)
    assert {("I1", "hash"), ("I1", "place")} <= found(store)
    assert first_bad(store) in {4, 5}


def test_last_weeks_database_is_found_by_a_head(sqlite_store: Store, tmp_path: Path) -> None:
    a_busy_day(sqlite_store)
    sqlite_store.checkpoint_log()
    assert sqlite_store.file is not None
    shutil.copy(sqlite_store.file, tmp_path / "last-week.db")
    with sqlite_store.begin("this-week") as tx:
        act(tx, tx.tickets.list()[0], "assign", "connection_check")
        head = tx.journal.head()
    sqlite_store.close()
    shutil.copy(tmp_path / "last-week.db", sqlite_store.file)
    sqlite_store.reopen()
    assert found(sqlite_store) == set()
    assert found(sqlite_store, head) == {("I1", "outside")}


def test_two_databases_with_different_ends_cannot_both_be_true(sqlite_store: Store, tmp_path: Path) -> None:
    a_busy_day(sqlite_store)
    sqlite_store.checkpoint_log()
    assert sqlite_store.file is not None
    other_state = tmp_path / "other"
    other_state.mkdir()
    shutil.copy(sqlite_store.file, other_state / "netwatch.db")
    other = Store.open(f"sqlite:///{other_state}/netwatch.db", state_directory=other_state, clock=sqlite_store.clock)
    heads = []
    for store, action in ((sqlite_store, "assign"), (other, "return")):
        with store.begin("end") as tx:
            act(tx, tx.tickets.list()[0], action, "connection_check")
            heads.append(tx.journal.head())
    assert found(sqlite_store, heads[0]) == found(other, heads[1]) == set()
    assert found(sqlite_store, heads[1]) == found(other, heads[0]) == {("I1", "outside")}
    other.close()


def test_the_entries_of_another_installation_are_not_ours(store: Store, published: Head, tmp_path: Path) -> None:
    attack(store, "UPDATE installation SET value = 'another' WHERE name = 'chain'")
    assert found(store) == {("I1", "chain")}
    assert first_bad(store) == 0


def test_a_column_changed_alone_contradicts_its_text(store: Store, published: Head) -> None:
    attack(store, "UPDATE journal SET performed_by = 'contoh-lain' WHERE seq = 5", "UPDATE tickets SET site = 'lain'")
    assert found(store) == {("I1", "column"), ("I2", "column")}
    assert first_bad(store) == 5


def test_a_changed_ticket_is_not_what_its_entries_make(store: Store, published: Head) -> None:
    attack(store, "UPDATE tickets SET body = replace(body, 'tidak menjawab', 'baik-baik saja')")
    assert found(store) == {("I2", "replay")}


def test_a_text_written_in_another_way_is_not_canonical(store: Store, published: Head) -> None:
    attack(store, lambda c: write(c, 6, entry(c, 6).body.replace('{"action"', '{ "action"'), entry(c, 6).hash))  # type: ignore[attr-defined]
    assert {("I1", "form"), ("I1", "hash")} <= found(store)
    attack(store, lambda c: write(c, 6, "{", entry(c, 6).hash))  # type: ignore[attr-defined]
    assert {("I1", "form"), ("I1", "hash")} <= found(store)


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE incidents SET state = 'recovered'", ("I2", "incident")),
        ("DELETE FROM open_locus", ("I3", "locus")),
        ("UPDATE ticket_counters SET last = 0", ("I3", "counter")),
        ("UPDATE outbox SET state = 'sent'", ("I4", "outbox")),
        ("DELETE FROM journal_checkpoints", ("I1", "checkpoint")),
        ("UPDATE journal_checkpoints SET hash = 'x'", ("I1", "checkpoint")),
        ("UPDATE journal_head SET seq = 5", ("I1", "head")),
    ],
)
def test_what_lies_beside_the_journal_is_compared_with_it(
    store: Store, published: Head, statement: str, check: tuple[str, str]
) -> None:
    attack(store, statement)
    assert check in found(store)


def test_an_act_that_was_answered_and_is_gone_is_named(store: Store) -> None:
    with store.begin("t1") as tx:
        tx.requests.remember("r1", {"ok": True}, caller="contoh-staf")
    attack(store, "DELETE FROM transactions")
    assert found(store) == {("I5", "request")}


def test_states_that_do_not_follow_each_other_are_named(store: Store) -> None:
    noon, later, before = (f"'2026-11-24T{time}.000000Z'" for time in ("05:00:00", "05:00:01", "04:00:00"))
    change = "INSERT INTO transitions (device, at, from_state, to_state, reason) VALUES"
    attack(
        store,
        f"{change} ('a', {noon}, NULL, 'up', 'x')",
        f"{change} ('a', {later}, 'down', 'up', 'x')",
        f"INSERT INTO device_states VALUES ('a', 'down', {noon}, 'x', NULL, 0.0, {noon})",
        f"INSERT INTO blind_periods (began_at, ended_at, reason) VALUES ({noon}, {before}, 'x')",
    )
    assert found(store) == {("I6", "transition"), ("I6", "state"), ("I7", "blind")}


def test_an_attachment_changed_or_lost_is_named(store: Store) -> None:
    from netwatch.store.attachments import keep

    one, two = keep(store.state_directory, b"surat"), keep(store.state_directory, b"foto")
    with store.begin("t1") as tx:
        tx.attachments.add(one, "application/pdf")
        tx.attachments.add(two, "image/jpeg")
    assert found(store) == set()
    one.path.write_bytes(b"surat palsu")
    two.path.unlink()
    assert {(v.check, v.subject) for v in verify(store)} == {("content", one.sha256), ("missing", two.sha256)}
    assert verify(store, files=False) == []


def test_a_document_without_its_file_is_named(store: Store) -> None:
    from netwatch.sop.record import Document

    from .conftest import NOON

    paper = Document("disposition_sheet", 1, "recorded", "0" * 64, 5, "application/pdf", "lembar.pdf", NOON, "contoh-kadis")
    ticket = a_busy_day(store)
    with store.begin("t1") as tx:
        act(tx, ticket, "assign", "connection_check", documents=(paper,))
    assert found(store) == {("I8", "document")}


def test_three_thousand_entries_take_less_than_a_moment(state: Path) -> None:
    """Measured alone: 64 ms of processor time for 1,000 entries, with everything that verify compares."""
    import time

    url = f"sqlite:///{state}/netwatch.db"
    upgrade(url, state_directory=state)
    store = Store.open(url, state_directory=state)
    with store.begin("many") as tx:
        for number in range(3000):
            tx.journal.append({"kind": "test", "fields": {"number": number}})
    start = time.process_time()
    assert verify(store) == []
    assert time.process_time() - start < 3.0
    store.close()
