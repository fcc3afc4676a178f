"""What the trap process counted since its start: plain integers, read by the metrics page."""

from __future__ import annotations

from dataclasses import dataclass, field

from netwatch.observation import TrapKind
from netwatch.probe.snmp.traps.receiver import RESULTS

UNKNOWN_SOURCE = "unknown_source"
DELIVERED = ("woke", "limited", "unknown", "expired")  # the first three are the monitor's words


@dataclass(slots=True)
class Counts:
    """Counters of one trap process."""

    results: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*RESULTS, UNKNOWN_SOURCE), 0))
    kinds: dict[str, int] = field(default_factory=lambda: dict.fromkeys(map(str, TrapKind), 0))
    wakes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DELIVERED, 0))
    answers: int = 0
    heard_at: float | None = None  # wall clock, seconds since 1970: the newest authorised notification
    loop_lag: float = 0.0
