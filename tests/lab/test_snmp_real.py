"""The SNMP reader against a real snmpd that sees real ports: an access port shut, a cable pulled, an agent that hangs."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.agents import why_no_snmpd
from tests.lab.kernel import end_processes_in, find_tool, inode, ip_batch, run, why_no_namespaces

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]
READ = """
import asyncio, json, sys
from netwatch.clock import SystemClock
from netwatch.probe.snmp import Agent, SnmpReader
from netwatch.probe.snmp.pysnmp_engine import PysnmpClient
from netwatch.settings import Secret
async def main():
    client = PysnmpClient()
    agent = Agent("sw", sys.argv[1], community=Secret(sys.argv[2]), timeout=1.0, retries=0, version=sys.argv[3])
    reading = await SnmpReader(client, clock=SystemClock()).read(agent, json.loads(sys.argv[4]))
    client.close()
    print(json.dumps({"answered": reading.answered, "error": reading.error, "name": reading.name, "uptime": reading.uptime_s,
        "ports": {port.name: [port.admin.value, port.oper.value, port.index] for port in reading.ports}}))
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run snmpd in a namespace with two ports; the far end of port2 lies there too."""
    reason = "needs root" if os.geteuid() else why_no_namespaces() or why_no_snmpd()
    if reason:
        pytest.skip(reason)
    place = tmp_path_factory.mktemp("snmpd")
    name = f"nws{secrets.token_hex(3)}"
    try:
        run("ip", "netns", "add", name)
        ip_batch(
            [
                "link set lo up",
                "link add port1 type veth peer name far1",
                "link add port2 type veth peer name far2",
                *(f"link set {port} up" for port in ("port1", "far1", "port2", "far2")),
            ],
            namespace=name,
        )
        conf = place / "snmpd.conf"
        conf.write_text("agentAddress udp:127.0.0.1:161,udp6:[::1]:161\nrocommunity kota\nrocommunity6 kota\nsysName sw-contoh\n")
        environment = {"PATH": os.environ["PATH"], "SNMP_PERSISTENT_DIR": str(place), "MIBS": ""}
        command = [
            "ip",
            "netns",
            "exec",
            name,
            find_tool("snmpd") or "snmpd",
            "-C",
            "-c",
            str(conf),
            "-f",
            "-Lf",
            str(place / "log"),
        ]
        process = subprocess.Popen(command, env=environment, start_new_session=True)
        wait_for(lambda: read(name)["answered"], 15)
        yield name, process
    finally:
        if Path("/run/netns", name).exists():
            end_processes_in([inode(name)])
        run("ip", "netns", "del", name, check=False)


def read(
    name: str, *, address: str = "127.0.0.1", community: str = "kota", version: str = "2c", ports: object = ("port1", "port2")
):
    """Read the switch once, from inside its namespace."""
    command = ["ip", "netns", "exec", name, sys.executable, "-c", READ, address, community, version, json.dumps(ports)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def wait_for(true, seconds: float) -> None:
    """Poll until something is true: net-snmp sees a change after 0.7 to 1.3 s."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "not true in time"
        time.sleep(0.1)


@pytest.mark.parametrize(("address", "version"), [("127.0.0.1", "2c"), ("127.0.0.1", "1"), ("::1", "2c")])
def test_a_real_agent_is_read_by_either_version_and_family(switch, address, version):
    seen = read(switch[0], address=address, version=version)
    assert (seen["answered"], seen["error"], seen["name"]) == (True, None, "sw-contoh")
    assert {name: status[:2] for name, status in seen["ports"].items()} == {"port1": ["up", "up"], "port2": ["up", "up"]}
    assert seen["uptime"] < 600


def test_a_port_shut_by_somebody_is_told_from_a_pulled_cable(switch):
    name, _ = switch
    ip_batch(["link set port1 down", "link set far2 down"], namespace=name)
    try:
        wait_for(
            lambda: (
                {port: status[:2] for port, status in read(name)["ports"].items()}
                == {"port1": ["down", "down"], "port2": ["up", "down"]}
            ),
            10,
        )
    finally:
        ip_batch(["link set port1 up", "link set far2 up"], namespace=name)


def test_everything_a_full_read_brings_has_an_index_and_a_name(switch):
    seen = read(switch[0], ports=None)
    assert {"lo", "port1", "port2", "far1", "far2"} <= set(seen["ports"])
    assert all(status[2] for status in seen["ports"].values())


def test_a_wrong_community_looks_like_silence(switch):
    seen = read(switch[0], community="lain")
    assert (seen["answered"], seen["ports"]) == (False, {})
    assert seen["error"].startswith("timeout")


def test_an_agent_that_hangs_is_silent_and_answers_again(switch):
    name, _ = switch
    from tests.lab.agents import pids_of

    pids = pids_of(inode(name), "snmpd")
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        assert read(name)["error"].startswith("timeout")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    wait_for(lambda: read(name)["answered"], 10)
