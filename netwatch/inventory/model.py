"""What the engineers wrote down, as frozen types. Loaded by `document`, walked by `graph`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DeviceId = str
SiteId = str
LinkId = str
GroupId = str


class SiteKind(StrEnum):
    """Whose ground a site stands on."""

    DATA_CENTER = "data_center"
    HUB = "hub"  # the city's own node outside the Data Center
    PROVIDER = "provider"
    OFFICE = "office"


class Role(StrEnum):
    """What a device is for."""

    CORE = "core"
    DISTRIBUTION = "distribution"
    ROUTER = "router"
    SWITCH = "switch"
    ACCESS_POINT = "access_point"
    SERVER = "server"
    UPS = "ups"
    OLT = "olt"
    OTHER = "other"


class Status(StrEnum):
    """Where a device is in its life. Only `active` and `maintenance` devices are probed."""

    ACTIVE = "active"
    PLANNED = "planned"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"


class LinkKind(StrEnum):
    """`circuit` ends in the provider's equipment, so the local port says little."""

    DIRECT = "direct"
    CIRCUIT = "circuit"


class GroupKind(StrEnum):
    """What the members of a risk group share."""

    POWER = "power"
    CABLE = "cable"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call at an office."""

    name: str
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A place with devices in it (lokasi)."""

    id: SiteId
    name: str
    kind: SiteKind
    opd: str | None = None
    contact: Contact | None = None
    location: tuple[float, float] | None = None  # latitude, longitude in degrees
    open_after: int | None = None  # seconds, overrides tickets.open_after


@dataclass(frozen=True, slots=True)
class Uplink:
    """The way a device reaches the Data Center: from `device` up to `to`."""

    id: LinkId  # UPSTREAM/DEVICE, or UPSTREAM:PORT/DEVICE where two lead to the same device
    device: DeviceId
    to: DeviceId
    port: str | None = None  # the port of `to`
    own_port: str | None = None
    kind: LinkKind = LinkKind.DIRECT
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class SnmpSettings:
    """How to read a device by SNMP. `credential` names an entry of credentials.yaml."""

    version: str = "2c"  # 1, 2c, 3
    port: int = 161
    engine: str = "auto"  # auto | pysnmp | gufo; auto: as the configuration says
    bulk: bool = True
    context: str = ""  # SNMPv3
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class SshSettings:
    """How to read a device by SSH. `credential` names an entry of credentials.yaml."""

    port: int = 22
    profile: str = "modern"  # modern | legacy
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """One thing with an address (perangkat)."""

    id: DeviceId
    site: SiteId
    role: Role
    address: str  # IPv4, IPv6 or a name
    uplinks: tuple[Uplink, ...] = ()
    platform: str | None = None  # netmiko device_type
    groups: tuple[str, ...] = ()
    snmp: SnmpSettings | None = None
    ssh: SshSettings | None = None
    interval: int | None = None  # seconds between echo rounds; None: detection.interval
    status: Status = Status.ACTIVE
    monitor: tuple[str, ...] = ("icmp", "snmp", "ssh")
    serial: str | None = None
    model: str | None = None
    asset_code: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RiskGroup:
    """Things that fail together."""

    id: GroupId
    kind: GroupKind
    sites: tuple[SiteId, ...] = ()
    devices: tuple[DeviceId, ...] = ()
    links: tuple[LinkId, ...] = ()


class WindowMode(StrEnum):
    """What a maintenance window switches off."""

    NO_PROBING = "no_probing"
    SILENT = "silent"  # probed, recorded, no ticket
    LABEL = "label"  # shown only


@dataclass(frozen=True, slots=True)
class Window:
    """One planned piece of work (pemeliharaan terjadwal): once, or repeating weekly."""

    id: str
    reason: str
    starts_at: datetime  # aware
    ends_at: datetime  # aware
    devices: tuple[DeviceId, ...] = ()
    sites: tuple[SiteId, ...] = ()
    groups: tuple[GroupId, ...] = ()
    mode: WindowMode = WindowMode.SILENT
    repeat: str | None = None  # None | "weekly" | "daily"


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that exists, after defaults and groups were applied and every reference was checked."""

    vantage: DeviceId
    sites: Mapping[SiteId, Site]
    devices: Mapping[DeviceId, Device]
    risk_groups: Mapping[GroupId, RiskGroup]
    maintenance: tuple[Window, ...] = ()
    digest: str = ""  # SHA-256 of the files it was read from, hex
    warnings: tuple[str, ...] = ()

    def site_of(self, device: DeviceId) -> Site:
        """Return the site a device stands in."""
        return self.sites[self.devices[device].site]
