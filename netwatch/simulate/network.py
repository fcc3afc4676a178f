"""The network that does not exist: who answers which echo, which agent says what, given the faults of the moment.

Reachability is worked out once per change of the faults (one walk over the city), never per echo: an echo costs a set lookup and
one random number. Packets travel from the vantage down the uplinks; a device does not carry traffic for the device above it.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from dataclasses import dataclass

from netwatch.inventory.model import Inventory, LinkKind, Role, Status, Uplink
from netwatch.observation import PortAdmin, PortOper, PortStatus, SnmpReading, UpsStatus
from netwatch.simulate.faults import Damage, Fault, FaultKind, damage

SECONDS_PER_DAY = 86_400.0
PRESENT = (Status.ACTIVE, Status.MAINTENANCE)
HOP_RTT = 0.0008  # seconds a link adds to the round trip; a city is small


@dataclass(frozen=True, slots=True)
class Noise:
    """What goes wrong without any fault."""

    loss: float = 0.0  # share of echoes lost, independently
    bursts_per_day: float = 0.0  # blackouts of one device (Poisson)
    burst_seconds: float = 20.0  # mean length of a blackout (exponential)


class SimulatedNetwork:
    """A city's network under a changing list of faults. All times are seconds since the start of the simulation."""

    def __init__(self, inventory: Inventory, noise: Noise, rng: random.Random) -> None:
        self._noise = noise
        self._loss = noise.loss
        self._rng = rng
        self._draw = rng.random
        self._active: dict[tuple[FaultKind, str], list[Fault]] = {}
        self._booted: dict[str, float] = {}  # device -> when its power came back
        self._bursts: list[tuple[float, str, bool]] = []  # (at, device, begins)
        self._blackout: dict[str, int] = {}
        self.recomputed = 0
        self.use(inventory)

    def use(self, inventory: Inventory) -> None:
        """Take another inventory (a reload): the faults stay, the walk is done again."""
        known = set(self._rtt) if hasattr(self, "_rtt") else set()
        self._inventory = inventory
        self._up: dict[str, tuple[Uplink, ...]] = {
            name: device.uplinks for name, device in inventory.devices.items() if device.status in PRESENT
        }
        self._down: dict[str, list[Uplink]] = {}
        for name in self._up:
            for uplink in self._up[name]:
                self._down.setdefault(uplink.to, []).append(uplink)
        self._rtt: dict[str, float] = {}
        self._spread()
        if self._noise.bursts_per_day > 0:
            for name in self._up:
                if name not in known:
                    self._plan_burst(name, 0.0)
        self._recompute()

    # faults -------------------------------------------------------------------------------------------------------

    def begin(self, fault: Fault) -> None:
        """Break something. Breaking it twice needs two repairs."""
        self._active.setdefault(fault.key, []).append(fault)
        self._recompute()

    def end(self, fault: Fault, at: float) -> None:
        """Repair something; repairing what is whole changes nothing. What lacked power starts now."""
        pile = self._active.get(fault.key)
        if not pile:
            return
        dead_before = self._damage.powerless | self._damage.hung
        pile.pop()
        if not pile:
            del self._active[fault.key]
        self._recompute()
        for name in sorted(dead_before - self._damage.powerless - self._damage.hung):
            self._booted[name] = at

    def pass_to(self, at: float) -> None:
        """Let blackouts begin and end up to `at`."""
        bursts = self._bursts
        changed = False
        while bursts and bursts[0][0] <= at:
            when, name, begins = heapq.heappop(bursts)
            changed = True
            if begins:
                self._blackout[name] = self._blackout.get(name, 0) + 1
                heapq.heappush(bursts, (when + self._rng.expovariate(1.0 / self._noise.burst_seconds), name, False))
                self._plan_burst(name, when)
            else:
                self._blackout[name] -= 1
                if not self._blackout[name]:
                    del self._blackout[name]
        if changed:
            self._silent = self._dark | self._blackout.keys()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Return what is broken now, sorted."""
        return tuple(sorted(fault for pile in self._active.values() for fault in pile))

    @property
    def dark(self) -> frozenset[str]:
        """Return the devices that answer no echo because of a fault (blackouts apart)."""
        return frozenset(self._dark)

    @property
    def carrier(self) -> bool:
        """Return whether the monitor's own port has a signal."""
        return self._damage.carrier

    # what a probe meets ---------------------------------------------------------------------------------------------

    def echo(self, device: str) -> float | None:
        """Return the round trip of an echo sent now, in seconds; None when no answer comes."""
        if device in self._silent:
            return None
        draw = self._draw()
        if draw < self._loss:
            return None
        if self._lossy:
            ratio = self._lossy.get(device)
            if ratio is not None and self._draw() < ratio:
                return None
        return self._rtt[device] * (0.9 + 0.2 * draw)

    def snmp(self, device: str, at: float, *, monotonic: float) -> SnmpReading:
        """Return what an SNMP round of a device would bring now; `monotonic` stamps the reading."""
        d = self._inventory.devices.get(device)
        if d is None or "snmp" not in d.monitor or device in self._damage.mute_snmp or device in self._out_of_reach:
            return SnmpReading(device=device, at=monotonic, answered=False, error="timeout")
        ups = None
        if d.role is Role.UPS:
            battery = any(fault.kind is FaultKind.POWER and self._site_hit(fault.element, d.site) for fault in self.faults)
            ups = UpsStatus(on_battery=battery, source=f"upsOutputSource={5 if battery else 3}")
        return SnmpReading(
            device=device,
            at=monotonic,
            answered=True,
            engine="simulated",
            name=device,
            uptime_s=at - self._booted.get(device, -30 * SECONDS_PER_DAY),
            ports=self.ports(device),
            ups=ups,
        )

    def ports(self, device: str) -> tuple[PortStatus, ...]:
        """Return the ports of a device that the inventory names, as the device would show them."""
        seen: dict[str, PortStatus] = {}
        for uplink in self._down.get(device, ()):
            if uplink.port is not None:
                seen[uplink.port] = self._port(device, uplink.port, uplink, far=uplink.device)
        for uplink in self._up.get(device, ()):
            if uplink.own_port is not None:
                seen[uplink.own_port] = self._port(device, uplink.own_port, uplink, far=uplink.to)
        return tuple(seen[name] for name in sorted(seen))

    # inside -----------------------------------------------------------------------------------------------------------

    def _port(self, device: str, port: str, uplink: Uplink, *, far: str) -> PortStatus:
        how = self._damage.shut.get((device, port))
        if how == "admin_down":
            return PortStatus(port, PortAdmin.DOWN, PortOper.DOWN)
        if how is not None:
            return PortStatus(port, PortAdmin.UP, PortOper.DOWN, reason=how.replace("_", "-"))
        dark = uplink.id in self._damage.cut or far in self._damage.powerless
        # a circuit ends in the provider's equipment, which keeps the light on whatever happens behind it
        shows = PortOper.DOWN if dark and uplink.kind is LinkKind.DIRECT else PortOper.UP
        return PortStatus(port, PortAdmin.UP, shows)

    def _site_hit(self, element: str, site: str) -> bool:
        group = self._inventory.risk_groups.get(element)
        return element == site if group is None else site in group.sites

    def _spread(self) -> None:
        """Give every device its undisturbed round trip: so much per link between it and the vantage."""
        vantage = self._inventory.vantage
        hops = {vantage: 1}
        queue = deque([vantage])
        while queue:
            here = queue.popleft()
            for uplink in self._down.get(here, ()):
                if uplink.device not in hops:
                    hops[uplink.device] = hops[here] + 1
                    queue.append(uplink.device)
        self._rtt = {name: HOP_RTT * hops.get(name, 8) for name in self._up}

    def _recompute(self) -> None:
        self.recomputed += 1
        self._damage = harm = damage(self._inventory, (fault for pile in self._active.values() for fault in pile))
        self._out_of_reach, self._lossy = self._walk(harm)
        self._dark = self._out_of_reach | harm.mute_icmp
        self._silent = self._dark | self._blackout.keys()

    def _walk(self, harm: Damage) -> tuple[frozenset[str], dict[str, float]]:
        """Return the devices no packet reaches, and the loss on the best way to each of the others."""
        names = self._up.keys()
        dead = harm.powerless | harm.hung
        vantage = self._inventory.vantage
        if harm.cut_off or vantage in dead:
            return frozenset(names), {}
        passed: dict[str, float] = {vantage: 1.0}  # share of echoes that get through
        queue = deque([vantage])
        while queue:
            here = queue.popleft()
            for uplink in self._down.get(here, ()):
                if uplink.id in harm.cut or uplink.device in dead:
                    continue
                share = passed[here] * (1.0 - harm.loss.get(uplink.id, 0.0))
                if uplink.device not in passed:
                    passed[uplink.device] = share
                    queue.append(uplink.device)
        lossy = {name: 1.0 - share for name, share in passed.items() if share < 1.0}
        return frozenset(names - passed.keys()), lossy

    def _plan_burst(self, name: str, after: float) -> None:
        gap = self._rng.expovariate(self._noise.bursts_per_day / SECONDS_PER_DAY)
        heapq.heappush(self._bursts, (after + gap, name, True))
