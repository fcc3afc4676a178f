"""What a device says on its command line: read-only, on suspicion and on demand, never in the fast loop."""

from netwatch.probe.ssh.login import Login, login_of
from netwatch.probe.ssh.reader import EVERYTHING, SshReader

__all__ = ["EVERYTHING", "Login", "SshReader", "login_of"]
