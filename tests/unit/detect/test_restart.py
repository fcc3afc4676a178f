"""A fall of the uptime is a wrap, a restart of the agent, a restart of the device, or nonsense (DEVICES 2.5)."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netwatch.detect.restart import WRAP_S, Restart, Running, follow

DAY = 86_400.0


def verdict(before, elapsed, now, *, lost=False, **more):
    """Compare two uptimes so many seconds apart; `more` gives (before, now) of other clocks."""
    pairs = {key: pair if isinstance(pair, tuple) else (pair, pair) for key, pair in more.items()}
    one = Running(1000.0, before, **{key: pair[0] for key, pair in pairs.items()})
    two = Running(1000.0 + elapsed, now, **{key: pair[1] for key, pair in pairs.items() if key != "host_trusted"})
    return follow(one, two, lost=lost)[1]


@pytest.mark.parametrize(
    ("before", "elapsed", "now", "expected"),
    [
        (5 * DAY, 60, 5 * DAY + 60, Restart.NONE),
        (5 * DAY, 60, 5 * DAY + 100, Restart.NONE),  # clocks differ
        (5 * DAY, 60, 20, Restart.AGENT),
        (5 * DAY, 3600, 3599, Restart.AGENT),
        (WRAP_S - 30, 60, 30, Restart.WRAPPED),
        (WRAP_S - 30, 60, 0, Restart.WRAPPED),
        (WRAP_S - 3600, 60, 20, Restart.AGENT),  # an hour before its wrap it restarted
        (429 * DAY, 60, 429 * DAY + 60, Restart.NONE),
        (5 * DAY, 60, 4 * DAY, Restart.ODD),
        (5 * DAY, 60, 9 * DAY, Restart.ODD),
        (30, 60, 20, Restart.AGENT),  # it restarted twice: within the tolerance of 0 a fall is a restart
        (50, 10, 5, Restart.AGENT),
        (100, 10, 55, Restart.NONE),  # fell, but could not have been running for 55 s since
        (None, 60, 20, Restart.UNKNOWN),
        (20, 60, None, Restart.UNKNOWN),
    ],
)
def test_the_uptime_is_compared_with_what_it_should_be(before, elapsed, now, expected):
    assert verdict(before, elapsed, now) is expected


def test_the_first_reading_has_nothing_to_be_compared_with():
    assert follow(None, Running(5.0, 100.0), lost=True)[1] is Restart.UNKNOWN


def test_a_reading_without_an_uptime_does_not_make_the_one_before_forgotten():
    kept, _ = follow(Running(0.0, 5 * DAY), Running(60.0, None), lost=False)
    assert follow(kept, Running(120.0, 30.0), lost=True)[1] is Restart.DEVICE


@pytest.mark.parametrize(
    "sign",
    [
        {"lost": True},
        {"host_uptime_s": (9 * DAY, 25.0), "host_trusted": (True, True)},
        {"changed": ({"ge1": 4 * DAY, "ge2": 3 * DAY}, {"ge1": 15.0, "ge2": 14.0})},
    ],
)
def test_an_agent_that_restarts_is_a_device_that_did_with_one_more_sign(sign):
    assert verdict(5 * DAY, 60, 20, **sign) is Restart.DEVICE


@pytest.mark.parametrize(
    "sign",
    [
        {"host_uptime_s": (9 * DAY, 9 * DAY + 60), "host_trusted": (True, True)},  # only the agent
        {"host_uptime_s": (9 * DAY, 25.0), "host_trusted": (False, False)},  # a clock that was never seen to be right
        {"changed": ({"ge1": 4 * DAY, "ge2": 3 * DAY}, {"ge1": 15.0, "ge2": 3 * DAY + 60})},
        {"changed": ({}, {"ge1": 15.0})},
        {"boots": (3, 4)},  # counts starts of the agent
    ],
)
def test_what_is_no_sign_of_the_device_leaves_it_with_the_agent(sign):
    assert verdict(5 * DAY, 60, 20, **sign) is Restart.AGENT


def test_a_wrap_with_a_start_of_the_engine_is_odd():
    assert verdict(WRAP_S - 30, 60, 25, boots=(3, 4)) is Restart.ODD
    assert verdict(WRAP_S - 30, 60, 30, boots=(3, 3)) is Restart.WRAPPED


def test_a_host_clock_is_trusted_after_it_was_seen_to_grow_right():
    running = None
    for at in (0.0, 60.0, 120.0):
        running, _ = follow(running, Running(at, 5 * DAY + at, host_uptime_s=9 * DAY + at), lost=False)
    assert running.host_trusted
    running, found = follow(running, Running(180.0, 20.0, host_uptime_s=25.0), lost=False)
    assert found is Restart.DEVICE
    assert not running.host_trusted


def test_a_lost_echo_alone_restarts_nothing():
    assert verdict(5 * DAY, 600, 5 * DAY + 600, lost=True) is Restart.NONE


@pytest.mark.parametrize(
    ("found", "rebooted"), [("device", True), ("none", False), ("wrapped", False), ("agent", None), ("odd", None)]
)
def test_only_a_device_that_restarted_or_went_on_says_whether_it_rebooted(found, rebooted):
    assert Restart(found).rebooted is rebooted


elapsed_times = st.floats(1, 3 * DAY)
drift = st.floats(-0.004, 0.004)


@given(before=st.floats(0, WRAP_S - 0.01), elapsed=elapsed_times, drift=drift, lost=st.booleans())
def test_a_device_that_goes_on_never_restarted_wherever_its_clock_stands(before, elapsed, drift, lost):
    now = (before + elapsed * (1 + drift)) % WRAP_S
    assert verdict(before, elapsed, now, lost=lost) in (Restart.NONE, Restart.WRAPPED)


@given(before=st.floats(0, WRAP_S - 0.01), elapsed=elapsed_times, share=st.floats(0, 1))
def test_a_restart_is_found_unless_the_clock_stands_where_it_would_stand_anyway(before, elapsed, share):
    now = elapsed * share
    tolerance = 60 + 0.01 * elapsed
    assume(abs((now - before - elapsed + WRAP_S / 2) % WRAP_S - WRAP_S / 2) > tolerance)
    assert verdict(before, elapsed, now) is Restart.AGENT
    assert verdict(before, elapsed, now, lost=True) is Restart.DEVICE


@given(before=st.floats(WRAP_S - 3 * DAY, WRAP_S - 0.01), elapsed=elapsed_times)
def test_a_wrap_is_no_restart_even_if_echoes_were_lost(before, elapsed):
    now = before + elapsed
    assert verdict(before, elapsed, now % WRAP_S, lost=True) is (Restart.WRAPPED if now >= WRAP_S else Restart.NONE)


@given(before=st.floats(0, WRAP_S), now=st.floats(0, 2 * WRAP_S), elapsed=elapsed_times, lost=st.booleans())
def test_whatever_the_clocks_say_there_is_a_verdict(before, now, elapsed, lost):
    assert verdict(before, elapsed, now, lost=lost, host_uptime_s=(now, before), boots=(1, 0)) in Restart
