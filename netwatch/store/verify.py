"""Does the record hold together? Invariants I1-I8 and the chain (RELIABILITY 5, 8). Reads only; works on a backup too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netwatch.sop.entry import Entry
from netwatch.sop.record import Ticket
from netwatch.sop.replay import replay as replay_entries
from netwatch.store.chain import Outside, check_chain
from netwatch.store.consistency import (
    check_files,
    check_incidents,
    check_outbox,
    check_pages,
    check_requests,
    check_states,
    check_uniqueness,
)
from netwatch.store.journal import Head
from netwatch.store.replaying import check_tickets
from netwatch.store.store import Store
from netwatch.store.violation import Violation

Replay = Callable[[Sequence[Mapping[str, Any]]], Ticket]


def replay_bodies(bodies: Sequence[Mapping[str, Any]]) -> Ticket:
    """Build a ticket from the bodies of its journal entries."""
    return replay_entries(Entry.from_body(body) for body in bodies)


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked at, and what is wrong. `head` is what to compare with the papers."""

    entries: int
    head: Head
    violations: tuple[Violation, ...]

    @property
    def first_bad_seq(self) -> int | None:
        """Return the first entry that something is wrong with."""
        return min((found.seq for found in self.violations if found.seq is not None), default=None)


def verify(
    store: Store, *, since: int = 0, heads: Sequence[Head] = (), replay: Replay | None = None, files: bool = True
) -> list[Violation]:
    """Return every violation found. `since` skips the hashes of older entries; `heads` are heads known from outside."""
    return list(examine(store, since=since, heads=heads, replay=replay, files=files).violations)


def examine(
    store: Store, *, since: int = 0, heads: Sequence[Head] = (), replay: Replay | None = None, files: bool = True
) -> Verification:
    """Verify in one snapshot and say what was looked at."""
    with store.read() as tx:
        head = tx.journal.head()

        def checks() -> Iterator[Violation]:
            yield from check_chain(tx, since=since, outside=[Outside(known) for known in heads])
            yield from check_tickets(tx, replay or replay_bodies)
            yield from check_incidents(tx)
            yield from check_uniqueness(tx)
            yield from check_outbox(tx)
            yield from check_requests(tx)
            yield from check_states(tx)
            yield from check_pages(tx)
            if files:
                yield from check_files(tx, store.state_directory)

        return Verification(head.seq + 1 - since, head, tuple(checks()))
