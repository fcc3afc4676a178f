"""The format of inventory files, as pydantic models; the JSON Schema for editors is made from them."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from netwatch.inventory.model import GroupKind, LinkKind, Role, SiteKind, Status, WindowMode
from netwatch.strict_yaml import Flag, Model, Moment, Number, Whole

ID_PATTERN = "^[a-z0-9][a-z0-9-]{0,62}$"
_ID = re.compile(ID_PATTERN)
_HOST = re.compile(r"(?=.{1,253}$)(?!-)[A-Za-z0-9_-]{1,63}(\.(?!-)[A-Za-z0-9_-]{1,63})*\.?")
_HAS_LETTER = re.compile(r"[A-Za-z]")


def _id(value: str) -> str:
    if not _ID.match(value) or value.endswith("\n"):
        raise ValueError(f"expected an id of small letters, digits and hyphens, at most 63 long, found {value!r}")
    return value


def normal_address(text: str) -> str | None:
    """Return the one way to write an address or name, or None when it is neither."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        last = text.rstrip(".").rpartition(".")[2]
        return text.rstrip(".").lower() if _HOST.fullmatch(text) and _HAS_LETTER.search(last) else None


def _address(value: str) -> str:
    if normal_address(value) is None:
        raise ValueError(f"expected an IPv4 or IPv6 address or a name, found {value!r}")
    return value


def _latitude_longitude(value: tuple[float, float]) -> tuple[float, float]:
    if abs(value[0]) > 90 or abs(value[1]) > 180:
        raise ValueError("expected [latitude, longitude] in degrees")
    return value


def _version(value: Any) -> Any:
    if value not in ("1", 1):
        raise ValueError(f"expected 1, the only version of this format, found {value!r}")
    return 1


Id = Annotated[str, AfterValidator(_id), WithJsonSchema({"type": "string", "pattern": ID_PATTERN})]
Address = Annotated[str, AfterValidator(_address), WithJsonSchema({"type": "string", "minLength": 1})]
Code = Annotated[str, Field(min_length=1), WithJsonSchema({"type": ["string", "number"]})]  # editors read 1234 as a number
Text = Annotated[str, Field(min_length=1)]
Port = Annotated[Whole, Field(ge=1, le=65535)]
Version = Annotated[Literal[1], BeforeValidator(_version)]
SnmpVersion = Annotated[Literal["1", "2c", "3"], WithJsonSchema({"enum": [1, "1", "2c", 3, "3"]})]
Kind = Literal["icmp", "snmp", "ssh"]
KINDS: tuple[Kind, ...] = ("icmp", "snmp", "ssh")


class SnmpPart(Model):
    """How to read devices by SNMP."""

    version: SnmpVersion = "2c"
    port: Port = 161
    engine: Literal["auto", "pysnmp", "gufo"] = "auto"
    bulk: Flag = True
    context: str = Field(default="", max_length=32, description="SNMPv3 context name")


class SshPart(Model):
    """How to read devices by SSH; `legacy` also offers the algorithms of old switches."""

    port: Port = 22
    profile: Literal["modern", "legacy"] = "modern"


class CredentialNames(Model):
    """Names of entries in credentials.yaml."""

    snmp: Text | None = None
    ssh: Text | None = None


class Inheritable(Model):
    """What a device may take over from its groups and from the defaults."""

    platform: Text | None = Field(default=None, description="netmiko device_type, e.g. mikrotik_routeros")
    snmp: SnmpPart | None = None
    ssh: SshPart | None = None
    credentials: CredentialNames | None = None
    interval: Annotated[Whole, Field(ge=1, le=3600)] | None = Field(default=None, description="seconds between echo rounds")
    status: Status = Status.ACTIVE
    monitor: tuple[Kind, ...] = KINDS
    tags: tuple[Code, ...] = ()
    model: Code | None = None


class UplinkPart(Model):
    """The way up: the device above, and the ports at both ends."""

    to: Id
    port: Code | None = Field(default=None, description="port of the device above")
    own_port: Code | None = Field(default=None, description="port of this device")
    kind: LinkKind = LinkKind.DIRECT
    provider: Text | None = None


class DevicePart(Inheritable):
    """One thing with an address."""

    site: Id
    role: Role
    address: Address
    groups: tuple[Id, ...] = ()
    uplinks: tuple[UplinkPart, ...] = ()
    serial: Code | None = None
    asset_code: Code | None = None


class ContactPart(Model):
    """Whom to call."""

    name: Text
    phone: Text | None = None


class SitePart(Model):
    """A place with devices in it."""

    name: Text
    kind: SiteKind
    opd: Text | None = Field(default=None, description="the office (OPD) a site belongs to")
    contact: ContactPart | None = None
    location: Annotated[tuple[Number, Number], AfterValidator(_latitude_longitude)] | None = None
    open_after: Annotated[Whole, Field(ge=0, le=86400)] | None = Field(default=None, description="overrides tickets.open_after")


class RiskGroupPart(Model):
    """Things that fail together."""

    kind: GroupKind
    sites: tuple[Id, ...] = ()
    devices: tuple[Id, ...] = ()
    links: tuple[Text, ...] = Field(default=(), description="UPSTREAM/DEVICE, or UPSTREAM:PORT/DEVICE")

    @model_validator(mode="after")
    def _not_empty(self) -> RiskGroupPart:
        if not (self.sites or self.devices or self.links):
            raise ValueError("is empty; name its sites, devices or links")
        return self


class WindowPart(Model):
    """Planned work."""

    id: Id
    reason: Text
    starts_at: Moment = Field(alias="from")
    ends_at: Moment = Field(alias="until")
    devices: tuple[Id, ...] = ()
    sites: tuple[Id, ...] = ()
    groups: tuple[Id, ...] = ()
    mode: WindowMode = WindowMode.SILENT
    repeat: Literal["daily", "weekly"] | None = None

    @model_validator(mode="after")
    def _sensible(self) -> WindowPart:
        length = (self.ends_at - self.starts_at).total_seconds()
        if length <= 0:
            raise ValueError("'until' must be later than 'from'")
        if self.repeat and length >= {"daily": 86400, "weekly": 7 * 86400}[self.repeat]:
            raise ValueError(f"is too long to repeat {self.repeat}")
        if not (self.devices or self.sites or self.groups):
            raise ValueError("names no devices, sites or groups")
        return self


class InventoryFile(Model):
    """One inventory file, or one of several in a directory."""

    version: Version
    vantage: Id | None = Field(default=None, description="the device the monitoring host is plugged into")
    defaults: Inheritable | None = None
    groups: dict[Id, Inheritable] = Field(default={})
    sites: dict[Id, SitePart] = Field(default={})
    devices: dict[Id, DevicePart] = Field(default={})
    risk_groups: dict[Id, RiskGroupPart] = Field(default={})
    maintenance: tuple[WindowPart, ...] = ()


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an inventory file."""
    schema = InventoryFile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "netwatch inventory"} | schema
