"""Where a UPS takes its power from (DEVICES.md 2.8): UPS-MIB (RFC 1628), else APC's PowerNet-MIB.

One sign alone is not believed: output source `battery` can be a device's normal way of working, so the seconds on battery or the
state of the battery must agree. What says -1, 65535 or nothing has no value.
"""

from __future__ import annotations

from collections.abc import Mapping

from netwatch.observation import UpsStatus
from netwatch.probe.snmp.client import Oid, Value

UPS_BATTERY_STATUS: Oid = (1, 3, 6, 1, 2, 1, 33, 1, 2, 1, 0)  # 2 normal, 3 low, 4 depleted
UPS_SECONDS_ON_BATTERY: Oid = (1, 3, 6, 1, 2, 1, 33, 1, 2, 2, 0)
UPS_OUTPUT_SOURCE: Oid = (1, 3, 6, 1, 2, 1, 33, 1, 4, 1, 0)  # 3 normal, 4 bypass, 5 battery
APC_OUTPUT_STATUS: Oid = (1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 4, 1, 1, 0)  # 2 on line, 3 on battery
POWER = (UPS_OUTPUT_SOURCE, UPS_SECONDS_ON_BATTERY, UPS_BATTERY_STATUS, APC_OUTPUT_STATUS)
SOURCES = (UPS_OUTPUT_SOURCE, APC_OUTPUT_STATUS)  # what is asked every time; the other objects only where these say battery

BATTERY, NORMAL_BATTERY, APC_ON_BATTERY = 5, 2, 3


def ups_status(got: Mapping[Oid, Value]) -> UpsStatus | None:
    """Judge the power from what was read; None when the device does not say."""
    source = _number(got.get(UPS_OUTPUT_SOURCE))
    if source is not None:
        seconds, battery = _number(got.get(UPS_SECONDS_ON_BATTERY)), _number(got.get(UPS_BATTERY_STATUS))
        confirmed = bool(seconds) or (battery is not None and battery != NORMAL_BATTERY)
        return UpsStatus(on_battery=source == BATTERY and confirmed, source=f"upsOutputSource={source}")
    status = _number(got.get(APC_OUTPUT_STATUS))
    if status is not None:
        return UpsStatus(on_battery=status == APC_ON_BATTERY, source=f"upsBasicOutputStatus={status}")
    return None


def _number(value: Value) -> int | None:
    """Return a number that means something."""
    return value if isinstance(value, int) and 0 <= value < 65_535 else None
