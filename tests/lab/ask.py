"""Two questions to many devices at once: a ping and the SNMP name. Written apart from the probes of netwatch on purpose."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import time
from collections.abc import Mapping

from tests.lab.kernel import socket_in

_SYS_NAME = bytes((0x2B, 6, 1, 2, 1, 1, 5, 0))  # 1.3.6.1.2.1.1.5.0


def unanswered_pings(namespace: str, addresses: Mapping[str, str], *, wait_s: float = 1.0) -> list[str]:
    """Send one echo request to each address; return the names that stayed silent."""
    identifier = os.getpid() & 0xFFFF
    waiting = {}
    with socket_in(namespace, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
        for number, (name, address) in enumerate(addresses.items()):
            waiting[address] = name
            with contextlib.suppress(OSError):  # no route: it stays among the silent
                sock.sendto(_echo(identifier, number), (address, 0))
        end = time.monotonic() + wait_s
        while waiting and select.select([sock], [], [], max(0.0, end - time.monotonic()))[0]:
            packet, (source, _) = sock.recvfrom(2048)
            header = (packet[0] & 15) * 4
            kind, _, _, got, _ = struct.unpack("!BBHHH", packet[header : header + 8])
            if kind == 0 and got == identifier:
                waiting.pop(source, None)
    return list(waiting.values())


def silent_agents(namespace: str, wanted: Mapping[str, tuple[str, str]], *, wait_s: float = 1.0) -> list[str]:
    """Ask each (address, community) for sysName.0; return the names of those that did not answer with their own name."""
    waiting = {address: name for name, (address, _) in wanted.items()}
    with socket_in(namespace, socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for address, community in wanted.values():
            with contextlib.suppress(OSError):
                sock.sendto(_get_name(community), (address, 161))
        end = time.monotonic() + wait_s
        while waiting and select.select([sock], [], [], max(0.0, end - time.monotonic()))[0]:
            with contextlib.suppress(OSError):
                packet, (source, _) = sock.recvfrom(4096)
                if packet.endswith(waiting.get(source, "\0").encode()):  # sysName is the last thing in the answer
                    waiting.pop(source, None)
    return list(waiting.values())


def _echo(identifier: int, number: int) -> bytes:
    head = struct.pack("!BBHHH", 8, 0, 0, identifier, number & 0xFFFF) + b"netwatch lab"
    total = sum(struct.unpack(f"!{len(head) // 2}H", head))
    total = (total >> 16) + (total & 0xFFFF)
    return head[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + head[4:]


def _get_name(community: str) -> bytes:
    binding = _tlv(0x30, _tlv(0x06, _SYS_NAME) + _tlv(0x05, b""))
    request = _tlv(0xA0, _tlv(0x02, b"\x01") + _tlv(0x02, b"\0") * 2 + _tlv(0x30, binding))
    return _tlv(0x30, _tlv(0x02, b"\x01") + _tlv(0x04, community.encode()) + request)


def _tlv(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content  # everything here is shorter than 128 bytes
