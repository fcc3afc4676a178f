"""Read SNMP answers without a library (RFC 3416 3, RFC 3412 6, RFC 3414 2.4): what they are, what they refuse, their values.

gufo hides the error status of an answer and why it was refused; pysnmp takes a millisecond of processor time for ten values. Both
are asked for what they do better. Bounded by the length of the message; whatever the octets are, nothing but `None` or a shorter
list comes of them.
"""

from __future__ import annotations

from typing import NamedTuple

from netwatch.probe.snmp.ber import INTEGER, NULL, OCTETS, OID, SEQUENCE, arcs, element, inside
from netwatch.probe.snmp.client import Oid, Value

ADDRESS, COUNTER32, GAUGE32, TICKS, OPAQUE, COUNTER64, UINTEGER32 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46, 0x47  # RFC 2578, 1442
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_VIEW = 0x80, 0x81, 0x82
UNSIGNED = (COUNTER32, GAUGE32, TICKS, COUNTER64, UINTEGER32)
KNOWN = frozenset((INTEGER, OCTETS, NULL, OID, ADDRESS, OPAQUE, *UNSIGNED, NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_VIEW))
MAY_BE_EMPTY = frozenset((OCTETS, NULL, OPAQUE, NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_VIEW))
GLOBAL_DATA = (INTEGER, INTEGER, OCTETS, INTEGER)  # RFC 3412 6
SECURITY_PARAMETERS = (OCTETS, INTEGER, INTEGER, OCTETS, OCTETS, OCTETS)  # RFC 3414 2.4
RESPONSE, REPORT = 0xA2, 0xA8
VERSION_3 = 3
ENCRYPTED = 0  # in place of the tag of a PDU that cannot be seen

STATUSES = (
    "noError",
    "tooBig",
    "noSuchName",
    "badValue",
    "readOnly",
    "genErr",
    "noAccess",
    "wrongType",
    "wrongLength",
    "wrongEncoding",
    "wrongValue",
    "noCreation",
    "inconsistentValue",
    "resourceUnavailable",
    "commitFailed",
    "undoFailed",
    "authorizationError",
    "notWritable",
    "inconsistentName",
)  # RFC 3416 3, in the order of their numbers
REPORTS: dict[Oid, str] = {
    (1, 3, 6, 1, 6, 3, 15, 1, 1, 1): "unsupportedSecurityLevel",
    (1, 3, 6, 1, 6, 3, 15, 1, 1, 2): "notInTimeWindow",
    (1, 3, 6, 1, 6, 3, 15, 1, 1, 3): "unknownUserName",
    (1, 3, 6, 1, 6, 3, 15, 1, 1, 4): "unknownEngineID",
    (1, 3, 6, 1, 6, 3, 15, 1, 1, 5): "wrongDigest",
    (1, 3, 6, 1, 6, 3, 15, 1, 1, 6): "decryptionError",
    (1, 3, 6, 1, 6, 3, 12, 1, 4): "unavailableContext",
    (1, 3, 6, 1, 6, 3, 12, 1, 5): "unknownContext",
}  # RFC 3414 5, RFC 3413 4.1.2


class Envelope(NamedTuple):
    """What can be seen from outside. `status` and `error_index` mean nothing when the PDU is encrypted."""

    version: int
    pdu: int  # the tag of the PDU, or ENCRYPTED
    request_id: int
    status: int
    error_index: int
    bindings: tuple[int, int]  # where they begin and end

    @property
    def refusal(self) -> str:
        """Return the name of the error status, "" when there is none."""
        return STATUSES[self.status] if 0 <= self.status < len(STATUSES) and self.status else str(self.status or "")


def look(message: bytes) -> Envelope | None:
    """Return what a message is from outside; None when it is no SNMP message."""
    try:
        at, end = inside(message, 0, len(message), SEQUENCE)
        version, at = _integer(message, at, end)
        if version == VERSION_3:
            at = _filled(message, at, end, SEQUENCE, GLOBAL_DATA)
            inner, at = inside(message, at, end, OCTETS)
            if _filled(message, inner, at, SEQUENCE, SECURITY_PARAMETERS) != at:
                return None
            if message[at] == OCTETS:
                element(message, at, end)
                return Envelope(version, ENCRYPTED, 0, 0, 0, (0, 0))
            at, end = inside(message, at, end, SEQUENCE)
            _, at = inside(message, at, end, OCTETS)  # context engine
        _, at = inside(message, at, end, OCTETS)  # community, or context name
        tag, at, end = element(message, at, end)
        request_id, at = _integer(message, at, end)
        status, at = _integer(message, at, end)
        index, at = _integer(message, at, end)
        at, end = inside(message, at, end, SEQUENCE)
    except (IndexError, ValueError):
        return None
    return Envelope(version, tag, request_id, status, index, (at, end))


def names(message: bytes, envelope: Envelope) -> list[tuple[Oid, int]]:
    """Return the names of the variables and the tags of their values; fewer when the octets end in nonsense."""
    at, end = envelope.bindings
    found: list[tuple[Oid, int]] = []
    try:
        while at < end:
            inner, at = inside(message, at, end, SEQUENCE)
            start, stop = inside(message, inner, at, OID)
            found.append((arcs(message, start, stop), message[stop]))
    except (IndexError, ValueError):
        pass
    return found


def sound(message: bytes, envelope: Envelope) -> bool:
    """Tell whether the variables are built as they must be: gufo panics on some that are not, and says so on standard error."""
    at, end = envelope.bindings
    try:
        while at < end:
            inner, at = inside(message, at, end, SEQUENCE)
            start, stop = inside(message, inner, at, OID)
            tag, first, last = element(message, stop, at)
            if start == stop or last != at or tag not in KNOWN or (first == last and tag not in MAY_BE_EMPTY):
                return False
    except (IndexError, ValueError):
        return False
    return True


def values(message: bytes, envelope: Envelope) -> list[tuple[Oid, Value]]:
    """Return the variables up to the end of the view. Raises ValueError for octets that are no variables."""
    at, end = envelope.bindings
    found: list[tuple[Oid, Value]] = []
    while at < end:
        inner, at = inside(message, at, end, SEQUENCE)
        start, stop = inside(message, inner, at, OID)
        name = arcs(message, start, stop)
        tag, start, stop = element(message, stop, at)
        if tag == END_OF_VIEW:  # it may carry the name of the last good object: never a value
            break
        found.append((name, _value(tag, message[start:stop])))
    return found


def report(message: bytes, envelope: Envelope) -> str | None:
    """Return what a Report complains about, None when it is no Report that is known."""
    if envelope.pdu != REPORT:
        return None
    for name, _ in names(message, envelope):
        return REPORTS.get(name[:-1])
    return None


def _filled(message: bytes, at: int, limit: int, tag: int, parts: tuple[int, ...]) -> int:
    """Return the end of an element that holds exactly these parts."""
    at, end = inside(message, at, limit, tag)
    for part in parts:
        start, at = inside(message, at, end, part)
        if part == INTEGER and not 1 <= at - start <= 5:
            raise ValueError("integer")
    if at != end:
        raise ValueError("more than there may be")
    return end


def _integer(message: bytes, at: int, limit: int) -> tuple[int, int]:
    start, end = inside(message, at, limit, INTEGER)
    if not 1 <= end - start <= 5:
        raise ValueError("integer")
    return int.from_bytes(message[start:end], "big", signed=True), end


def _value(tag: int, octets: bytes) -> Value:
    if tag in (OCTETS, ADDRESS, OPAQUE):
        return octets
    if tag == INTEGER or tag in UNSIGNED:
        if not 1 <= len(octets) <= 9:
            raise ValueError("number")
        return int.from_bytes(octets, "big", signed=tag == INTEGER)
    if tag == OID:
        return arcs(octets, 0, len(octets))
    if tag in (NULL, NO_SUCH_OBJECT, NO_SUCH_INSTANCE):
        return None
    raise ValueError("tag")
