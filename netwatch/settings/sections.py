"""The parts of the configuration, as frozen types with the defaults of INTERFACES 2. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Listen(NamedTuple):
    """An address to listen on: TCP, or UDP for traps."""

    host: str
    port: int

    def __str__(self) -> str:
        """Show it as it is written: `127.0.0.1:9877`, `[::1]:9877`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Monitor:
    """Where the probing process is reached."""

    listen: Listen | None
    socket: Path


@dataclass(frozen=True, slots=True)
class Api:
    """Where the api process is reached."""

    socket: Path
    listen: Listen | None


@dataclass(frozen=True, slots=True)
class Detection:
    """The numbers behind `down` and `up`; see `detect.state.Policy`."""

    interval: float = 10.0
    timeout: float = 1.0
    confirm_window: float = 20.0
    false_down_per_device_year: float = 0.001
    up_after: float = 10.0


@dataclass(frozen=True, slots=True)
class Tickets:
    """When an outage becomes a ticket, and when recovery counts."""

    open_after: float = 180.0
    reopen_within: float = 1800.0
    stable_before_close: float = 1800.0
    cancel_if_recovered_for: float = 3600.0


@dataclass(frozen=True, slots=True)
class Snmp:
    """How devices are read by SNMP."""

    interval: float = 60.0
    timeout: float = 2.0
    retries: int = 2
    engine: str = "auto"  # auto | pysnmp | gufo


@dataclass(frozen=True, slots=True)
class Ssh:
    """How devices are read by SSH. `timeout` is the deadline of a whole session."""

    timeout: float = 15.0
    concurrent: int = 4


@dataclass(frozen=True, slots=True)
class Traps:
    """Where the trap process hears, and where it shows its metrics."""

    listen: Listen | None  # UDP; not used where systemd hands a socket over
    metrics: Listen | None


@dataclass(frozen=True, slots=True)
class Channel:
    """One way out for messages; `credential` names the entry of credentials.yaml with the URL."""

    name: str
    credential: str | None = None
    url: str | None = None  # for channels without a secret in the URL
    roles: tuple[str, ...] = ()  # whom it is for; empty: everybody
    per_hour: int = 60  # more than this are bundled


@dataclass(frozen=True, slots=True)
class Notifications:
    """Where messages go. Nothing configured: into the log."""

    channels: tuple[Channel, ...] = (Channel(name="log"),)
