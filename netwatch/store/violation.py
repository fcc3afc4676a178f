"""One thing that does not hold."""

from __future__ import annotations

from dataclasses import dataclass

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError)  # what a forged text does to a reader


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong where. `check` names the check that found it, for the tests and for the one who has to find the cause."""

    invariant: str  # I1 .. I8
    check: str
    text: str
    seq: int | None = None  # of the journal
    subject: str | None = None  # a ticket, an incident, a device, a file, a message

    def __str__(self) -> str:
        """Show it on one line."""
        place = f" seq {self.seq}" if self.seq is not None else f" {self.subject}" if self.subject else ""
        return f"{self.invariant} {self.check}{place}: {self.text}"
