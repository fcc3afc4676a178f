from __future__ import annotations

from datetime import timedelta

import pytest

from netwatch.errors import Conflict, NotFound
from netwatch.inventory.model import Window, WindowMode
from netwatch.store import Store

from .conftest import NOON

HOUR = timedelta(hours=1)


def window(name: str = "w1", **changes: object) -> Window:
    fields = {
        "id": name,
        "reason": "ganti UPS",
        "starts_at": NOON,
        "ends_at": NOON + HOUR,
        "devices": ("a",),
        "mode": WindowMode.NO_PROBING,
    }
    return Window(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_window_is_kept_and_can_be_ended_early(store: Store) -> None:
    with store.begin("t1") as tx:
        tx.maintenance.add(window(), by="contoh-staf")
        tx.maintenance.add(window("weekly", repeat="weekly"), by="contoh-staf")
    with store.read() as tx:
        assert [stored.window for stored in tx.maintenance.list()] == [window(), window("weekly", repeat="weekly")]
        assert [stored.window.id for stored in tx.maintenance.list(not_ended_before=NOON + HOUR)] == ["weekly"]
    with store.begin("t2") as tx:
        tx.maintenance.end("weekly", by="contoh-staf", at=NOON + HOUR)
        with pytest.raises(NotFound):
            tx.maintenance.end("weekly", by="contoh-staf", at=NOON + HOUR)
    with store.read() as tx:
        assert tx.maintenance.list(not_ended_before=NOON + HOUR) == []
        actions = [entry.body["action"] for entry in tx.journal.entries() if entry.body["kind"] == "maintenance"]
        assert actions == ["add", "add", "end"]


def test_a_window_ends_after_it_starts_and_has_its_own_name(store: Store) -> None:
    with pytest.raises(ValueError), store.begin("t1") as tx:
        tx.maintenance.add(window(ends_at=NOON), by="x")
    with store.begin("t2") as tx:
        tx.maintenance.add(window(), by="x")
    with pytest.raises(Conflict), store.begin("t3") as tx:
        tx.maintenance.add(window(), by="x")


def test_the_last_heartbeat_of_each_process_is_known(store: Store) -> None:
    with store.begin("t1") as tx:
        assert tx.heartbeat.last("monitor") is None
        tx.heartbeat.beat("monitor", NOON, isolated=False, version="0.1.0")
        tx.heartbeat.beat("monitor", NOON + HOUR, isolated=True, version="0.1.0")
        tx.heartbeat.beat("api", NOON, isolated=False, version="0.1.0")
    with store.read() as tx:
        beat = tx.heartbeat.last("monitor")
        assert beat is not None
        assert (beat.last_cycle_at, beat.isolated) == (NOON + HOUR, True)


def test_every_inventory_is_a_numbered_snapshot(store: Store) -> None:
    with store.begin("t1") as tx:
        assert tx.inventories.newest() is None
        one = tx.inventories.add("d1", "version: 1", author="root")
        assert tx.inventories.add("d1", "version: 1", author="root") == one
        two = tx.inventories.add("d2", "version: 1\n# two", author="contoh-staf")
        assert tx.inventories.add("d1", "version: 1", author="root") not in {one, two}, "going back is a load of its own"
    with store.read() as tx:
        assert tx.inventories.get(two).text == "version: 1\n# two"
        assert [found.digest for found in tx.inventories.list()] == ["d1", "d2", "d1"]
        with pytest.raises(NotFound):
            tx.inventories.get(99)
