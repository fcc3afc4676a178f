"""A ticket and the ways to change it (pure).

::

    performed = open_ticket(procedure, calendar, id=..., origin="automatic", ...)   # step 1
    performed = perform(procedure, ticket, act, context)                            # guards -> entry -> apply; raises Refused
    available = actions(procedure, ticket, context)                                 # what may be done now; `.to_json()`
    performed = attach(procedure, ticket, act, context)                             # papers only
    performed = note(procedure, ticket, "recovered", now=..., changes={...})        # facts that leave the step as it is

Every function returns `Performed(ticket, entry)`; `apply(ticket, entry)` gives the same ticket again, so replaying all entries
gives the ticket (invariant I2). Nothing here reads a clock or a file.
"""

from __future__ import annotations

from netwatch.sop.act import Act, Context, Performed
from netwatch.sop.actions import Available, actions, actions_json
from netwatch.sop.entry import Entry
from netwatch.sop.notes import attach, note
from netwatch.sop.opening import is_repeat, open_ticket
from netwatch.sop.performing import perform
from netwatch.sop.record import SYSTEM, Document, Hold, StepVisit, Ticket, TicketState
from netwatch.sop.replay import apply, replay

__all__ = [
    "SYSTEM",
    "Act",
    "Available",
    "Context",
    "Document",
    "Entry",
    "Hold",
    "Performed",
    "StepVisit",
    "Ticket",
    "TicketState",
    "actions",
    "actions_json",
    "apply",
    "attach",
    "is_repeat",
    "note",
    "open_ticket",
    "perform",
    "replay",
]
