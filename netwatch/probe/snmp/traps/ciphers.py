"""DES and AES as SNMP uses them (RFC 3414 8, RFC 3826), through pysnmp: the cipher itself is nothing to write oneself."""

from __future__ import annotations

from typing import Any

from pysnmp.proto.rfc1902 import univ
from pysnmp.proto.secmod.rfc3414.service import SnmpUSMSecurityModel

SALT = 8  # octets
BLOCK = 8  # DES ciphers whole blocks only
_BY_OID: dict[tuple[int, ...], Any] = SnmpUSMSecurityModel.PRIV_SERVICES
CIPHERS: dict[str, Any] = {
    "des": _BY_OID[1, 3, 6, 1, 6, 3, 10, 1, 2, 2],
    "aes": _BY_OID[1, 3, 6, 1, 6, 3, 10, 1, 2, 4],
    "aes192": _BY_OID[1, 3, 6, 1, 4, 1, 9, 12, 6, 1, 1],
    "aes256": _BY_OID[1, 3, 6, 1, 4, 1, 9, 12, 6, 1, 2],
}
KEY_SIZES = {"des": 16, "aes": 16, "aes192": 24, "aes256": 32}  # octets; of DES the second half is the pre-IV


def decrypted(protocol: str, key: bytes, *, boots: int, time: int, salt: bytes, data: bytes) -> bytes | None:
    """Return the plain octets (DES: with its padding); None when salt or length cannot be of this cipher."""
    if len(salt) != SALT or not data or (protocol == "des" and len(data) % BLOCK):
        return None
    plain: bytes = CIPHERS[protocol].decrypt_data(
        univ.OctetString(key), (boots, time, univ.OctetString(salt)), univ.OctetString(data)
    )
    return plain


def encrypted(protocol: str, key: bytes, *, boots: int, time: int, data: bytes) -> tuple[bytes, bytes]:
    """Return the enciphered octets and the salt that belongs to them."""
    found, salt = CIPHERS[protocol].encrypt_data(univ.OctetString(key), (boots, time, None), data)
    return found.asOctets(), salt.asOctets()
