"""The life of one fault: opens, grows, heals, comes back (DIAGNOSIS 3.6). Pure."""

from netwatch.incident.life import (
    CauseChanged,
    Change,
    Incident,
    IncidentPolicy,
    IncidentState,
    Joined,
    Left,
    Merged,
    Opened,
    Outage,
    OutageView,
    Recovered,
    Reopened,
    Split,
)
from netwatch.incident.reconcile import reconcile
from netwatch.incident.record import change_json, from_json, to_json

__all__ = [
    "CauseChanged",
    "Change",
    "Incident",
    "IncidentPolicy",
    "IncidentState",
    "Joined",
    "Left",
    "Merged",
    "Opened",
    "Outage",
    "OutageView",
    "Recovered",
    "Reopened",
    "Split",
    "change_json",
    "from_json",
    "reconcile",
    "to_json",
]
