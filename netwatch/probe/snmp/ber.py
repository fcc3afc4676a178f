"""The few forms of BER that SNMP uses (X.690, RFC 3417 8): definite lengths, one-octet tags. All else is a `BerError`.

Reading copies nothing: an element is three numbers in one buffer, (tag, first octet of the content, first octet after it).
"""

from __future__ import annotations

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
LONGEST_OID = 128  # sub-identifiers (RFC 2578 3.5)
LARGEST_ARC = 2**32 - 1
LONGEST_NUMBER = 9  # octets: Counter64 with its sign

Element = tuple[int, int, int]


class BerError(ValueError):
    """These octets are not what they should be."""


def element(data: bytes, at: int, end: int) -> Element:
    """Return the element that begins at `at` and must end at `end` or before it."""
    if at + 2 > end:
        raise BerError("cut off")
    tag, length = data[at], data[at + 1]
    start = at + 2
    if tag & 0x1F == 0x1F:
        raise BerError("long tag")
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or start + count > end:
            raise BerError("length")
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + length > end:
        raise BerError("longer than what holds it")
    return tag, start, start + length


def inside(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Return where the content of the element at `at` begins and ends. Raises BerError when its tag is another one."""
    found, start, stop = element(data, at, end)
    if found != tag:
        raise BerError(f"tag {found:#x} instead of {tag:#x}")
    return start, stop


def integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the INTEGER at `at` and where it ends."""
    start, stop = inside(data, at, end, INTEGER)
    if not 1 <= stop - start <= LONGEST_NUMBER:
        raise BerError("integer")
    return int.from_bytes(data[start:stop], "big", signed=True), stop


def octets(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    """Return the OCTET STRING at `at` and where it ends."""
    start, stop = inside(data, at, end, OCTETS)
    return data[start:stop], stop


def oid(data: bytes, at: int, end: int) -> tuple[tuple[int, ...], int]:
    """Return the OBJECT IDENTIFIER at `at` and where it ends."""
    start, stop = inside(data, at, end, OID)
    return arcs(data, start, stop), stop


def arcs(data: bytes, start: int, stop: int) -> tuple[int, ...]:
    """Return the sub-identifiers in the content of an OBJECT IDENTIFIER."""
    if start == stop or data[stop - 1] & 0x80:
        raise BerError("object identifier")
    found: list[int] = []
    arc = 0
    for octet in data[start:stop]:
        arc = arc << 7 | (octet & 0x7F)
        if octet & 0x80:
            if arc > LARGEST_ARC:
                raise BerError("object identifier")
            continue
        if not found:
            first = min(arc // 40, 2)
            found += (first, arc - 40 * first)
        else:
            found.append(arc)
        if arc > LARGEST_ARC or len(found) > LONGEST_OID:
            raise BerError("object identifier")
        arc = 0
    return tuple(found)


def made(tag: int, *parts: bytes) -> bytes:
    """Return an element of this tag around these octets."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def made_integer(value: int, tag: int = INTEGER) -> bytes:
    """Return a number as an element, an INTEGER unless said otherwise (Counter32)."""
    return made(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def made_oid(oid: tuple[int, ...]) -> bytes:
    """Return an OBJECT IDENTIFIER as an element."""
    content = bytearray()
    for arc in (40 * oid[0] + oid[1], *oid[2:]):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        content += bytes(reversed(groups))
    return made(OID, bytes(content))
