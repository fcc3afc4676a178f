"""From a datagram to a wake: who calls, whether it is read now, what it says, what it is answered.

Runs on the event loop and never waits. A storm costs the reading of the socket and one look into a table for each datagram; what
is decoded is bounded (`Admission`). Times are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from netwatch.clock import Clock
from netwatch.observation import TrapKind
from netwatch.probe.snmp.traps.admission import Admission
from netwatch.probe.snmp.traps.receiver import LATE, REFUSED, Outcome, Receiver, Sender
from netwatch.trapd.counts import UNKNOWN_SOURCE, Counts
from netwatch.trapd.ear import Ear, Heard
from netwatch.trapd.sources import Sources

BATCH = 256  # datagrams read before others on the loop have their turn
CALM_S = 10.0  # a storm has ended when nothing was left unread for so long
STRANGERS_TOLD = 50  # addresses that are named in the log, once each; labels and memory hold none
Wake = Callable[[str, TrapKind], None]  # device, reason

log = structlog.get_logger("netwatch.trapd")


class Door:
    """Takes what the ears hear."""

    def __init__(self, receiver: Receiver, wake: Wake, counts: Counts, *, clock: Clock) -> None:
        self.admission: Admission[tuple[Ear, Heard]] = Admission(clock.monotonic())
        self.sources: Sources = {}
        self._receiver = receiver
        self._wake = wake
        self._counts = counts
        self._clock = clock
        self._strangers: set[str] = set()
        self._turned_away: set[str] = set()  # known addresses whose last call was refused
        self._unread = 0  # as of the last look
        self._storm_since: int | None = None  # how many were unread when the storm began
        self._stormy_at = float("-inf")

    def adopt(self, sources: Sources) -> None:
        """Let these call from now on."""
        self.sources = sources
        self.admission.keep(set(sources))
        self._strangers -= sources.keys()
        self._turned_away &= sources.keys()

    def readable(self, ear: Ear) -> None:
        """Take what one socket has, a batch of it."""
        now = self._clock.monotonic()
        sources, admission, results = self.sources, self.admission, self._counts.results
        for heard in ear.read(BATCH):
            senders = sources.get(heard.source)
            if senders is None:
                results[UNKNOWN_SOURCE] += 1
                if heard.source not in self._strangers and len(self._strangers) < STRANGERS_TOLD:
                    self._strangers.add(heard.source)
                    log.warning("trap_from_stranger", address=heard.source, hint="no device of the inventory has this address")
            elif admission.offer(heard.source, (ear, heard), len(heard.datagram), now):
                self._take(ear, heard)

    def tick(self, now: float) -> None:
        """Take what has waited, and say when a storm begins or ends."""
        for _, (ear, heard) in self.admission.due(now):
            self._take(ear, heard)
        unread = self.admission.replaced + self.admission.overflowed
        if unread > self._unread:
            self._stormy_at = now
            if self._storm_since is None:
                self._storm_since = self._unread
                log.warning("trap_storm_began")
        elif self._storm_since is not None and now - self._stormy_at > CALM_S:
            log.warning("trap_storm_ended", unread=unread - self._storm_since)
            self._storm_since = None
        self._unread = unread

    def _take(self, ear: Ear, heard: Heard) -> None:
        senders = self.sources.get(heard.source, ())  # it may have left the inventory while it waited
        found = self._receiver.take(heard.datagram, senders)
        self._counts.results[found.result] += 1
        if found.answer is not None:
            self._counts.answers += 1
            ear.answer(heard, found.answer)
        self._tell_refused(heard.source, found, senders)
        if found.devices:
            self._counts.heard_at = self._clock.now().timestamp()
        if found.kind is not None:
            self._counts.kinds[found.kind] += 1
            for device in found.devices:
                self._wake(device, found.kind)

    def _tell_refused(self, source: str, found: Outcome, senders: Sequence[Sender]) -> None:
        """Say once that a device calls with a wrong log-in or an old clock, until it calls rightly again."""
        if found.devices:
            self._turned_away.discard(source)
        elif found.result in (REFUSED, LATE) and source not in self._turned_away and senders:
            self._turned_away.add(source)
            log.warning("trap_refused", device=senders[0].device, result=found.result)
