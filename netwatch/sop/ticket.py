"""A ticket and the ways to change it (pure).

::

    performed = open_ticket(procedure, calendar, id=..., origin="automatic", ...)   # step 1
    performed = perform(procedure, ticket, act, context)                            # guards -> entry -> apply; raises Refused
    available = actions(procedure, ticket, context)                                 # what may be done now (INTERFACES ticket-actions)
    performed = attach(...); note_recovery(...); change_affected(...); ...          # facts and papers that leave the step as it is

Every function returns `Performed(ticket, entry)`; `apply(ticket, entry)` gives the same ticket again, so replaying the entries of a
ticket gives the ticket (invariant I2). Nothing here reads a clock or a file.
"""

from __future__ import annotations

from netwatch.sop.act import Act, Context, Performed
from netwatch.sop.actions import Available, actions, actions_json
from netwatch.sop.entry import Entry
from netwatch.sop.notes import (
    absorb,
    attach,
    change_affected,
    join_report,
    link_incident,
    mark_late,
    note_outage,
    note_recovery,
)
from netwatch.sop.opening import open_ticket
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
    "absorb",
    "actions",
    "actions_json",
    "apply",
    "attach",
    "change_affected",
    "join_report",
    "link_incident",
    "mark_late",
    "note_outage",
    "note_recovery",
    "open_ticket",
    "perform",
    "replay",
]
