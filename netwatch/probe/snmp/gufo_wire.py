"""gufo's own types: its sockets and keys made from an `Agent`, its texts turned into numbers and octets."""

from __future__ import annotations

import socket
from functools import lru_cache
from typing import Any

from gufo.snmp import (
    Aes128Key,
    Aes192Key,
    Aes256Key,
    DesKey,
    KeyExpansion,
    Md5Key,
    Sha1Key,
    Sha224Key,
    Sha256Key,
    Sha384Key,
    Sha512Key,
    User,
)
from gufo.snmp._fast import SnmpV1ClientSocket, SnmpV2cClientSocket, SnmpV3ClientSocket
from gufo.snmp.user import KeyType
from gufo.snmp.utils import format_sock_addr

from netwatch.probe.snmp.client import Agent, Oid, SnmpError, Value
from netwatch.settings import Secret

AUTHENTICATION = {
    "md5": Md5Key,
    "sha": Sha1Key,
    "sha224": Sha224Key,
    "sha256": Sha256Key,
    "sha384": Sha384Key,
    "sha512": Sha512Key,
}
PRIVACY = {
    "des": (DesKey, KeyExpansion.Blumenthal),
    "aes": (Aes128Key, KeyExpansion.Blumenthal),
    "aes192": (Aes192Key, KeyExpansion.Blumenthal),
    "aes256": (Aes256Key, KeyExpansion.Blumenthal),
    "aes192c": (Aes192Key, KeyExpansion.Cisco),
    "aes256c": (Aes256Key, KeyExpansion.Cisco),
}
RECEIVE_BUFFER = 64 * 1024  # of one socket, which has one answer to hold


def refusal(agent: Agent) -> SnmpError | None:
    """Return what gufo cannot do for this agent, None when it can speak to it."""
    if agent.context:
        return SnmpError("version", "the engine gufo has no context names; engine: pysnmp has them")
    return None


def wire(agent: Agent, user: User | None = None) -> Any:
    """Return one of gufo's sockets, connected; for SNMPv3 with the first `user`. Raises OSError."""
    address = format_sock_addr(agent.address, agent.port)
    if user is None:
        kind = SnmpV1ClientSocket if agent.version == "1" else SnmpV2cClientSocket
        assert agent.community is not None
        return kind(address, agent.community.reveal(), 0, 0, RECEIVE_BUFFER, 0)
    return SnmpV3ClientSocket(address, b"", *credentials(user), 0, 0, RECEIVE_BUFFER, 0)


def credentials(user: User) -> tuple[str, int, bytes, int, bytes]:
    """Return a user as gufo's sockets take him."""
    return user.name, user.get_auth_alg(), user.get_auth_key(), user.get_priv_alg(), user.get_priv_key()


def user_of(agent: Agent) -> User:
    """Return the SNMPv3 user of an agent, with keys that still have to be made those of its engine."""
    assert agent.username is not None
    if agent.auth_key is None or agent.auth_protocol is None:
        return User(agent.username)
    auth = AUTHENTICATION[agent.auth_protocol]
    key = auth(_master(agent.auth_protocol, agent.auth_key), KeyType.Master)
    if agent.privacy_key is None or agent.privacy_protocol is None:
        return User(agent.username, auth_key=key)
    privacy, expansion = PRIVACY[agent.privacy_protocol]
    private = privacy(_master(agent.auth_protocol, agent.privacy_key), KeyType.Master)
    return User(agent.username, auth_key=key, priv_key=private, key_expansion=expansion)


@lru_cache(maxsize=256)
def _master(protocol: str, password: Secret) -> bytes:
    """Hash a password into a key (RFC 3414 A.2): a mebibyte of hashing, so once."""
    return AUTHENTICATION[protocol].get_master_key(password.reveal().encode())


def family(agent: Agent) -> int:
    """Return the address family."""
    return socket.AF_INET6 if ":" in agent.address else socket.AF_INET


@lru_cache(maxsize=20_000)
def dotted(oid: Oid) -> str:
    """Write an object identifier as gufo reads it."""
    return ".".join(map(str, oid))


def oid(text: str) -> Oid:
    """Read an object identifier as gufo writes it."""
    return tuple(map(int, text.split(".")))


def plain(value: Any) -> Value:
    """Turn gufo's value into a number, octets, an object identifier or None.

    gufo writes an IpAddress and an object identifier alike. Four small numbers are taken for an address, unless they could only
    be an object identifier of the internet's tree (1.3.6.x).
    """
    if value is None or isinstance(value, (int, bytes)):
        return value
    if isinstance(value, str):
        arcs = oid(value)
        if len(arcs) == 4 and max(arcs) < 256 and arcs[:3] != (1, 3, 6):
            return bytes(arcs)
        return arcs
    return str(value).encode()  # an Opaque float, in characters
