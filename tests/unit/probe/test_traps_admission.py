"""Storms: what is decoded is bounded, what is not is counted, and nothing grows. Time is a number here."""

from __future__ import annotations

from netwatch.probe.snmp.traps.admission import (
    OVERALL_BURST,
    OVERALL_S,
    PER_SOURCE_S,
    SOURCE_BURST,
    WAIT_S,
    WAITING_OCTETS,
    Admission,
)


def test_calm_traps_are_all_decoded_at_once():
    door: Admission[int] = Admission(0.0)
    assert all(door.offer(f"source-{number % 50}", number, 100, number * 0.01) for number in range(1000))
    assert (door.replaced, door.waiting()) == (0, 0)


def test_of_a_storm_from_one_address_the_first_are_decoded_and_then_the_newest_of_each_half_second():
    door: Admission[int] = Admission(0.0)
    decoded: list[int] = []
    for number in range(50_000):  # ten seconds at 5,000 a second
        now = number / 5000
        if door.offer("one", number, 100, now):
            decoded.append(number)
        if number % 500 == 0:
            decoded += [item for _, item in door.due(now)]
    assert decoded[: int(SOURCE_BURST)] == list(range(int(SOURCE_BURST)))
    assert decoded == sorted(decoded)
    assert len(decoded) <= SOURCE_BURST + 10 * PER_SOURCE_S + 10 / WAIT_S + 1
    assert len(decoded) + door.replaced + door.waiting() == 50_000, "every datagram is decoded, waits, or was counted"


def test_the_last_word_of_a_storm_is_decoded():
    door: Admission[int] = Admission(0.0)
    for number in range(1000):
        door.offer("one", number, 100, 0.0)
    assert door.due(WAIT_S / 2) == []
    assert door.due(WAIT_S) == [("one", 999)]
    assert door.waiting() == 0


def test_a_storm_from_everywhere_is_bounded_by_what_all_may_cost():
    """2,000 addresses, three a second each: 6,000 a second."""
    door: Admission[int] = Admission(0.0)
    decoded = offered = 0
    for step in range(100):  # ten seconds
        now = step / 10
        for source in range(step % 3, 2000, 3):
            offered += 1
            decoded += door.offer(f"source-{source}", step, 100, now)
        decoded += len(door.due(now))
    assert decoded <= OVERALL_BURST + 10 * OVERALL_S
    assert decoded >= 9 * OVERALL_S, "the budget is used"
    assert decoded + door.replaced + door.waiting() == offered


def test_a_storm_from_one_address_costs_another_nothing():
    door: Admission[int] = Admission(0.0)
    for number in range(20_000):
        now = number / 5000
        door.offer("noisy", number, 100, now)
        if number % 5000 == 0:
            assert door.offer("calm", number, 100, now)


def test_what_waits_is_bounded_in_octets():
    door: Admission[int] = Admission(0.0)
    for round_ in range(20):
        for number in range(2000):
            door.offer(f"source-{number}", round_, 8000, 0.0)
    assert door.waiting() * 8000 <= WAITING_OCTETS
    assert door.overflowed > 0
    assert door.waiting() + door.replaced + door.overflowed + OVERALL_BURST == 40_000


def test_an_address_that_left_the_inventory_leaves_nothing_behind():
    door: Admission[int] = Admission(0.0)
    for _ in range(20):
        door.offer("left", 1, 100, 0.0)
        door.offer("stays", 1, 100, 0.0)
    door.keep({"stays"})
    assert door.due(10.0) == [("stays", 1)]
    assert door._octets == 0
    assert set(door._sources) == {"stays"}
