"""`netwatch inventory suggest`: ask devices who stands beside them, and show what the inventory could say better."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from netwatch.cli import output
from netwatch.cli.places import settings
from netwatch.cli.probe import find
from netwatch.clock import SystemClock
from netwatch.inventory.document import read_inventory, texts_of
from netwatch.inventory.identity import Said
from netwatch.inventory.model import Device, Inventory, Status
from netwatch.inventory.patch import patch
from netwatch.inventory.suggest import Suggestion, suggest
from netwatch.observation import SnmpReading
from netwatch.probe.resolve import Resolver
from netwatch.probe.snmp import SnmpReader, agent_of, client_for
from netwatch.settings import Settings, load_credentials

AT_ONCE = 16  # devices
DEADLINE_S = 60.0  # for one device: every port and every neighbour
WORDS = {
    "missing_uplink": ("induk baru", "new uplink"),
    "wrong_upstream": ("induk lain", "another upstream"),
    "missing_port": ("nama port", "port name"),
    "wrong_port": ("port lain", "another port"),
}


def run(names: Sequence[str], *, config: Path | None, as_json: bool) -> None:
    """Print the suggestions as a diff of the inventory's files, and on stderr what could not be read."""
    given = settings(config)
    files = texts_of(given.inventory)
    inventory = read_inventory(files)
    asked = [find(inventory, name) for name in names] or list(inventory.devices.values())
    said, unread = asyncio.run(ask(asked, given))
    suggestions, remarks = suggest(inventory, said)
    texts = {_from_here(file): text.decode("utf-8-sig") for file, text in files.items()}
    diff, left = patch(texts, suggestions, remarks)
    if as_json:
        output.print_json(
            {
                "schema": "netwatch.inventory-suggest/1",
                "read": sorted(said),
                "unread": [{"device": device, "reason": reason} for device, reason in unread.items()],
                "suggestions": [_json(inventory, one) | {"in_diff": one not in left} for one in suggestions],
                "remarks": [asdict(remark) for remark in remarks],
                "diff": diff,
            }
        )
        return
    for line in diff.splitlines():
        output.line(line)
    for one in suggestions:
        output.say(f"{one.device}: {_tell(inventory, one, 0)}", f"{one.device}: {_tell(inventory, one, 1)}")
    for one in left:
        output.say(
            f"{one.device}: tidak ada di atas, karena inventaris akan menjadi salah ({_tell(inventory, one, 0)})",
            f"{one.device}: not above, because the inventory would not be valid ({_tell(inventory, one, 1)})",
        )
    for device, reason in unread.items():
        output.say(f"{device}: tidak terbaca: {reason}", f"{device}: not read: {reason}")
    if not suggestions and not remarks:
        output.say(f"Tidak ada saran; {len(said)} perangkat terbaca.", f"No suggestions; {len(said)} devices were read.")


def _from_here(file: str) -> str:
    """Name a file as seen from here, if it lies below: `patch` obeys no other name."""
    here = Path.cwd()
    return str(Path(file).resolve().relative_to(here)) if Path(file).resolve().is_relative_to(here) else file


async def ask(devices: Sequence[Device], given: Settings) -> tuple[dict[str, Said], dict[str, str]]:
    """Read devices in full, some side by side. Returns what they say, and of the others why they were not read."""
    credentials = load_credentials(given.credentials)
    unread = {device.id: reason for device in devices if (reason := _why_not(device, credentials)) is not None}
    readable = [device for device in devices if device.id not in unread]
    places = await Resolver().resolve([device.address for device in readable])
    client = client_for()
    reader = SnmpReader(client, clock=SystemClock(), deadline=DEADLINE_S)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(device: Device) -> SnmpReading | str:
        place = places[device.address]
        if place.address is None:
            return f"{device.address}: {place.error}"
        assert device.snmp is not None
        credential = credentials.get(device.snmp.credential or "")
        async with gate:
            return await reader.read(agent_of(device, place.address, credential, given.snmp), None, neighbours=True)

    try:
        readings = await asyncio.gather(*map(one, readable))
    finally:
        client.close()
    said: dict[str, Said] = {}
    for device, reading in zip(readable, readings, strict=True):
        if isinstance(reading, str):
            unread[device.id] = reading
        elif not reading.answered:
            unread[device.id] = reading.error or "-"
        else:
            said[device.id] = Said(reading.name, reading.chassis, reading.ports, reading.neighbours)
            partial = [reading.error, *(note for note in reading.notes if note.startswith("neighbours_partial"))]
            unread |= {name: f"partly: {text}" for name, text in ((device.id, text) for text in partial) if text}
    return said, unread


def _why_not(device: Device, credentials: Mapping[str, Any]) -> str | None:
    """Return why a device is not asked; None when it is."""
    if device.status not in (Status.ACTIVE, Status.MAINTENANCE):
        return f"status: {device.status}"
    if "snmp" not in device.monitor:
        return "monitor: no snmp"
    if device.snmp is None or device.snmp.credential is None:
        return "credentials: none for SNMP"
    return None if device.snmp.credential in credentials else f"credentials: '{device.snmp.credential}' is not known"


def _json(inventory: Inventory, one: Suggestion) -> dict[str, Any]:
    return asdict(one) | {"uplink": _uplink(inventory, one), "values": dict(one.values), "before": dict(one.before)}


def _uplink(inventory: Inventory, one: Suggestion) -> str | None:
    return None if one.place is None else inventory.devices[one.device].uplinks[one.place].id


def _tell(inventory: Inventory, one: Suggestion, language: int) -> str:
    values = ", ".join(f"{key}: {value if value is not None else '-'}" for key, value in one.values.items())
    link = _uplink(inventory, one)
    return f"{WORDS[one.kind][language]}{f' {link}' if link else ''} {{{values}}} [{', '.join(one.seen)}]"
