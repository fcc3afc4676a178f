"""The SSH reader against a real sshd with a vendor's command line, on loopback: faults are told apart, and nothing hangs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netwatch.clock import SystemClock
from netwatch.probe.ssh import Login, SshReader
from netwatch.settings import Credential, Secret
from tests.lab.agents import VENDOR_CLI, why_no_sshd
from tests.lab.kernel import find_tool, run

pytestmark = pytest.mark.lab


class Server:
    """One sshd of our own: its keys, its only user, its forced command."""

    def __init__(self, place: Path) -> None:
        self.place = place
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None
        for name in ("host_one", "host_two", "user", "stranger"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / name))
        run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(place / "host_rsa"))

    def start(self, key: str = "host_one", platform: str = "cisco_ios", extra: str = "") -> None:
        self.stop()
        conf = self.place / "sshd_config"
        conf.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.place}/{key}\nPidFile none\n"
            "UsePAM no\nUseDNS no\nStrictModes no\n"
            f"PermitRootLogin yes\nPasswordAuthentication no\nPrintMotd no\nAuthorizedKeysFile {self.place}/user.pub\n{extra}\n"
            f"Match User *\n  ForceCommand {sys.executable} -I -S {VENDOR_CLI} {platform} sw-contoh\n"
        )
        Path("/run/sshd").mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [find_tool("sshd") or "sshd", "-D", "-e", "-f", str(conf)], stderr=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as there:
                if there.recv(4) == b"SSH-":
                    return
            time.sleep(0.05)
        raise AssertionError("sshd did not come up")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(10)
            self.process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    reason = "needs root" if os.geteuid() else why_no_sshd()
    if reason:
        pytest.skip(reason)
    made = Server(tmp_path)
    yield made
    made.stop()


def login(server: Server, *, key: str = "user", platform: str = "cisco_ios", profile: str = "modern") -> Login:
    credential = Credential("ssh-ro", username="root", key_file=server.place / key)
    return Login("sw-contoh", "127.0.0.1", platform, credential, port=server.port, profile=profile)


def read(server: Server, wanted: Login, *, ports: list[str] | None = None, timeout: float = 4.0):
    async def one():
        reader = SshReader(server.place / "state", clock=SystemClock(), timeout=timeout)
        try:
            return await reader.read(wanted, ports)
        finally:
            reader.close()

    return asyncio.run(one())


@pytest.mark.parametrize("platform", ["cisco_ios", "huawei_vrp", "ruijie_os", "linux"])
def test_ports_are_read_over_a_real_session(server, platform):
    server.start(platform=platform)
    reading = read(server, login(server, platform=platform))
    assert (reading.answered, reading.platform) == (True, platform)
    own = {name for _, name in socket.if_nameindex()} - {"lo"}
    if own:  # a host without a network card has no ports to show
        assert reading.error is None
        assert {port.name for port in reading.ports} <= own
    assert (server.place / "state" / "known_hosts" / "sw-contoh").stat().st_size > 0


def test_a_changed_host_key_is_a_finding_and_nobody_logs_in(server):
    server.start()
    assert read(server, login(server)).answered
    for key in ("host_two", "host_rsa"):
        server.start(key=key)
        reading = read(server, login(server))
        assert not reading.answered
        assert (reading.error or "").startswith("host_key_changed")
    server.start()
    assert read(server, login(server)).answered


def test_a_refused_key_is_told_from_everything_else(server):
    server.start()
    reading = read(server, login(server, key="stranger"))
    assert (reading.error or "").startswith("credentials")


def test_a_closed_port_is_told_at_once(server):
    started = time.monotonic()
    reading = read(server, login(server))
    assert (reading.error or "").startswith("refused")
    assert time.monotonic() - started < 5


def test_an_sshd_that_hangs_costs_the_deadline_and_no_more(server):
    server.start()
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    reading = read(server, login(server), timeout=0.5)
    assert time.monotonic() - started < 10
    assert not reading.answered
    assert (reading.error or "").split(":")[0] in ("slow", "no_answer")


def test_an_old_device_needs_the_legacy_profile(server):
    server.start(
        key="host_rsa", extra="KexAlgorithms diffie-hellman-group14-sha1\nHostKeyAlgorithms ssh-rsa\nCiphers aes128-cbc\n"
    )
    modern = read(server, login(server))
    assert (modern.error or "").startswith("algorithms")
    assert read(server, login(server, profile="legacy")).answered


def test_no_secret_reaches_a_reading_or_an_error(server, capfd):
    server.start()
    credential = Credential("ssh-ro", username="root", password=Secret("sangat-rahasia"))
    reading = read(server, Login("sw-contoh", "127.0.0.1", "cisco_ios", credential, port=server.port))
    assert not reading.answered
    shown = capfd.readouterr()
    assert "sangat-rahasia" not in repr(reading) + shown.out + shown.err
    assert "Traceback" not in shown.err
