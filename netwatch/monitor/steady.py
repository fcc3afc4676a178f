"""Ages that no step of the wall clock changes: times recorded before it, as the present clock would have told them. Pure.

What is recorded keeps its times. But "recovered ten minutes ago" must stay ten minutes when somebody sets the clock by a day, so
incidents are compared with the present in the present clock's times, and written with those that were recorded. After a restart
only what is recorded is known: then the wall clock counts, but nothing has ended later than now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from netwatch.incident import Change, Incident


class Steady:
    """Translates between the times of records and those of the present clock. Without a step there is nothing to translate."""

    def __init__(self) -> None:
        self._present: dict[str, dict[datetime, datetime]] = {}  # key -> time as recorded -> as the present clock would tell it

    def stepped(self, seconds: float, known: Iterable[Incident]) -> None:
        """Note that the wall clock jumped by so much; only the times of known incidents are kept."""
        step = timedelta(seconds=seconds)
        self._present = {one.key: {at: self._of(one, at) + step for at in _times(one)} for one in known}

    def not_after(self, now: datetime, known: Iterable[Incident]) -> None:
        """Bring times in the future down to now, in their order: the clock was set back while nobody watched it."""
        for one in known:
            late = sorted({at for at in _times(one) if at > now}, reverse=True)
            if late:
                self._present[one.key] = {at: now - timedelta(microseconds=place) for place, at in enumerate(late)}

    def forget(self, key: str) -> None:
        """Drop what is kept of an incident."""
        self._present.pop(key, None)

    def ended_at(self, incident: Incident) -> datetime | None:
        """Return when an incident ended as the present clock would have told it."""
        return None if incident.ended_at is None else self._of(incident, incident.ended_at)

    def told(self, incidents: Iterable[Incident]) -> tuple[Incident, ...]:
        """Return incidents with the times of the present clock."""
        tables = self._present
        return tuple(_translated(one, tables[one.key]) if one.key in tables else one for one in incidents)

    def recorded(self, changes: Sequence[Change]) -> list[Change]:
        """Return changes with the times under which everything was recorded."""
        back = {key: {told: at for at, told in table.items()} for key, table in self._present.items()}
        return [
            replace(change, incident=_translated(change.incident, back[change.incident.key]))
            if change.incident.key in back
            else change
            for change in changes
        ]

    def _of(self, incident: Incident, at: datetime) -> datetime:
        return self._present.get(incident.key, {}).get(at, at)


def _times(incident: Incident) -> Iterator[datetime]:
    yield incident.began_at
    if incident.ended_at is not None:
        yield incident.ended_at
    for outage in incident.affected.values():
        yield outage.since
        if outage.until is not None:
            yield outage.until


def _translated(incident: Incident, table: Mapping[datetime, datetime]) -> Incident:
    affected = {
        device: replace(
            outage,
            since=table.get(outage.since, outage.since),
            until=None if outage.until is None else table.get(outage.until, outage.until),
        )
        for device, outage in incident.affected.items()
    }
    ended = incident.ended_at
    return replace(
        incident,
        began_at=table.get(incident.began_at, incident.began_at),
        ended_at=None if ended is None else table.get(ended, ended),
        affected=affected,
    )
