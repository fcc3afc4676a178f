"""What one probe saw: frozen facts, no verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Echo(NamedTuple):
    """One echo request and what came of it. A probe that could not be made is a `NotProbed`, never a lost echo.

    A named tuple because a city makes a thousand of them a second.
    """

    device: str
    sent_at: float  # monotonic seconds
    rtt: float | None  # seconds; None: no reply within the timeout
    refused_by: str | None = None  # address of the router that sent an ICMP error
    scheduled: bool = True  # False: a re-probe, which must not feed the loss estimate


class NotProbed(NamedTuple):
    """An echo that never left this machine: a fact about the monitor, not about the device."""

    device: str
    at: float  # monotonic seconds
    reason: str  # errno name in lower case (enetunreach, eperm, enobufs), or: name, socket_drop, in_flight


class PortAdmin(StrEnum):
    """ifAdminStatus (RFC 2863)."""

    UP = "up"
    DOWN = "down"
    TESTING = "testing"
    UNKNOWN = "unknown"


class PortOper(StrEnum):
    """ifOperStatus (RFC 2863)."""

    UP = "up"
    DOWN = "down"
    TESTING = "testing"
    UNKNOWN = "unknown"
    DORMANT = "dormant"
    NOT_PRESENT = "not_present"
    LOWER_LAYER_DOWN = "lower_layer_down"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class PortStatus:
    """One port as its device describes it."""

    name: str
    admin: PortAdmin
    oper: PortOper
    reason: str | None = None  # e.g. err-disabled
    index: int | None = None
    description: str | None = None
    alias: str | None = None
    speed_bps: int | None = None
    in_octets: int | None = None
    out_octets: int | None = None
    last_change_s: float | None = None
    mac: str | None = None
    admin_value: int | None = None  # the number as it was sent, where the MIB does not know it
    oper_value: int | None = None


@dataclass(frozen=True, slots=True)
class UpsStatus:
    """Where the power comes from."""

    on_battery: bool
    source: str  # the object and value this was read from, e.g. upsOutputSource=3
    note: str | None = None  # bypass: a warning, no power cut | unconfirmed: says battery, and nothing else agrees
    seconds_on_battery: int | None = None
    minutes_left: float | None = None
    charge: int | None = None  # per cent


class TrapKind(StrEnum):
    """Why a device calls (trap or inform): a reason to look, never a proof. The last two hint at the power of its site."""

    COLD_START = "cold_start"
    WARM_START = "warm_start"
    LINK_DOWN = "link_down"
    LINK_UP = "link_up"
    ON_BATTERY = "on_battery"
    ON_MAINS = "on_mains"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What a device says of the other end of one of its ports. What it does not say is None."""

    port: str | None  # own port, by the name the device uses
    protocol: str  # lldp | cdp | arp
    device: str | None = None  # system name of the other end
    remote_port: str | None = None
    address: str | None = None  # numeric
    chassis: str | None = None  # MAC address or what else the other end calls itself by
    remote_description: str | None = None  # what the other end says of that port, where it calls it by a number or a MAC address


@dataclass(frozen=True, slots=True)
class SnmpReading:
    """What one SNMP round of one device brought. What could not be read is None, never 0."""

    device: str
    at: float  # monotonic seconds
    answered: bool
    error: str | None = None
    engine: str | None = None
    object_id: str | None = None
    description: str | None = None
    name: str | None = None
    uptime_s: float | None = None
    ports: tuple[PortStatus, ...] = ()
    ups: UpsStatus | None = None
    boots: int | None = None  # snmpEngineBoots: supporting evidence of a restart
    host_uptime_s: float | None = None  # hrSystemUptime
    neighbours: tuple[Neighbour, ...] = ()
    chassis: str | None = None  # what the device calls itself by towards its neighbours: mostly a MAC address
    notes: tuple[str, ...] = ()  # oddities of the agent that the reader met, as codes


@dataclass(frozen=True, slots=True)
class SshReading:
    """What one SSH session brought."""

    device: str
    at: float
    answered: bool
    error: str | None = None
    platform: str | None = None
    ports: tuple[PortStatus, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    uptime_s: float | None = None
    reboot_reason: str | None = None
    log_lines: tuple[str, ...] = ()  # of the device's own log, newest last
    output: Mapping[str, str] = field(default_factory=dict)  # command -> text
    notes: tuple[str, ...] = ()  # what was asked for and not read, as "what: why"; not read is unknown, never fine
