"""Which maintenance windows lie over which devices now (FEATURES M7). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from netwatch.inventory.graph import Graph
from netwatch.inventory.model import Inventory, Status, Window, WindowMode

_STRENGTH = {WindowMode.LABEL: 0, WindowMode.SILENT: 1, WindowMode.NO_PROBING: 2}
_PERIOD = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}


def active(window: Window, at: datetime) -> bool:
    """Tell whether a window is open at `at`. The zone has no daylight saving, so a period is a fixed time."""
    if at < window.starts_at:
        return False
    begin = window.starts_at
    if window.repeat is not None:
        begin += (at - begin) // _PERIOD[window.repeat] * _PERIOD[window.repeat]
    return at < begin + (window.ends_at - window.starts_at)


def covered(windows: Sequence[Window], graph: Graph, at: datetime, *, always: Sequence[str] = ()) -> dict[str, WindowMode]:
    """Return the devices under a window at `at`, each with the strongest mode; `always`: devices that are silent in any case."""
    places: dict[str, WindowMode] = {}
    for window in windows:
        if not active(window, at):
            continue
        names = set(window.devices)
        for site in window.sites:
            names.update(graph.devices_of_site.get(site, ()))
        for group in window.groups:
            names |= graph.members(group)
        for name in names:
            if name not in places or _STRENGTH[window.mode] > _STRENGTH[places[name]]:
                places[name] = window.mode
    for name in always:
        places.setdefault(name, WindowMode.SILENT)
    return places


def in_maintenance(inventory: Inventory) -> tuple[str, ...]:
    """Return the devices whose own status is `maintenance`: a silent window without end."""
    return tuple(device.id for device in inventory.devices.values() if device.status is Status.MAINTENANCE)
