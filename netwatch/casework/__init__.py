"""From an act to a saved ticket: load, ask the procedure, save, in one transaction. Used by the monitor and by the api."""

from netwatch.casework.acting import actions, attach, may_see, perform, visible
from netwatch.casework.network import stable_since
from netwatch.casework.opening import note_outage_again, note_recovery, open_ticket_for_incident, update_affected
from netwatch.casework.papers import Paper
from netwatch.casework.planned import acknowledge, add_window, end_window, windows
from netwatch.casework.reporting import Report, report
from netwatch.casework.shown import incident_json, ticket_json
from netwatch.casework.sweeps import Swept, sweep
from netwatch.casework.world import World, load_world

__all__ = [
    "Paper",
    "Report",
    "Swept",
    "World",
    "acknowledge",
    "actions",
    "add_window",
    "attach",
    "end_window",
    "incident_json",
    "load_world",
    "may_see",
    "note_outage_again",
    "note_recovery",
    "open_ticket_for_incident",
    "perform",
    "report",
    "stable_since",
    "sweep",
    "ticket_json",
    "update_affected",
    "visible",
    "windows",
]
