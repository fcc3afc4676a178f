"""The trap process as it runs: real datagrams of net-snmp, a real monitor, signals, restarts, systemd's socket."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.process.conftest import Make
from tests.process.station import KEC_RTR, KEC_SW, KEL_RTR, PATIENCE_S, TOWN, Station
from tests.process.test_notify import hear
from tests.process.wire import Wire, why_no_ping

COMMUNITY, AUTH_KEY, PRIVACY_KEY = "Rk4xWq9tLz2mVb7cHy5n", "Tn6pSj3dFa8gKx1rMw5v", "Ye2hQc7uBo4iZp9kXt6l"
CREDENTIALS = f"""version: 1
credentials:
  v2: {{community: "{COMMUNITY}"}}
  v3: {{username: pemantau, auth_protocol: sha256, auth_key: "{AUTH_KEY}", privacy_protocol: aes, privacy_key: "{PRIVACY_KEY}"}}
"""
CALLING = TOWN.replace("groups:\n", "groups:\n  v2: {monitor: [icmp, snmp], credentials: {snmp: v2}}\n").replace(
    "groups:\n", "groups:\n  v3: {monitor: [icmp, snmp], credentials: {snmp: v3}}\n", 1
)
CALLING = CALLING.replace(f"address: {KEC_RTR}, groups: [ping]", f"address: {KEC_RTR}, groups: [v2]")
CALLING = CALLING.replace(f"address: {KEL_RTR}, groups: [ping]", f"address: {KEL_RTR}, groups: [v3]")
V2 = ("-v", "2c", "-c", COMMUNITY)
V3 = ("-v", "3", "-u", "pemantau", "-l", "authPriv", "-a", "SHA-256", "-A", AUTH_KEY, "-x", "AES", "-X", PRIVACY_KEY)
LINK_DOWN, ON_BATTERY = ("1.3.6.1.6.3.1.1.5.3", "1.3.6.1.2.1.2.2.1.1.3", "i", "3"), ("1.3.6.1.2.1.33.2.1",)

pytestmark = [
    pytest.mark.skipif(shutil.which("snmptrap") is None, reason="snmptrap is missing (Debian package snmp)"),
    pytest.mark.slow,
]


class Town:
    """A station whose devices call."""

    def __init__(self, station: Station, port: int, page: int | None, wire: Wire | None = None) -> None:
        self.station = station
        self.port = port
        self.page = page
        self._wire = wire
        station.inventory.write_text(CALLING, encoding="utf-8")
        credentials = station.directory / "credentials.yaml"
        credentials.touch(mode=0o600)
        credentials.write_text(CREDENTIALS, encoding="utf-8")

    def hear(self) -> subprocess.Popen[bytes]:
        """Start the trap process and wait until it hears."""
        started = self.station.said().count('"hearing"')
        process = self.station.start("traps")
        self.station.wait(lambda: self.station.said().count('"hearing"') > started, "the trap process hears", every_s=0.05)
        return process

    def send(self, tool: str, source: str, login: tuple[str, ...], said: tuple[str, ...]) -> int:
        """Let a device call; returns the exit code of net-snmp's program."""
        own = {
            "SNMP_PERSISTENT_DIR": str(self.station.directory / source),
            "SNMPCONFPATH": "/nonexistent",
            "PATH": "/usr/bin:/bin",
        }
        words = [*(self._wire.prefix() if self._wire else ()), tool, f"--clientaddr={source}", "-m", "", "-r", "1", "-t", "2"]
        done = subprocess.run(
            [*words, *login, f"127.0.0.1:{self.port}", "", *said], env=own, capture_output=True, timeout=PATIENCE_S, check=False
        )
        return done.returncode

    def get(self, path: str) -> tuple[int, str]:
        """Ask the trap process over TCP."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.page}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name: str, **labels: str) -> float:
        """Return one of its metrics."""
        for family in text_string_to_metric_families(self.get("/metrics")[1]):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return sample.value
        raise AssertionError(f"no {name}{labels}")

    def heard(self, result: str, count: int) -> None:
        """Wait until so many datagrams had this result."""
        self.station.wait(lambda: self.metric("netwatch_traps_total", result=result) >= count, f"{count} {result}", every_s=0.05)

    def wakes(self) -> float:
        """Return how many wakes the monitor has obeyed."""
        return self.station.metrics().get('netwatch_wakes_total{result="woke"}', 0.0)


def free(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def town(make: Make) -> Town:
    """Return a town on this machine's loopback."""
    if reason := why_no_ping():
        pytest.skip(reason)
    port, page = free(socket.SOCK_DGRAM), free(socket.SOCK_STREAM)
    traps = {"listen": f"127.0.0.1:{port}", "metrics": f"127.0.0.1:{page}"}
    snmp = {"interval": 3600, "timeout": 0.2, "retries": 0}
    return Town(make(changes={"credentials": "credentials.yaml", "traps": traps, "snmp": snmp}), port, page)


def test_traps_and_informs_of_devices_wake_the_monitor_and_change_no_state(town: Town) -> None:
    station = town.station
    station.up()
    town.hear()
    assert town.send("snmptrap", KEC_RTR, V2, LINK_DOWN) == 0
    assert town.send("snmpinform", KEC_RTR, V2, ON_BATTERY) == 0
    assert town.send("snmptrap", KEL_RTR, V3, LINK_DOWN) == 0
    assert town.send("snmpinform", KEL_RTR, V3, ON_BATTERY) == 0
    station.wait(lambda: town.wakes() == 4, "four calls were obeyed")
    assert station.metrics()["netwatch_power_hints"] == 2
    assert set(station.states().values()) == {"up"}
    assert station.rows("SELECT count(*) FROM incidents") == [(0,)]
    assert town.metric("netwatch_trap_wakes_total", result="woke") == 4
    assert town.get("/-/ready")[0] == town.get("/-/healthy")[0] == 200
    verb = [line for line in station.said().splitlines() if "woken_by_traps" in line]
    assert any("kel-rtr link_down" in line for line in verb)


def test_who_may_not_call_is_counted_and_gets_no_answer(town: Town) -> None:
    town.hear()
    assert town.send("snmpinform", KEC_RTR, ("-v", "2c", "-c", "public"), LINK_DOWN) == 1, "no answer: it gives up"
    town.heard("refused", 2)
    assert town.send("snmpinform", KEC_SW, V2, LINK_DOWN) == 1, "a device without an SNMP log-in"
    assert town.send("snmpinform", KEL_RTR, V2, LINK_DOWN) == 1, "a device of v3 on a community"
    assert town.send("snmpinform", KEL_RTR, (*V3[:-5], "kunci-yang-salah", *V3[-4:]), LINK_DOWN) == 1
    town.heard("refused", 7)
    assert town.send("snmpinform", "127.5.5.5", V2, LINK_DOWN) == 1, "no device of the inventory"
    town.heard("unknown_source", 2)
    assert "127.5.5.5" in town.station.said()
    assert town.metric("netwatch_traps_total", result="woke") == 0
    assert town.metric("netwatch_trap_wakes_waiting") == 0


def test_what_was_heard_while_the_monitor_is_away_wakes_it_when_it_comes(town: Town) -> None:
    station = town.station
    town.hear()
    for _ in range(3):
        assert town.send("snmpinform", KEC_RTR, V2, LINK_DOWN) == 0
    station.wait(lambda: town.get("/-/ready")[0] == 503, "it says that the monitor is away")
    assert town.metric("netwatch_trap_wakes_waiting") == 1
    station.up()
    station.wait(lambda: town.wakes() == 1, "the newest is delivered")
    station.wait(lambda: town.get("/-/ready")[0] == 200, "and that is over")


def test_a_restart_keeps_the_engine_and_counts_it(town: Town) -> None:
    """A sender that knows our engine and clock from before must be heard again: it is told the new time."""
    file = town.station.state / "traps" / "engine.json"
    process = town.hear()
    assert town.send("snmpinform", KEL_RTR, V3, LINK_DOWN) == 0
    before = json.loads(file.read_text())
    assert town.station.stop(process) == 0
    town.hear()
    after = json.loads(file.read_text())
    assert after == {**before, "boots": before["boots"] + 1}
    assert town.send("snmpinform", KEL_RTR, V3, LINK_DOWN) == 0
    town.heard("woke", 1)


def test_a_new_inventory_is_taken_at_sighup_and_a_broken_one_is_refused(town: Town) -> None:
    station = town.station
    process = town.hear()
    station.inventory.write_text(CALLING.replace(KEC_RTR, "127.77.9.9"), encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    station.wait(lambda: '"reloaded"' in station.said(), "it has reloaded")
    assert town.send("snmpinform", "127.77.9.9", V2, LINK_DOWN) == 0
    assert town.send("snmpinform", KEC_RTR, V2, LINK_DOWN) == 1
    station.inventory.write_text("version: 1\nvantage: nowhere\n", encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    station.wait(lambda: town.metric("netwatch_config_last_reload_successful") == 0, "it refuses")
    assert "reload was refused" in town.get("/-/ready")[1]
    assert town.send("snmpinform", "127.77.9.9", V2, LINK_DOWN) == 0, "and goes on with what it had"


def test_a_second_one_on_the_same_state_is_refused(town: Town) -> None:
    town.hear()
    done = town.station.run("run", "--only", "traps")
    assert done.code == 1
    assert "running" in done.err
    assert "Traceback" not in done.err


def test_a_port_that_is_taken_is_said_in_one_sentence(town: Town) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", town.port))
        done = town.station.run("run", "--only", "traps")
    assert done.code == 1
    (line,) = done.err.strip().splitlines()
    assert "traps.listen" in line


def test_no_secret_of_a_device_is_found_anywhere(town: Town) -> None:
    station = town.station
    process = town.hear()
    town.send("snmpinform", KEC_RTR, V2, LINK_DOWN)
    town.send("snmpinform", KEL_RTR, V3, LINK_DOWN)
    town.send("snmptrap", KEC_RTR, ("-v", "2c", "-c", COMMUNITY[::-1]), LINK_DOWN)
    town.heard("woke", 2)
    places = {path: town.get(path)[1].encode() for path in ("/metrics", "/-/ready")}
    places |= {name: Path(f"/proc/{process.pid}/{name}").read_bytes() for name in ("cmdline", "environ")}
    places["log"] = station.said().encode()
    places |= {str(path): path.read_bytes() for path in (station.state / "traps").iterdir() if path.is_file()}
    for where, held in places.items():
        for secret in (COMMUNITY, COMMUNITY[::-1], AUTH_KEY, PRIVACY_KEY):
            assert secret.encode() not in held, where


def test_systemd_hands_over_the_socket_and_hears_of_every_stage(town: Town, tmp_path: Path) -> None:
    station = town.station
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as given:
        notices.bind(str(tmp_path / "notify.sock"))
        given.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        given.bind(("::", 0))
        town.port = given.getsockname()[1]
        own = {"NOTIFY_SOCKET": str(tmp_path / "notify.sock"), "WATCHDOG_USEC": "60000000", "LISTEN_FDS": "1"}
        script = f"""
import os, sys
os.dup2({given.fileno()}, 3)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.executable, [sys.executable, "-m", "netwatch", "run", "--only", "traps"])
"""
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            pass_fds=(given.fileno(),), env=station.environment(own), cwd=station.directory, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        station.processes.append(process)
        hear(notices, lambda lines: "READY=1" in lines)
        assert town.send("snmpinform", KEC_RTR, V2, LINK_DOWN) == 0
        assert town.send("snmpinform", KEL_RTR, V3, LINK_DOWN) == 0
        hear(notices, lambda lines: "WATCHDOG=1" in lines)
        process.send_signal(signal.SIGHUP)
        hear(notices, lambda lines: "RELOADING=1" in lines)
        hear(notices, lambda lines: "READY=1" in lines)
        assert station.stop(process) == 0
        hear(notices, lambda lines: "STOPPING=1" in lines)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_finds_nothing_to_say_about_the_metrics(town: Town) -> None:
    town.hear()
    text = town.get("/metrics")[1]
    said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=30)
    assert (said.stdout + said.stderr, said.returncode) == ("", 0)


@pytest.fixture
def quiet_town(make: Make, wire: Wire) -> Iterator[Town]:
    """Return a town in a namespace whose rounds are ten minutes apart: what is asked sooner was asked because of a call."""
    changes = {
        "credentials": "credentials.yaml",
        "traps": {"listen": "127.0.0.1:1162", "metrics": None},
        "detection": {"interval": 600, "timeout": 1, "confirm_window": 4, "up_after": 2, "false_down_per_device_year": 0.1},
        "snmp": {"interval": 3600, "timeout": 0.2, "retries": 0},
    }
    yield Town(make(wire=wire, changes=changes), 1162, None, wire)
    wire.heal()


def test_a_trap_finds_an_outage_that_the_rounds_would_have_found_minutes_later(quiet_town: Town, wire: Wire) -> None:
    """The neighbour calls; the device that fell silent is asked because it is a neighbour. It is down by its own echoes."""
    station = quiet_town.station
    station.start()
    devices = ("core", "kec-rtr", "kec-sw", "kel-rtr")
    station.wait(lambda: station.ask("/-/healthy")[0] == 200, "the monitor answers")
    for device in devices:
        assert station.ask(f"/probe/{device}", method="POST")[0] == 202
    station.wait(lambda: set(station.states().values()) == {"up"}, "every device is up")
    quiet_town.hear()
    wire.silence(KEC_SW)
    echoes = station.probes()
    assert quiet_town.send("snmpinform", KEC_RTR, V2, LINK_DOWN) == 0
    station.wait(lambda: station.states().get("kec-sw") == "down", "the silent neighbour is down")
    assert station.probes() > echoes
    assert {name for name, state in station.states().items() if state == "up"} == set(devices) - {"kec-sw"}
    assert quiet_town.wakes() == 1


def test_a_storm_of_real_datagrams_is_counted_to_the_last_one(town: Town) -> None:
    """Every datagram that was sent is read, waited, replaced, or was dropped by the kernel and counted there."""
    town.hear()
    datagram = capture(town)
    count = 20_000
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as device:
        device.bind((KEC_RTR, 0))
        for _ in range(count):
            device.sendto(datagram, ("127.0.0.1", town.port))

        def counted() -> float:
            device.sendto(datagram, ("127.0.0.1", town.port))  # the kernel tells what it lost with the next that it delivers
            nonlocal count
            count += 1
            families = list(text_string_to_metric_families(town.get("/metrics")[1]))
            of = {family.name: sum(s.value for s in family.samples if s.name.endswith("_total")) for family in families}
            return of["netwatch_traps"] + of["netwatch_socket_drops"]

        town.station.wait(lambda: count - counted() <= 2, "all are counted, but for one that waits and the one under way")
    assert town.metric("netwatch_traps_total", result="malformed") == 0
    assert town.metric("netwatch_traps_total", result="woke") < 500


def capture(town: Town) -> bytes:
    """Return a trap as net-snmp sends it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        real, town.port = town.port, listening.getsockname()[1]
        try:
            town.send("snmptrap", KEC_RTR, V2, LINK_DOWN)
        finally:
            town.port = real
        return listening.recv(4096)
