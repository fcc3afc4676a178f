"""The echo engine against a real kernel: routers that refuse, neighbours that are gone, users without rights, full buffers.

Three namespaces: monitor -- router -- host. Nothing leaves them.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netwatch.probe.icmp.packets import checksum
from tests.lab.kernel import end_processes_in, find_tool, inode, ip_batch, missing_tools, run, socket_in, why_no_namespaces

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]
ROUTER, HOST, DEAD, NOWHERE = "10.66.0.2", "10.66.1.2", "10.66.1.9", "10.66.7.1"
ROUTER6, HOST6, NOWHERE6 = "fd66::2", "fd66:1::2", "fd66:7::1"
DEAD_NEIGHBOUR, BROADCAST, NO_ROUTE = "10.66.0.9", "10.66.0.255", "10.77.0.1"
NOBODY = 65534

CONFIGURATION = {
    "mon": f"""link set lo up
link set up0 up
addr add 10.66.0.1/24 dev up0
addr add fd66::1/64 dev up0 nodad
route add 10.66.1.0/24 via {ROUTER}
route add {NOWHERE}/32 via {ROUTER}
route add fd66:1::/64 via {ROUTER6}
route add {NOWHERE6}/128 via {ROUTER6}""",
    "rtr": f"""link set lo up
link set mon0 up
link set host0 up
addr add {ROUTER}/24 dev mon0
addr add 10.66.1.1/24 dev host0
addr add {ROUTER6}/64 dev mon0 nodad
addr add fd66:1::1/64 dev host0 nodad
route add unreachable {NOWHERE}/32
route add unreachable {NOWHERE6}/128""",
    "host": f"""link set lo up
link set up0 up
addr add {HOST}/24 dev up0
addr add {HOST6}/64 dev up0 nodad
route add default via 10.66.1.1
route add default via fd66:1::1""",
}


@pytest.fixture(scope="module")
def names() -> Iterator[dict[str, str]]:
    """Build the three namespaces, and take them down whatever happens."""
    reason = "needs root" if os.geteuid() else why_no_namespaces()
    if reason:
        pytest.skip(reason)
    prefix = f"nwi{secrets.token_hex(3)}"
    made = {name: f"{prefix}-{name}" for name in CONFIGURATION}
    try:
        for name in made.values():
            run("ip", "netns", "add", name)
        run("ip", "link", "add", "up0", "netns", made["mon"], "type", "veth", "peer", "name", "mon0", "netns", made["rtr"])
        run("ip", "link", "add", "up0", "netns", made["host"], "type", "veth", "peer", "name", "host0", "netns", made["rtr"])
        forward = (
            "net.ipv4.ip_forward=1",
            "net.ipv6.conf.all.forwarding=1",
            "net.ipv4.icmp_ratelimit=0",
            "net.ipv6.icmp.ratelimit=0",
        )
        run("ip", "netns", "exec", made["rtr"], "sysctl", "-qw", *forward)
        for name, lines in CONFIGURATION.items():
            ip_batch(lines.splitlines(), namespace=made[name])
        yield made
    finally:
        end_processes_in([inode(name) for name in made.values() if Path("/run/netns", name).exists()])
        for name in made.values():
            run("ip", "netns", "del", name, check=False)


def ask(names: dict[str, str], wish: dict, *as_user: str) -> dict:
    """Run the engine in the monitor's namespace, perhaps as somebody else."""
    command = ["ip", "netns", "exec", names["mon"], *as_user, sys.executable, "-m", "tests.lab.icmp_run", json.dumps(wish)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def setpriv(*capabilities: str) -> list[str]:
    """Become nobody, keeping only these capabilities; skips where the interpreter cannot be read by others."""
    if missing_tools("setpriv"):
        pytest.skip("the program `setpriv` is missing (Debian package util-linux)")
    kept = ",".join(f"+{name}" for name in capabilities)
    caps = [f"--inh-caps={kept}", f"--ambient-caps={kept}", f"--bounding-set=-all,{kept}"] if kept else ["--bounding-set=-all"]
    command = [find_tool("setpriv") or "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *caps]
    if subprocess.run([*command, sys.executable, "-c", "import netwatch"], cwd=ROOT, capture_output=True, check=False).returncode:
        pytest.skip("another user cannot read this interpreter or this tree")
    return command


def last(said: dict) -> dict[str, tuple[str, object]]:
    """Return the newest result of each address."""
    return {address: (kind, value) for address, kind, value in said["results"]}


@pytest.fixture
def ping_group(names: dict[str, str]) -> Iterator[None]:
    """Let every group use datagram ping in the monitor's namespace, for one test: every one that this user namespace has."""
    setting = ["ip", "netns", "exec", names["mon"], "sysctl", "-qw"]
    groups = [line.split() for line in Path("/proc/self/gid_map").read_text().splitlines()]
    last = max(int(first) + int(length) - 1 for first, _, length in groups)
    run(*setting, f"net.ipv4.ping_group_range=0 {min(last, 2**31 - 1)}")
    yield
    run(*setting, "net.ipv4.ping_group_range=1 0", check=False)  # a user namespace of one group has no group 1 to name


def check_verdicts(said: dict) -> None:
    """What both kinds of socket must agree on."""
    seen = last(said)
    for address in (ROUTER, HOST, ROUTER6, HOST6):
        assert seen[address][0] == "answered", (address, said)
        assert 0 < seen[address][1] < 1
    assert seen[NOWHERE] == ("lost", ROUTER)
    assert seen[NOWHERE6] == ("lost", ROUTER6)
    assert seen[DEAD] == ("lost", ROUTER)  # the router's own ARP failed
    assert seen[BROADCAST] == ("not_probed", "eacces")
    assert seen[NO_ROUTE] == ("not_probed", "enetunreach")


EVERYBODY = [ROUTER, HOST, ROUTER6, HOST6, NOWHERE, NOWHERE6, DEAD, BROADCAST, NO_ROUTE]


def test_a_raw_socket_sees_answers_refusals_and_local_errors_for_what_they_are(names):
    said = ask(names, {"addresses": EVERYBODY, "rounds": 5, "privileged": True})
    assert said["privileged"] is True
    check_verdicts(said)


def test_a_datagram_socket_sees_the_same(names, ping_group):
    """DEPENDENCIES 2.8: no id of our own, errors from the queue, never charged to the wrong target."""
    said = ask(names, {"addresses": EVERYBODY, "rounds": 5, "privileged": False}, *setpriv())
    assert said["privileged"] is False
    check_verdicts(said)
    assert {address for address, kind, _ in said["results"] if kind == "not_probed"} == {BROADCAST, NO_ROUTE}


def test_cap_net_raw_alone_is_enough(names):
    said = ask(names, {"addresses": [HOST, HOST6]}, *setpriv("net_raw"))
    assert said["privileged"] is True
    assert {kind for kind, _ in last(said).values()} == {"answered"}


def test_without_any_right_the_sentence_names_both_ways_out(names):
    said = ask(names, {"addresses": [HOST]}, *setpriv())
    assert "CAP_NET_RAW" in said["unavailable"]
    assert "net.ipv4.ping_group_range" in said["unavailable"]
    assert "now: 1 0" in said["unavailable"]


def test_a_dead_neighbour_is_refused_by_this_host_itself(names):
    """A failed ARP is reported by our own kernel after three seconds: evidence about the local segment, and no second loss."""
    said = ask(names, {"addresses": [DEAD_NEIGHBOUR], "rounds": 6})
    assert [kind for _, kind, _ in said["results"]] == ["lost"] * 6
    assert said["results"][-1][2] == "10.66.0.1"


def test_answers_into_a_small_buffer_are_not_measured_instead_of_lost(names):
    """RELIABILITY row 21: a burst of answers into a buffer of a few kilobytes. No outage may come of it."""
    said = ask(names, {"addresses": [HOST] * 2000, "receive_buffer": 2048, "timeout": 0.5}, *setpriv("net_raw"))
    kinds = [(kind, value if kind == "not_probed" else None) for _, kind, value in said["results"]]
    assert len(kinds) == 2000
    assert said["counters"]["drops"] > 0
    assert said["counters"]["lost"] == 0
    assert ("not_probed", "socket_drop") in kinds


def test_two_engines_on_one_host_do_not_make_a_dead_address_alive(names):
    """A raw socket hears the answers to every other ping of this host."""
    wish = {"addresses": [HOST] * 50 + [ROUTER] * 50, "rounds": 3, "every": 0.3}
    command = ["ip", "netns", "exec", names["mon"], sys.executable, "-m", "tests.lab.icmp_run", json.dumps(wish)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as neighbour:
        said = ask(names, {"addresses": [DEAD] * 50 + [HOST], "rounds": 3, "every": 0.3})
        neighbour.communicate(timeout=30)
    assert all(kind == "lost" for address, kind, _ in said["results"] if address == DEAD)
    assert all(kind == "answered" for address, kind, _ in said["results"] if address == HOST)
    assert said["counters"]["foreign"] > 0


def test_a_flood_of_forged_answers_is_counted_and_makes_nobody_alive(names):
    """RELIABILITY row 29: 20,000 forged answers a second, from the addresses that were asked."""
    wish = {"addresses": [DEAD, HOST], "rounds": 4, "every": 0.5}
    command = ["ip", "netns", "exec", names["mon"], sys.executable, "-m", "tests.lab.icmp_run", json.dumps(wish)]
    with (
        socket_in(names["host"], socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as forger,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as probing,
    ):
        end = time.monotonic() + 30
        number = 0
        while probing.poll() is None and time.monotonic() < end:
            for _ in range(200):
                number += 1
                forged = struct.pack("!BBHHHQI", 0, 0, 0, number * 7 & 0xFFFF, number % 16, 1, 0)
                total = checksum(forged)
                forger.sendto(forged[:2] + total.to_bytes(2, "big") + forged[4:], ("10.66.0.1", 0))
            time.sleep(0.01)
        said = json.loads(probing.communicate(timeout=30)[0])
    assert not any(kind == "answered" for address, kind, _ in said["results"] if address == DEAD)
    assert sum(kind == "answered" for address, kind, _ in said["results"] if address == HOST) >= 3
    assert said["counters"]["foreign"] > 1000
