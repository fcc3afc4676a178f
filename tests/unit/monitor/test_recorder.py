"""The writer thread: in order, once, and patient."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from netwatch.clock import SystemClock
from netwatch.errors import Conflict, StoreAway
from netwatch.monitor.recorder import ThreadRecorder
from netwatch.monitor.records import Beat, Record, Sweep, Written

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


class Database:
    def __init__(self) -> None:
        self.rows: list[str] = []
        self.away = False
        self.asked = threading.Event()

    def __call__(self, record: Record) -> Written:
        self.asked.set()
        if self.away:
            raise StoreAway("disk full; free some space")
        if record.tx == "refused":
            raise Conflict("somebody was first")
        if record.tx == "bug":
            raise ValueError("bug")
        self.rows.append(record.tx)
        return Written(record)


def test_records_are_written_in_order_and_all_of_them_before_the_end():
    database = Database()
    recorder = ThreadRecorder(database, clock=SystemClock())
    for number in range(100):
        recorder.submit(Sweep(str(number), NOON))
    recorder.start()
    assert recorder.stop(5.0)
    assert database.rows == [str(number) for number in range(100)]
    assert len(recorder.collect()) == 100


def test_a_database_that_is_away_loses_nothing_and_is_said():
    database = Database()
    database.away = True
    recorder = ThreadRecorder(database, clock=SystemClock())
    recorder.submit(Sweep("kept", NOON))
    recorder.start()
    assert database.asked.wait(5.0)
    while recorder.writable:
        database.asked.wait(0.01)
    assert recorder.last_error == "disk full; free some space"
    recorder.submit(Beat("not kept", NOON, isolated=False))
    assert recorder.waiting() == 1
    database.away = False
    assert recorder.stop(10.0)
    assert database.rows == ["kept"]


def test_a_refused_record_and_a_bug_do_not_hold_up_the_next():
    database = Database()
    recorder = ThreadRecorder(database, clock=SystemClock())
    for name in ("refused", "bug", "good"):
        recorder.submit(Sweep(name, NOON))
    recorder.start()
    assert recorder.stop(5.0)
    assert database.rows == ["good"]
    assert [written.error is None for written in recorder.collect()] == [False, False, True]
    assert recorder.errors == {"Conflict": 1, "unexpected": 1}
