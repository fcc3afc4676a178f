"""After a recovery: judge the outage once more, now that it is known which devices started anew (DIAGNOSIS 2.4).

While an outage lasts, a dead device, a cut line and a dark office look alike. Afterwards the uptimes tell them apart: what was
dark starts anew, what stood behind a cut line ran on. The picture that is judged is the one the incident was opened with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from netwatch.diagnose.cause import Cause
from netwatch.diagnose.localise import localise
from netwatch.diagnose.observations import dump, read
from netwatch.diagnose.report import cause_json
from netwatch.diagnose.snapshot import Snapshot
from netwatch.errors import InvalidFile
from netwatch.incident import Incident, IncidentState
from netwatch.inventory.graph import Graph
from netwatch.monitor.records import AfterRecovery, Moment
from netwatch.monitor.restarts import Restarts
from netwatch.observation import SnmpReading

WAIT_S = 600.0  # for the readings of every device of the affected sites
REMEMBERED = 32  # outages whose picture is kept
SCHEMA = "netwatch.after-recovery/1"


@dataclass(slots=True)
class Outage:
    """One incident, the picture it was judged on, and from when to when it lasted (monotonic seconds)."""

    incident: Incident
    picture: Mapping[str, Any]
    began: float
    ended: float | None = None


class Aftermath:
    """Waits, after incidents have recovered, until their devices were read, and judges them again."""

    def __init__(self) -> None:
        self.restarts = Restarts()
        self._outages: dict[str, Outage] = {}

    def read(self, reading: SnmpReading) -> None:
        """Take a reading: its uptime tells whether the device started anew."""
        self.restarts.take(reading)

    def note(self, moment: Moment, now: float) -> None:
        """Take what was written of incidents: the picture they were judged on, and that they recovered."""
        for change in moment.changes:
            incident = change.incident
            known = self._outages.get(incident.key)
            if moment.evidence is not None and incident.state is IncidentState.OPEN:
                began = now - max(0.0, (moment.at - incident.began_at).total_seconds())
                self._outages.pop(incident.key, None)
                self._outages[incident.key] = Outage(incident, moment.evidence, began)
            elif known is not None:
                known.incident = incident
                known.ended = now if incident.state is IncidentState.RECOVERED else None
                if incident.state is IncidentState.MERGED:
                    del self._outages[incident.key]
        while len(self._outages) > REMEMBERED:
            del self._outages[next(iter(self._outages))]

    def due(self, now: float, at: datetime, graph: Graph, tx: Callable[[], str]) -> Iterator[AfterRecovery]:
        """Judge the outages whose devices were all read since, or that ended ten minutes ago."""
        for key, outage in list(self._outages.items()):
            if outage.ended is None:
                continue
            asked = self._asked(outage, graph)
            answers = {device: self.restarts.rebooted(device, outage.began, outage.ended) for device in asked}
            read_all = all(self.restarts.running[device].at > outage.ended for device in asked)
            if not read_all and now < outage.ended + WAIT_S:
                continue
            del self._outages[key]
            rebooted = {device: answer for device, answer in sorted(answers.items()) if answer is not None}
            body = judged_again(outage, graph, rebooted) if rebooted else None
            if body is not None:
                yield AfterRecovery(tx(), at, key, body)

    def _asked(self, outage: Outage, graph: Graph) -> list[str]:
        """Return the devices of the affected sites that have ever told an uptime."""
        devices = graph.inventory.devices
        sites = {devices[name].site for name in (*outage.incident.locus, *outage.incident.affected) if name in devices}
        members = {name for site in sites for name in graph.devices_of_site.get(site, ())}
        return sorted(name for name in members if name in self.restarts.running)


def judged_again(outage: Outage, graph: Graph, rebooted: Mapping[str, bool]) -> dict[str, Any] | None:
    """Return the cause of an outage by its picture and by which devices started anew; None when its picture cannot be read."""
    try:
        picture = read(outage.picture, graph)
    except InvalidFile:  # the inventory has changed since
        return None
    views = dict(picture.devices)
    for device, answer in rebooted.items():
        if device in views:
            views[device] = replace(views[device], rebooted=answer)
    again: Snapshot = replace(picture, devices=views)
    cause = _cause_of(outage.incident.locus, localise(again))
    return {
        "schema": SCHEMA,
        "rebooted": dict(rebooted),
        "cause": cause_json(cause) if cause is not None else None,
        "observations": dump(again),
    }


def _cause_of(locus: frozenset[str], causes: Iterable[Cause]) -> Cause | None:
    """Return the cause that explains most of a locus."""
    best = max(causes, key=lambda cause: len(cause.locus & locus), default=None)
    return best if best is not None and best.locus & locus else None
