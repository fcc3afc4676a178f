"""Everything known at one instant, frozen: the only input of a diagnosis (DIAGNOSIS 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from netwatch.detect.state import Reach
from netwatch.inventory.graph import Graph
from netwatch.observation import PortStatus

__all__ = ["DeviceView", "Reach", "Snapshot", "VantageView"]


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device in the snapshot. None means: not measured."""

    icmp: Reach | None
    since: datetime | None = None  # first lost echo
    certain: bool = False  # silent by rule 1.2, not only in the snapshot
    snmp: bool | None = None  # the agent answers, as last read
    rebooted: bool | None = None  # known after recovery
    on_battery: bool = False
    refused_by: str | None = None
    snmp_since_loss: bool = False  # the agent answered after `since`: then the device lives and only its ICMP is silent


@dataclass(frozen=True, slots=True)
class VantageView:
    """What the monitor knows of itself (ring 0 and the witness)."""

    carrier: bool | None = True
    witness: bool | None = None  # an independent second probe sees the network; None: there is none


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What `localise` judges. Devices that are missing from `devices` are unknown."""

    graph: Graph
    at: datetime
    devices: Mapping[str, DeviceView]
    ports: Mapping[tuple[str, str], PortStatus] = field(default_factory=dict)  # (device, port name) -> reading
    vantage: VantageView = VantageView()
