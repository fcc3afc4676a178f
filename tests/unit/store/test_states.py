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


def test_a_thousand_states_are_saved_in_a_tenth_of_a_second(store: Store) -> None:
    states = [StoredState(f"device-{i}", State.UP, NOON, "answered") for i in range(1000)]
    took = []
    for number in range(3):
        changed = [StoredState(s.device, State.DOWN if number % 2 else State.UP, NOON) for s in states]
        start = time.perf_counter()
        with store.begin(f"t{number}") as tx:
            tx.states.save(changed)
        took.append(time.perf_counter() - start)
    print(store.url.get_backend_name(), [round(t * 1000) for t in took])
    assert min(took) < 0.1, took
