from __future__ import annotations

import hashlib
import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from netwatch.errors import Conflict
from netwatch.store import Store, schema
from netwatch.store.chain import parse_head
from netwatch.store.journal import BEFORE_FIRST
from netwatch.store.verify import verify

from .conftest import NOON


def test_entry_0_names_the_chain_its_format_and_the_schema(store: Store) -> None:
    with store.read() as tx:
        first = next(iter(tx.journal.entries()))
        assert first.body["seq"] == 0
        assert first.body["kind"] == "genesis"
        assert first.body["fields"] == {"journal": "netwatch.journal/1", "schema": schema.REVISION, "procedure": None}
        assert first.body["chain"] == tx.journal.chain()


def test_the_hash_is_that_of_the_design_page(store: Store) -> None:
    with store.begin("t1") as tx:
        tx.journal.append({"kind": "test", "fields": {"note": "kabel putus é"}})
    previous = BEFORE_FIRST
    with store.read() as tx:
        for entry in tx.journal.entries():
            wanted = hashlib.sha256(f"netwatch.journal/1\n{previous}\n{entry.text}".encode()).hexdigest()
            assert entry.hash == wanted
            previous = entry.hash
        assert tx.journal.head().hash == previous


def test_an_entry_says_everything_and_gets_its_seq_and_transaction(store: Store) -> None:
    with store.begin("t1") as tx:
        tx.journal.append({"kind": "one", "ticket": "NW-2026-000001", "performed_at": NOON, "fields": {"confidence": 0.71}})
        tx.journal.append({"kind": "two"})
    with store.read() as tx:
        _, one, two = tx.journal.entries()
        assert (one.body["seq"], one.body["tx"], one.body["part"]) == (1, "t1", 0)
        assert (two.body["seq"], two.body["tx"], two.body["part"]) == (2, "t1", 1)
        assert one.body["performed_at"] == "2026-11-24T05:00:00.000000Z"
        assert one.body["fields"] == {"confidence": 0.71}, "a float comes back as it was"
        assert json.loads(one.text)["fields"] == {"confidence": {"decimal": "0.71"}}
        assert one.recorded_at == NOON
        assert [entry.seq for entry in tx.journal.of_ticket("NW-2026-000001")] == [1]


@pytest.mark.parametrize(
    "body", [{}, {"kind": ""}, {"kind": "x", "seq": 7}, {"kind": "x", "chain": "y"}, {"kind": "x", "fields": {"a": b"b"}}]
)
def test_an_entry_that_could_not_be_hashed_is_refused(store: Store, body: dict[str, object]) -> None:
    with pytest.raises(ValueError), store.begin("t1") as tx:
        tx.journal.append(body)
    with store.read() as tx:
        assert tx.journal.head().seq == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET body = 'x' WHERE seq = 0",
        "DELETE FROM journal",
        "DELETE FROM journal_checkpoints",
        "UPDATE journal_checkpoints SET seq = 9",
    ],
)
def test_the_journal_cannot_be_changed_by_accident(store: Store, statement: str) -> None:
    with store.begin("t1") as tx:
        tx.journal.checkpoint("daily")
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(statement))


def test_replacing_a_row_counts_as_deleting_it(sqlite_store: Store) -> None:
    with pytest.raises(DBAPIError, match="append-only"), sqlite_store.engine.begin() as connection:
        connection.execute(text("INSERT OR REPLACE INTO journal SELECT * FROM journal"))


def test_a_checkpoint_notes_the_head_and_the_chain_notes_the_checkpoint(store: Store) -> None:
    with store.begin("t1") as tx:
        head = tx.journal.checkpoint("daily")
    with store.read() as tx:
        assert tx.journal.last_checkpoint() == (head, NOON)
        *_, last = tx.journal.entries()
        assert last.body["kind"] == "checkpoint"
        assert last.body["fields"]["hash"] == head.hash
    assert verify(store) == []


def test_a_head_can_be_typed_from_a_paper() -> None:
    assert parse_head("12345:9f2c 81d0 a1b2 c3d4").hash == "9f2c81d0a1b2c3d4"
    for wrong in ("12345", "x:9f2c81d0a1b2c3d4", "1:9f2c", "1:zzzzzzzzzzzzzzzz", "1:" + "a" * 65):
        with pytest.raises(ValueError):
            parse_head(wrong)


def test_private_texts_can_be_deleted_and_the_chain_stays_whole(store: Store) -> None:
    with store.begin("t1") as tx:
        kept = tx.journal.keep_private("0812-0000-0000", ticket="NW-2026-000001")
        tx.journal.append({"kind": "test", "fields": {"contact": kept}})
        again = tx.journal.keep_private("0812-0000-0000", ticket=None)
        assert again != kept, "the salt is random: equal texts cannot be recognised"
    with store.read() as tx:
        assert tx.journal.private(kept["private"]) == "0812-0000-0000"
    with store.begin("t2") as tx:
        tx.journal.redact([kept["private"]], reason="asked for", performed_by="contoh-kadis")
    with store.read() as tx:
        assert tx.journal.private(kept["private"]) is None
        *_, last = tx.journal.entries()
        assert last.body["kind"] == "redaction"
    assert verify(store) == []


def test_a_long_journal_is_read_in_pieces(store: Store) -> None:
    with store.begin("t1") as tx:
        for _ in range(25):
            tx.journal.append({"kind": "test"})
    with store.read() as tx:
        assert [entry.seq for entry in tx.journal.entries(since=3, batch=4)] == list(range(3, 26))


def test_the_same_message_cannot_be_decided_twice_behind_our_back(store: Store) -> None:
    with store.begin("t1") as tx:
        assert tx.outbox.put("k", "log", {}, NOON) is True
        assert tx.outbox.put("k", "log", {}, NOON) is False
    with pytest.raises(Conflict, match="already decided"), store.begin("t2") as tx:
        tx.connection.execute(
            schema.outbox.insert().values(
                key="k", channel="log", payload="{}", decided_at=NOON, not_before=NOON, attempts=0, state="waiting"
            )
        )
