"""What a device says of its ports on its command line: read-only, on suspicion and on demand, never in the fast loop."""

from netwatch.probe.ssh.reader import SshReader
from netwatch.probe.ssh.session import Login

__all__ = ["Login", "SshReader"]
