"""The simulated machine's three clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from netwatch.simulate.clock import SimulatedClock

START = datetime(2026, 11, 24, 1, tzinfo=UTC)


def test_a_step_moves_only_the_wall_clock() -> None:
    """Intervals must not notice that somebody set the clock."""
    clock = SimulatedClock(START)
    clock.advance_to(60)
    before = clock.monotonic(), clock.boottime()
    clock.step_wall(-86_400)
    assert (clock.monotonic(), clock.boottime()) == before
    assert clock.now() == START + timedelta(seconds=60, days=-1)
    assert clock.true_time() == START + timedelta(seconds=60)


def test_a_suspension_is_seen_by_boottime_and_wall_but_not_by_monotonic() -> None:
    """CLOCK_MONOTONIC stands still while the machine sleeps; CLOCK_BOOTTIME does not."""
    clock = SimulatedClock(START)
    monotonic, boottime = clock.monotonic(), clock.boottime()
    clock.suspend_until(3600)
    assert clock.monotonic() == monotonic
    assert clock.boottime() == boottime + 3600
    assert clock.now() == START + timedelta(hours=1)
    clock.advance_to(3700)
    assert clock.elapsed_at(clock.monotonic()) == 3700


def test_time_does_not_run_backwards() -> None:
    """A driver that goes back in time is a bug of the driver."""
    clock = SimulatedClock(START)
    clock.advance_to(10)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance_to(9)
