"""Find the address behind a name, outside the loop, and keep the last good one.

A name that does not resolve is its own result: the name service failed, not the device. An address that was found once is kept
while the name service is away (RELIABILITY row 20).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog

from netwatch.inventory.model import Inventory

PATIENCE = 5.0  # s for one name; the C library may try far longer
AT_ONCE = 8  # look-ups side by side: the default executor must keep threads for others

Lookup = Callable[[str], str]

log = structlog.get_logger("netwatch.probe")


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of one address of the inventory: None when nothing is known; `error` says why the look-up failed."""

    name: str
    address: str | None
    error: str | None = None


class Resolver:
    """Turns addresses of the inventory into numeric ones. Numeric ones cost nothing; names are asked in threads."""

    def __init__(self, lookup: Lookup | None = None, *, patience: float = PATIENCE) -> None:
        self._lookup = lookup if lookup is not None else look_up
        self._patience = patience
        self._known: dict[str, str] = {}

    async def resolve(self, names: Iterable[str]) -> Mapping[str, Resolution]:
        """Resolve names and numeric addresses, each within the patience, at most a few at once."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> Resolution:
            if is_numeric(name):
                return Resolution(name, name)
            async with gate:
                return await self._ask(name)

        wanted = list(dict.fromkeys(names))
        return dict(zip(wanted, await asyncio.gather(*map(one, wanted)), strict=True))

    async def _ask(self, name: str) -> Resolution:
        try:
            async with asyncio.timeout(self._patience):
                found = await asyncio.to_thread(self._lookup, name)
        except TimeoutError:
            return Resolution(name, self._known.get(name), f"no answer from the name service within {self._patience:g} s")
        except (OSError, UnicodeError) as error:
            return Resolution(name, self._known.get(name), getattr(error, "strerror", None) or str(error))
        self._known[name] = found
        return Resolution(name, found)


async def addresses(resolver: Resolver, inventory: Inventory) -> dict[str, str | None]:
    """Return the numeric address of every device; None where the name service has no answer and never had one."""
    found = await resolver.resolve(device.address for device in inventory.devices.values() if not is_numeric(device.address))
    for name, resolution in found.items():
        if resolution.error is not None:
            log.warning("name_not_resolved", address=name, error=resolution.error, kept=resolution.address)
    return {
        device.id: found[device.address].address if device.address in found else device.address
        for device in inventory.devices.values()
    }


def is_numeric(address: str) -> bool:
    """Tell whether an address needs no name service. `10.1` and `010.0.0.1` do: tools read them differently."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True


def look_up(name: str) -> str:
    """Ask the system's resolver for the first address of a name; it blocks. Raises OSError when there is none."""
    return str(socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)[0][4][0])
