"""What a monitor sees of an event: silence with onsets, port readings, power hints, restarts; and the snapshot made of it."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bench.diagnosis.faults import Event, Fault
from bench.diagnosis.generator import GATEWAY, Link, World
from netwatch.diagnose.snapshot import DeviceView, Reach, Snapshot, VantageView
from netwatch.observation import PortAdmin, PortOper, PortStatus

INTERVAL_S = 10.0  # T
CONFIRM_S = 20.0  # W
RESET_SEEN = 0.95  # a device that was without power, or hung and was restarted, shows a short uptime
RESET_ELSE = 0.02
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
READINGS = {
    "up": (PortAdmin.UP, PortOper.UP, None),
    "down": (PortAdmin.UP, PortOper.DOWN, None),
    "admin": (PortAdmin.DOWN, PortOper.DOWN, None),
    "err_disabled": (PortAdmin.UP, PortOper.DOWN, "err-disabled"),
}
_UP = DeviceView(Reach.ANSWERING)
_UP_SNMP = DeviceView(Reach.ANSWERING, snmp=True)


@dataclass(slots=True)
class Seen:
    """What came of one event. Ports by (device, number of the line); what could not be read is absent."""

    silent: dict[str, float] = field(default_factory=dict)  # device -> first lost echo
    false: frozenset[str] = frozenset()  # silent by bad luck only
    ports: dict[tuple[str, int], str] = field(default_factory=dict)
    wrong_ports: dict[tuple[str, int], str] = field(default_factory=dict)  # of lines told at the wrong node
    hints: frozenset[str] = frozenset()  # sites
    rebooted: dict[str, bool] = field(default_factory=dict)
    speaking: frozenset[str] = frozenset()  # devices whose SNMP agent answers
    dumb: frozenset[str] = frozenset()  # devices that are reached and whose agent should answer, and does not
    carrier: bool = True
    witness: bool | None = None


def reached(world: World, dead: Collection[str], cut: Collection[int]) -> set[str]:
    """Return the devices that an echo from the gateway reaches."""
    if GATEWAY in dead:
        return set()
    near = world.near
    found = {GATEWAY}
    waiting = deque(found)
    while waiting:
        for other, line in near[waiting.popleft()]:
            if other not in found and line not in cut and other not in dead:
                found.add(other)
                waiting.append(other)
    return found


def silence(world: World, faults: Sequence[Fault]) -> set[str]:
    """Return the devices that do not answer while these faults last."""
    dead = frozenset().union(*(fault.dead for fault in faults))
    cut = frozenset().union(*(fault.cut for fault in faults))
    mute = frozenset().union(*(fault.no_icmp for fault in faults))
    return (world.near.keys() - reached(world, dead, cut)) | mute


def observe(world: World, event: Event, rng: random.Random, *, witness: bool) -> Seen:
    """Play an event. `witness`: there is one."""
    seen = Seen(carrier=event.carrier)
    phase = {name: rng.uniform(0, INTERVAL_S) for name in world.near}
    if not event.route:
        seen.silent = phase
        seen.witness = True if witness else None
        return seen
    for count, fault in enumerate(event.faults, 1):
        for name in silence(world, event.faults[:count]):
            seen.silent.setdefault(name, fault.start + phase[name])
    if witness:
        seen.witness = GATEWAY not in seen.silent
    if world.noise.false_down:
        rate = world.noise.false_down
        seen.false = frozenset(name for name in world.near if rng.random() < rate and name not in seen.silent)
        seen.silent.update((name, rng.uniform(-300.0, 300.0)) for name in sorted(seen.false))
    _read_agents(world, event, seen)
    _read_ports(world, event, seen, rng)
    _hear_power(world, event, seen, rng)
    _ask_after(world, event, seen, rng)
    return seen


def _read_agents(world: World, event: Event, seen: Seen) -> None:
    dead = frozenset().union(*(fault.dead for fault in event.faults))
    cut = frozenset().union(*(fault.cut for fault in event.faults))
    no_snmp = frozenset().union(*(fault.no_snmp for fault in event.faults))
    here = reached(world, dead, cut) & world.managed
    seen.speaking, seen.dumb = frozenset(here - no_snmp), frozenset(here & no_snmp)


def port_says(world: World, link: Link, end: str, faults: Sequence[Fault]) -> tuple[str, float]:
    """Return what a port reads when its line is dead, or `up`, and the chance that it does so (the rest reads `up`)."""
    other = link.other(end)
    for fault in faults:
        if end == link.upper and link.number in fault.shut:
            return fault.shut[link.number], 1.0
    if any(link.number in fault.cut or other in fault.dark for fault in faults):
        return "down", world.rates.down_when_cut[link.kind]
    return "up", 1.0


def _read_ports(world: World, event: Event, seen: Seen, rng: random.Random) -> None:
    wrong = world.noise.wrong_port
    for link in world.links:
        for end in (link.upper, link.lower):
            if end in seen.speaking and end not in seen.false:
                reading, chance = port_says(world, link, end, event.faults)
                if chance < 1.0 and rng.random() >= chance:
                    reading = "up"
                if wrong and rng.random() < wrong:
                    reading = "down" if reading == "up" else "up"
                seen.ports[end, link.number] = reading
        if link.told_upper != link.upper and link.told_port is not None and link.told_upper in seen.speaking:
            seen.wrong_ports[link.told_upper, link.number] = "down" if rng.random() < wrong else "up"  # the port of somebody else


def _hear_power(world: World, event: Event, seen: Seen, rng: random.Random) -> None:
    dark = frozenset().union(*(fault.dark_sites for fault in event.faults))
    rate, false = world.rates.power_hint, world.noise.false_hint
    seen.hints = frozenset(
        site for site in world.devices_of if (site in dark and rng.random() < rate) or (false and rng.random() < false)
    )


def _ask_after(world: World, event: Event, seen: Seen, rng: random.Random) -> None:
    """Read the uptimes of every managed device of the sites that were silent."""
    dead = frozenset().union(*(fault.dead for fault in event.faults))
    for site in dict.fromkeys(world.site_of[name] for name in sorted(seen.silent)):
        for name in world.devices_of[site]:
            if name in world.managed:
                seen.rebooted[name] = rng.random() < (RESET_SEEN if name in dead else RESET_ELSE)


def snapshot(world: World, seen: Seen, *, after: bool) -> Snapshot:
    """Return what `netwatch.diagnose` is given; with `after` also what was learnt once everything was back."""
    views: dict[str, DeviceView] = {}
    hinting = {world.devices_of[site][0] for site in seen.hints}
    for name in world.near:
        if name not in seen.silent:
            views[name] = _UP_SNMP if name in seen.speaking else _UP
    for name in seen.dumb:
        if name not in seen.silent:
            views[name] = DeviceView(Reach.ANSWERING, snmp=False)
    for name, since in seen.silent.items():
        speaks = name in seen.speaking and name not in seen.false
        views[name] = DeviceView(
            Reach.SILENT,
            MIDNIGHT + timedelta(seconds=since),
            certain=True,
            snmp=speaks or None,
            snmp_since_loss=speaks,
        )
    for name in hinting | (set(seen.rebooted) if after else set()):
        view = views[name]
        views[name] = DeviceView(
            view.icmp,
            view.since,
            certain=view.certain,
            snmp=view.snmp,
            rebooted=seen.rebooted.get(name) if after else None,
            on_battery=name in hinting,
            snmp_since_loss=view.snmp_since_loss,
        )
    at = MIDNIGHT + timedelta(seconds=max(seen.silent.values(), default=0.0) + CONFIRM_S + 1.0)
    return Snapshot(world.graph, at, views, _told_ports(world, seen), VantageView(seen.carrier, seen.witness))


def _told_ports(world: World, seen: Seen) -> dict[tuple[str, str], PortStatus]:
    found = {}
    links = world.links
    for (device, number), reading in seen.ports.items():
        link = links[number]
        if device == link.lower:
            port = f"up{number}"
        elif link.told_upper == link.upper:
            port = f"ge{number}"
        else:
            continue  # the inventory does not know that this line ends here
        found[device, port] = PortStatus(port, *READINGS[reading])
    for (device, number), reading in seen.wrong_ports.items():
        found[device, f"ge{number}"] = PortStatus(f"ge{number}", *READINGS[reading])
    return found
