"""What hangs on what: computed once per load, O(V + E), asked ever after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netwatch.inventory.model import DeviceId, GroupId, Inventory, LinkId, Uplink


@dataclass(frozen=True, slots=True)
class Graph:
    """The inventory as a graph seen from the vantage. Only probed devices (active, maintenance) are in it."""

    inventory: Inventory
    distance: Mapping[DeviceId, int]  # links to the vantage; a device without a path is absent
    children: Mapping[DeviceId, tuple[DeviceId, ...]]  # devices with an uplink to this one; leaves are absent
    links: Mapping[LinkId, Uplink]
    bridges: frozenset[LinkId]  # links whose loss cuts somebody off (Tarjan)
    groups_of_device: Mapping[DeviceId, tuple[GroupId, ...]]  # its site's and its own risk groups
    groups_of_link: Mapping[LinkId, tuple[GroupId, ...]]
    devices_of_site: Mapping[str, tuple[DeviceId, ...]]

    @classmethod
    def of(cls, inventory: Inventory) -> Graph:
        """Compute the graph of an inventory."""
        raise NotImplementedError

    def parents(self, device: DeviceId) -> tuple[Uplink, ...]:
        """Return the uplinks of a device, as the inventory lists them."""
        return self.inventory.devices[device].uplinks

    def ancestors(self, device: DeviceId) -> frozenset[DeviceId]:
        """Return every device on any path from `device` up to the vantage, the vantage included, the device not."""
        raise NotImplementedError

    def behind(self, device: DeviceId) -> frozenset[DeviceId]:
        """Return every device that has `device` among its ancestors."""
        raise NotImplementedError

    def members(self, group: GroupId) -> frozenset[DeviceId]:
        """Return the devices of a risk group: named ones, those of its sites, the lower ends of its links."""
        raise NotImplementedError
