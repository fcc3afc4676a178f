"""The api as a process of its own: signals, systemd, the sentence when it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.unit.casework.office import Office, make_office
from tests.unit.web.server import RunningClock, nobody_may_not_call

DEADLINE_S = 40.0
BECOME_A_UNIT = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, "-m", "netwatch", "run", "--only", "api", "--config", sys.argv[2]])
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    nobody_may_not_call()
    made = make_office(tmp_path, clock=RunningClock())  # type: ignore[arg-type]
    yield made
    made.store.close()


@pytest.fixture
def notices(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket on which systemd would hear of READY and RELOADING."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify.sock"))
        listening.settimeout(DEADLINE_S)
        yield listening


@pytest.fixture
def process(office: Office, tmp_path: Path, notices: socket.socket) -> Iterator[subprocess.Popen[str]]:
    """The api, up; killed at the end if a test has not ended it."""
    arguments = [sys.executable, "-m", "netwatch", "run", "--only", "api", "--config", str(office.settings_file)]
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify.sock"), "NETWATCH_LANGUAGE": "en"}
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as started:
        try:
            hear(notices, "READY=1")
            yield started
        finally:
            started.kill()
            started.communicate(timeout=DEADLINE_S)


def hear(notices: socket.socket, wanted: str) -> str:
    """Wait for a notice that begins so."""
    while True:
        heard = notices.recv(4096).decode()
        if heard.startswith(wanted):
            return heard


def get(path: Path, target: str) -> httpx.Response:
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), timeout=20) as client:
        return client.get(f"http://netwatch{target}")


def test_sigterm_ends_it_in_order_with_exit_0(process: subprocess.Popen[str], office: Office, notices: socket.socket) -> None:
    assert get(office.world.settings.api.socket, "/-/healthy").status_code == 200
    process.send_signal(signal.SIGTERM)
    hear(notices, "STOPPING=1")
    _, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def test_sighup_reloads_and_a_bad_file_keeps_what_runs(
    process: subprocess.Popen[str], office: Office, tmp_path: Path, notices: socket.socket
) -> None:
    (tmp_path / "inventory.yaml").write_text("version: 1\nvantage: nowhere\n")
    process.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in hear(notices, "RELOADING=1")
    hear(notices, "READY=1")
    status = get(office.world.settings.api.socket, "/api/v1/status").json()
    assert status["monitor"]["configuration_ok"] is False
    assert len(status["devices"]) == 5


def test_it_serves_the_socket_that_systemd_hands_over(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "handed.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        arguments = [sys.executable, "-c", BECOME_A_UNIT, str(listening.fileno()), str(office.settings_file)]
        process = subprocess.Popen(arguments, pass_fds=[listening.fileno()], stderr=subprocess.PIPE, text=True)
        try:
            assert get(path, "/-/healthy").status_code == 200  # waits in the backlog until the process is up
            assert not office.world.settings.api.socket.exists(), "it made no second one"
        finally:
            process.terminate()
            process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0


@pytest.mark.parametrize("trouble", ["database", "port", "socket"])
def test_what_cannot_start_says_one_sentence_and_exits_1(tmp_path: Path, trouble: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"'127.0.0.1:{taken.getsockname()[1]}'" if trouble == "port" else "null"
        office = make_office(tmp_path, clock=RunningClock(), listen=listen)  # type: ignore[arg-type]
        office.store.close()
        if trouble == "database":
            (tmp_path / "state" / "netwatch.db").unlink()
        if trouble == "socket":
            office.settings_file.write_text(
                office.settings_file.read_text().replace("state/netwatch.sock", f"state/{'x' * 120}.sock")
            )
        done = subprocess.run(
            [sys.executable, "-m", "netwatch", "run", "--only", "api", "--config", str(office.settings_file)],
            capture_output=True, text=True, timeout=DEADLINE_S, check=False, env={**os.environ, "NETWATCH_LANGUAGE": "en"},
        )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_request_under_way_at_sigterm_is_answered(
    process: subprocess.Popen[str], office: Office, notices: socket.socket
) -> None:
    """SIGTERM leaves nothing half-done: what was asked before it is done and answered."""
    body = b'{"site": "kec-sekupang", "symptom": "mati", "reporter": "Contoh"}'
    head = f"POST /api/v1/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(DEADLINE_S)
        line.connect(str(office.world.settings.api.socket))
        line.sendall(head.encode())
        time.sleep(0.3)  # the request is open when the signal comes; not a wait for a result
        process.send_signal(signal.SIGTERM)
        hear(notices, "STOPPING=1") if process.poll() is not None else None
        line.sendall(body)
        answer = line.recv(65536)
    process.communicate(timeout=DEADLINE_S)
    assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
    assert process.returncode == 0
