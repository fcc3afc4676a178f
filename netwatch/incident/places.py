"""When are two faults one fault: the questions `reconcile` asks of a place."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from netwatch.diagnose.cause import Cause, CauseKind
from netwatch.incident.life import Incident, IncidentPolicy, IncidentState, OutageView

_LINKS = frozenset({CauseKind.LINK, CauseKind.CONFIGURATION, CauseKind.REDUNDANCY})


def is_same_fault(incident: Incident, cause: Cause, onset: datetime, entries: frozenset[str], policy: IncidentPolicy) -> bool:
    """Tell whether an open incident elsewhere is this cause seen too low: its silent locus lies behind the cause, same onset.

    A fault that was there long before, and is only hidden now, stays an incident of its own; so does one that is still among the
    `entries` of this snapshot.
    """
    waiting = [device for device in incident.locus if is_out(incident, device)]
    if not waiting or cause.kind is CauseKind.MONITOR or not entries.isdisjoint(waiting):
        return False
    if not cause.affected.issuperset(waiting) and cause.element not in ends(incident.cause):
        return False
    began = min(incident.affected[device].since for device in waiting)
    return abs(began - onset) <= timedelta(seconds=policy.onset_skew)


def is_same_place_again(
    incident: Incident, cause: Cause, locus: Collection[str], onset: datetime, policy: IncidentPolicy
) -> bool:
    """Tell whether a recovered incident goes on: overlapping locus, or an end of its link that takes nobody else along."""
    if incident.ended_at is None or onset - incident.ended_at > timedelta(seconds=policy.reopen_within):
        return False
    if not incident.locus.isdisjoint(locus):
        return True
    return cause.element in ends(incident.cause) and (cause.affected - {cause.element}) <= incident.affected.keys()


def held_to_its_place(incident: Incident, locus: Collection[str]) -> bool:
    """Tell whether an earlier incident was at this place."""
    return not incident.locus.isdisjoint(locus)


def may_split(incident: Incident, device: str, view: OutageView, now: datetime, policy: IncidentPolicy) -> bool:
    """Tell whether a silent victim of `incident` is a fault of its own (DIAGNOSIS 2.2 and 3.6).

    Recovered: after the boot grace. Open, partly healed: after the boot grace, when nothing hides it. Open, nothing healed: only
    when it fell silent at another time; in the seconds in which an entry returns its victims look like entries.
    """
    grace = timedelta(seconds=policy.boot_grace)
    if incident.state is not IncidentState.OPEN:
        return incident.ended_at is None or now - incident.ended_at >= grace
    if view.hidden_by is not None:
        return False
    healed = [outage.until for name, outage in incident.affected.items() if name in incident.locus and outage.until is not None]
    if healed:
        return now - max(healed) >= grace
    return abs(incident.affected[device].since - incident.began_at) > timedelta(seconds=policy.onset_skew)


def is_out(incident: Incident, device: str) -> bool:
    """Tell whether a device's part in an incident goes on."""
    outage = incident.affected.get(device)
    return outage is not None and outage.until is None


def ends(cause: Cause) -> tuple[str, ...]:
    """Return the two devices of the link a cause names: `UPSTREAM/DEVICE` or `UPSTREAM:PORT/DEVICE` (a port may have slashes)."""
    if cause.kind not in _LINKS or "/" not in cause.element:
        return ()
    upper, lower = cause.element.rsplit("/", 1)
    return upper.split(":", 1)[0], lower
