"""Where a UPS takes its power from (DEVICES.md 2.8): UPS-MIB (RFC 1628), else what its maker says.

UPS-MIB alone is not believed on one sign: its output source `battery` can be a device's normal way of working, so the seconds on
battery or the state of the battery must agree. A maker's own object that tells battery from test, sleep and economy is a sign of
its own. What says -1, 65535, 2147483647 or nothing has no value. The state of a card's port says nothing of the power.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netwatch.observation import UpsStatus
from netwatch.probe.snmp.client import Oid, Value

_UPS: Oid = (1, 3, 6, 1, 2, 1, 33, 1)
_MAKERS: Oid = (1, 3, 6, 1, 4, 1)
_APC: Oid = (*_MAKERS, 318, 1, 1, 1)
_CYBERPOWER: Oid = (*_MAKERS, 3808, 1, 1, 1)
_DELTA: Oid = (*_MAKERS, 2254, 2)
_MGE: Oid = (*_MAKERS, 705, 1)
_XUPS: Oid = (*_MAKERS, 534, 1)
_HUAWEI: Oid = (*_MAKERS, 2011, 6, 174, 1)
_LIEBERT: Oid = (*_MAKERS, 476, 1, 42, 3, 5)

UPS_BATTERY_STATUS: Oid = (*_UPS, 2, 1, 0)  # 1 unknown, 2 normal, 3 low, 4 depleted
UPS_SECONDS_ON_BATTERY: Oid = (*_UPS, 2, 2, 0)
UPS_OUTPUT_SOURCE: Oid = (*_UPS, 4, 1, 0)  # 1 other, 2 none, 3 normal, 4 bypass, 5 battery, 6 booster, 7 reducer
APC_OUTPUT_STATUS: Oid = (*_APC, 4, 1, 1, 0)  # 2 on line, 3 on battery, 15 battery test

NO_VALUE = (65_535, 2_147_483_647)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number a UPS tells, and how many of it make one second, minute or per cent."""

    oid: Oid
    per: float = 1.0


@dataclass(frozen=True, slots=True)
class Source:
    """How one MIB says where the output comes from, and what else it says that must agree."""

    name: str
    oid: Oid
    battery: frozenset[int]
    bypass: frozenset[int] = frozenset()
    alone: bool = False  # `battery` here is a sign of its own
    state: Oid | None = None  # of the battery
    weak: frozenset[int] = frozenset()  # states that only a battery has which is being used
    seconds: Quantity | None = None  # on battery
    minutes: Quantity | None = None  # left
    charge: Oid | None = None

    @property
    def details(self) -> tuple[Oid, ...]:
        """Return what is asked besides the source."""
        quantities = (part.oid for part in (self.seconds, self.minutes) if part is not None)
        return (*quantities, *(oid for oid in (self.state, self.charge) if oid is not None))


SOURCES = (
    Source(
        "upsOutputSource",
        UPS_OUTPUT_SOURCE,
        battery=frozenset({5}),
        bypass=frozenset({4}),
        state=UPS_BATTERY_STATUS,
        weak=frozenset({3, 4}),
        seconds=Quantity(UPS_SECONDS_ON_BATTERY),
        minutes=Quantity((*_UPS, 2, 3, 0)),
        charge=(*_UPS, 2, 4, 0),
    ),
    Source(
        "upsBasicOutputStatus",  # PowerNet-MIB
        APC_OUTPUT_STATUS,
        battery=frozenset({3}),
        bypass=frozenset({6, 9, 10, 16, 17}),
        alone=True,
        seconds=Quantity((*_APC, 2, 1, 2, 0), 100),
        minutes=Quantity((*_APC, 2, 2, 3, 0), 6000),
        charge=(*_APC, 2, 2, 1, 0),
    ),
    Source(
        "upsBaseOutputStatus",  # CPS-MIB (CyberPower)
        (*_CYBERPOWER, 4, 1, 1, 0),
        battery=frozenset({3}),
        bypass=frozenset({9}),
        alone=True,
        seconds=Quantity((*_CYBERPOWER, 2, 1, 2, 0), 100),
        minutes=Quantity((*_CYBERPOWER, 2, 2, 4, 0), 6000),
        charge=(*_CYBERPOWER, 2, 2, 1, 0),
    ),
    Source(
        "dupsOutputSource",  # DeltaUPS-MIB
        (*_DELTA, 4, 5, 1, 0),
        battery=frozenset({1}),
        bypass=frozenset({2, 5}),
        state=(*_DELTA, 4, 7, 2, 0),
        weak=frozenset({1, 2}),
        seconds=Quantity((*_DELTA, 4, 7, 4, 0)),
    ),
    Source("dupsOutputSource5", (*_DELTA, 5, 5, 1, 0), battery=frozenset({2}), bypass=frozenset({3, 6}), alone=True),
    Source(
        "upsmgOutputOnBattery",  # MG-SNMP-UPS-MIB (Eaton, MGE)
        (*_MGE, 7, 3, 0),
        battery=frozenset({1}),
        alone=True,
        minutes=Quantity((*_MGE, 5, 1, 0), 60),
        charge=(*_MGE, 5, 2, 0),
    ),
    Source(
        "xupsOutputSource",  # XUPS-MIB (Eaton, Powerware)
        (*_XUPS, 4, 5, 0),
        battery=frozenset({5}),
        bypass=frozenset({4}),
        state=(*_XUPS, 2, 5, 0),
        weak=frozenset({2}),  # discharging
        minutes=Quantity((*_XUPS, 2, 1, 0), 60),
        charge=(*_XUPS, 2, 4, 0),
    ),
    Source(
        "hwUpsCtrlPowerSupply",  # Huawei UPS2000, UPS5000
        (*_HUAWEI, 2, 101, 1, 1, 1),
        battery=frozenset({4, 7}),
        bypass=frozenset({2}),
        state=(*_HUAWEI, 2, 101, 1, 3, 1),
        weak=frozenset({6}),  # discharging
        charge=(*_HUAWEI, 6, 100, 1, 3, 1),
    ),
    Source(
        "lgpPwrStateUpsOutputSource",  # LIEBERT-GP-POWER-MIB (Liebert, Vertiv)
        (*_LIEBERT, 3, 55, 0),
        battery=frozenset({5}),
        bypass=frozenset({4}),
        alone=True,
    ),
)


def speaking(got: Mapping[Oid, Value]) -> tuple[Source, ...]:
    """Return the sources that a device has a value for."""
    return tuple(source for source in SOURCES if _number(got.get(source.oid)) is not None)


def says_battery(got: Mapping[Oid, Value], sources: Iterable[Source]) -> bool:
    """Tell whether one of them says battery: then the other signs are asked for."""
    return any(_number(got.get(source.oid)) in source.battery for source in sources)


def ups_status(got: Mapping[Oid, Value]) -> UpsStatus | None:
    """Judge the power from what was read; None when the device does not say."""
    said = speaking(got)
    if not said:
        return None
    claiming = [source for source in said if says_battery(got, (source,))]
    confirmed = next((source for source in claiming if source.alone or _agrees(source, got)), None)
    told = confirmed or next(iter(claiming), None) or said[0]
    bypassed = any(_number(got.get(source.oid)) in source.bypass for source in said)
    note = "unconfirmed" if claiming and confirmed is None else "bypass" if bypassed and confirmed is None else None
    seconds = _scaled(told.seconds, got)
    return UpsStatus(
        on_battery=confirmed is not None,
        source=f"{told.name}={_number(got.get(told.oid))}",
        note=note,
        seconds_on_battery=None if seconds is None else int(seconds),
        minutes_left=_scaled(told.minutes, got),
        charge=_number(got.get(told.charge)) if told.charge is not None else None,
    )


def _agrees(source: Source, got: Mapping[Oid, Value]) -> bool:
    """Tell whether a second sign says that the battery is in use."""
    return bool(_scaled(source.seconds, got)) or (source.state is not None and _number(got.get(source.state)) in source.weak)


def _scaled(quantity: Quantity | None, got: Mapping[Oid, Value]) -> float | None:
    raw = _number(got.get(quantity.oid)) if quantity is not None else None
    return None if raw is None or quantity is None else round(raw / quantity.per, 1)


def _number(value: Value) -> int | None:
    """Return a number that means something."""
    return value if isinstance(value, int) and value >= 0 and value not in NO_VALUE else None
