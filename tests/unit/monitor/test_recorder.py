"""The writer thread: in order, once, and patient."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from netwatch.clock import SystemClock
from netwatch.errors import Conflict, StoreAway
from netwatch.monitor.recorder import EVIDENCE_LIMIT, ThreadRecorder
from netwatch.monitor.records import Beat, Moment, OpenTicket, Record, Sweep, Written

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


def test_a_ticket_is_not_kept_while_the_database_is_away_because_its_incident_may_heal():
    """P7: what healed meanwhile gets only its record; what is still open asks again."""
    database = Database()
    database.away = True
    recorder = ThreadRecorder(database, clock=SystemClock())
    recorder.submit(Moment("opened", NOON))
    recorder.submit(OpenTicket("asked before it was known", NOON, "a"))
    recorder.start()
    while recorder.writable:
        database.asked.wait(0.01)
    recorder.submit(OpenTicket("asked afterwards", NOON, "a"))
    recorder.submit(Moment("healed", NOON))
    database.away = False
    assert recorder.stop(10.0)
    assert database.rows == ["opened", "healed"]


def test_a_ticket_that_could_not_be_written_leaves_somebody_to_find_out_that_the_database_is_back():
    database = Database()
    database.away = True
    recorder = ThreadRecorder(database, clock=SystemClock())
    recorder.submit(OpenTicket("asked", NOON, "a"))
    recorder.start()
    while recorder.writable or recorder.waiting():
        database.asked.wait(0.01)
    recorder.submit(Beat("first", NOON, isolated=False))
    recorder.submit(Beat("second", NOON, isolated=False))
    database.away = False
    assert recorder.stop(10.0)
    assert database.rows == ["first"]
    assert recorder.writable


def test_an_hour_without_a_database_keeps_what_happened_but_not_every_snapshot():
    recorder = ThreadRecorder(Database(), clock=SystemClock())
    for number in range(EVIDENCE_LIMIT + 50):
        recorder.submit(Moment(str(number), NOON, evidence={"devices": {}}))
    kept = [record.evidence is not None for record in recorder._queue]
    assert kept == [True] * EVIDENCE_LIMIT + [False] * 50
