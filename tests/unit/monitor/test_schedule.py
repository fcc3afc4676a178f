"""Who is due when."""

from __future__ import annotations

from netwatch.monitor.schedule import BURST_PER_SECOND, EchoSchedule
from netwatch.monitor.watch import Watch


def city(count: int, interval: float = 10.0) -> tuple[EchoSchedule, list[Watch]]:
    schedule = EchoSchedule(0.0)
    watches = [Watch(f"device-{number}", interval) for number in range(count)]
    for watch in watches:
        schedule.add(watch)
    return schedule, watches


def run(schedule: EchoSchedule, begin: float, end: float, step: float = 0.05) -> tuple[list[list[Watch]], list[Watch]]:
    calm, extra = [], []
    ticks = round((end - begin) / step)
    for tick in range(1, ticks + 1):
        now_calm, now_extra = schedule.due(begin + tick * step)
        calm.append(now_calm)
        extra += now_extra
    return calm, extra


def test_every_device_is_asked_exactly_once_in_a_round():
    schedule, watches = city(1000)
    calm, extra = run(schedule, 0.0, 10.0)
    asked = sorted(watch.device for tick in calm for watch in tick)
    assert asked == sorted(watch.device for watch in watches)
    assert extra == []


def test_ten_thousand_devices_are_not_one_burst():
    """1,000 a second is the mean; a stable hash spreads them to within a factor of two in any tick of 50 ms."""
    schedule, _ = city(10_000)
    calm, _ = run(schedule, 0.0, 10.0)
    assert max(len(tick) for tick in calm) < 2 * 10_000 / len(calm) + 40


def test_the_phase_of_a_device_is_the_same_after_a_restart():
    first, _ = city(50)
    second, _ = city(50)
    slots = [[[watch.device for watch in slot] for slot in schedule.rounds[10.0].slots] for schedule in (first, second)]
    assert slots[0] == slots[1]


def test_a_hot_device_leaves_its_slot_and_comes_at_its_own_time():
    schedule, watches = city(3)
    schedule.heat(watches[0], 0.3)
    calm, extra = run(schedule, 0.0, 10.0)
    assert [watch.device for watch in extra] == ["device-0"]
    assert "device-0" not in {watch.device for tick in calm for watch in tick}


def test_heating_again_replaces_the_earlier_time():
    schedule, watches = city(1)
    schedule.heat(watches[0], 1.0)
    schedule.heat(watches[0], 2.0)
    _, extra = run(schedule, 0.0, 1.5)
    assert extra == []
    _, extra = run(schedule, 1.5, 2.5)
    assert len(extra) == 1


def test_a_pause_of_many_rounds_is_skipped_and_counted_not_caught_up():
    schedule, _ = city(100)
    run(schedule, 0.0, 10.0)
    calm, _ = schedule.due(1000.0)
    assert len(calm) <= 100
    assert schedule.rounds[10.0].missed >= 97 * 200


def test_the_barrier_burst_keeps_to_its_budget():
    schedule, watches = city(5000, interval=1000.0)
    schedule.due(0.1)
    schedule.burst(watches)
    sent = 0
    for tick in range(20):
        sent += len(schedule.due(0.1 + (tick + 1) * 0.05)[1])
    assert BURST_PER_SECOND * 0.8 <= sent <= BURST_PER_SECOND * 1.3


def test_a_device_is_in_a_burst_once():
    schedule, watches = city(2, interval=1000.0)
    schedule.due(1.0)
    schedule.burst([watches[0], watches[0]])
    schedule.burst([watches[0]])
    _, extra = schedule.due(2.0)
    assert [watch.device for watch in extra] == ["device-0"]


def test_the_last_cycle_is_known_only_after_a_whole_round():
    schedule, _ = city(10)
    run(schedule, 0.0, 9.0)
    assert schedule.finished_at() is None
    run(schedule, 9.0, 10.2)
    assert schedule.finished_at() is not None


def test_a_device_heated_twice_for_the_same_time_is_asked_once():
    """Otherwise each of the two would be heated again, and echoes would double every few seconds."""
    schedule, watches = city(1)
    schedule.heat(watches[0], 1.0)
    schedule.heat(watches[0], 1.0)
    _, extra = schedule.due(1.0)
    assert len(extra) == 1
