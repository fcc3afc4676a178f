"""The ids of uplinks: stable names for the lines between devices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from netwatch.inventory.model import DeviceId, LinkId


def link_ids(device: DeviceId, uplinks: Sequence[tuple[DeviceId, str | None]]) -> tuple[LinkId, ...]:
    """Return the id of each uplink (device above, its port): `UPSTREAM/DEVICE`; `UPSTREAM:PORT/DEVICE` where two lead there."""
    if len(uplinks) == 1:
        return (f"{uplinks[0][0]}/{device}",)
    times = Counter(to for to, _ in uplinks)
    return tuple(f"{to}/{device}" if times[to] == 1 else f"{to}:{port}/{device}" for to, port in uplinks)
