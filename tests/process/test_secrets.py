"""A secret is planted in every place that takes one and looked for in every place that others can read."""

from __future__ import annotations

import base64
import contextlib
import json
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.lab.agents import why_no_sshd
from tests.lab.kernel import run
from tests.lab.ssh_server import Server
from tests.process.conftest import Make
from tests.process.station import KEL_RTR, TOWN, Station, children_of
from tests.process.wire import why_no_ping

COMMUNITY = "Zq7mWk2xTf9sLr4vBn8cHd3p"
PASSWORD = "Hy5gPw1tRx6kMc0zQe9jVb3n"
AUTH_KEY = "Jd8fXs3bUa6wKt1hYp4mGr7q"
TOKEN = "Ln2vCz7eQo5rTi9xWd4kSf8b"
PLANTED = (COMMUNITY, PASSWORD, AUTH_KEY, TOKEN)
CREDENTIALS = f"""version: 1
credentials:
  snmp-ro: {{community: "{COMMUNITY}"}}
  ssh-ro: {{username: netwatch, password: "{PASSWORD}"}}
  snmp-v3: {{username: netwatch, auth_protocol: sha256, auth_key: "{AUTH_KEY}"}}
  chat: {{url: "tgram://{TOKEN}/12345"}}
"""
READ = TOWN.replace("ping: {monitor: [icmp]}", "ping: {monitor: [icmp, snmp], credentials: {snmp: snmp-ro, ssh: ssh-ro}}")

pytestmark = pytest.mark.slow


@pytest.fixture
def station(make: Make) -> Station:
    """Return a running installation whose devices are asked by SNMP, and whose messages would go to a chat."""
    if reason := why_no_ping():
        pytest.skip(reason)
    changes = {
        "credentials": "credentials.yaml",
        "snmp": {"interval": 1, "timeout": 0.2, "retries": 0},
        "notifications": {"channels": [{"name": "log"}, {"name": "chat", "credential": "chat"}]},
    }
    made = make(changes=changes)
    made.inventory.write_text(READ, encoding="utf-8")
    write_credentials(made, CREDENTIALS)
    made.up(only=None)
    made.wait(lambda: made.ask("/-/healthy", of="api")[0] == 200, "the api answers")
    return made


def write_credentials(station: Station, text: str) -> None:
    path = station.directory / "credentials.yaml"
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def test_no_planted_secret_is_found_anywhere(station: Station) -> None:
    parent = station.processes[-1]
    asked = 'netwatch_probes_total{kind="snmp"'
    station.wait(lambda: any(name.startswith(asked) for name in station.metrics()), "devices were asked by SNMP")
    places: dict[str, bytes] = {}
    for pid in (parent.pid, *children_of(parent.pid)):
        for name in ("cmdline", "environ"):
            places[f"/proc/{pid}/{name}"] = Path(f"/proc/{pid}/{name}").read_bytes()
    for path in ("/metrics", "/live", "/-/ready", f"/{COMMUNITY[:3]}"):
        places[f"monitor {path}"] = station.ask(path)[1].encode()
    for path in ("/metrics", "/-/ready", "/api/v1/status", "/api/v1/tickets", "/api/v1/people", "/api/v1/openapi.json"):
        places[f"api {path}"] = station.ask(path, of="api")[1].encode()
    for words in (("check",), ("status", "--json"), ("probe", "kel-rtr", "--only", "snmp")):
        done = station.run(*words)
        places[f"netwatch {' '.join(words)}"] = (done.out + done.err).encode()

    # the moment in which secrets escape: the file with them in it is wrong
    wrong = CREDENTIALS.replace(f'"{COMMUNITY}"}}', f'"{COMMUNITY}", {PASSWORD}: [') + f"{AUTH_KEY}: {TOKEN}\n"
    write_credentials(station, wrong)
    for words in (("check",), ("reload",)):
        done = station.run(*words)
        places[f"netwatch {' '.join(words)} with a wrong file"] = (done.out + done.err).encode()
    write_credentials(station, CREDENTIALS)

    assert station.stop(parent, how=signal.SIGTERM) == 0
    for path in sorted(station.state.rglob("*")):
        if path.is_file():
            places[f"state/{path.name}"] = path.read_bytes()
    places["log"] = station.said().encode()
    assert len(places["log"]) > 500, "there was a log to look through"
    assert all(is_in(secret, CREDENTIALS.encode()) for secret in PLANTED), "the search finds what is there"
    found = [(place, secret[:3]) for place, octets in places.items() for secret in PLANTED if is_in(secret, octets)]
    assert found == []


SSH_PASSWORD = "Rk3vTq8nXw5zBf1mLc7yHd2s"
SSH_PASSPHRASE = "Gm6bWs2kYp9tVx4hQj8cNr1f"
SSH_ENABLE = "Dn7qZl4xUe2wKv9sTb5gMh3y"
BY_SSH = f"""version: 1
credentials:
  ssh-ro: {{username: netwatch, password: "{SSH_PASSWORD}", enable_secret: "{SSH_ENABLE}"}}
  ssh-key: {{username: netwatch, key_file: key, passphrase: "{SSH_PASSPHRASE}", enable_secret: "{SSH_ENABLE}"}}
"""


def test_no_secret_of_ssh_is_found_anywhere(make: Make, tmp_path: Path) -> None:
    """Password, passphrase and enable secret are really used, and really refused, on a device that repeats what it hears."""
    if reason := why_no_sshd():
        pytest.skip(reason)
    place = tmp_path / "sshd"
    place.mkdir()
    server = Server(place, address=KEL_RTR, password=SSH_PASSWORD)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", SSH_PASSPHRASE, "-f", str(place / "locked"))
    (place / "allowed").write_text((place / "locked.pub").read_text())
    station = make(changes={"credentials": "credentials.yaml"})
    (station.directory / "key").touch(mode=0o600)
    (station.directory / "key").write_text((place / "locked").read_text())
    echo = f"Gi0/1 is up, line protocol is up\n  Description: {SSH_ENABLE} {SSH_PASSWORD}"
    answers = {"show interfaces": echo, "show logging": f"config: username contoh password 0 {SSH_PASSPHRASE}"}
    script = {
        "prompt": "kel-rtr>",
        "enabled": "kel-rtr#",
        "secret": SSH_ENABLE,
        "answers": answers,
        "slow": {"show interfaces": 1},
    }
    places: dict[str, bytes] = {}
    try:
        for credential, right in (("ssh-ro", True), ("ssh-key", True), ("ssh-ro", False), ("ssh-key", False)):
            server.start(script=script)
            device = "ping: {monitor: [icmp, ssh], platform: cisco_ios, ssh: {port: PORT}, credentials: {ssh: NAME}}"
            device = device.replace("PORT", str(server.port)).replace("NAME", credential)
            station.inventory.write_text(TOWN.replace("ping: {monitor: [icmp]}", device), encoding="utf-8")
            write_credentials(
                station, BY_SSH if right else BY_SSH.replace(SSH_PASSWORD, SSH_PASSWORD[::-1] + "x").replace(SSH_PASSPHRASE, "x")
            )
            name = f"{credential} {'right' if right else 'wrong'}"
            probing = subprocess.Popen(
                station.command("probe", "kel-rtr", "--only", "ssh", "--json"),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=station.environment({"NETWATCH_DEBUG": "1"}), cwd=station.directory,
            )  # fmt: skip
            station.processes.append(probing)
            workers: set[int] = set()
            while probing.poll() is None:
                for pid in (probing.pid, *children_of(probing.pid)):
                    workers |= {pid} - {probing.pid}
                    with contextlib.suppress(OSError):
                        for shown in ("cmdline", "environ"):
                            places[f"{name} /proc {shown} {pid}"] = Path(f"/proc/{pid}/{shown}").read_bytes()
                time.sleep(0.02)
            out, err = probing.communicate()
            places |= {f"{name} out": out, f"{name} err": err}
            said = json.loads(out)["ssh"]
            assert said["answered"] is right, said
            assert workers, "a worker was seen at its work"
        story = station.run("probe", "kel-rtr", "--only", "ssh")
        places["story"] = (story.out + story.err).encode()
    finally:
        server.stop()
    for path in sorted(station.state.rglob("*")):
        if path.is_file():
            places[f"state/{path.name}"] = path.read_bytes()
    assert any(place.startswith("state/kel-rtr") for place in places), "the host key was kept"
    planted = (SSH_PASSWORD, SSH_PASSPHRASE, SSH_ENABLE)
    assert all(is_in(secret, BY_SSH.encode()) for secret in planted), "the search finds what is there"
    assert [(place, secret[:3]) for place, octets in places.items() for secret in planted if is_in(secret, octets)] == []


def is_in(secret: str, octets: bytes) -> bool:
    """Look for a secret as it is and as programs like to write it."""
    plain = secret.encode()
    coded = {plain, plain[::-1], plain.hex().encode(), quote(secret).encode()}
    for shift in range(3):  # base64 begins anywhere in a group of three octets
        coded.add(base64.b64encode(b"\0" * shift + plain)[4:28])
    return any(form in octets for form in coded)
