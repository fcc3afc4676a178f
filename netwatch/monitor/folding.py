"""When more waits for the database than may be kept: the newest state of each device stays, and everything of incidents. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netwatch.monitor.records import Moment, Record


def weight(record: Record) -> int:
    """Return how much a record counts against what may wait: its states and changes."""
    return max(1, len(record.states) + len(record.changes)) if isinstance(record, Moment) else 1


def newest_states(records: Sequence[Record]) -> tuple[list[Record], int]:
    """Return the records in their order without the states that a later one overtakes, and how many those were."""
    kept: list[Record] = []
    seen: set[str] = set()
    gone = 0
    for record in reversed(records):
        if not isinstance(record, Moment):
            kept.append(record)
            continue
        states = tuple(state for state in record.states if state.device not in seen)
        seen.update(state.device for state in states)
        gone += len(record.states) - len(states)
        if states or record.changes:
            kept.append(record if len(states) == len(record.states) else replace(record, states=states))
    kept.reverse()
    return kept, gone
