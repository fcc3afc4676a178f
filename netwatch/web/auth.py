"""Who is calling: the kernel tells the uid, the machine its login name, people.yaml the person."""

from __future__ import annotations

import asyncio
import grp
import os
import pwd
import socket
import struct
from dataclasses import dataclass

from uvicorn.protocols.http.h11_impl import H11Protocol

from netwatch.sop.people import People

NOBODY = 65534  # an unmapped uid shows as this one (user namespaces, NFS)
UNMAPPED = frozenset({NOBODY, -1, 2**32 - 1})


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end of a unix socket, as it was when it connected. The pid outlives its process: not kept."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Caller:
    """A local account that people.yaml knows: a person, a recorder (may type for others), or both."""

    account: str
    uid: int
    person: str | None
    recorder: bool

    @property
    def name(self) -> str:
        """Return the name for the record: the person's id, or the account of a recorder who is no person."""
        return self.person or f"account:{self.account}"


class PeerProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with the peer's credentials in `scope["state"]["peer"]` (None: not a unix socket)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Read SO_PEERCRED once, at connect: that is the moment the kernel vouches for."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "peer": peer_of(transport.get_extra_info("socket"))}


def peer_of(connection: socket.socket | None) -> Peer | None:
    """Return who is at the other end. On a TCP socket the call would succeed with uid -1, so the family is looked at first."""
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    size = struct.calcsize("3i")
    _pid, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return Peer(uid=uid, gid=gid)


def identify(peer: Peer, people: People) -> Caller | None:
    """Return the caller behind a peer, or None for an account that people.yaml does not know.

    Asked at every request, so that who leaves people.yaml is refused at his next one.
    """
    if peer.uid in UNMAPPED:
        return None
    try:
        account = pwd.getpwuid(peer.uid).pw_name
    except KeyError:
        return None
    person = people.person_of_account(account)
    recorder = people.is_recorder(account, groups_of(account, peer.gid))
    if person is None and not recorder:
        return None
    return Caller(account=account, uid=peer.uid, person=person.id if person else None, recorder=recorder)


def groups_of(account: str, gid: int) -> frozenset[str]:
    """Return the names of an account's groups as the machine knows them now."""
    names = set()
    for number in os.getgrouplist(account, gid):
        try:
            names.add(grp.getgrgid(number).gr_name)
        except KeyError:
            continue
    return frozenset(names)
