"""The writer thread: in order, once, and patient."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from netwatch.clock import SystemClock
from netwatch.detect.state import State
from netwatch.diagnose.cause import Cause, CauseKind, Domain, Evidence, Side
from netwatch.errors import Conflict, StoreAway
from netwatch.incident import Incident, IncidentState, Opened
from netwatch.monitor.recorder import EVIDENCE_LIMIT, QUEUE_LIMIT, ThreadRecorder
from netwatch.monitor.records import Beat, Blind, Moment, OpenTicket, Record, StateChange, Stored, Sweep, Written

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


def state(device: str, after: State, number: int) -> StateChange:
    return StateChange(device, State.UNKNOWN, after, NOON + timedelta(seconds=number), "test")


def opened(number: int) -> Opened:
    place = frozenset({f"device-{number}"})
    cause = Cause(CauseKind.DEVICE, f"device-{number}", Side.SITE, Domain.SITE_DEVICE, 0.7, place, place)
    return Opened(Incident(f"incident-{number}", place, cause, IncidentState.OPEN, NOON), Evidence("new_place", {}))


def test_too_much_for_the_memory_keeps_the_newest_state_of_each_device_and_every_incident():
    """Hours without a database while a city flaps: what is true in the end is written, and what is left out is counted."""
    database = Database()
    recorder = ThreadRecorder(database, clock=SystemClock())
    devices, turns = 2000, 2 * QUEUE_LIMIT // 2000
    for turn in range(turns):
        after = State.DOWN if turn % 2 else State.UP
        states = tuple(state(f"device-{number}", after, turn) for number in range(devices))
        recorder.submit(Moment(f"turn-{turn}", NOON, states, (opened(turn),) if turn % 10 == 0 else ()))
    recorder.submit(Blind("gap", NOON, NOON, NOON, "paused"))
    recorder.start()
    assert recorder.stop(30.0)
    written = [each.record for each in recorder.collect()]
    moments = [record for record in written if isinstance(record, Moment)]
    last = {each.device: each for moment in moments for each in moment.states}
    assert {(each.after, each.since) for each in last.values()} == {(State.DOWN, NOON + timedelta(seconds=turns - 1))}
    assert sum(len(moment.states) for moment in moments) == devices
    keys = [change.incident.key for moment in moments for change in moment.changes]
    assert keys == [f"incident-{turn}" for turn in range(0, turns, 10)]
    assert isinstance(written[-1], Blind)
    assert recorder.errors == {"coalesced": (turns - 1) * devices}


def test_states_are_not_coalesced_before_there_are_too_many():
    """How a device came to its state is history, and part of its availability."""
    recorder = ThreadRecorder(Database(), clock=SystemClock())
    for number in range(1000):
        recorder.submit(Moment(str(number), NOON, (state("one", State.DOWN if number % 2 else State.UP, number),)))
    recorder.start()
    assert recorder.stop(10.0)
    assert sum(len(each.record.states) for each in recorder.collect()) == 1000


def test_a_refusal_says_what_is_stored_instead():
    stored = Stored((), frozenset({"NW-2026-000001"}))
    recorder = ThreadRecorder(Database(), clock=SystemClock(), stored=lambda record: stored if record.tx == "refused" else None)
    for name in ("refused", "good"):
        recorder.submit(Moment(name, NOON))
    recorder.start()
    assert recorder.stop(5.0)
    assert [written.stored for written in recorder.collect()] == [stored, None]


def test_a_refusal_that_cannot_be_looked_up_because_the_database_went_away_is_tried_again_as_a_whole():
    database, asked = Database(), []

    def look(record: Record) -> Stored:
        asked.append(record.tx)
        if len(asked) == 1:
            raise StoreAway("the server is gone")
        return Stored((), frozenset())

    recorder = ThreadRecorder(database, clock=SystemClock(), stored=look)
    recorder.submit(Moment("refused", NOON))
    recorder.start()
    while recorder.waiting():
        database.asked.wait(0.01)
    assert recorder.stop(10.0)
    assert asked == ["refused", "refused"]
    assert [written.stored for written in recorder.collect()] == [Stored((), frozenset())]
