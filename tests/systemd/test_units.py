"""The units are checked without a running systemd: syntax by `systemd-analyze verify`, hardening by its score."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = ["netwatch.service", "netwatch-api.service", "netwatch-trapd.service"]

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing (Debian package systemd)"
)


def _directives(name: str) -> list[tuple[str, str]]:
    lines = (UNITS / name).read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("=", 1)) for line in lines if "=" in line and not line.startswith("#")]  # type: ignore[misc]


@needs_systemd
@pytest.mark.parametrize("name", [*SERVICES, "netwatch-api.socket", "netwatch-trapd.socket"])
def test_systemd_finds_nothing_wrong_with_a_unit(tmp_path: Path, name: str) -> None:
    """`--recursive-errors=yes`: without it an unknown key still exits 0. The program's path is the only thing changed here."""
    for unit in UNITS.glob("*.s*"):
        if unit.is_file():
            text = unit.read_text(encoding="utf-8").replace("/usr/local/bin/netwatch", sys.executable)
            (tmp_path / unit.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", str(tmp_path / name)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin:/usr/sbin"},
    )
    ours = [line for line in done.stderr.splitlines() if "netwatch" in line]
    assert not ours
    assert done.returncode == 0, done.stderr


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_is_hardened(name: str) -> None:
    """2.0 of 10 at most; systemd calls everything below 2.3 'OK' or better. `--threshold` counts in tenths."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(UNITS / name)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout.splitlines()[-1:] or done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_is_watched_and_comes_back(name: str) -> None:
    """RELIABILITY: Type=notify, a watchdog, a restart without a limit, and SIGHUP as the reload."""
    found = dict(_directives(name))
    assert found["Type"] == "notify"
    assert found["NotifyAccess"] == "main"
    assert found["WatchdogSec"] == "60"
    assert found["Restart"] == "on-failure"
    assert found["StartLimitIntervalSec"] == "0"
    assert found["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_only_the_monitor_may_open_raw_sockets() -> None:
    monitor, *others = (dict(_directives(name)) for name in SERVICES)
    assert monitor["AmbientCapabilities"] == monitor["CapabilityBoundingSet"] == "CAP_NET_RAW"
    assert [(other["AmbientCapabilities"], other["CapabilityBoundingSet"]) for other in others] == [("", ""), ("", "")]


def test_the_trap_receiver_cannot_write_what_the_others_keep() -> None:
    """Its port comes from systemd, its only writable place is a corner of the state directory: a datagram reaches no record."""
    unit, socket = dict(_directives("netwatch-trapd.service")), dict(_directives("netwatch-trapd.socket"))
    assert unit["StateDirectory"] == "netwatch/traps"
    assert "ReadWritePaths" not in unit
    assert unit["Requires"] == "netwatch-trapd.socket"
    assert socket["ListenDatagram"] == "162"


def test_the_command_socket_is_for_the_group_alone() -> None:
    socket = dict(_directives("netwatch-api.socket"))
    assert (socket["SocketMode"], socket["SocketUser"], socket["SocketGroup"]) == ("0660", "netwatch", "netwatch")


def test_the_socket_directory_outlives_each_unit() -> None:
    """RuntimeDirectory= is removed when its unit stops, and with it the other unit's socket."""
    for name in SERVICES:
        assert "RuntimeDirectory" not in dict(_directives(name))
    assert "d /run/netwatch 0750 netwatch netwatch -" in (UNITS / "tmpfiles.d" / "netwatch.conf").read_text(encoding="utf-8")


def test_the_receive_buffer_may_hold_a_whole_round() -> None:
    parser = configparser.ConfigParser(strict=True)
    parser.read_string("[sysctl]\n" + (UNITS / "sysctl.d" / "60-netwatch.conf").read_text(encoding="utf-8"))
    assert int(parser["sysctl"]["net.core.rmem_max"]) >= 8 * 2**20
    assert "net.ipv4.ping_group_range" in parser["sysctl"]
