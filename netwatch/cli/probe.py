"""`netwatch probe DEVICE`: measure one device now, without the daemon, and tell the whole story."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from netwatch.cli import output
from netwatch.cli.places import CONFIG, JSON, settings
from netwatch.cli.probe_story import tell
from netwatch.clock import SystemClock
from netwatch.detect.state import Policy
from netwatch.errors import NotFound, ProbeUnavailable
from netwatch.inventory.document import load_inventory
from netwatch.inventory.model import Device, Inventory
from netwatch.observation import PortStatus, SnmpReading, SshReading
from netwatch.probe.icmp import Burst, burst
from netwatch.probe.resolve import Resolver
from netwatch.probe.snmp import SnmpReader, agent_of, client_for
from netwatch.probe.ssh import SshReader, login_of
from netwatch.settings import Credential, Settings, load_credentials
from netwatch.strict_yaml.near import nearest

KINDS = ("icmp", "snmp", "ssh")
ECHOES = 5
FULL_DEADLINE_S = 60.0  # for every port and every neighbour of one device
ONLY = typer.Option(None, "--only", help="icmp,snmp,ssh")


def register(root: typer.Typer) -> None:
    """Add `probe`."""
    root.command("probe")(probe)


def probe(device: str, only: str | None = ONLY, json: bool = JSON, config: Path | None = CONFIG) -> None:
    """Ukur satu perangkat sekarang, tanpa daemon. / Measure one device now, without the daemon."""
    given = settings(config)
    inventory = load_inventory(given.inventory)
    known = find(inventory, device)
    kinds = wanted(only) or tuple(kind for kind in KINDS if kind in known.monitor)
    document = asyncio.run(measure(known, given, kinds))
    if json:
        output.print_json(document)
        return
    policy = Policy(
        interval=given.detection.interval,
        timeout=given.detection.timeout,
        confirm_window=given.detection.confirm_window,
        false_down_per_device_year=given.detection.false_down_per_device_year,
    )
    for line in tell(known, inventory.site_of(device), document, policy):
        output.line(output.sentence(line))


def find(inventory: Inventory, device: str) -> Device:
    """Return a device of the inventory. Raises NotFound with the nearest name."""
    known = inventory.devices.get(device)
    if known is None:
        near = nearest(device, inventory.devices)
        raise NotFound(
            output.pick(
                f"Perangkat '{device}' tidak ada di inventaris" + (f"; mungkin '{near}'?" if near else ""),
                f"Device '{device}' is not in the inventory" + (f"; did you mean '{near}'?" if near else ""),
            )
        )
    return known


def wanted(only: str | None) -> tuple[str, ...]:
    """Read `--only`. Raises typer's usage error for a kind that does not exist."""
    kinds = tuple(part.strip() for part in (only or "").split(",") if part.strip())
    wrong = [kind for kind in kinds if kind not in KINDS]
    if wrong:
        raise typer.BadParameter(f"{', '.join(wrong)}: {' | '.join(KINDS)}")
    return kinds


async def measure(device: Device, given: Settings, kinds: Sequence[str]) -> dict[str, Any]:
    """Measure side by side and return the document of INTERFACES, section "Probe". What could not be read is null, never 0."""
    clock = SystemClock()
    document: dict[str, Any] = {
        "schema": "netwatch.probe/1",
        "device": device.id,
        "at": clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "address": device.address,
    }
    resolution = (await Resolver().resolve([device.address]))[device.address]
    if resolution.address is None:
        error = f"name: {device.address}: {resolution.error}"
        empty: dict[str, dict[str, Any]] = {
            "icmp": icmp_json(None, error),
            "snmp": snmp_json(None, error),
            "ssh": ssh_json(None, error),
        }
        return document | {kind: empty[kind] for kind in kinds}
    credentials = load_credentials(given.credentials)
    parts: dict[str, Coroutine[Any, Any, dict[str, Any]]] = {}
    if "icmp" in kinds:
        parts["icmp"] = _icmp(resolution.address, given, clock, alone=len(kinds) == 1)
    if "snmp" in kinds:
        parts["snmp"] = _snmp(device, resolution.address, given, _named(credentials, device.snmp), clock)
    if "ssh" in kinds:
        parts["ssh"] = _ssh(device, resolution.address, given, credentials, clock)
    results = await asyncio.gather(*parts.values())
    return document | dict(zip(parts, results, strict=True))


async def _icmp(address: str, given: Settings, clock: SystemClock, *, alone: bool) -> dict[str, Any]:
    try:
        return icmp_json(await burst(address, clock=clock, count=ECHOES, timeout=given.detection.timeout))
    except ProbeUnavailable as error:
        if alone:
            raise
        return icmp_json(None, str(error))


async def _snmp(
    device: Device, address: str, given: Settings, credential: Credential | None, clock: SystemClock
) -> dict[str, Any]:
    if device.snmp is None:
        return snmp_json(None, "credential: the inventory names no SNMP credential for this device")
    agent = agent_of(device, address, credential, given.snmp)
    client = client_for()
    try:
        reader = SnmpReader(client, clock=clock, deadline=FULL_DEADLINE_S)
        return snmp_json(await reader.read(agent, None, power=True, neighbours=True))
    finally:
        client.close()


async def _ssh(
    device: Device, address: str, given: Settings, credentials: Mapping[str, Credential], clock: SystemClock
) -> dict[str, Any]:
    login = login_of(device, address, credentials)
    if login is None:
        return ssh_json(None, "credentials: the inventory names no SSH credential for this device, or an unknown one")
    reader = SshReader(given.state_directory, clock=clock, timeout=given.ssh.timeout, concurrent=1)
    try:
        return ssh_json(await reader.read(login))
    finally:
        reader.close()


def _named(credentials: Any, part: Any) -> Credential | None:
    """Return the credential that a part of a device names; None when it names none or an unknown one."""
    found = credentials.get(part.credential) if part is not None and part.credential is not None else None
    return found if isinstance(found, Credential) else None


def icmp_json(result: Burst | None, error: str | None = None) -> dict[str, Any]:
    """Write the echoes."""
    if result is None:
        return {
            "sent": 0,
            "received": 0,
            "loss_ratio": None,
            "rtt_seconds": None,
            "refused_by": None,
            "not_probed": [],
            "error": error,
        }
    rtts = [round(rtt, 6) for rtt in result.rtts]
    times = {"min": min(rtts), "avg": round(sum(rtts) / len(rtts), 6), "max": max(rtts)} if rtts else None
    return {
        "sent": result.sent,
        "received": result.received,
        "loss_ratio": result.loss_ratio,
        "rtt_seconds": times,
        "refused_by": result.refused_by,
        "not_probed": result.reasons,
        "error": error,
    }


def snmp_json(reading: SnmpReading | None, error: str | None = None) -> dict[str, Any]:
    """Write what the agent said."""
    if reading is None or not reading.answered:
        engine = reading.engine if reading is not None else None
        why = reading.error if reading is not None else error
        return {
            "answered": False,
            "error": why,
            "engine": engine,
            **dict.fromkeys(("system", "interfaces", "ups", "neighbours", "notes")),
        }
    return {
        "answered": True,
        "error": reading.error,
        "engine": reading.engine,
        "system": {
            "object_id": reading.object_id,
            "description": reading.description,
            "name": reading.name,
            "uptime_seconds": reading.uptime_s,
            "host_uptime_seconds": reading.host_uptime_s,
            "engine_boots": reading.boots,
            "chassis": reading.chassis,
        },
        "interfaces": [_interface(port) for port in reading.ports],
        "ups": asdict(reading.ups) if reading.ups is not None else None,
        "neighbours": [asdict(neighbour) for neighbour in reading.neighbours] if reading.neighbours else None,
        "notes": list(reading.notes),
    }


def ssh_json(reading: SshReading | None, error: str | None = None) -> dict[str, Any]:
    """Write what the command line said."""
    if reading is None or not reading.answered:
        platform = reading.platform if reading is not None else None
        why = reading.error if reading is not None else error
        nothing = dict.fromkeys(("interfaces", "neighbours", "uptime_seconds", "reboot_reason", "log_lines"))
        return {"answered": False, "error": why, "platform": platform, **nothing, "notes": []}
    ports = [
        {"name": port.name, "admin": port.admin.value, "oper": port.oper.value, "reason": port.reason} for port in reading.ports
    ]
    return {
        "answered": True,
        "error": reading.error,
        "platform": reading.platform,
        "interfaces": ports or None,
        "neighbours": [asdict(neighbour) for neighbour in reading.neighbours] if reading.neighbours else None,
        "uptime_seconds": reading.uptime_s,
        "reboot_reason": reading.reboot_reason,
        "log_lines": list(reading.log_lines) if reading.log_lines else None,
        "notes": list(reading.notes),
    }


def _interface(port: PortStatus) -> dict[str, Any]:
    """Write a port; a status that the MIB does not know with its number beside it."""
    odd = {"admin_value": port.admin_value, "oper_value": port.oper_value}
    return {key: value for key, value in odd.items() if value is not None} | {
        "index": port.index,
        "name": port.name,
        "description": port.description,
        "alias": port.alias,
        "admin": port.admin.value,
        "oper": port.oper.value,
        "speed_bps": port.speed_bps,
        "in_octets": port.in_octets,
        "out_octets": port.out_octets,
        "last_change_seconds": port.last_change_s,
    }
