"""A real sshd of our own on loopback: its host keys, its one user, and a vendor's command line as all that he can run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from netwatch.clock import SystemClock
from netwatch.observation import SshReading
from netwatch.probe.ssh import EVERYTHING, Login, SshReader
from netwatch.settings import Credential, Secret
from tests.lab.agents import VENDOR_CLI
from tests.lab.kernel import find_tool, run

# What drivers say to prepare a session: answered with nothing.
QUIET = r"terminal|screen|no page|set (cli|terminal)|undo smart|enable|disable|config paging|infoswitch|scroll|show curpriv"

USER, PASSWORD = "netwatch", "kata-sandi-contoh"


class Server:
    """One sshd; `start` may be called again with other keys or another command line."""

    def __init__(self, place: Path, address: str = "127.0.0.1", password: str = PASSWORD) -> None:
        self.place = place
        self.password = password
        self.address = address
        with socket.create_server((address, 0)) as free:
            self.port: int = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None
        self.inside: list[str] = []  # words before the command line, such as `ip netns exec NAME`
        self.record = place / "sent"
        for name in ("host_one", "host_two", "user", "stranger"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / name))
        for name in ("host_rsa", "user_rsa"):
            run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(place / name))
        self._write_accounts()
        (place / "allowed").write_text((place / "user.pub").read_text() + (place / "user_rsa.pub").read_text())

    def _write_accounts(self) -> None:
        """Write the one account, and the name that netmiko makes of it for RouterOS."""
        names = [USER, f"{USER}+ct511w4098h"]
        hashed = run("openssl", "passwd", "-6", "-stdin", given=self.password).strip()
        lines = ["root:x:0:0:root:/root:/bin/sh", "sshd:x:100:65534::/run/sshd:/usr/sbin/nologin"]
        (self.place / "passwd").write_text("\n".join([*lines, *(f"{name}:x:0:0::/:/bin/sh" for name in names), ""]))
        (self.place / "shadow").write_text("".join(f"{name}:{hashed}:19000:0:99999:7:::\n" for name in names))
        (self.place / "shadow").chmod(0o600)

    def start(self, *keys: str, platform: str = "cisco_ios", extra: str = "", script: Mapping[str, object] | None = None) -> None:
        """Start it, and wait until it greets. A script makes the command line that of any device (see vendor_cli.py)."""
        self.stop()
        words = [*self.inside, sys.executable, "-I", "-S", str(VENDOR_CLI), platform, "sw-contoh"]
        if script is not None:
            path = self.place / "script.json"
            path.write_text(json.dumps({"record": str(self.record), "quiet": QUIET, "invalid": "% Invalid input", **script}))
            words.append(str(path))
        hosts = "".join(f"HostKey {self.place}/{key}\n" for key in keys or ("host_one",))
        conf = self.place / "sshd_config"
        conf.write_text(
            f"Port {self.port}\nListenAddress {self.address}\n{hosts}PidFile none\nUsePAM no\nUseDNS no\nStrictModes no\n"
            f"PermitRootLogin yes\nPasswordAuthentication yes\nPrintMotd no\nAuthorizedKeysFile {self.place}/allowed\n{extra}\n"
            f"Match User *\n  ForceCommand {' '.join(words)}\n"
        )
        Path("/run/sshd").mkdir(exist_ok=True)
        # his accounts exist in a mount namespace of the server's own: the host's are never touched
        mounts = "".join(f"mount --bind {self.place}/{name} /etc/{name} && " for name in ("passwd", "shadow"))
        self.process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", f'{mounts} exec "$0" -D -e -f "$1"', find_tool("sshd") or "sshd", str(conf)],
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection((self.address, self.port), timeout=1) as there:
                if there.recv(4) == b"SSH-":
                    return
            time.sleep(0.05)
        raise AssertionError("sshd did not come up")

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def sent(self) -> list[str]:
        """Return every line that the command line was sent."""
        return self.record.read_text(encoding="utf-8").splitlines() if self.record.exists() else []

    def login(
        self,
        *,
        key: str = "user",
        platform: str = "cisco_ios",
        profile: str = "modern",
        secrets: Mapping[str, Secret] | None = None,
    ) -> Login:
        """Return how to log in to it."""
        credential = Credential("ssh-ro", username=USER, key_file=self.place / key, **(secrets or {}))  # type: ignore[arg-type]
        return Login("sw-contoh", self.address, platform, credential, port=self.port, profile=profile)

    def read(
        self,
        login: Login,
        ports: list[str] | None = None,
        *,
        timeout: float = 6.0,
        wanted: frozenset[str] = EVERYTHING,
        within_s: float | None = None,
    ) -> SshReading:
        """Read it once, with a reader of its own."""

        async def one() -> SshReading:
            reader = SshReader(self.place / "state", clock=SystemClock(), timeout=timeout)
            try:
                return await reader.read(login, ports, wanted=wanted, within_s=within_s)
            finally:
                reader.close()

        return asyncio.run(one())
