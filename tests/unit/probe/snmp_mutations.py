"""Spoil SNMP messages by a seeded generator: cut, flip, lengthen, splice, or octets out of nothing."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

LENGTHS = (0, 1, 0x7F, 0x80, 0x81, 0x82, 0x84, 0x88, 0xFF)
TAGS = (0x02, 0x04, 0x05, 0x06, 0x30, 0x40, 0x41, 0x43, 0x44, 0x46, 0x80, 0x81, 0x82, 0xA0, 0xA2, 0xA8, 0x1F, 0x9F, 0xFF)


def spoilt(random: Random, message: bytes, count: int) -> Iterator[bytes]:
    """Yield so many spoilt messages made of one that is whole."""
    for _ in range(count):
        yield _spoil(random, message)


def _spoil(random: Random, message: bytes) -> bytes:
    octets = bytearray(message)
    way = random.randrange(9)
    if way == 0:
        return bytes(octets[: random.randrange(len(octets))])
    if way == 1:
        return random.randbytes(random.randrange(200))
    for _ in range(random.choice((1, 1, 1, 2, 4, 16))):
        at = random.randrange(len(octets)) if octets else 0
        if way == 2:
            octets[at : at + 1] = bytes([random.randrange(256)])
        elif way == 3:
            octets[at : at + 1] = bytes([random.choice(LENGTHS)])
        elif way == 4:
            octets[at : at + 1] = bytes([random.choice(TAGS)])
        elif way == 5:
            del octets[at : at + random.randrange(1, 9)]
        elif way == 6:
            octets[at:at] = random.randbytes(random.randrange(1, 9))
        elif way == 7:
            end = at + random.randrange(1, 40)
            octets[at:at] = octets[at:end] * random.choice((1, 1, 2, 30))
        else:  # at the end, where values are and request ids are not
            octets[-1 - random.randrange(min(60, len(octets)) or 1) :] = random.randbytes(random.randrange(60))
        if not octets:
            break
    return bytes(octets)
