"""Acknowledgements and maintenance windows: what people tell netwatch about the network, with a reason."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from netwatch.casework.shown import incident_json
from netwatch.casework.world import World
from netwatch.diagnose.report import rfc3339
from netwatch.errors import Conflict, Fault, InvalidFile
from netwatch.incident import IncidentState
from netwatch.inventory.model import Window, WindowMode
from netwatch.store import Store, Transaction

REPEATS = (None, "daily", "weekly")


def acknowledge(
    store: Store, incident: int, *, by: str, reason: str, valid_for: timedelta | None = None, recorded_by: str | None = None
) -> dict[str, Any]:
    """Note that somebody saw an incident and why it waits. Raises NotFound, InvalidFile (no reason), Conflict (it is over)."""
    if not reason.strip():
        raise InvalidFile([Fault("reason", 0, 0, "an acknowledgement needs a reason")])

    def work(tx: Transaction) -> dict[str, Any]:
        found = tx.incidents.get(incident)
        if found.state is not IncidentState.OPEN:
            raise Conflict(f"incident {incident} is over since {found.ended_at}; nothing is left to acknowledge")
        expires_at = tx.now + valid_for if valid_for else None
        tx.acknowledgements.add(
            incident, by=by, at=tx.now, reason=reason.strip(), expires_at=expires_at, recorded_by=recorded_by or by
        )
        return incident_json(tx, found)

    return store.run(f"acknowledge-{uuid.uuid4()}", work)


def add_window(
    store: Store,
    world: World,
    *,
    by: str,
    reason: str,
    lasts: timedelta,
    starts_at: datetime | None = None,
    devices: tuple[str, ...] = (),
    sites: tuple[str, ...] = (),
    groups: tuple[str, ...] = (),
    mode: str = "silent",
    repeat: str | None = None,
) -> dict[str, Any]:
    """Announce planned work and return it. Raises InvalidFile for names that the inventory does not know, or nothing named."""
    _check(world, {"device": devices, "site": sites, "group": groups}, reason=reason, lasts=lasts, mode=mode, repeat=repeat)

    def work(tx: Transaction) -> dict[str, Any]:
        begins = starts_at or tx.now
        window = Window(
            id=f"m-{begins:%Y%m%d}-{uuid.uuid4().hex[:8]}",
            reason=reason.strip(),
            starts_at=begins,
            ends_at=begins + lasts,
            devices=devices,
            sites=sites,
            groups=groups,
            mode=WindowMode(mode),
            repeat=repeat,
        )
        tx.maintenance.add(window, by=by)
        return window_json(window, created_by=by, ended_at=None)

    return store.run(f"maintenance-{uuid.uuid4()}", work)


def end_window(store: Store, window: str, *, by: str) -> None:
    """End a window that was added from the command line now. Raises NotFound."""
    store.run(f"maintenance-{uuid.uuid4()}", lambda tx: tx.maintenance.end(window, by=by, at=tx.now))


def windows(store: Store, world: World, *, every: bool) -> list[dict[str, Any]]:
    """Return planned work from the inventory and from the command line: what is not over, or (every) all of it."""
    with store.read() as tx:
        stored = tx.maintenance.list(not_ended_before=None if every else tx.now)
        now = tx.now
    written = [
        window_json(window, created_by="inventory", ended_at=None)
        for window in world.inventory.maintenance
        if every or window.repeat is not None or window.ends_at > now
    ]
    return [*written, *(window_json(each.window, created_by=each.created_by, ended_at=each.ended_at) for each in stored)]


def window_json(window: Window, *, created_by: str, ended_at: datetime | None) -> dict[str, Any]:
    """Return a window as JSON."""
    return {
        "id": window.id,
        "reason": window.reason,
        "starts_at": rfc3339(window.starts_at),
        "ends_at": rfc3339(window.ends_at),
        "devices": list(window.devices),
        "sites": list(window.sites),
        "groups": list(window.groups),
        "mode": window.mode.value,
        "repeat": window.repeat,
        "created_by": created_by,
        "ended_at": rfc3339(ended_at) if ended_at else None,
    }


def _check(
    world: World, named: dict[str, tuple[str, ...]], *, reason: str, lasts: timedelta, mode: str, repeat: str | None
) -> None:
    from netwatch.strict_yaml import suggestion

    known = {"device": world.inventory.devices, "site": world.inventory.sites, "group": world.inventory.risk_groups}
    faults = [
        Fault(kind, 0, 0, f"'{name}' is not a {kind}{suggestion(name, known[kind])}")
        for kind, names in named.items()
        for name in names
        if name not in known[kind]
    ]
    if not any(named.values()):
        faults.append(Fault("device", 0, 0, "name at least one device, site or group"))
    if not reason.strip():
        faults.append(Fault("reason", 0, 0, "planned work needs a reason"))
    if lasts <= timedelta(0):
        faults.append(Fault("for", 0, 0, "must be longer than nothing"))
    if mode not in {each.value for each in WindowMode}:
        faults.append(Fault("mode", 0, 0, f"expected one of {', '.join(each.value for each in WindowMode)}"))
    if repeat not in REPEATS:
        faults.append(Fault("repeat", 0, 0, "expected daily or weekly"))
    if faults:
        raise InvalidFile(faults)
