"""How many lost echoes make a certain loss (DIAGNOSIS 1.2, 1.5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.detect.loss import LOSS_CAP, bad_window, losses_needed, update, update_baseline
from netwatch.detect.state import Policy

LOSSES = (0.01, 0.02, 0.05, 0.10, 0.20, 0.30, 0.40, 0.50)


@pytest.mark.parametrize(("alpha", "wanted"), [(1e-3, (5, 6, 8, 10, 14, 19, 24, 32)), (1e-4, (6, 7, 9, 11, 16, 21, 27, 35))])
def test_the_losses_needed_are_those_of_the_table(alpha, wanted):
    policy = Policy(false_down_per_device_year=alpha)
    assert tuple(losses_needed(p, policy) for p in LOSSES) == wanted


def test_a_device_that_never_loses_counts_as_one_percent_and_one_that_loses_most_as_half():
    policy = Policy()
    assert losses_needed(0.0, policy) == losses_needed(0.01, policy)
    assert losses_needed(0.99, policy) == losses_needed(0.5, policy)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_lossier_device_never_needs_fewer_losses(p, q):
    low, high = sorted((p, q))
    assert losses_needed(low, Policy()) <= losses_needed(high, Policy())


def test_bad_windows_begin_where_chance_gives_one_in_a_hundred_years():
    """DIAGNOSIS 1.5 names k = 3 up to 0.5 %, 4 at 1 %, 5 at 2 %, 7 at 5 %, 9 at 10 %."""
    assert [bad_window(p) for p in (0.0, 0.005, 0.01, 0.02, 0.05, 0.10)] == [3, 3, 4, 5, 7, 9]


def test_the_loss_estimate_follows_an_hour_of_echoes():
    ratio = 0.01
    for _ in range(360):
        ratio = update(ratio, lost=True)
    assert ratio == pytest.approx(1 - 0.99 * (359 / 360) ** 360)


@given(st.floats(0, 0.5), st.integers(0, 20))
def test_the_baseline_stays_a_ratio_and_one_window_hardly_moves_it(baseline, lost):
    moved = update_baseline(baseline, lost)
    assert 0 <= moved <= LOSS_CAP
    assert abs(moved - baseline) < 0.001
