"""What the lab asks of the kernel and of iproute2: run a tool, enter a namespace for one socket, try what works here."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

CLONE_NEWNET = 0x40000000
NETNS = Path("/run/netns")
TOOL_TIMEOUT_S = 20.0
PATH = f"{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/local/sbin:/usr/sbin:/sbin"  # a plain user's PATH lacks sbin


class LabError(Exception):
    """A tool of the lab refused; the text is its own message."""


def run(*argv: str, given: str | None = None, check: bool = True, timeout_s: float = TOOL_TIMEOUT_S) -> str:
    """Run one tool to its end and return what it printed. Raises LabError with its message when it fails."""
    environment = {**os.environ, "PATH": PATH}
    done = subprocess.run(argv, input=given, capture_output=True, text=True, timeout=timeout_s, check=False, env=environment)
    if check and done.returncode:
        raise LabError(f"{' '.join(argv)}: exit {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def ip_batch(lines: Sequence[str], *, namespace: str | None = None, force: bool = False) -> None:
    """Run many `ip` commands in one process, inside a namespace if one is named; with `force` whatever some of them say."""
    where = ["-n", namespace] if namespace else []
    run("ip", *where, *(["-force"] if force else []), "-batch", "-", given="\n".join(lines) + "\n", check=not force)


def inode(namespace: str) -> int:
    """Return what tells a namespace from all others."""
    return (NETNS / namespace).stat().st_ino


@contextlib.contextmanager
def _entered(namespace: str) -> Iterator[None]:
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    there = os.open(NETNS / namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
        yield
    finally:
        libc.setns(home, CLONE_NEWNET)
        os.close(there)
        os.close(home)


def socket_in(namespace: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
    """Open a socket that lives in `namespace`; the caller's thread stays where it is."""
    made: list[socket.socket | OSError] = []

    def open_it() -> None:  # a thread of its own, so that an error cannot leave the caller in the wrong namespace
        try:
            with _entered(namespace):
                made.append(socket.socket(family, kind, protocol))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=open_it)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


def processes_in(inodes: Collection[int]) -> list[int]:
    """Return the pids whose network namespace is one of `inodes`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "ns" / "net").stat().st_ino in inodes:
                    found.append(int(entry.name))
    return found


def end_processes_in(inodes: Collection[int], *, grace_s: float = 2.0) -> None:
    """End every process of these namespaces: SIGTERM, then SIGKILL. Never touches this process or its parents' namespace."""
    inodes = set(inodes) - {Path("/proc/self/ns/net").stat().st_ino}
    for how in (signal.SIGTERM, signal.SIGKILL):
        for pid in processes_in(inodes):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGCONT)  # a stopped process does not hear SIGTERM
                os.kill(pid, how)
        deadline = time.monotonic() + grace_s
        while time.monotonic() < deadline:
            if not processes_in(inodes):
                return
            time.sleep(0.02)


def missing_tools(*names: str) -> list[str]:
    """Return which of these programs are not installed."""
    return [name for name in names if not find_tool(name)]


def find_tool(name: str) -> str | None:
    """Return the path of a program, or None."""
    return shutil.which(name, path=PATH)


def why_no_namespaces() -> str | None:
    """Try to make a namespace with a veth pair and a bridge; return why it does not work here, or None."""
    if missing_tools("ip"):
        return "the program `ip` is missing (Debian package iproute2)"
    name = f"nwtry{os.getpid()}"
    try:
        run("ip", "netns", "add", name)
        ip_batch(["link add a0 type veth peer name a1", "link add b0 type bridge", "link set lo up"], namespace=name)
    except (LabError, subprocess.TimeoutExpired) as error:
        return f"this kernel or user may not make network namespaces ({error})"
    finally:
        run("ip", "netns", "del", name, check=False)
    return None


def may_unshare() -> bool:
    """Tell whether a plain user may become root of his own namespaces here."""
    if missing_tools("unshare", "ip"):
        return False
    try:
        run("unshare", "-Urnm", "sh", "-c", "mount -t tmpfs tmpfs /run && ip link set lo up")
    except (LabError, subprocess.TimeoutExpired, OSError):
        return False
    return True
