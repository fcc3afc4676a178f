"""Break the city and mend it again (LAB.md section 6). The lab keeps its own list of what it broke: verdicts are scored by it."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from typing import Literal

from netwatch.inventory.model import DeviceId, LinkId
from tests.lab.city import City
from tests.lab.kernel import LabError, ip_batch, run
from tests.lab.plan import MONITOR_LINK, End

EndName = Literal["upper", "lower"]  # upper: nearer to the monitor
Direction = Literal["ingress", "egress"]


class Faults:
    """Everything that is broken now, and how to mend it. Injecting the same fault twice is one fault."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._mend: dict[str, Callable[[], None]] = {}
        self._dark: dict[str, set[LinkId]] = {}  # per fault, the cables whose carrier is gone

    @property
    def injected(self) -> tuple[str, ...]:
        """Return the names of what is broken now, oldest first."""
        return tuple(self._mend)

    def mend(self, fault: str) -> None:
        """Repair one fault by the name its injection returned."""
        self._mend.pop(fault)()

    def mend_all(self) -> None:
        """Repair everything, newest first."""
        while self._mend:
            self._mend.popitem()[1]()

    def cut(self, link: LinkId, end: EndName = "upper") -> str:
        """Shut the port at one end of a link; the other end loses its carrier."""
        cable = self._city.plan.cables[link]
        return self._shut(f"cut {link} {end}", link, cable.upper if end == "upper" else cable.lower)

    def cut_monitor(self, end: EndName) -> str:
        """Cut the monitor's own cable: at the monitor (lower, the near end) or at the vantage (upper, the far end)."""
        return self.cut(MONITOR_LINK, end)

    def _shut(self, name: str, link: LinkId, end: End) -> str:
        self._ip(end.device, f"link set {end.port} down")
        self._lose_carrier(name, {link})

        def mend() -> None:
            self._ip(end.device, f"link set {end.port} up")
            self._regain_carrier(name, end.device)

        self._mend[name] = mend
        return name

    def _lose_carrier(self, name: str, links: set[LinkId]) -> None:
        self._dark[name] = links
        self._city.reroute(set().union(*self._dark.values()))

    def _regain_carrier(self, name: str, device: DeviceId) -> None:
        del self._dark[name]
        self._city.reroute(set().union(*self._dark.values()), back={device})

    def power_off(self, device: DeviceId) -> str:
        """Kill every process of a device and take its ports down, its bridge too."""
        node = self._city.plan.nodes[device]
        self._city.end_agents(device)
        self._ip(device, *(f"link set {port} down" for port in (*node.ports, *(("br0",) if node.is_bridge else ()))))
        name = f"power_off {device}"
        self._lose_carrier(name, {cable.id for cable in self._city.plan.cables_of(device)})
        self._mend[name] = lambda: self._power_on(name, device)
        return name

    def _power_on(self, name: str, device: DeviceId) -> None:
        node = self._city.plan.nodes[device]
        self._ip(device, *(f"link set {port} up" for port in (*(("br0",) if node.is_bridge else ()), *node.ports)))
        self._regain_carrier(name, device)  # routes before daemons
        self._city.start_agents(device)

    def power_cut(self, site: str) -> list[str]:
        """Take the power from every device of a site."""
        return [self.power_off(name) for name, device in self._city.inventory.devices.items() if device.site == site]

    def lose(
        self,
        link: LinkId,
        *,
        percent: int = 100,
        end: EndName = "upper",
        directions: tuple[Direction, ...] = ("ingress", "egress"),
    ) -> str:
        """Drop packets at one end of a link while both ports keep their carrier.

        Both directions at 100 per cent are a cut inside the provider's network.
        """
        cable = self._city.plan.cables[link]
        where = cable.upper if end == "upper" else cable.lower
        rule = "drop" if percent >= 100 else f"numgen random mod 100 < {percent} drop"
        table = f"lab_{where.port.replace('-', '_').replace('.', '_')}"
        chains = "\n".join(
            f'chain {d} {{\n type filter hook {d} device "{where.port}" priority 0;\n {rule}\n}}' for d in directions
        )
        self._nft(where.device, f"table netdev {table} {{\n{chains}\n}}\n")
        name = f"lose {link} {percent} {end} {'+'.join(directions)}"
        self._mend[name] = lambda: self._nft(where.device, f"delete table netdev {table}\n")
        return name

    def filter_ping(self, device: DeviceId) -> str:
        """Let a device ignore echo requests; everything else goes on."""
        self._nft(
            device, "table inet lab_ping {\nchain in {\n type filter hook input priority 0;\n icmp type echo-request drop\n}\n}\n"
        )
        name = f"filter_ping {device}"
        self._mend[name] = lambda: self._nft(device, "delete table inet lab_ping\n")
        return name

    def hang(self, device: DeviceId, program: Literal["snmpd", "sshd"]) -> str:
        """Stop an agent without ending it: its port stays open and nothing answers."""
        pids = self._city.pids(device, program)
        if not pids:
            raise LabError(f"{device} runs no {program}")
        _signal(pids, signal.SIGSTOP)
        name = f"hang {device} {program}"
        self._mend[name] = lambda: _signal(pids, signal.SIGCONT)
        return name

    def _ip(self, device: DeviceId, *lines: str) -> None:
        ip_batch(lines, namespace=self._city.namespace(device))

    def _nft(self, device: DeviceId, rules: str) -> None:
        run("ip", "netns", "exec", self._city.namespace(device), "nft", "-f", "-", given=rules)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
