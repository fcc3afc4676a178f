"""Which device and which port somebody means: by the names, addresses and MAC addresses that they have. Pure.

A device is known by its system name, else by its address, else by its MAC address; a name, an address or a MAC address that
several devices have is nobody's.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netwatch.inventory.model import Device, DeviceId, Inventory
from netwatch.observation import Neighbour, PortStatus

SERIAL = re.compile(r"\s*\([^()]*\)$")  # NX-OS adds its serial number to its name


@dataclass(frozen=True, slots=True)
class Said:
    """What one device says of itself and of who is beside it."""

    name: str | None = None
    chassis: str | None = None
    ports: tuple[PortStatus, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()


class Book:
    """Knows devices by their names, addresses and MAC addresses, and ports by all that they are called."""

    def __init__(self, inventory: Inventory, said: Mapping[DeviceId, Said]) -> None:
        self._said = said
        self._names = _unique(
            (name, device) for device, known in inventory.devices.items() for name in _names(known, said.get(device))
        )
        self._addresses = _unique((address, one.id) for one in inventory.devices.values() if (address := _address(one.address)))
        arp = (
            (one.chassis, self._addresses[one.address])
            for told in said.values()
            for one in told.neighbours
            if one.protocol == "arp" and one.chassis and one.address in self._addresses
        )
        own = (
            (mac, device)
            for device, told in said.items()
            for mac in {told.chassis, *(port.mac for port in told.ports)}
            if mac is not None
        )
        self._macs = _unique((*own, *arp))

    def who(self, neighbour: Neighbour) -> DeviceId | None:
        """Return which device is meant; None when it is none of the inventory."""
        if neighbour.device is not None:
            for name in _shorter(neighbour.device):
                if name in self._names:
                    return self._names[name]
        if neighbour.address in self._addresses:
            return self._addresses[neighbour.address]
        return self._macs.get(neighbour.chassis) if neighbour.chassis is not None else None

    def port(self, device: DeviceId, *names: str | None) -> str | None:
        """Return how a device calls the port that somebody else calls by one of these names; None when nobody knows a name of it.

        A MAC address or a bare number of a device that was not read is no name.
        """
        told = self._said.get(device)
        for name in names:
            for port in told.ports if told is not None and name else ():
                if name is not None and _is(port, name):
                    return port.name
        readable = (name for name in names if name is not None and not _is_mac(name) and not name.isdigit())
        return next(readable, None) if told is None or not told.ports else None

    def same_port(self, device: DeviceId, one: str, other: str) -> bool:
        """Tell whether two names are of one port."""
        if _folded(one) == _folded(other):
            return True
        told = self._said.get(device)
        return any(_is(port, one) and _is(port, other) for port in (told.ports if told is not None else ()))


def _names(device: Device, said: Said | None) -> set[str]:
    found = {device.id.casefold()}
    if said is not None and said.name:
        found.update(_shorter(said.name))
    if _address(device.address) is None:
        found.update(_shorter(device.address))
    return found


def _shorter(name: str) -> tuple[str, ...]:
    """Return a system name without capitals and serial number, then without its domain."""
    whole = SERIAL.sub("", name).strip().rstrip(".").casefold()
    short = whole.partition(".")[0]
    return (whole,) if not short or short == whole or _address(whole) else (whole, short)


def _unique(pairs: Iterable[tuple[str, DeviceId]]) -> dict[str, DeviceId]:
    """Return what belongs to one device only."""
    found: dict[str, set[DeviceId]] = {}
    for key, device in pairs:
        found.setdefault(key, set()).add(device)
    return {key: next(iter(devices)) for key, devices in found.items() if len(devices) == 1}


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _is(port: PortStatus, name: str) -> bool:
    called = (port.name, port.description, port.alias, port.mac, str(port.index) if port.index is not None else None)
    return any(one is not None and _folded(one) == _folded(name) for one in called)


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def _is_mac(text: str) -> bool:
    return re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", text) is not None
