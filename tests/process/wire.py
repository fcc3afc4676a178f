"""A network namespace whose loopback answers for every device, and in which a device can fall silent."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.kernel import LabError, missing_tools, processes_in, run

RULES = """
table ip netwatch_test {
  set silent { type ipv4_addr; }
  chain input {
    type filter hook input priority 0; policy accept;
    icmp type echo-request ip daddr @silent drop
  }
}
"""


def why_no_wire() -> str | None:
    """Return why devices cannot be silenced here, or None."""
    if os.geteuid() != 0:
        return "only root may make a network namespace in which a device falls silent"
    if lacking := missing_tools("ip", "nft"):
        return f"the programs {', '.join(lacking)} are missing (Debian packages iproute2, nftables)"
    return None


def why_no_ping() -> str | None:
    """Return why this process may not send echo requests in its own namespace, or None."""
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except OSError:
            continue
        return None
    return "this user may not send ICMP echo requests (net.ipv4.ping_group_range)"


class Wire:
    """One namespace. Raises LabError where the kernel does not allow it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> Self:
        run("ip", "netns", "add", self.name)
        try:
            run("ip", "-n", self.name, "link", "set", "lo", "up")
            self._nft("-f", "-", given=RULES)
        except LabError:
            self._delete()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        left = self.processes()
        end = time.monotonic() + 5  # what was killed a moment ago may still be on its way out
        while left and time.monotonic() < end:
            time.sleep(0.05)
            left = self.processes()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        self._delete()
        assert not left, f"processes were left in the namespace: {left}"

    def prefix(self) -> list[str]:
        """Return the words that start a command in here; it keeps the pid that was started."""
        return ["ip", "netns", "exec", self.name]

    def processes(self) -> list[int]:
        """Return the pids of everything that runs in here."""
        return processes_in({self._inode()})

    def silence(self, *addresses: str) -> None:
        """Let these addresses answer no echo request."""
        self._nft("add", "element", "ip", "netwatch_test", "silent", "{ " + ", ".join(addresses) + " }")

    def heal(self) -> None:
        """Let everything answer again."""
        self._nft("flush", "set", "ip", "netwatch_test", "silent")

    def _nft(self, *words: str, given: str | None = None) -> None:
        run("ip", "netns", "exec", self.name, "nft", *words, given=given)

    def _inode(self) -> int:
        return (Path("/run/netns") / self.name).stat().st_ino

    def _delete(self) -> None:
        run("ip", "netns", "del", self.name, check=False)
