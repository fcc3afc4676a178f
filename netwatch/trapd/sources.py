"""Who may call: the addresses of the inventory's devices, each with the log-in that proves it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping

from netwatch.inventory.model import Inventory, Status
from netwatch.probe.snmp.traps.receiver import Sender
from netwatch.probe.snmp.traps.usm import User
from netwatch.settings import Credential

Sources = Mapping[str, tuple[Sender, ...]]  # numeric address as the socket writes it -> the devices behind it


def sources(inventory: Inventory, credentials: Mapping[str, Credential], places: Mapping[str, str | None]) -> Sources:
    """Return the senders by address; `places`: the devices' numeric addresses. Passwords become keys here: it takes milliseconds.

    A device that is not read by SNMP, or whose log-in is not known, is in it without a log-in: it is known, and refused.
    """
    users: dict[str, User] = {}
    found: dict[str, list[Sender]] = {}
    for device in inventory.devices.values():
        place = places.get(device.id)
        if place is None or device.status not in (Status.ACTIVE, Status.MAINTENANCE):
            continue
        wanted = device.snmp.credential if device.snmp is not None and "snmp" in device.monitor else None
        credential = credentials.get(wanted) if wanted is not None else None
        user = None
        if credential is not None and credential.username is not None and credential.community is None:
            user = users.get(credential.name)
            if user is None:
                user = users[credential.name] = User(credential)
                user.prepare()
        sender = Sender(device.id, credential.community if credential is not None else None, user)
        for address in _written(place):
            found.setdefault(address, []).append(sender)
    return {address: tuple(senders) for address, senders in found.items()}


def _written(address: str) -> tuple[str, ...]:
    """Return an address in the ways in which a socket may write it."""
    known = ipaddress.ip_address(address)
    if known.version == 4:
        return str(known), f"::ffff:{known}"
    return (socket.inet_ntop(socket.AF_INET6, known.packed),)
