"""Who needs a fresh look before anybody judges (DIAGNOSIS 2.1), and who after a recovery (2.2). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from netwatch.detect.state import Reach
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import DeviceId

CIRCLE_AT_MOST = 64  # members of one group, children of one ancestor; beyond it a random sample
RECOVERY_SPREAD_S = 30.0
BOOT_GRACE_S = 180.0  # after the entry's recovery, before a device behind it may open its own incident

Sampler = Callable[[Sequence[DeviceId], int], Sequence[DeviceId]]


def circle(graph: Graph, device: DeviceId, reach: Callable[[DeviceId], Reach | None], sample: Sampler) -> tuple[DeviceId, ...]:
    """Return whom to probe at once when `device` becomes suspect: its ancestors, then its risk-group mates, then siblings.

    `reach` says what is known of a device now; `sample(devices, n)` draws n at random. The device itself is not in the answer. A
    neighbour that stays silent becomes suspect itself and brings its own circle, so this may be called again as silence spreads.
    """
    ancestors = sorted(graph.ancestors(device), key=lambda name: (graph.distance.get(name, 0), name))
    chosen: dict[DeviceId, None] = dict.fromkeys(ancestors)
    for mates in _mates(graph, device):
        _add(chosen, mates, device, sample)
    for parent in _whose_children(graph, ancestors, reach):
        _add(chosen, graph.children.get(parent, ()), device, sample)
    return tuple(chosen)


def _add(chosen: dict[DeviceId, None], devices: Iterable[DeviceId], device: DeviceId, sample: Sampler) -> None:
    wanted = sorted(name for name in devices if name != device)
    chosen.update(dict.fromkeys(sample(wanted, CIRCLE_AT_MOST) if len(wanted) > CIRCLE_AT_MOST else wanted))


def _mates(graph: Graph, device: DeviceId) -> Iterable[Iterable[DeviceId]]:
    """Yield the devices of its site (one power), then those of its and its uplinks' risk groups."""
    yield graph.devices_of_site.get(graph.inventory.devices[device].site, ())
    groups = list(graph.groups_of_device.get(device, ()))
    for uplink in graph.parents(device):
        groups.extend(graph.groups_of_link.get(uplink.id, ()))
    for group in dict.fromkeys(groups):
        yield graph.members(group)


def _whose_children(
    graph: Graph, ancestors: Sequence[DeviceId], reach: Callable[[DeviceId], Reach | None]
) -> tuple[DeviceId, ...]:
    """Return every silent ancestor, and the lowest that answers (those farthest from the vantage, where there are several)."""
    silent = [name for name in ancestors if reach(name) is Reach.SILENT]
    answering = [name for name in ancestors if reach(name) is Reach.ANSWERING]
    lowest = max((graph.distance.get(name, 0) for name in answering), default=0)
    return (*(name for name in answering if graph.distance.get(name, 0) == lowest), *reversed(silent))


def spread(devices: Sequence[DeviceId], shuffled: Callable[[Sequence[DeviceId]], Sequence[DeviceId]]) -> dict[DeviceId, float]:
    """Return for each device the seconds to wait before its fresh echo: 30 s in all, in the order `shuffled` gives."""
    order = shuffled(devices)
    return {name: RECOVERY_SPREAD_S * place / max(1, len(order)) for place, name in enumerate(order)}
