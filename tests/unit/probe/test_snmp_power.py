"""Mains or battery: what each maker says, and what is not enough to say battery (DEVICES 2.8).

No recording shows a real mains failure: the ones here are made from copies with changed values.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.probe.snmp.power import (
    APC_OUTPUT_STATUS,
    SOURCES,
    UPS_BATTERY_STATUS,
    UPS_OUTPUT_SOURCE,
    UPS_SECONDS_ON_BATTERY,
    speaking,
    ups_status,
)
from tests.unit.probe.snmp_tree import load, read

RECORDINGS = Path(__file__).parents[4] / "shared" / "devices" / "snmp"
MAKERS = (1, 3, 6, 1, 4, 1)
anything = st.one_of(st.none(), st.integers(-2, 70_000), st.binary(max_size=4), st.tuples(st.integers(0, 9)))
everything = sorted({oid for source in SOURCES for oid in (source.oid, *source.details)})


@pytest.mark.parametrize(
    ("source", "seconds", "battery", "apc", "on_battery"),
    [
        (5, 120, 2, None, True),
        (5, 0, 3, None, True),
        (5, 0, 2, None, False),  # some devices work like that
        (5, 0, 1, None, False),  # a battery of which nothing is known proves nothing
        (5, None, None, None, False),
        (5, -1, None, None, False),
        (3, 0, 2, None, False),
        (3, 120, 3, None, False),
        (4, 0, 2, None, False),  # bypass: a warning, no power cut
        (-1, 0, 2, 3, True),  # no value in UPS-MIB: the maker's own object
        (5, 0, 2, 3, True),  # the maker's own object is the second sign
        (None, None, None, 2, False),
        (None, None, None, 15, False),  # a test of the battery
        (None, None, None, None, None),
        (65_535, None, None, None, None),
        (b"", b"", b"", b"", None),
    ],
)
def test_on_battery_needs_two_signs(source, seconds, battery, apc, on_battery):
    got = {UPS_OUTPUT_SOURCE: source, UPS_SECONDS_ON_BATTERY: seconds, UPS_BATTERY_STATUS: battery, APC_OUTPUT_STATUS: apc}
    status = ups_status(got)
    assert (status.on_battery if status is not None else None) is on_battery


@pytest.mark.parametrize(
    ("oid", "on_mains", "on_battery", "more"),
    [
        ((*MAKERS, 318, 1, 1, 1, 4, 1, 1, 0), 2, 3, {}),
        ((*MAKERS, 3808, 1, 1, 1, 4, 1, 1, 0), 2, 3, {}),
        ((*MAKERS, 2254, 2, 4, 5, 1, 0), 0, 1, {(*MAKERS, 2254, 2, 4, 7, 4, 0): 60}),
        ((*MAKERS, 2254, 2, 5, 5, 1, 0), 1, 2, {}),
        ((*MAKERS, 705, 1, 7, 3, 0), 2, 1, {}),
        ((*MAKERS, 534, 1, 4, 5, 0), 3, 5, {(*MAKERS, 534, 1, 2, 5, 0): 2}),
        ((*MAKERS, 2011, 6, 174, 1, 2, 101, 1, 1, 1), 3, 4, {(*MAKERS, 2011, 6, 174, 1, 2, 101, 1, 3, 1): 6}),
        ((*MAKERS, 476, 1, 42, 3, 5, 3, 55, 0), 3, 5, {}),
    ],
    ids=["apc", "cyberpower", "delta4", "delta5", "mge", "xups", "huawei", "liebert"],
)
def test_each_maker_has_its_own_words_for_mains_and_battery(oid, on_mains, on_battery, more):
    assert ups_status({oid: on_mains, **dict.fromkeys(more, 0)}).on_battery is False
    assert ups_status({oid: on_battery, **more}).on_battery is True


@pytest.mark.parametrize(
    ("maker", "bypass"), [(UPS_OUTPUT_SOURCE, 4), (APC_OUTPUT_STATUS, 6), ((*MAKERS, 2254, 2, 4, 5, 1, 0), 2)]
)
def test_bypass_is_a_warning_and_no_power_cut(maker, bypass):
    status = ups_status({maker: bypass})
    assert (status.on_battery, status.note) == (False, "bypass")


def test_battery_without_a_second_sign_is_said_to_be_unconfirmed():
    status = ups_status({UPS_OUTPUT_SOURCE: 5, UPS_SECONDS_ON_BATTERY: 0, UPS_BATTERY_STATUS: 2})
    assert (status.on_battery, status.note, status.source) == (False, "unconfirmed", "upsOutputSource=5")


@given(st.dictionaries(st.sampled_from(everything), anything))
def test_no_value_of_a_ups_raises_and_none_makes_power_out_of_nothing(got):
    status = ups_status(got)
    assert (status is None) == (not speaking(got))
    if status is not None and status.on_battery:
        assert any(got.get(source.oid) in source.battery for source in SOURCES)


CUT = [
    ("apc_smx750i", {APC_OUTPUT_STATUS: 3}, "upsBasicOutputStatus=3"),
    ("cyberpower_pr2200rt2uc", {UPS_OUTPUT_SOURCE: 5, UPS_SECONDS_ON_BATTERY: 40}, "upsOutputSource=5"),
    ("deltaups", {UPS_OUTPUT_SOURCE: 5, UPS_BATTERY_STATUS: 3}, "upsOutputSource=5"),
    ("eaton-mgeups_9px", {(*MAKERS, 705, 1, 7, 3, 0): 1}, "upsmgOutputOnBattery=1"),
    ("generex-ups_cs141", {UPS_OUTPUT_SOURCE: 5, UPS_SECONDS_ON_BATTERY: 3}, "upsOutputSource=5"),
    ("sd_huawei-gse200m", {UPS_OUTPUT_SOURCE: 5, (*MAKERS, 2011, 6, 174, 1, 2, 101, 1, 1, 1): 4,
                           (*MAKERS, 2011, 6, 174, 1, 2, 101, 1, 3, 1): 6}, "hwUpsCtrlPowerSupply=4"),
]  # fmt: skip


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings lie beside the project, in shared/devices")
@pytest.mark.parametrize(("name", "changed", "source"), CUT, ids=[name for name, _, _ in CUT])
def test_a_recorded_ups_whose_mains_fail_is_on_battery_and_its_port_still_up(name, changed, source):
    recorded = load(RECORDINGS / f"{name}.snmprec")
    for power_cut in (False, True):
        reading = read({**recorded, **(changed if power_cut else {})})
        assert reading.ups.on_battery is power_cut
    assert reading.ups.source == source
    assert all(port.oper.value != "down" or "up" in {other.oper.value for other in reading.ports} for port in reading.ports)
    scheduled = read({**recorded, **changed}, [], neighbours=False)
    assert scheduled.ups.on_battery
