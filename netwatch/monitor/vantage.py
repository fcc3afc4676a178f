"""Is it me? What the monitor knows of its own link (DIAGNOSIS 2.3, ring 0)."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Protocol

from netwatch.diagnose.cause import Cause, CauseKind, Domain, Evidence, Side

QUIET_S = 3.0  # nothing answered for this long: worth asking whether we are cut off
LOOPBACK = "127.0.0.1"  # the vantage has no address: only a route can be asked for
LOCAL_ERRORS = frozenset({"enetunreach", "enetdown", "enodev", "eaddrnotavail"})


class Vantage(Protocol):
    """The monitor's own seat in the network."""

    def carrier(self) -> bool | None:
        """Say whether the interface towards the network has a carrier and a route; None: cannot be told."""

    def aim(self, address: str) -> None:
        """Ask for the route towards another address from now on."""


class SystemVantage:
    """Reads the kernel: the route towards one address of the vantage device, and the carrier of its interface."""

    def __init__(self, address: str, *, sys_class_net: Path = Path("/sys/class/net")) -> None:
        self._address = address
        self._interfaces = sys_class_net
        self._interface: str | None = None

    def aim(self, address: str) -> None:
        """Ask for the route towards another address: the vantage device moved, or another one is the vantage now."""
        if address != self._address:
            self._address = address
            self._interface = None

    def carrier(self) -> bool | None:
        """Return False when there is no route or the interface has lost its carrier."""
        source = self._source()
        if source is not None:
            self._interface = self._interface_of(source) or self._interface
        if self._interface is None:
            return source is not None or None
        if self._interface == "lo":
            return source is not None
        try:
            state = (self._interfaces / self._interface / "operstate").read_text().strip()
        except OSError:
            return False
        return source is not None and state in {"up", "unknown"}

    def _source(self) -> str | None:
        """Return the address the kernel would send from; nothing is sent."""
        family = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((self._address, 9))
                return str(probe.getsockname()[0])
        except OSError:
            return None

    def _interface_of(self, source: str) -> str | None:
        """Find the interface that carries an address of ours."""
        if source.startswith("127.") or source == "::1":
            return "lo"
        wanted = socket.inet_aton(source) if ":" not in source else None
        for index, name in socket.if_nameindex():
            if wanted is not None and _ipv4_of(name) == wanted:
                return name
            if wanted is None and _has_ipv6(source, index):
                return name
        return None


def _ipv4_of(name: str) -> bytes | None:
    """Return the first IPv4 address of an interface (SIOCGIFADDR)."""
    import fcntl
    import struct

    siocgifaddr = 0x8915
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe.fileno(), siocgifaddr, struct.pack("256s", name[:15].encode()))
        except OSError:
            return None
    return answer[20:24]


def _has_ipv6(source: str, index: int) -> bool:
    """Look an IPv6 address up in /proc/net/if_inet6."""
    wanted = socket.inet_pton(socket.AF_INET6, source.split("%", maxsplit=1)[0]).hex()
    try:
        rows = Path("/proc/net/if_inet6").read_text().splitlines()
    except OSError:
        return False
    return any(row.split()[0] == wanted and int(row.split()[1], 16) == index for row in rows)


def own_link_down(vantage: str, *, carrier: bool | None, silent_s: float) -> Cause:
    """Return the cause that says: the fault is on the monitor's own side, nothing is known of the others."""
    place = frozenset({vantage})
    evidence = Evidence("own_link_down", {"carrier": carrier, "silent_s": round(silent_s)})
    return Cause(CauseKind.MONITOR, vantage, Side.MONITOR, Domain.MONITOR, 0.97, place, place, (evidence,))


class IsolationCheck:
    """Decides from answers, local errors and the carrier whether the monitor itself is cut off. Times are monotonic seconds."""

    def __init__(self, vantage: Vantage) -> None:
        self._vantage = vantage
        self._failing: dict[str, float] = {}  # device -> when its probe last could not leave this machine
        self.answered_at: float | None = None
        self.left_at = float("-inf")  # the newest echo that left this machine, lost though it was
        self.since: float | None = None  # isolated since

    def answered(self, at: float) -> None:
        """Note that something out there answered."""
        self.answered_at = at

    def local_error(self, at: float, reason: str, device: str = "") -> None:
        """Note that a probe could not leave this machine."""
        if reason in LOCAL_ERRORS:
            self._failing[device] = at

    def quiet(self, now: float) -> bool:
        """Nothing has answered for a while, so the question is worth asking."""
        return self.answered_at is None or now - self.answered_at >= QUIET_S

    def broken(self, now: float, devices: int = 1) -> bool:
        """Ring 0 is broken: nothing answers, and there is no carrier, or most of the devices cannot even be asked.

        One address without a route (an IPv6 device in a network without IPv6) is no isolation, however small the inventory.
        """
        if not self.quiet(now):
            return False
        last = max(self.left_at, float("-inf") if self.answered_at is None else self.answered_at)
        failing = [at for at in self._failing.values() if at > last]
        if 2 * len(failing) > devices and now - max(failing) < QUIET_S:
            return True
        return self._vantage.carrier() is False

    def aim(self, address: str | None) -> None:
        """Look towards another address of the vantage device; None: it has none, so only a route can be asked for."""
        self._vantage.aim(address or LOOPBACK)

    def carrier(self) -> bool | None:
        """Ask the seat itself."""
        return self._vantage.carrier()
