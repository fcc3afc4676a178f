"""Open the sockets, filter them in the kernel, and ask the kernel what it threw away."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icmplib import ICMPSocketError, ICMPv4Socket, ICMPv6Socket, SocketPermissionError

from netwatch.errors import ProbeUnavailable, Reason

RECEIVE_BUFFER = 8 * 1024 * 1024  # holds about 20,000 answers; the default of 212,992 held exactly 256 (measured)

# Linux numbers that Python's socket module does not carry.
SO_RCVBUFFORCE, SO_MEMINFO, MEMINFO_DROPS = 33, 55, 8
ICMP_FILTER_LEVEL, ICMP_FILTER = 255, 1
ICMP6_FILTER_LEVEL, ICMP6_FILTER = 58, 1
IP_RECVERR, IPV6_RECVERR = 11, 25
NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT, errno.EPFNOSUPPORT)


@dataclass(slots=True)
class EchoSocket:
    """One open, non-blocking, filtered socket of one family."""

    socket: socket.socket
    family: int
    privileged: bool  # True: raw socket; False: datagram socket, the kernel chooses the id
    receive_buffer: int  # octets as Linux reports them: twice what was granted
    keeper: Any  # icmplib's object: it closes the socket when it is collected

    def drops(self) -> int:
        """Return how many datagrams the kernel threw away because the receive buffer was full.

        The `drops` column of /proc/net/{raw,raw6,icmp,icmp6}, for one socket and without reading a file.
        """
        try:
            memory = self.socket.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 64)
            return int(struct.unpack_from("=I", memory, 4 * MEMINFO_DROPS)[0])
        except (OSError, struct.error):
            return drops_in_proc(self.socket.fileno(), family=self.family, privileged=self.privileged)

    def close(self) -> None:
        """Close the socket."""
        self.keeper.close()


def open_socket(family: int, *, privileged: bool | None, receive_buffer: int = RECEIVE_BUFFER) -> EchoSocket | None:
    """Open a socket of a family: raw if allowed, otherwise datagram (`privileged=None`); or only the one asked for.

    Returns None when the family does not exist here. Raises ProbeUnavailable when it is forbidden, naming sysctl and capability.
    """
    kinds = (True, False) if privileged is None else (privileged,)
    factory = ICMPv4Socket if family == socket.AF_INET else ICMPv6Socket
    forbidden = False
    for kind in kinds:
        try:
            keeper = factory(privileged=kind)
        except SocketPermissionError:
            forbidden = True
            continue
        except ICMPSocketError as error:
            reason = error.__context__
            if isinstance(reason, OSError) and reason.errno in NO_SUCH_FAMILY:
                continue
            raise ProbeUnavailable(f"an ICMP socket cannot be opened: {error}") from error  # no descriptors left, for example
        opened: socket.socket = keeper.sock
        opened.settimeout(0)
        _filter(opened, family, privileged=kind)
        return EchoSocket(opened, family, kind, _enlarge(opened, receive_buffer), keeper)
    if forbidden:
        refusal = ProbeUnavailable(why_forbidden(privileged=privileged))
        refusal.reason = Reason("may_not_ping", why_forbidden(privileged=privileged, language="id"), str(refusal))
        raise refusal
    return None


def why_forbidden(*, privileged: bool | None, language: str = "en") -> str:
    """Say which permission is missing and how to give it, in `id` or `en`."""
    now = ""
    with contextlib.suppress(OSError):
        now = " ".join(Path("/proc/sys/net/ipv4/ping_group_range").read_text().split())
    if language == "id":
        capability = "beri proses ini CAP_NET_RAW (systemd: AmbientCapabilities=CAP_NET_RAW; atau jalankan sebagai root)"
        group = "izinkan grupnya memakai ping datagram: sysctl -w net.ipv4.ping_group_range='GID GID'"
        group += f" (sekarang: {now}; grup proses ini {os.getegid()})" if now else ""
        either, beginning = f"{capability}, atau {group}", "proses ini tidak boleh mengirim ICMP echo request"
    else:
        capability = "give the process CAP_NET_RAW (systemd: AmbientCapabilities=CAP_NET_RAW; or run as root)"
        group = "let its group use datagram ping: sysctl -w net.ipv4.ping_group_range='GID GID'"
        group += f" (now: {now}; this process has group {os.getegid()})" if now else ""
        either, beginning = f"{capability}, or {group}", "this process may not send ICMP echo requests"
    ways = {True: capability, False: group, None: either}
    return f"{beginning}: {ways[privileged]}"


def drops_in_proc(descriptor: int, *, family: int, privileged: bool) -> int:
    """Read the drops column of /proc/net for the socket behind `descriptor`; 0 when it is not listed."""
    name = ("raw" if privileged else "icmp") + ("6" if family == socket.AF_INET6 else "")
    inode = str(os.fstat(descriptor).st_ino)
    try:
        lines = Path(f"/proc/self/net/{name}").read_text().splitlines()[1:]
    except OSError:
        return 0
    for line in lines:
        columns = line.split()
        if len(columns) >= 13 and columns[9] == inode:
            return int(columns[12])
    return 0


def _filter(opened: socket.socket, family: int, *, privileged: bool) -> None:
    """Let only echo replies and errors through. Datagram sockets refuse filters (errno 92): the kernel filters them by id."""
    if family == socket.AF_INET:
        if privileged:
            passed = 1 << 0 | 1 << 3 | 1 << 11 | 1 << 12
            opened.setsockopt(ICMP_FILTER_LEVEL, ICMP_FILTER, struct.pack("=I", ~passed & 0xFFFFFFFF))  # a set bit blocks
        else:
            opened.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        return
    if privileged:
        blocked = (1 << 256) - 1
        for kind in (1, 2, 3, 4, 129):
            blocked &= ~(1 << kind)
        words = [blocked >> (32 * word) & 0xFFFFFFFF for word in range(8)]
        opened.setsockopt(ICMP6_FILTER_LEVEL, ICMP6_FILTER, struct.pack("=8I", *words))  # on Linux a set bit blocks here too
    else:
        opened.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)


def _enlarge(opened: socket.socket, wanted: int) -> int:
    """Ask for a receive buffer, past net.core.rmem_max where that is allowed, and return what Linux says it is now."""
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
    if opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) < 2 * wanted:
        with contextlib.suppress(OSError):  # needs CAP_NET_ADMIN
            opened.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, wanted)
    return opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
