"""Did a device start anew between two readings (DEVICES 2.5)? Not fooled by the wrap of its clock, nor by an agent alone. Pure.

sysUpTime counts from the start of the agent, in 1/100 s, and begins at 0 again after 497.1 days. Other clocks of a device only
support what it says, and only those whose own growth was right before; the largest of several is never taken, because a wrong
clock hides true restarts. All times are seconds; `at` is monotonic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

WRAP_S = 2**32 / 100
TOLERANCE_S = 60.0
TOLERANCE_RATIO = 0.01  # of the time between the readings
REPLY_S = 5.0  # between the moment a clock was read and the moment its answer was


class Restart(StrEnum):
    """What happened between two readings."""

    NONE = "none"  # it went on
    WRAPPED = "wrapped"  # it went on, and its clock began at 0 again
    AGENT = "agent"  # the agent started anew; nothing says that the device did
    DEVICE = "device"  # the device started anew
    ODD = "odd"  # the clock says something that cannot be: no verdict
    UNKNOWN = "unknown"  # there is nothing to compare

    @property
    def rebooted(self) -> bool | None:
        """Tell whether the device started anew, as far as this says. An agent alone proves neither."""
        return {Restart.DEVICE: True, Restart.NONE: False, Restart.WRAPPED: False}.get(self)


@dataclass(frozen=True, slots=True)
class Running:
    """What one reading says of how long a device has been running."""

    at: float
    uptime_s: float | None
    host_uptime_s: float | None = None  # hrSystemUptime
    boots: int | None = None  # snmpEngineBoots
    changed: Mapping[str, float] = field(default_factory=dict)  # port -> how long ago it changed, where the device knows
    host_trusted: bool = False  # its host clock was seen to grow as time did


def follow(before: Running | None, now: Running, *, lost: bool) -> tuple[Running, Restart]:
    """Compare a reading with the one before; `lost`: the device answered no echo for a while in between.

    Returns what to remember, which is the older one while the new one tells no uptime.
    """
    if before is None or now.uptime_s is None or before.uptime_s is None or now.at <= before.at:
        kept = now if before is None or now.uptime_s is not None else before
        return kept, Restart.UNKNOWN
    elapsed = now.at - before.at
    grown = _grew(before.host_uptime_s, now.host_uptime_s, elapsed)
    trusted = grown if grown is not None else before.host_trusted
    kept = replace(now, host_trusted=trusted, boots=before.boots if now.boots is None else now.boots)
    clock = _clock(before.uptime_s, now.uptime_s, elapsed)
    boots_rose = before.boots is not None and now.boots is not None and now.boots > before.boots
    if clock is Restart.WRAPPED and boots_rose:
        return kept, Restart.ODD  # it restarted in the very minute of its wrap, or its boots are wrong
    if clock is Restart.AGENT and (lost or _host_fell(before, now, elapsed) or _ports_changed(before, now)):
        return kept, Restart.DEVICE
    return kept, clock


def _clock(before: float, now: float, elapsed: float) -> Restart:
    """Judge by sysUpTime alone."""
    tolerance = TOLERANCE_S + TOLERANCE_RATIO * elapsed
    expected = before + elapsed
    away = abs((now - expected + WRAP_S / 2) % WRAP_S - WRAP_S / 2)
    fell = now < before
    may_wrap = expected + tolerance >= WRAP_S
    if fell and not may_wrap and now <= elapsed + REPLY_S:
        return Restart.AGENT  # also if the clock before was hardly more: a clock that goes on never falls
    if away <= tolerance:
        return Restart.WRAPPED if fell and may_wrap else Restart.NONE
    if now <= elapsed + tolerance:
        return Restart.AGENT
    return Restart.ODD


def _grew(before: float | None, now: float | None, elapsed: float) -> bool | None:
    """Tell whether another clock of the device grew as time did; None where it does not say."""
    if before is None or now is None:
        return None
    return abs((now - before - elapsed + WRAP_S / 2) % WRAP_S - WRAP_S / 2) <= TOLERANCE_S + TOLERANCE_RATIO * elapsed


def _host_fell(before: Running, now: Running, elapsed: float) -> bool:
    """Tell whether the clock of the host, which was right until now, began anew too."""
    if not before.host_trusted or before.host_uptime_s is None or now.host_uptime_s is None:
        return False
    return _clock(before.host_uptime_s, now.host_uptime_s, elapsed) is Restart.AGENT


def _ports_changed(before: Running, now: Running) -> bool:
    """Tell whether ports that had been as they were for long say that they changed since the agent began."""
    assert now.uptime_s is not None
    began = now.at - now.uptime_s
    known = [(now.at - since, before.at - before.changed[port]) for port, since in now.changed.items() if port in before.changed]
    return bool(known) and all(changed >= began - REPLY_S > earlier for changed, earlier in known)
