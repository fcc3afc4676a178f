"""What can fail in a simulated city, and what a list of active faults does to its devices, links, ports and agents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from netwatch.inventory.model import GroupKind, Inventory, RiskGroup, Role, Uplink


class FaultKind(StrEnum):
    """The kinds of INTERFACES "Simulate". A flap is written by the scenario as a row of link faults."""

    DEVICE = "device"
    LINK = "link"
    POWER = "power"
    CABLE = "cable"
    PROVIDER = "provider"
    PORT = "port"
    SNMP = "snmp"
    ICMP = "icmp"
    LOSS = "loss"
    MONITOR = "monitor"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is broken. Two faults with equal kind and element are the same fault: repairing needs no more than that."""

    kind: FaultKind
    element: str  # device, link, site or risk group; `device:port` for a port; `uplink` for the monitor
    how: str = ""  # device: power | hang; port: admin_down | err_disabled; monitor: carrier | route
    ratio: float = 0.0  # loss only: share of echoes lost, 0..1

    @property
    def key(self) -> tuple[FaultKind, str]:
        """Return what identifies the fault."""
        return (self.kind, self.element)


@dataclass(frozen=True, slots=True)
class Damage:
    """The sum of all active faults, in terms of what a packet meets."""

    powerless: frozenset[str]  # devices without power: dead, their ports dark, counters start anew when power is back
    hung: frozenset[str]  # devices that neither answer nor forward although their ports show a link
    cut: frozenset[str]  # links without a signal
    shut: dict[tuple[str, str], str]  # (device, port) -> admin_down | err_disabled
    mute_icmp: frozenset[str]  # devices that forward and do not answer echoes
    mute_snmp: frozenset[str]  # devices whose agent is dead
    loss: dict[str, float]  # link -> share of echoes lost
    carrier: bool  # the monitor's own port has a signal
    cut_off: bool  # the monitor reaches nothing


def damage(inventory: Inventory, faults: Iterable[Fault]) -> Damage:
    """Add up the active faults.

    A UPS outlives a loss of power (that is what it is for); everything else at the place goes dark.
    """
    active = tuple(faults)
    powerless: set[str] = set()
    hung: set[str] = set()
    cut: set[str] = set()
    shut: dict[tuple[str, str], str] = {}
    for fault in active:
        match fault.kind:
            case FaultKind.DEVICE:
                (hung if fault.how == "hang" else powerless).add(fault.element)
            case FaultKind.LINK:
                cut.add(fault.element)
            case FaultKind.POWER:
                powerless.update(_without_power(inventory, fault.element))
            case FaultKind.CABLE:
                cut.update(_group(inventory, fault.element).links)
            case FaultKind.PROVIDER:
                group = _group(inventory, fault.element)
                cut.update(group.links)
                hung.update(_devices_of(inventory, group))
            case FaultKind.PORT:
                device, _, port = fault.element.partition(":")
                shut[device, port] = fault.how
    for uplink in uplinks(inventory):
        if uplink.port is not None and (uplink.to, uplink.port) in shut:
            cut.add(uplink.id)
        if uplink.own_port is not None and (uplink.device, uplink.own_port) in shut:
            cut.add(uplink.id)
    isolation = [fault for fault in active if fault.kind is FaultKind.MONITOR]
    return Damage(
        powerless=frozenset(powerless),
        hung=frozenset(hung - powerless),
        cut=frozenset(cut),
        shut=shut,
        mute_icmp=frozenset(fault.element for fault in active if fault.kind is FaultKind.ICMP),
        mute_snmp=frozenset(fault.element for fault in active if fault.kind is FaultKind.SNMP),
        loss={
            fault.element: fault.ratio for fault in sorted(active, key=lambda f: f.ratio) if fault.kind is FaultKind.LOSS
        },  # the worst of several
        carrier=all(fault.how == "route" for fault in isolation),
        cut_off=bool(isolation),
    )


def uplinks(inventory: Inventory) -> Iterable[Uplink]:
    """Return every uplink of every device, in the order of the inventory."""
    return (uplink for device in inventory.devices.values() for uplink in device.uplinks)


def links_of(inventory: Inventory) -> frozenset[str]:
    """Return the ids of all links."""
    return frozenset(uplink.id for uplink in uplinks(inventory))


def _group(inventory: Inventory, name: str) -> RiskGroup:
    """Return the group; after a reload it may be gone, and then it has no members."""
    return inventory.risk_groups.get(name) or RiskGroup(name, GroupKind.CABLE)


def _devices_of(inventory: Inventory, group: RiskGroup) -> set[str]:
    places = set(group.sites)
    return set(group.devices) | {device.id for device in inventory.devices.values() if device.site in places}


def _without_power(inventory: Inventory, element: str) -> set[str]:
    group = inventory.risk_groups.get(element)
    if group is not None and group.kind is GroupKind.POWER:
        hit = _devices_of(inventory, group)
    else:
        hit = {device.id for device in inventory.devices.values() if device.site == element}
    return {device for device in hit if inventory.devices[device].role is not Role.UPS}
