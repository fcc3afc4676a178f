"""The objects that are read (RFC 3418, 2863, 2790, 3411), as numbers: nothing here needs a MIB."""

from __future__ import annotations

from netwatch.probe.snmp.client import Oid

SYS_DESCR: Oid = (1, 3, 6, 1, 2, 1, 1, 1, 0)
SYS_OBJECT_ID: Oid = (1, 3, 6, 1, 2, 1, 1, 2, 0)
SYS_UPTIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)  # 1/100 s since the agent began; wraps after 497.1 days
SYS_NAME: Oid = (1, 3, 6, 1, 2, 1, 1, 5, 0)

_IF: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1)
_IFX: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
IF_DESCR: Oid = (*_IF, 2)
IF_SPEED: Oid = (*_IF, 5)
IF_ADMIN: Oid = (*_IF, 7)
IF_OPER: Oid = (*_IF, 8)
IF_LAST_CHANGE: Oid = (*_IF, 9)
IF_IN_OCTETS: Oid = (*_IF, 10)
IF_OUT_OCTETS: Oid = (*_IF, 16)
IF_NAME: Oid = (*_IFX, 1)
IF_HC_IN_OCTETS: Oid = (*_IFX, 6)
IF_HC_OUT_OCTETS: Oid = (*_IFX, 10)
IF_HIGH_SPEED: Oid = (*_IFX, 15)
IF_ALIAS: Oid = (*_IFX, 18)

IF_PHYS_ADDRESS: Oid = (*_IF, 6)

HOST_UPTIME: Oid = (1, 3, 6, 1, 2, 1, 25, 1, 1, 0)  # hrSystemUptime: 1/100 s since the host began
ENGINE_BOOTS: Oid = (1, 3, 6, 1, 6, 3, 10, 2, 1, 2, 0)  # snmpEngineBoots

SYSTEM = (SYS_UPTIME, SYS_OBJECT_ID, SYS_DESCR, SYS_NAME)
SUPPORT = (HOST_UPTIME, ENGINE_BOOTS)  # what may support that a device restarted, never prove it
NAMES = (IF_NAME, IF_DESCR)  # where a port's name is looked for, in this order; ifAlias is free text and no name
COLUMNS = (  # what matters most comes first: a read that is cut by its deadline has it
    IF_OPER,
    IF_ADMIN,
    IF_DESCR,
    IF_NAME,
    IF_LAST_CHANGE,
    IF_SPEED,
    IF_HIGH_SPEED,
    IF_ALIAS,
    IF_PHYS_ADDRESS,
    IF_IN_OCTETS,
    IF_OUT_OCTETS,
    IF_HC_IN_OCTETS,
    IF_HC_OUT_OCTETS,
)
