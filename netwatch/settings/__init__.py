"""How this installation is configured, and its secrets: read at the edge, handed on as frozen values."""

from netwatch.settings.credentials import Credential, load_credentials
from netwatch.settings.document import ENVIRONMENT, Settings, load_settings
from netwatch.settings.packaged import shipped
from netwatch.settings.secret import Secret
from netwatch.settings.sections import Api, Channel, Detection, Listen, Monitor, Notifications, Snmp, Ssh, Tickets, Traps

__all__ = [
    "ENVIRONMENT",
    "Api",
    "Channel",
    "Credential",
    "Detection",
    "Listen",
    "Monitor",
    "Notifications",
    "Secret",
    "Settings",
    "Snmp",
    "Ssh",
    "Tickets",
    "Traps",
    "load_credentials",
    "load_settings",
    "shipped",
]
