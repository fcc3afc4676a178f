from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.store.canonical import canonical, instant, parse_instant, plain, rich

KEYS = st.text(st.characters(codec="ascii"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8"), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_the_text_is_that_of_rfc_8785(value: object) -> None:
    """The library is the reference: same octets for every value that we accept."""
    assert canonical(value).encode() == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value", [0.5, 2**53, -(2**53), {"é": 1}, {1: 2}, "\ud800", ["\udfff"], b"x", {"a": {1}}, datetime.now(UTC)]
)
def test_what_could_be_written_in_two_ways_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        canonical(value)


@given(
    st.recursive(
        st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3), lambda v: st.lists(v) | st.dictionaries(KEYS, v)
    )
)
@settings(max_examples=40, deadline=None)
def test_floats_travel_through_the_journal_unharmed(value: object) -> None:
    if "'decimal'" in repr(value):
        return
    assert rich(plain(value)) == value


def test_an_instant_is_utc_with_six_digits() -> None:
    wib = datetime(2026, 11, 24, 8, 14, 0, 5, tzinfo=timezone(timedelta(hours=7)))
    assert instant(wib) == "2026-11-24T01:14:00.000005Z"
    assert parse_instant(instant(wib)) == wib
    with pytest.raises(ValueError):
        instant(datetime(2026, 11, 24))  # noqa: DTZ001
    with pytest.raises(ValueError):
        parse_instant("2026-11-24T01:14:00")


MOMENTS = st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@given(MOMENTS, MOMENTS)
def test_instants_sort_as_time_does(one: datetime, two: datetime) -> None:
    assert (one < two) == (instant(one) < instant(two))
