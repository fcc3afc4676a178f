"""What a notification may mean to us, by its object identifier. Everything else is counted and wakes nobody.

Sources: RFC 3418 (snmpTraps), RFC 1628 (UPS-MIB), APC's PowerNet MIB Reference Guide (enterprise 318, traps 5 and 9), RFC 3584
3.1 (a v1 trap as a v2 object identifier).
"""

from __future__ import annotations

from collections.abc import Mapping

from netwatch.observation import TrapKind
from netwatch.probe.snmp.client import Oid

SNMP_TRAPS: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 5)
UPS_TRAPS: Oid = (1, 3, 6, 1, 2, 1, 33, 2)
UPS_ALARM_DESCR: Oid = (1, 3, 6, 1, 2, 1, 33, 1, 6, 2, 1, 2)  # .index; its value names the alarm
UPS_ALARM_ON_BATTERY: Oid = (1, 3, 6, 1, 2, 1, 33, 1, 6, 3, 2)
APC: Oid = (1, 3, 6, 1, 4, 1, 318)

KINDS: Mapping[Oid, TrapKind] = {
    (*SNMP_TRAPS, 1): TrapKind.COLD_START,
    (*SNMP_TRAPS, 2): TrapKind.WARM_START,
    (*SNMP_TRAPS, 3): TrapKind.LINK_DOWN,
    (*SNMP_TRAPS, 4): TrapKind.LINK_UP,
    (*UPS_TRAPS, 1): TrapKind.ON_BATTERY,  # upsTrapOnBattery; again every minute until mains are back
    (*UPS_TRAPS, 0, 1): TrapKind.ON_BATTERY,  # the same from a card whose MIB was written for v1
    (*APC, 0, 5): TrapKind.ON_BATTERY,  # upsOnBattery
    (*APC, 0, 9): TrapKind.ON_MAINS,  # powerRestored
}
ALARM_KINDS: Mapping[Oid, TrapKind] = {  # of upsAlarmOnBattery only
    (*UPS_TRAPS, 3): TrapKind.ON_BATTERY,  # upsTrapAlarmEntryAdded
    (*UPS_TRAPS, 0, 3): TrapKind.ON_BATTERY,
    (*UPS_TRAPS, 4): TrapKind.ON_MAINS,  # upsTrapAlarmEntryRemoved
    (*UPS_TRAPS, 0, 4): TrapKind.ON_MAINS,
}


def kind_of(name: Oid, alarms: tuple[Oid, ...]) -> TrapKind | None:
    """Return what a notification of this name means; `alarms` are the UPS alarms it names."""
    if name in ALARM_KINDS:
        return ALARM_KINDS[name] if UPS_ALARM_ON_BATTERY in alarms else None
    return KINDS.get(name)


def from_v1(enterprise: Oid, generic: int, specific: int) -> Oid:
    """Return the name of a v1 trap as v2 has it (RFC 3584 3.1)."""
    return (*SNMP_TRAPS, generic + 1) if 0 <= generic < 6 else (*enterprise, 0, specific)
