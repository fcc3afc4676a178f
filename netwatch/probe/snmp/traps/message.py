"""A datagram as an SNMP message: v1, v2c with a community (RFC 1901), v3 with USM's parameters (RFC 3412 6, RFC 3414 2.4)."""

from __future__ import annotations

from dataclasses import dataclass

from netwatch.probe.snmp import ber
from netwatch.probe.snmp.ber import BerError

V1, V2C, V3 = 0, 1, 3
AUTHENTICATED, ENCRYPTED, REPORTABLE = 1, 2, 4  # msgFlags
USM = 3
LONGEST_ENGINE_ID = 32  # octets (RFC 3411: 5 to 32; empty while it is not known)
LONGEST_NAME = 32


@dataclass(frozen=True, slots=True)
class Open:
    """A message of v1 or v2c. `at` and `end`: where its PDU lies in `data`."""

    data: bytes
    version: int
    community: bytes
    at: int
    end: int


@dataclass(frozen=True, slots=True)
class Secured:
    """A message of v3. `at` and `end`: where the scoped PDU lies, or the OCTET STRING that holds it encrypted."""

    data: bytes
    number: int
    flags: int
    engine_id: bytes
    boots: int
    time: int
    user: bytes
    digest: bytes
    digest_at: int  # where the digest lies in `data`
    salt: bytes
    at: int
    end: int


def read_message(data: bytes) -> Open | Secured:
    """Read the frame of a message; its PDU is read later, by those who may. Raises BerError."""
    at, end = ber.inside(data, 0, len(data), ber.SEQUENCE)
    version, at = ber.integer(data, at, end)
    if version in (V1, V2C):
        community, at = ber.octets(data, at, end)
        return Open(data, version, community, at, end)
    if version != V3:
        raise BerError(f"version {version}")
    return _secured(data, at, end)


def _secured(data: bytes, at: int, end: int) -> Secured:
    at, header_end = ber.inside(data, at, end, ber.SEQUENCE)
    number, at = ber.integer(data, at, header_end)
    _, at = ber.integer(data, at, header_end)  # msgMaxSize: our answers fit the smallest allowed
    flags, at = ber.octets(data, at, header_end)
    model, _ = ber.integer(data, at, header_end)
    if len(flags) != 1 or model != USM:
        raise BerError("security model")
    at, payload = ber.inside(data, header_end, end, ber.OCTETS)
    at, stop = ber.inside(data, at, payload, ber.SEQUENCE)
    engine_id, at = ber.octets(data, at, stop)
    boots, at = ber.integer(data, at, stop)
    time, at = ber.integer(data, at, stop)
    user, at = ber.octets(data, at, stop)
    digest, at = ber.octets(data, at, stop)
    digest_at = at - len(digest)
    salt, _ = ber.octets(data, at, stop)
    sound = len(engine_id) <= LONGEST_ENGINE_ID and len(user) <= LONGEST_NAME and 0 <= number < 2**31
    if not sound or not 0 <= boots < 2**31 or not 0 <= time < 2**31:
        raise BerError("security parameters")
    return Secured(data, number, flags[0], engine_id, boots, time, user, digest, digest_at, salt, payload, end)


def made_secured(
    number: int,
    flags: int,
    *,
    engine_id: bytes,
    boots: int,
    time: int,
    user: bytes,
    digest: bytes = b"",
    salt: bytes = b"",
    payload: bytes,
    largest: int,
) -> tuple[bytes, int]:
    """Return a v3 message and where its digest lies; `payload` is the scoped PDU, or the OCTET STRING with it encrypted."""
    tail = ber.made(ber.OCTETS, salt)
    parameters = ber.made(
        ber.SEQUENCE,
        ber.made(ber.OCTETS, engine_id),
        ber.made_integer(boots),
        ber.made_integer(time),
        ber.made(ber.OCTETS, user),
        ber.made(ber.OCTETS, digest),
        tail,
    )
    header = ber.made(
        ber.SEQUENCE,
        ber.made_integer(number),
        ber.made_integer(largest),
        ber.made(ber.OCTETS, bytes((flags,))),
        ber.made_integer(USM),
    )
    message = ber.made(ber.SEQUENCE, ber.made_integer(V3), header, ber.made(ber.OCTETS, parameters), payload)
    return message, len(message) - len(payload) - len(tail) - len(digest)
