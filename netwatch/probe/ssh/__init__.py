"""What a device says on its command line: read-only, on suspicion and on demand, never in the fast loop."""

from netwatch.probe.ssh.errors import SshError, reason_of
from netwatch.probe.ssh.hostkeys import HostKey, HostKeys
from netwatch.probe.ssh.line import Limits, shown_key
from netwatch.probe.ssh.login import Login, login_of
from netwatch.probe.ssh.reader import EVERYTHING, SshReader

__all__ = ["EVERYTHING", "HostKey", "HostKeys", "Limits", "Login", "SshError", "SshReader", "login_of", "reason_of", "shown_key"]
