from __future__ import annotations

from datetime import timedelta

import pytest

from netwatch.errors import NotFound
from netwatch.store import Store
from netwatch.store.outbox import MessageState
from netwatch.store.verify import verify

from .conftest import NOON

MINUTE = timedelta(minutes=1)


def test_a_message_waits_for_its_time_is_sent_and_is_gone(store: Store) -> None:
    with store.begin("t1") as tx:
        tx.outbox.put("later", "mail", {"text": "halo"}, NOON + MINUTE)
        tx.outbox.put("now", "log", {"text": "é"}, NOON)
    with store.read() as tx:
        (due,) = tx.outbox.due(NOON)
        assert (due.key, due.payload, due.attempts, due.state) == ("now", {"text": "é"}, 0, MessageState.WAITING)
        assert [message.key for message in tx.outbox.due(NOON + MINUTE)] == ["now", "later"]
    with store.begin("t2") as tx:
        tx.outbox.mark_sent(due.id, NOON)
    with store.read() as tx:
        assert tx.outbox.due(NOON) == []
        assert tx.outbox.get("now").state is MessageState.SENT
        assert tx.outbox.count() == {("mail", "waiting"): 1, ("log", "sent"): 1}
    assert verify(store) == []


def test_a_failed_message_waits_longer_and_is_given_up_at_last(store: Store) -> None:
    with store.begin("t1") as tx:
        tx.outbox.put("k", "mail", {}, NOON)
        number = tx.outbox.get("k").id
        tx.outbox.failed(number, "451 later", again_at=NOON + MINUTE)
    with store.begin("t2") as tx:
        assert tx.outbox.due(NOON) == []
        assert tx.outbox.get("k").attempts == 1
        tx.outbox.failed(number, "550 never", again_at=None, at=NOON + MINUTE)
        dead = tx.outbox.get("k")
        assert (dead.state, dead.error, dead.ended_at) == (MessageState.DEAD, "550 never", NOON + MINUTE)
        assert [message.key for message in tx.outbox.list(MessageState.DEAD)] == ["k"]
        with pytest.raises(NotFound):
            tx.outbox.mark_sent(99, NOON)
    assert verify(store) == []


def test_a_held_outbox_sends_nothing_until_a_person_says_so(store: Store) -> None:
    with store.begin("t1") as tx:
        tx.outbox.put("old", "mail", {}, NOON)
        tx.outbox.hold("restored")
    with store.begin("t2") as tx:
        assert tx.outbox.held()
        assert tx.outbox.due(NOON) == []
        assert tx.outbox.release(performed_by="contoh-staf", drop_decided_before=NOON + MINUTE) == 1
    with store.read() as tx:
        assert not tx.outbox.held()
        assert tx.outbox.get("old").state is MessageState.DEAD
        *_, last = tx.journal.entries()
        assert last.body["kind"] == "outbox_released"
        assert last.body["fields"]["dropped"] == 1
    assert verify(store) == []
