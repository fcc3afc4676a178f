"""Odd values become a value or None, never an exception and never a wrong fact (DEVICES.md 2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.observation import PortAdmin, PortOper
from netwatch.probe.snmp import values

anything = st.one_of(st.none(), st.integers(), st.binary(max_size=40), st.tuples(st.integers(0, 9)))


@given(anything, anything)
def test_no_value_raises(one, two):
    values.text(one)
    values.mac(one)
    values.admin(one)
    values.oper(one)
    values.octets(one, two)
    values.dotted(one)
    speed = values.speed_bps(one, two)
    since = values.seconds_since_change(one, two)
    assert speed is None or speed > 0
    assert since is None or since >= 0


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"ether1", "ether1"),
        (b"ether1 \0\0", "ether1"),
        (b"", ""),
        ("Jalan Ä".encode(), "Jalan Ä"),
        ("交换机".encode("gb18030"), "交换机"),
        (b"\xff\xfe\xff", "\xff\xfe\xff"),
        (b"a\r\nb\tc", "a b c"),
        (b"\x1b[31mred", "[31mred"),
    ],
)
def test_text_is_decoded_and_cleaned(raw, text):
    assert values.text(raw) == text


@pytest.mark.parametrize(
    ("speed", "high", "bps"),
    [
        (4_294_967_295, 10_000, 10_000_000_000),
        (1_000_000_000, 1_000, 1_000_000_000),
        (100_000_000, 0, 100_000_000),
        (100_000_000, None, 100_000_000),
        (4_294_967_295, None, None),
        (0, 0, None),
        (100_000_000, 4_294_967_295, 100_000_000),
        (None, 480_000, 480_000_000_000),
    ],
)
def test_a_speed_is_believed_only_if_it_can_be(speed, high, bps):
    assert values.speed_bps(speed, high) == bps


def test_a_wide_counter_that_always_says_zero_gives_way():
    assert values.octets(0, 77) == 77
    assert values.octets(5, 77) == 5
    assert values.octets(0, None) == 0
    assert values.octets(None, None) is None


@pytest.mark.parametrize(
    ("change", "uptime", "since"), [(0, 100, None), (200, 100, None), (40, 140, 1.0), (None, 100, None), (5, None, None)]
)
def test_the_last_change_is_known_only_within_the_uptime(change, uptime, since):
    assert values.seconds_since_change(change, uptime) == since


def test_status_numbers():
    assert [values.oper(number) for number in (1, 2, 6, 7)] == [
        PortOper.UP,
        PortOper.DOWN,
        PortOper.NOT_PRESENT,
        PortOper.LOWER_LAYER_DOWN,
    ]
    assert (values.oper(0), values.oper(99), values.oper(None)) == (PortOper.INVALID, PortOper.INVALID, PortOper.UNKNOWN)
    assert (values.admin(2), values.admin(7), values.admin(None)) == (PortAdmin.DOWN, PortAdmin.UNKNOWN, PortAdmin.UNKNOWN)
