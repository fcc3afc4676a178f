"""The one writer thread: probing never waits for a disk, nothing decided is lost while the database is away (RELIABILITY P7)."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice

from netwatch.clock import Clock
from netwatch.errors import NetwatchError, StoreAway, StoreBroken, StoreBusy
from netwatch.monitor.folding import newest_states, weight
from netwatch.monitor.records import Beat, Moment, OpenTicket, Record, Stored, Sweep, Write, Written

QUEUE_LIMIT = 100_000  # states and changes kept in memory while the database is away: an hour of a very bad day
EVIDENCE_LIMIT = 100  # of them with the snapshot they were judged on: megabytes each in a large city
RETRY_S = 1.0


class ThreadRecorder:
    """Writes records in order, one transaction each; what fails for now is tried again with its true time."""

    def __init__(self, write: Write, *, clock: Clock, stored: Callable[[Record], Stored | None] = lambda _: None) -> None:
        self._write = write
        self._stored = stored  # what stands where a record was refused
        self._clock = clock
        self._queue: deque[Record] = deque()
        self._written: deque[Written] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self.alive_at = clock.monotonic()  # the writer's heartbeat; the watchdog looks at it
        self.writable = True
        self._weight = 0  # of the queue
        self._fold_at = QUEUE_LIMIT
        self.errors: dict[str, int] = {}
        self.last_error: str | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, record: Record) -> None:
        """Queue one record. While the database is away, heartbeats, sweeps and tickets make way for what was measured.

        A ticket is decided by what is true when it can be written: its incident asks again, unless it has healed (P7). A
        heartbeat is taken when nothing else waits: it finds out that the database is back.
        """
        with self._wake:
            if not self.writable and (isinstance(record, OpenTicket) or (self._queue and isinstance(record, Beat | Sweep))):
                return
            if isinstance(record, Moment) and record.evidence is not None and len(self._queue) >= EVIDENCE_LIMIT:
                record = replace(record, evidence=None)
            self._queue.append(record)
            self._weight += weight(record)
            self._wake.notify()

    def collect(self) -> list[Written]:
        """Return what has been written since the last call."""
        written: list[Written] = []
        while self._written:
            written.append(self._written.popleft())
        return written

    def waiting(self) -> int:
        """Return how many records wait to be written."""
        return len(self._queue)

    def stop(self, timeout_s: float) -> bool:
        """Write what is queued, then end the thread. Returns whether everything was written in time."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive() and not self._queue

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._stopping:
                    self.alive_at = self._clock.monotonic()
                    self._wake.wait(RETRY_S)
                if not self._queue:
                    return
                record = self._queue[0]
            self.alive_at = self._clock.monotonic()
            if self._weight > self._fold_at:
                self._fold()
            elif self._try(record):
                with self._wake:
                    self._weight -= weight(self._queue.popleft())
            elif self._stopping:
                return
            else:
                with self._wake:
                    self._replace([waiting for waiting in self._queue if not isinstance(waiting, OpenTicket)])
                    self._wake.wait(RETRY_S)

    def _fold(self) -> None:
        """Keep of the states that wait only the newest of each device, and count the others; incidents and gaps all stay."""
        with self._wake:
            waiting = list(self._queue)
        folded, gone = newest_states(waiting)
        with self._wake:
            self._replace([*folded, *islice(self._queue, len(waiting), None)])
            self._fold_at = max(QUEUE_LIMIT, 2 * self._weight)
        self.errors["coalesced"] = self.errors.get("coalesced", 0) + gone

    def _replace(self, records: Iterable[Record]) -> None:
        self._queue = deque(records)
        self._weight = sum(map(weight, self._queue))

    def _try(self, record: Record) -> bool:
        """Write one record; False: the database is away, keep it and try again."""
        try:
            self._written.append(self._write(record))
        except (StoreBusy, StoreAway, StoreBroken) as error:
            return self._away(error)
        except NetwatchError as error:  # decided meanwhile by somebody else, or refused
            return self._refused(record, type(error).__name__, str(error))
        except Exception as error:  # noqa: BLE001  # a bug in one record must not end the writing of all others
            return self._refused(record, "unexpected", f"{type(error).__name__}: {error}")
        self.writable = True
        self.last_error = None
        return True

    def _away(self, error: NetwatchError) -> bool:
        self._count(type(error).__name__, str(error))
        self.writable = False
        return False

    def _refused(self, record: Record, kind: str, text: str) -> bool:
        """Say that this record is over, and what is stored in its place: the pipeline decides again from there."""
        self._count(kind, text)
        try:
            stored = self._stored(record)
        except (StoreBusy, StoreAway, StoreBroken) as error:
            return self._away(error)
        except Exception as error:  # noqa: BLE001  # what cannot be read either is said, and the next change tries again
            self._count("unexpected", f"{type(error).__name__}: {error}")
            stored = None
        self._written.append(Written(record, error=text, stored=stored))
        return True

    def _count(self, kind: str, text: str) -> None:
        self.errors[kind] = self.errors.get(kind, 0) + 1
        self.last_error = text
