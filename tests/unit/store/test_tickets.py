from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from netwatch.errors import Conflict, NotFound
from netwatch.sop.record import TicketState
from netwatch.store import Store
from netwatch.store.tickets import TicketFilter
from netwatch.store.verify import verify

from .conftest import NOON
from .examples import a_busy_day, act, incident, open_ticket


def test_a_ticket_comes_back_as_it_was(store: Store) -> None:
    ticket = a_busy_day(store)
    with store.read() as tx:
        assert tx.tickets.get(ticket.id) == ticket
    assert verify(store) == []


def test_numbers_count_from_1_in_each_year_and_have_no_gaps(store: Store) -> None:
    with store.begin("t1") as tx:
        assert [tx.tickets.next_id(2026), tx.tickets.next_id(2026), tx.tickets.next_id(2027)] == [
            "NW-2026-000001",
            "NW-2026-000002",
            "NW-2027-000001",
        ]
    with pytest.raises(KeyError), store.begin("t2") as tx:  # noqa: PT012 - the block is the transaction
        tx.tickets.next_id(2026)
        raise KeyError
    with store.begin("t3") as tx:
        assert tx.tickets.next_id(2026) == "NW-2026-000003", "an abandoned transaction took no number"


def test_one_open_ticket_per_incident(store: Store) -> None:
    with store.begin("t1") as tx:
        number = tx.incidents.insert(incident())
        first = open_ticket(tx, incident_id=number)
    with pytest.raises(Conflict, match="already an open ticket"), store.begin("t2") as tx:
        open_ticket(tx, incident_id=number)
    with store.begin("t3") as tx:
        assert tx.tickets.open_of_incident(number) == first
        act(tx, first, "cancel", "cancelled")
        open_ticket(tx, incident_id=number)
        open_ticket(tx), open_ticket(tx)
    assert verify(store) == []


def test_of_two_people_at_the_same_step_one_wins_and_the_other_hears_who(store: Store) -> None:
    ticket = a_busy_day(store)
    with store.begin("t1") as tx:
        act(tx, ticket, "assign", "connection_check", by="contoh-kabid")
    with (
        pytest.raises(Conflict, match=f"{ticket.id} was changed.*assign by contoh-kabid at 2026-11-24T05:00:00Z") as lost,
        store.begin("t2") as tx,
    ):
        act(tx, ticket, "return", "disposition", by="contoh-kadis")
    assert lost.value.exit_code == 5
    assert verify(store) == []


def test_two_people_released_together_fifty_times(store: Store) -> None:
    """RELIABILITY 4, row 13: exactly one wins each time, and the loser left no trace."""
    with store.begin("open") as tx:
        ticket = open_ticket(tx)
    for number in range(50):
        barrier, results = threading.Barrier(2), []

        def person(
            name: str,
            number: int = number,
            ticket: object = ticket,
            barrier: threading.Barrier = barrier,
            results: list[object] = results,
        ) -> None:
            barrier.wait()
            try:
                with store.begin(f"{name}-{number}") as tx:
                    results.append(act(tx, ticket, "submit", "disposition", by=name))  # type: ignore[arg-type]
            except Conflict as error:
                results.append(error)

        threads = [threading.Thread(target=person, args=(name,)) for name in ("contoh-a", "contoh-b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        won = [result for result in results if not isinstance(result, Conflict)]
        assert (len(results), len(won)) == (2, 1), results
        ticket = won[0]
    assert ticket.version == 51
    assert verify(store) == []


def test_tickets_are_found_by_what_people_ask_for(store: Store) -> None:
    with store.begin("t1") as tx:
        number = tx.incidents.insert(incident())
        one = open_ticket(tx, incident_id=number)
        two = open_ticket(tx, at=NOON + timedelta(days=3))
        two = act(tx, two, "cancel", "cancelled")
    with store.read() as tx:

        def ids(**wanted: object) -> list[str]:
            return [ticket.id for ticket in tx.tickets.list(TicketFilter(**wanted))]  # type: ignore[arg-type]

        assert ids() == [one.id, two.id]
        assert ids(state=TicketState.OPEN) == ids(incident=number) == ids(overdue_at=NOON + timedelta(days=2)) == [one.id]
        assert ids(site="kec-sekupang", opd="Kecamatan Sekupang", step="intake", held=False) == [one.id, two.id]
        assert ids(after=one.id) == ids(opened_since=NOON + timedelta(days=1)) == [two.id]
        assert ids(opened_before=NOON + timedelta(days=1)) == [one.id]
        assert ids(limit=1) == [one.id]
        assert tx.tickets.count() == {("intake", "open"): 1, ("intake", "cancelled"): 1}


def test_what_is_not_there_is_not_found(store: Store) -> None:
    with store.begin("t1") as tx:
        ticket = open_ticket(tx)
        with pytest.raises(NotFound):
            tx.tickets.get("NW-2026-000009")
        with pytest.raises(ValueError, match="new version"):
            tx.tickets.update(ticket, expected_version=ticket.version)


def test_a_request_is_answered_once(store: Store) -> None:
    asked = {"action": "submit", "ticket": "NW-2026-000001"}
    with store.begin("t1") as tx:
        assert tx.requests.seen("r1", asked=asked) is None
        tx.requests.remember("r1", {"ticket": "NW-2026-000001"}, caller="contoh-staf", asked=asked)
    with store.begin("t2") as tx:
        assert tx.requests.seen("r1", asked=asked) == {"ticket": "NW-2026-000001"}
        with pytest.raises(Conflict, match="already used for another act"):
            tx.requests.seen("r1", asked={"action": "dispose"})
    with pytest.raises(Conflict, match="already answered"), store.begin("t3") as tx:
        tx.requests.remember("r1", {}, caller="x")


def test_what_is_over_is_known_by_number_and_read_together(store: Store) -> None:
    with store.begin("t1") as tx:
        over, goes_on = open_ticket(tx), open_ticket(tx)
        act(tx, over, "cancel", "cancelled")
    with store.read() as tx:
        assert tx.tickets.closed_ids() == {over.id}
        assert {each.id for each in tx.tickets.several([over.id, goes_on.id, "NW-2026-999999"])} == {over.id, goes_on.id}
