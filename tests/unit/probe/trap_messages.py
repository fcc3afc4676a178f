"""Notifications as net-snmp 5.9 sends them, octet by octet, and a way to make others from objects."""

from __future__ import annotations

from netwatch.probe.snmp import ber
from netwatch.probe.snmp.client import Oid
from netwatch.probe.snmp.traps.pdu import INFORM, TRAP_OID, TRAP_V2
from netwatch.probe.snmp.traps.usm import User
from netwatch.settings import Credential, Secret

COMMUNITY = "komunitas-contoh"
USER, AUTH_KEY, PRIVACY_KEY = "pemantau", "kunci-contoh-1", "kunci-contoh-2"
ENGINE_ID = bytes.fromhex("80001f8804636f6e746f68")  # of the sender; the v3 messages say boots 3, time 1000

# snmptrap -v 1: linkDown of port 3; APC's trap 5 (upsOnBattery)
V1_LINK_DOWN = bytes.fromhex(
    "304402010004106b6f6d756e697461732d636f6e746f68a42d06082b060104010901014004c0000207020102020100430212673011300f06"
    "0a2b060102010202010103020103"
)
V1_APC = bytes.fromhex("303202010004106b6f6d756e697461732d636f6e746f68a41b06072b06010401823e4004c0000207020106020105430212673000")
# snmptrap -v 2c: linkDown of port 3; snmpinform -v 2c: linkUp of port 3
V2_TRAP = bytes.fromhex(
    "305f02010104106b6f6d756e697461732d636f6e746f68a748020428d3c609020100020100303a300e06082b060102010103004302126730"
    "17060a2b06010603010104010006092b0601060301010503300f060a2b060102010202010103020103"
)
V2_INFORM = bytes.fromhex(
    "305f02010104106b6f6d756e697461732d636f6e746f68a64802047e66b559020100020100303a300e06082b060102010103004302126730"
    "17060a2b06010603010104010006092b0601060301010504300f060a2b060102010202010103020103"
)
# snmptrap -v 3 -a SHA-256: coldStart, signed; the same with -x AES; the first message of snmpinform -v 3
V3_SIGNED = bytes.fromhex(
    "3081a40201033011020465e8d3c4020300ffe3040101020103043c303a040b80001f8804636f6e746f68020103020203e8040870656d616e"
    "7461750418317cff548b522452460f727673fae2383aa129fc5dc2c70b0400304e041180001f88809a55c75be24d056b000000000400a737"
    "02043e8ecb6e0201000201003029300e06082b06010201010300430212673017060a2b06010603010104010006092b0601060301010501"
)
V3_SECRET = bytes.fromhex(
    "3081ae0201033011020415bfe249020300ffe304010302010304443042040b80001f8804636f6e746f68020103020203e8040870656d616e"
    "74617504184339dc4e53f0e9856eb9729c097407da4f42dddfe3b3e1f80408d91c92a7e63518cb04509fa44bdaf17e4623b31fe2c7e27743"
    "f3d83422f4aaa9c508fe2c9215d8b1553248855211734250e53c817f316cfeceaac333ff0ec9529444efdf44d543aed69cc27c7690d83ae3"
    "3e927a9f57171d1bbd"
)
V3_DISCOVERY = bytes.fromhex(
    "304f020103301102040b278fc8020300ffe30401040201030410300e04000201000201000400040004003025041180001f88809a55c75be2"
    "4d056b000000000400a00e02043940014b0201000201003000"
)


def user(*, auth: str = "sha256", auth_key: str = AUTH_KEY, privacy: str | None = "aes", name: str = USER) -> User:
    """Return a v3 log-in as keys."""
    return User(
        Credential(
            "v3",
            username=name,
            auth_protocol=auth,
            auth_key=Secret(auth_key),
            privacy_protocol=privacy,
            privacy_key=Secret(PRIVACY_KEY) if privacy else None,
        )
    )


def notification(name: Oid, *objects: tuple[Oid, bytes], inform: bool = False, community: str = COMMUNITY) -> bytes:
    """Return a v2c trap or inform; the values of its objects are elements already."""
    pairs = ((TRAP_OID, ber.made_oid(name)), *objects)
    listed = ber.made(ber.SEQUENCE, *(ber.made(ber.SEQUENCE, ber.made_oid(oid), value) for oid, value in pairs))
    zero = ber.made_integer(0)
    pdu = ber.made(INFORM if inform else TRAP_V2, ber.made_integer(4711), zero, zero, listed)
    return ber.made(ber.SEQUENCE, ber.made_integer(1), ber.made(ber.OCTETS, community.encode()), pdu)
