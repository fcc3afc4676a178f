from __future__ import annotations

import time
from datetime import timedelta

from netwatch.detect.state import State
from netwatch.store import Store
from netwatch.store.states import StoredState

from .conftest import NOON


def test_states_survive_a_restart(store: Store) -> None:
    saved = StoredState("sekupang-rtr", State.DOWN, NOON, "three echoes lost", None, 0.02)
    with store.begin("t1") as tx:
        tx.states.save([saved])
    store.reopen()
    with store.read() as tx:
        assert tx.states.load() == {"sekupang-rtr": saved}


def test_only_a_changed_state_adds_to_the_history(store: Store) -> None:
    with store.begin("t1") as tx:
        assert tx.states.save([StoredState("a", State.UP, NOON)]) == 1
    with store.begin("t2") as tx:
        assert tx.states.save([StoredState("a", State.UP, NOON, loss_ratio=0.5)]) == 0
    with store.read() as tx:
        assert [(t.from_state, t.to_state) for t in tx.states.history(device="a")] == [(None, State.UP)]
        assert tx.states.load()["a"].loss_ratio == 0.5


def test_a_queue_of_states_keeps_every_change_with_its_true_time(store: Store) -> None:
    """P7: what happened while the database was away is written when it returns, with the times at which it happened."""
    times = [NOON + timedelta(seconds=s) for s in range(3)]
    queue = [StoredState("a", state, at) for state, at in zip((State.UP, State.DOWN, State.UP), times, strict=True)]
    with store.begin("t1") as tx:
        assert tx.states.save(queue) == 3
    with store.read() as tx:
        assert [t.at for t in tx.states.history()] == times
        assert tx.states.load()["a"].since == times[2]


def test_a_thousand_states_are_one_short_transaction(store: Store) -> None:
    """Measured alone: 25 ms on SQLite, 43 ms on PostgreSQL. The bound leaves room for a busy machine."""
    took = []
    for number in range(5):
        changed = [StoredState(f"device-{i}", State.DOWN if number % 2 else State.UP, NOON, "answered") for i in range(1000)]
        start = time.perf_counter()
        with store.begin(f"t{number}") as tx:
            tx.states.save(changed)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.5, took


def test_states_of_devices_that_left_are_forgotten_and_their_history_stays(store: Store) -> None:
    with store.begin("t1") as tx:
        tx.states.save([StoredState("a", State.UP, NOON), StoredState("b", State.UP, NOON)])
    with store.begin("t2") as tx:
        tx.states.remove(["a"])
    with store.read() as tx:
        assert set(tx.states.load()) == {"b"}
        assert len(tx.states.history(device="a")) == 1


def test_old_history_can_be_forgotten(store: Store) -> None:
    hour = timedelta(hours=1)
    with store.begin("t1") as tx:
        tx.states.save([StoredState("a", State.UP, NOON), StoredState("a", State.DOWN, NOON + hour)])
        assert tx.states.forget_history(NOON + hour) == 1
    with store.read() as tx:
        assert [t.to_state for t in tx.states.history(since=NOON, until=NOON + 2 * hour)] == [State.DOWN]


def test_a_blind_period_goes_on_until_it_ends(store: Store) -> None:
    with store.begin("t1") as tx:
        first = tx.blind.begin("isolated", NOON)
        assert tx.blind.begin("isolated", NOON + timedelta(seconds=10)) == first
        other = tx.blind.begin("no_snmp", NOON, device="a")
        assert tx.blind.end(NOON + timedelta(seconds=30), reason="isolated") == 1
        tx.blind.add("restart", NOON - timedelta(seconds=60), NOON - timedelta(seconds=30))
    with store.read() as tx:
        periods = {p.id: p for p in tx.blind.list()}
        assert periods[first].ended_at == NOON + timedelta(seconds=30)
        assert periods[other].ended_at is None
        assert periods[other].device == "a"
        assert [p.reason for p in tx.blind.list(until=NOON)] == ["restart"]
        assert "restart" not in [p.reason for p in tx.blind.list(since=NOON)]
