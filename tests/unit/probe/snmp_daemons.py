"""Real agents on loopback as long as a test needs them: net-snmp's snmpd with users, and snmpsim with recordings."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SNMPD = shutil.which("snmpd", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
SNMPSIM = """
import contextlib, dbm, encodings.latin_1, importlib, sys
for name in dbm._names:  # what is loaded late would have to be readable by the user it drops to
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
"x".encode("Latin-1")
from snmpsim.commands.responder import main
sys.exit(main())
"""


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Snmpd:
    """One snmpd on one port, which can be stopped and started again with its memory (boots, engine id) or without."""

    def __init__(self, place: Path, lines: list[str]) -> None:
        self.place, self.port = place, free_port()
        self.lines = [f"agentAddress udp:127.0.0.1:{self.port}", "rocommunity kota", "sysName sw-contoh", *lines]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *lines: str) -> None:
        configuration = self.place / "snmpd.conf"
        configuration.write_text("\n".join([*self.lines, *lines]) + "\n")
        environment = {"PATH": os.environ["PATH"], "SNMP_PERSISTENT_DIR": str(self.place / "memory"), "MIBS": ""}
        command = [SNMPD, "-C", "-c", str(configuration), "-f", "-Lf", str(self.place / "log")]
        self.process = subprocess.Popen(command, env=environment, start_new_session=True)
        wait_for_answer(self.port, b"kota")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def forget(self) -> None:
        """Make it another device: a new engine id."""
        shutil.rmtree(self.place / "memory", ignore_errors=True)


def wait_for_answer(port: int, community: bytes, seconds: float = 30) -> None:
    """Ask for sysUpTime by v2c until somebody answers."""
    oid = bytes.fromhex("300e300c06082b060102010103000500")
    pdu = bytes.fromhex("020101020100020100") + oid
    inner = bytes.fromhex("020101") + bytes([4, len(community)]) + community + bytes([0xA0, len(pdu)]) + pdu
    request = bytes([0x30, len(inner)]) + inner
    deadline = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.1)
        asking.connect(("127.0.0.1", port))
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                asking.send(request)
                asking.recv(2048)
                return
            time.sleep(0.05)
    raise AssertionError(f"no agent on port {port} after {seconds} s")


@contextlib.contextmanager
def snmpsim(recordings: list[Path]) -> Iterator[int]:
    """Serve copies of recordings, each under its name as community and context; yields the port."""
    with tempfile.TemporaryDirectory(prefix="netwatch-snmpsim-") as folder:
        yield from _serve(Path(folder), recordings)


def _serve(place: Path, recordings: list[Path]) -> Iterator[int]:
    data, cache, port = place / "data", place / "cache", free_port()
    for folder in (data, cache):
        folder.mkdir()
    for recording in recordings:
        Path(shutil.copy(recording, data)).chmod(0o644)
    command = [sys.executable, "-c", SNMPSIM, f"--data-dir={data}", f"--cache-dir={cache}"]
    command += [f"--agent-udpv4-endpoint=127.0.0.1:{port}", "--logging-method=stderr", "--log-level=error"]
    command += ["--v3-user=netwatch", "--v3-auth-key=authpass12345", "--v3-auth-proto=SHA"]
    command += ["--v3-priv-key=privpass12345", "--v3-priv-proto=AES"]
    if os.geteuid() == 0:
        command += ["--process-user=nobody", "--process-group=nogroup"]
        shutil.chown(cache, "nobody", "nogroup")
        for folder in (place, data):
            folder.chmod(0o755)
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for_answer(port, recordings[0].stem.encode())
        yield port
    finally:
        process.terminate()
        process.wait(10)
