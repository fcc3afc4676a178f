"""What a verdict is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class CauseKind(StrEnum):
    """What failed."""

    DEVICE = "device"
    LINK = "link"
    SITE_POWER = "site_power"
    POWER_FEED = "power_feed"
    CABLE = "cable"
    PROVIDER = "provider"
    CONFIGURATION = "configuration"
    AGENT = "agent"
    MONITOR = "monitor"
    REDUNDANCY = "redundancy"
    UNKNOWN = "unknown"


class Side(StrEnum):
    """Whose side a fault is on: the sentence on which step 5 of the SOP turns."""

    DATA_CENTER = "data_center"
    PROVIDER = "provider"
    SITE = "site"
    MONITOR = "monitor"
    UNKNOWN = "unknown"


class Domain(StrEnum):
    """The seven domains of DIAGNOSIS 3.4, and `unknown`."""

    DC = "dc"
    PROVIDER = "provider"
    SITE_UPLINK = "site_uplink"
    SITE_POWER = "site_power"
    SITE_DEVICE = "site_device"
    AGENT = "agent"
    MONITOR = "monitor"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact behind a verdict: a stable code and its values; `diagnose.explain` makes sentences of it."""

    code: str
    values: Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Alternative:
    """The next best explanation of the same silence."""

    kind: CauseKind
    element: str
    side: Side
    domain: Domain
    confidence: float


@dataclass(frozen=True, slots=True)
class Cause:
    """One fault: what, where, on whose side, how sure, and what it explains."""

    kind: CauseKind
    element: str  # device id, link id, risk-group id, site id (site_power), or the vantage (monitor)
    side: Side
    domain: Domain
    confidence: float  # 0..1
    locus: frozenset[str]  # entry devices: the key of an incident
    affected: frozenset[str]  # every silent device it explains, the locus included
    evidence: tuple[Evidence, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
