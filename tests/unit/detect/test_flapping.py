"""The window of 20 slots with two thresholds (DIAGNOSIS 1.6)."""

from netwatch.detect.flapping import FlapEvent, Flapping

MINUTE = 60.0


def changes(count, *, begin=0.0, counts=True):
    """Record one change a minute."""
    window = Flapping()
    for i in range(count):
        at = begin + i * MINUTE + 1
        window = window.record(at, at, counts=counts)
    return window, begin + (count - 1) * MINUTE + 2


def test_six_recent_changes_begin_it_and_five_do_not():
    window, now = changes(5)
    assert window.judge(now)[1] is None
    window, now = changes(6)
    window, event = window.judge(now)
    assert event is FlapEvent.BEGAN
    assert window.is_flapping


def test_many_changes_within_one_minute_are_one_slot():
    window = Flapping()
    for i in range(30):
        window = window.record(10 + i, 10 + i, counts=True)
    assert window.value(40) < 6


def test_it_ends_at_fifteen_percent_and_says_so():
    window, now = changes(8)
    window, _ = window.judge(now)
    event = None
    while event is None:
        now += MINUTE
        window, event = window.judge(now)
    assert event is FlapEvent.ENDED
    assert not window.is_flapping
    assert window.value(now) <= 15


def test_after_two_hours_it_ends_whatever_happens_and_must_be_earned_again():
    window, now = changes(6)
    window, _ = window.judge(now)
    began, event = now, None
    while event is None:
        now += MINUTE
        window = window.record(now, now, counts=True)
        window, event = window.judge(now)
    assert event is FlapEvent.ENDED
    assert 7200 <= now - began <= 7260
    assert window.judge(now)[1] is None


def test_changes_under_an_outage_above_do_not_count():
    """Centreon PR #524: an outage above must not make devices below look unstable."""
    window, now = changes(12, counts=False)
    assert window.value(now) == 0
    window, now = changes(12)
    assert window.leave_out(0.0, now, now).value(now) == 0


def test_old_changes_leave_the_window():
    window, now = changes(6)
    assert window.value(now + 20 * MINUTE) == 0
    assert window.value(now) > window.value(now + 5 * MINUTE) > 0


def test_a_clock_that_stands_still_or_a_late_record_changes_nothing_wrong():
    window = Flapping().record(3600.0, 3600.0, counts=True)
    assert window.record(1.0, 3600.0, counts=True).value(3600) == window.value(3600)
    assert window.value(3599) == window.value(3600)
