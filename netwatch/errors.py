"""Errors that leave a room, and what a command makes of them.

::

    NetwatchError                 exit 1
    ├── InvalidFile               exit 3   one or more faults in files, each as file:line:column
    ├── Refused                   exit 4   a role, a guard or the step says no; the reasons
    ├── Conflict                  exit 5   somebody else was first
    ├── NotFound                  exit 1   no such ticket, device, incident
    ├── DaemonUnreachable         exit 6   nobody listens on the api socket
    ├── ProbeUnavailable          exit 1   no socket to probe with; what to do about it
    └── StoreError                exit 1   the database; carries what the caller may do next
        ├── StoreBusy                      try again at once (a lock)
        ├── StoreAway                      wait: full, read-only, gone from the network
        └── StoreBroken                    stop writing: corrupt, replaced, deleted

Errors of libraries are wrapped at the edge of the room that uses them. A message is a sentence for a person and says what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class NetwatchError(Exception):
    """Anything netwatch reports to a person. `str(error)` says what to do; `reason`, where there is one, in both languages."""

    exit_code = 1
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in one place of one file (line and column count from 1; 0 when there is no place)."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        """Show the fault the way editors understand it: `file:line:column: text`."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.text}"


class InvalidFile(NetwatchError):
    """Files were read and are wrong. All faults at once, in the order of the file."""

    exit_code = 3

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is refused: a stable key for programs, a sentence for people in both languages."""

    key: str
    id: str
    en: str

    def text(self, language: str) -> str:
        """Return the sentence in `id` (Indonesian) or `en`."""
        return self.en if language == "en" else self.id


class Refused(NetwatchError):
    """Role, guard or step says no. Nothing was changed."""

    exit_code = 4

    def __init__(self, reasons: Sequence[Reason]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("; ".join(reason.en for reason in self.reasons))


class Conflict(NetwatchError):
    """Somebody else was first; read again and decide again."""

    exit_code = 5


class NotFound(NetwatchError):
    """There is no such thing, or not for this caller."""


class DaemonUnreachable(NetwatchError):
    """Nobody answers on the socket of the api."""

    exit_code = 6


class CannotListen(NetwatchError):
    """A socket cannot be bound; the sentence says what to do."""

    def __init__(self, indonesian: str, english: str, *, key: str = "cannot_listen") -> None:
        super().__init__(english)
        self.reason = Reason(key, indonesian, english)


class ProbeUnavailable(NetwatchError):
    """This process cannot probe at all; the sentence names the sysctl or capability that is missing."""


class StoreError(NetwatchError):
    """The database refused or failed."""


class StoreBusy(StoreError):
    """Another writer holds the lock; try again."""


class StoreAway(StoreError):
    """Full disk, read-only file system, server gone: wait, keep the work, try later."""


class StoreBroken(StoreError):
    """Corrupt, replaced or deleted database: stop writing and call a person."""
