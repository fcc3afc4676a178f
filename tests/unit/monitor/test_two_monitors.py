"""What the database refuses is decided again, until what is stored is what is measured: on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from netwatch.casework import World
from netwatch.detect.state import State
from netwatch.incident import IncidentState
from netwatch.monitor.cases import GatePolicy
from netwatch.monitor.records import Moment, Record, Written
from netwatch.monitor.restore import restore
from netwatch.monitor.writer import Writer
from netwatch.store import Store
from netwatch.store.verify import verify
from tests.unit.monitor.desk import Desk

TOGETHER_S = 0.5
HIT = {"kel1-rtr", "kel1-sw"}


def desk(store: Store, world: World, boot: str, *, writer: Writer | None = None) -> Desk:
    """A monitor that starts on this database."""
    made = Desk(world.inventory, writer=writer or Writer(store, world), boot=boot)
    restore(made.pipeline, store, now=made.clock.now())
    return made


def run(desks: Sequence[Desk], clock: object, seconds: float) -> None:
    """Let the same time pass for all of them."""
    for _ in range(round(seconds / TOGETHER_S)):
        for each in desks:
            each.run(TOGETHER_S)
            clock.moment = each.clock.now()  # type: ignore[attr-defined]


def stored(store: Store) -> tuple[dict[str, State], list[tuple[frozenset[str], IncidentState, str | None]]]:
    """What the database says of devices and incidents; its invariants hold."""
    assert [str(each) for each in verify(store)] == []
    with store.read() as tx:
        states = {device: each.state for device, each in tx.states.load().items()}
        return states, [(each.locus, each.state, each.ticket) for each in tx.incidents.list()]


def test_two_monitors_on_one_database_agree_on_one_incident_and_one_ticket(store, clock, world):
    first, second = desk(store, world, "first"), desk(store, world, "second")
    both = (first, second)
    run(both, clock, 30)
    for each in both:
        each.air.silent = set(HIT)
    run(both, clock, 400)
    states, incidents = stored(store)
    assert (states["kel1-rtr"], states["kel1-sw"]) == (State.DOWN, State.UNREACHABLE)
    ((locus, state, ticket),) = incidents
    assert (locus, state) == (frozenset({"kel1-rtr"}), IncidentState.OPEN)
    assert ticket is not None
    assert {each.incident().ticket for each in both} == {ticket}
    for each in both:
        each.air.silent = set()
    run(both, clock, 120)
    states, incidents = stored(store)
    assert set(states.values()) == {State.UP}
    assert [state for _, state, _ in incidents] == [IncidentState.RECOVERED]
    with store.read() as tx:
        told = [entry.body["action"] for entry in tx.journal.of_incident(1) if entry.body["kind"] == "incident"]
    assert told.count("opened") == told.count("recovered") == 1


def test_monitors_that_find_the_same_fault_at_different_times_do_not_open_it_twice(store, clock, world):
    """The second hears of it nine seconds later: another onset, another key, the same place."""
    first, second = desk(store, world, "first"), desk(store, world, "second")
    both = (first, second)
    run(both, clock, 30)
    first.air.silent = set(HIT)
    run(both, clock, 9)
    second.air.silent = set(HIT)
    run(both, clock, 400)
    assert any("already an open incident" in refusal for refusal in second.refusals)
    _, incidents = stored(store)
    assert len(incidents) == 1
    assert len({incident.key for each in both for incident in each.cases.open()}) == 1
    with store.read() as tx:
        assert len(tx.tickets.list()) == 1


class Stubborn:
    """A writer with a fault of its own: it refuses what `wrong` says."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.stored = writer.stored
        self.wrong = lambda record: False

    def __call__(self, record: Record) -> Written:
        """Write, or fail as nobody foresaw."""
        if self.wrong(record):
            raise ZeroDivisionError("a bug")
        return self._writer(record)


def test_a_state_that_was_refused_by_an_error_nobody_foresaw_is_written_as_soon_as_it_can_be(store, clock, world):
    writer = Stubborn(Writer(store, world))
    one = desk(store, world, "one", writer=writer)  # type: ignore[arg-type]
    run([one], clock, 30)
    one.air.silent = set(HIT)
    writer.wrong = lambda record: isinstance(record, Moment)
    run([one], clock, 60)
    assert stored(store)[0]["kel1-rtr"] is State.UP
    writer.wrong = lambda record: False
    run([one], clock, 31)
    states, incidents = stored(store)
    assert states["kel1-rtr"] is State.DOWN
    assert len(incidents) == 1


def test_an_incident_that_can_never_be_written_holds_up_no_other_and_is_not_tried_every_second(store, clock, world):
    writer = Stubborn(Writer(store, world))
    one = desk(store, world, "one", writer=writer)  # type: ignore[arg-type]
    run([one], clock, 30)

    def about_the_second(record: Record) -> bool:
        return isinstance(record, Moment) and any("kel2" in change.incident.key for change in record.changes)

    writer.wrong = about_the_second
    one.air.silent = {"kel1-rtr", "kel1-sw", "kel2-rtr", "kel2-sw"}
    run([one], clock, 600)
    states, incidents = stored(store)
    assert states["kel1-rtr"] is states["kel2-rtr"] is State.DOWN
    assert [locus for locus, _, ticket in incidents if ticket] == [frozenset({"kel1-rtr"})]
    assert 5 < len(one.refusals) < 60


def test_a_place_that_falls_silent_right_after_its_ticket_has_ended_gets_a_new_ticket(store, clock, world):
    """Nobody has told the monitor yet: the database knows, in the same transaction."""
    one = desk(store, world, "one")
    run([one], clock, 30)
    one.air.silent = set(HIT)
    run([one], clock, 240)
    first = one.incident()
    one.air.silent = set()
    run([one], clock, 3700)
    with store.read() as tx:
        assert tx.tickets.get(first.ticket).is_open is False, "an untouched ticket is cancelled after an hour of service"
    one.cases.policy = GatePolicy(open_after=180.0, reopen_within=86_400.0)
    one.cases.ended(frozenset())  # the beat has not come round yet
    one.pipeline._beat_at = one.now + 3600
    one.air.silent = set(HIT)
    run([one], clock, 300)
    again = one.incident()
    assert again.follows == first.key
    assert again.ticket not in (None, first.ticket)
    assert any("has ended" in refusal for refusal in one.refusals)
    _, incidents = stored(store)
    assert len(incidents) == 2
