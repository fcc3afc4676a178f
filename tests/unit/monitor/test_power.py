"""How long a sign of running on battery has to do with a silence."""

from __future__ import annotations

from netwatch.monitor.power import AFTER_S, KEEP_S, PowerHints


def standing(hints: PowerHints, now: float, *losses: float) -> list[str]:
    return hints.standing(now, lambda _: losses)


def test_a_hint_stands_for_ten_minutes():
    hints = PowerHints()
    hints.note("ups", 1000.0)
    assert standing(hints, 1000.0 + KEEP_S) == ["ups"]
    assert standing(hints, 1000.1 + KEEP_S) == []
    assert len(hints) == 0, "and is then forgotten"


def test_a_hint_stands_for_as_long_as_the_silence_it_preceded():
    hints = PowerHints()
    hints.note("ups", 1000.0)
    assert standing(hints, 90_000.0, 1000.0 + KEEP_S) == ["ups"]


def test_a_silence_that_began_long_after_the_sign_has_nothing_to_do_with_it():
    hints = PowerHints()
    hints.note("ups", 1000.0)
    assert standing(hints, 2000.0, 1001.0 + KEEP_S) == []


def test_the_sign_may_come_a_moment_after_the_first_lost_echo_but_not_an_hour():
    hints = PowerHints()
    hints.note("ups", 5000.0)
    assert standing(hints, 90_000.0, 5000.0 - AFTER_S) == ["ups"]
    assert standing(hints, 90_000.0, 1400.0) == []


def test_a_ups_that_says_so_every_minute_is_one_run_on_battery():
    """It says it for an hour, then its devices fall silent; it goes on saying it while they are."""
    hints = PowerHints()
    for minute in range(90):
        hints.note("ups", 60.0 * minute)
    assert standing(hints, 90_000.0, 60.0 * 60) == ["ups"]


def test_two_runs_on_battery_are_two():
    hints = PowerHints()
    hints.note("ups", 0.0)
    hints.note("ups", 10_000.0)
    assert standing(hints, 90_000.0, 100.0) == []


def test_a_sign_that_arrives_late_does_not_make_a_run_younger():
    hints = PowerHints()
    hints.note("ups", 1000.0)
    hints.note("ups", 900.0)
    assert standing(hints, 1000.0 + KEEP_S) == ["ups"]


def test_an_old_loss_at_the_site_does_not_hide_that_a_hint_fits_a_new_one():
    hints = PowerHints()
    hints.note("ups", 50_000.0)
    assert standing(hints, 90_000.0, 100.0, 50_010.0) == ["ups"]


def test_a_withdrawn_hint_is_gone():
    hints = PowerHints()
    hints.note("ups", 1000.0)
    hints.withdraw("ups")
    assert standing(hints, 1000.0, 1000.0) == []
