"""Every constant of the localisation, in one table with its source (DIAGNOSIS 3.2). Natural logarithms throughout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from math import exp, lgamma, log, log1p

from netwatch.inventory.model import GroupKind, LinkKind
from netwatch.observation import PortAdmin, PortOper, PortStatus

# Priors of a fault within one correlation window
DEVICE = log(1e-4)
LINK = log(1e-4)
CONFIGURATION = LINK - 0.5  # only where the port reads admin-down or err-disabled
SITE_POWER = log(2e-4)  # of an office
SITE_POWER_BACKED = log(2e-5)  # of a Data Center, a hub, a provider's node: batteries and a generator stand there
GROUP: Mapping[GroupKind, float] = {GroupKind.POWER: log(2e-5), GroupKind.CABLE: log(2e-5), GroupKind.PROVIDER: log(1e-5)}

# Contradictions
ANSWERS_IN_DARK_SITE = log(0.03)  # each answering device of a site whose power is said to be off
SURVIVES: Mapping[GroupKind, float] = {
    GroupKind.POWER: 0.15,
    GroupKind.CABLE: 0.06,
    GroupKind.PROVIDER: 0.06,
}  # eps; power: a UPS
SURVIVORS_ALLOWED = 0.5  # share of shared failures that leave any number of members alive: half a cable, a feed with generators
FORGOTTEN = log(0.05)  # a member of a risk group that the inventory does not name
PORT_WRONG = 0.01  # a port that reads down on a working line, or up on a dead one
ONSET_SKEW_S = 120.0  # of one cause
SAME_ROUND_S = 10.0  # between the first lost echoes of devices that fell silent at one instant: one interval

# Confidences that are not computed
AGENT = 0.80  # forwards but does not answer ICMP
AGENT_SNMP = 0.90  # answers one of ICMP and SNMP
NO_ENTRY = 0.30
MONITOR_NO_CARRIER = 0.97
MONITOR_WITNESS = 0.95
FIRST_HOP_NO_WITNESS = 0.70
REDUNDANCY = 0.85
SIDE_KNOWN_FROM = 0.60  # the hypotheses of one side must add up to this

# P(power hint given power / anything else)
_HINT = (log(0.50), log(0.01))
_NO_HINT = (log(0.50), log(0.99))


class Reads(StrEnum):
    """What a port reading says in the table below."""

    DOWN = "down"
    UP = "up"
    ADMIN = "admin"
    ERR_DISABLED = "err_disabled"


class Row(StrEnum):
    """The kind of fault that a port reading, a hint or a restart is judged under."""

    CUT = "cut"  # link, cable
    POWER = "power"  # site or feed
    DEVICE = "device"
    PROVIDER = "provider"  # provider group
    CONFIGURATION = "configuration"


def _logs(down: float, up: float, admin: float, err_disabled: float) -> Mapping[Reads, float]:
    return {Reads.DOWN: log(down), Reads.UP: log(up), Reads.ADMIN: log(admin), Reads.ERR_DISABLED: log(err_disabled)}


_SWITCHED_OFF = _logs(0.01, 0.01, 0.49, 0.49)
PORT: Mapping[LinkKind, Mapping[Row, Mapping[Reads, float]]] = {
    LinkKind.DIRECT: {
        Row.CUT: _logs(0.93, 0.05, 0.01, 0.01),
        Row.POWER: _logs(0.96, 0.03, 0.005, 0.005),
        Row.DEVICE: _logs(0.45, 0.54, 0.005, 0.005),
        Row.PROVIDER: _logs(0.45, 0.54, 0.005, 0.005),
        Row.CONFIGURATION: _SWITCHED_OFF,
    },
    LinkKind.CIRCUIT: {
        Row.CUT: _logs(0.30, 0.68, 0.01, 0.01),
        Row.POWER: _logs(0.25, 0.74, 0.005, 0.005),
        Row.DEVICE: _logs(0.15, 0.84, 0.005, 0.005),
        Row.PROVIDER: _logs(0.15, 0.84, 0.005, 0.005),
        Row.CONFIGURATION: _SWITCHED_OFF,
    },
}

# P(uptime reset of the entry) and P(reset of another silent device of its site)
_RESET = {Row.POWER: 0.95, Row.DEVICE: 0.90, Row.PROVIDER: 0.90, Row.CUT: 0.03, Row.CONFIGURATION: 0.03}
_OTHER_RESET = {Row.POWER: 0.95, Row.DEVICE: 0.03, Row.PROVIDER: 0.03, Row.CUT: 0.03, Row.CONFIGURATION: 0.03}


def reads(status: PortStatus | None) -> Reads | None:
    """Translate a port reading; None when there is none or it says nothing."""
    if status is None:
        return None
    if status.reason is not None and "err" in status.reason.lower() and "disabled" in status.reason.lower():
        return Reads.ERR_DISABLED
    if status.admin is PortAdmin.DOWN:
        return Reads.ADMIN
    if status.oper in (PortOper.DOWN, PortOper.LOWER_LAYER_DOWN, PortOper.NOT_PRESENT):
        return Reads.DOWN
    return Reads.UP if status.oper is PortOper.UP else None


def hint(row: Row, *, seen: bool) -> float:
    """Return ln P(power hint seen or not | kind of fault)."""
    return (_HINT if seen else _NO_HINT)[0 if row is Row.POWER else 1]


def reset(row: Row, rebooted: bool | None) -> float:  # noqa: FBT001 - one fact, not a switch
    """Return ln P(the entry restarted or not | kind of fault); 0 while that is not known."""
    return _known(_RESET[row], rebooted)


def other_resets(row: Row, *, restarted: int, kept_running: int) -> float:
    """Return ln P(so many other devices of the site restarted, so many did not | kind of fault)."""
    p = _OTHER_RESET[row]
    return restarted * log(p) + kept_running * log(1 - p)


def survival(kind: GroupKind, failed: int, alive: int) -> float:
    """Return ln P(so many members of a failed group are silent, so many live).

    Mostly all fail, but for an unlucky few (eps); or any share of them does, each as likely as another (Laplace).
    """
    eps = SURVIVES[kind]
    members = failed + alive
    whole = log(1 - SURVIVORS_ALLOWED) + failed * log(1 - eps) + alive * log(eps)
    part = log(SURVIVORS_ALLOWED) - log(members + 1) - (lgamma(members + 1) - lgamma(failed + 1) - lgamma(alive + 1))
    most, least = max(whole, part), min(whole, part)  # in logarithms: the plain numbers vanish from a thousand members on
    return most + log1p(exp(least - most))


def unmissed(kind: LinkKind, reading: Reads) -> float:
    """Return by how much a port reading speaks for a cut of a line that nobody misses, against a reading that is wrong."""
    fine = {Reads.UP: 1 - PORT_WRONG}.get(reading, PORT_WRONG)
    return PORT[kind][Row.CUT][reading] - log(fine)


def _known(p: float, seen: bool | None) -> float:  # noqa: FBT001
    return 0.0 if seen is None else log(p if seen else 1 - p)


def shares(scores: Iterable[float]) -> list[float]:
    """Return the softmax of scores: their shares of one."""
    listed = list(scores)
    best = max(listed)
    weights = [exp(score - best) for score in listed]
    total = sum(weights)
    return [weight / total for weight in weights]
