"""A notification's PDU: TrapV1 (RFC 1157 4.1.6), TrapV2 and Inform (RFC 3416 4.2.6), and the Response an inform is owed."""

from __future__ import annotations

from dataclasses import dataclass

from netwatch.observation import TrapKind
from netwatch.probe.snmp import ber
from netwatch.probe.snmp.ber import BerError
from netwatch.probe.snmp.client import Oid
from netwatch.probe.snmp.traps.kinds import UPS_ALARM_DESCR, from_v1, kind_of

RESPONSE, TRAP_V1, INFORM, TRAP_V2 = 0xA2, 0xA4, 0xA6, 0xA7
TRAP_OID: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)  # snmpTrapOID.0: the notification's name
OBJECTS_READ = 64  # of one notification; what comes after them is not looked at


@dataclass(frozen=True, slots=True)
class Notification:
    """What a device calls about, and the octets of the response when it waits for one."""

    kind: TrapKind | None  # None: nothing that wakes anybody
    response: bytes | None = None  # the Response PDU; None: a trap, which nobody answers


def read_pdu(data: bytes, at: int, end: int, *, version: int) -> Notification:
    """Read the PDU at `at`, in a message of this version (0: v1, 1: v2c, 3). Raises BerError when it is no notification."""
    tag, start, stop = ber.element(data, at, end)
    if tag == TRAP_V1 and version == 0:
        return Notification(_v1(data, start, stop))
    if tag not in (INFORM, TRAP_V2) or version == 0:
        raise BerError(f"PDU {tag:#x}")
    request, at = ber.integer(data, start, stop)
    _, at = ber.integer(data, at, stop)
    _, at = ber.integer(data, at, stop)
    name, alarms = _objects(data, at, stop)
    if name is None:
        raise BerError("a notification without a name")
    if tag == TRAP_V2:
        return Notification(kind_of(name, alarms))
    zero = ber.made_integer(0)
    return Notification(kind_of(name, alarms), ber.made(RESPONSE, ber.made_integer(request), zero, zero, data[at:stop]))


def _v1(data: bytes, start: int, stop: int) -> TrapKind | None:
    enterprise, at = ber.oid(data, start, stop)
    _, _, at = ber.element(data, at, stop)  # agent-addr: who sends is what counts
    generic, at = ber.integer(data, at, stop)
    specific, at = ber.integer(data, at, stop)
    _, _, at = ber.element(data, at, stop)  # time-stamp
    _, alarms = _objects(data, at, stop)
    return kind_of(from_v1(enterprise, generic, specific), alarms)


def _objects(data: bytes, at: int, end: int) -> tuple[Oid | None, tuple[Oid, ...]]:
    """Return the notification's name and the UPS alarms among its objects."""
    at, end = ber.inside(data, at, end, ber.SEQUENCE)
    name: Oid | None = None
    alarms: list[Oid] = []
    for _ in range(OBJECTS_READ):
        if at >= end:
            break
        start, at = ber.inside(data, at, end, ber.SEQUENCE)
        object_, value_at = ber.oid(data, start, at)
        tag, value, after = ber.element(data, value_at, at)
        if tag != ber.OID:
            continue
        if object_ == TRAP_OID:
            name = ber.arcs(data, value, after)
        elif object_[: len(UPS_ALARM_DESCR)] == UPS_ALARM_DESCR:
            alarms.append(ber.arcs(data, value, after))
    return name, tuple(alarms)
