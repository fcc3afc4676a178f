"""What casework says no with, besides the procedure's own reasons: sentences in both languages."""

from __future__ import annotations

from netwatch.errors import Conflict, NotFound, Reason
from netwatch.sop.record import StepVisit


class Overtaken(Conflict):
    """Somebody moved the ticket on first."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.en)


class NoSuchTicket(NotFound):
    """There is no such ticket, or not for this caller."""

    def __init__(self, number: str) -> None:
        self.reason = Reason("no_such_ticket", f"Tidak ada tiket {number}.", f"There is no ticket {number}.")
        super().__init__(self.reason.en)


def overtaken(number: str, visit: StepVisit, left: str) -> Overtaken:
    """Say who was first: the ticket has left the step in which this act was possible."""
    by, what = visit.performed_by, visit.action
    return Overtaken(
        Reason(
            "overtaken",
            f"{number} sudah melewati langkah itu: {what} oleh {by} pada {left}. Baca lagi tiketnya.",
            f"{number} has left that step: {what} by {by} at {left}. Read the ticket again.",
        )
    )


def changed_meanwhile(number: str, *, version: int, seen: int) -> Overtaken:
    """Say that the form is older than the ticket."""
    return Overtaken(
        Reason(
            "changed_meanwhile",
            f"{number} berubah sejak Anda membacanya (version {version}, Anda melihat {seen}). Baca lagi tiketnya.",
            f"{number} has changed since you read it (version {version}, you saw {seen}). Read it again.",
        )
    )
