"""What was found in the output of one command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from netwatch.observation import Neighbour, PortStatus


@dataclass(frozen=True, slots=True)
class Found:
    """Everything a reading may bring; most bring one thing."""

    ports: tuple[PortStatus, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)  # port -> why it is down or without power
    neighbours: tuple[Neighbour, ...] = ()
    uptime_s: float | None = None
    reboot_reason: str | None = None
    log_lines: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()  # what else a person should know, as "what: text"


Reader = Callable[[str], Found]  # raises NotRead
