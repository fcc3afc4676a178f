"""pysnmp's sockets, guarded: a large buffer, and nothing that an agent sends raises in the event loop."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any

from pysnmp.carrier.asyncio.dgram.udp import UdpAsyncioTransport
from pysnmp.carrier.asyncio.dgram.udp6 import Udp6AsyncioTransport
from pysnmp.hlapi.v1arch.asyncio import Udp6TransportTarget, UdpTransportTarget

from netwatch.probe.snmp.client import Agent
from netwatch.probe.snmp.envelope import REPORT, look, report

RECEIVE_BUFFER = 4 * 1024 * 1024  # with the default one, 256 of 1,000 answers arrive
LARGEST = 16 * 1024  # octets of an answer: ten long texts fit; decoding 64 KiB would hold the loop for a second
REMEMBER = 10_000  # addresses; they may be forged


class Heard:
    """Who sent what could not be decoded, so that his nonsense can be told from his silence; and who wants to hear Reports."""

    def __init__(self) -> None:
        self.malformed = 0
        self.on_report: dict[tuple[str, int], Callable[[str], None]] = {}  # by address: who wants to know of Reports (SNMPv3)
        self._last: dict[str, int] = {}

    def nonsense(self, address: Any) -> None:
        """Count a datagram that could not be decoded."""
        self.malformed += 1
        if len(self._last) < REMEMBER:
            self._last[str(address[0])] = self.malformed

    def report(self, address: Any, name: str | None) -> None:
        """Tell of a Report."""
        told = self.on_report.get((str(address[0]), int(address[1])))
        if told is not None and name is not None:
            told(name)

    def since(self, before: int, address: str) -> bool:
        """Tell whether nonsense came from an address after `malformed` had been `before`."""
        return self._last.get(address, 0) > before


class _Guard:
    """Calls pysnmp for each datagram and catches what comes of it."""

    heard: Heard
    _callback_function: Any

    def datagram_received(self, datagram: bytes, address: Any) -> None:
        try:
            envelope = look(datagram) if len(datagram) <= LARGEST else None
            if envelope is not None:  # pysnmp drops in silence what is no SNMP at all
                if envelope.pdu == REPORT:
                    self.heard.report(address, report(datagram, envelope))
                self._callback_function(self, address, datagram)
                return
        except Exception:  # noqa: BLE001, S110 - pyasn1 raises anything (OverflowError, IndexError) on octets from outside
            pass
        self.heard.nonsense(address)


class _Udp(_Guard, UdpAsyncioTransport):  # type: ignore[misc] # pysnmp has no types
    pass


class _Udp6(_Guard, Udp6AsyncioTransport):  # type: ignore[misc]
    pass


def guarded(heard: Heard) -> dict[Any, Any]:
    """Open a socket of each address family; returns pysnmp's transports by its domains."""
    made = {}
    for target, kind, family in (
        (UdpTransportTarget, _Udp, socket.AF_INET),
        (Udp6TransportTarget, _Udp6, socket.AF_INET6),
    ):
        with contextlib.suppress(OSError):  # no such family here, or no descriptors left: pysnmp tries itself when it is needed
            opened = socket.socket(family, socket.SOCK_DGRAM)
            opened.settimeout(0)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            transport = kind()
            transport.heard = heard
            made[target.TRANSPORT_DOMAIN] = transport.open_server_mode(sock=opened)
    return made


async def target(agent: Agent, kinds: tuple[Any, Any]) -> Any:
    """Make pysnmp's idea of an address, of its kind for IPv4 or of that for IPv6; numeric ones need no thread."""
    return await kinds[":" in agent.address].create((agent.address, agent.port), timeout=agent.timeout, retries=agent.retries)
