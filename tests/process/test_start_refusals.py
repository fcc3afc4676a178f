"""What must not start says why and what to do: one sentence, the right exit code, no traceback, and nothing made or changed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.kernel import missing_tools, run
from tests.process.conftest import Make
from tests.process.station import PATIENCE_S, REPOSITORY, TOWN, Ended, Station
from tests.process.wire import why_no_ping

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all")


def refused(station: Station, *, code: int, of: str | None = "monitor", before: tuple[str, ...] = ()) -> list[str]:
    """Start the daemon, which must end by itself; return what it said, line by line."""
    done = station.run("run", *(("--only", of) if of else ()), before=before)
    return said(done, code)


def said(done: Ended, code: int) -> list[str]:
    assert "Traceback" not in done.err
    assert "fault inside netwatch" not in done.err
    assert done.code == code, done
    assert done.out == ""
    return done.err.strip().splitlines()


def only_sentence(lines: list[str]) -> str:
    assert len(lines) == 1, lines
    return lines[0]


# --- files: exit 3, every place named ------------------------------------------------------------------------------------------


def test_a_broken_configuration_names_every_place(make: Make) -> None:
    station = make(database=False)
    station.config.write_text("inventory: inventory.yaml\npeople: people.yaml\ndetektion: {interval: 2}\nsnmp: {timeout: yes}\n")
    lines = refused(station, code=3)
    assert [place(line) for line in lines] == [("netwatch.yaml", 3), ("netwatch.yaml", 4)], lines
    assert "detection" in lines[0], "it says what was probably meant"
    assert not station.state.exists()


def test_broken_files_are_named_all_at_once(make: Make) -> None:
    """Inventory, people, procedure and holidays: whoever repairs them reads one list, not the first fault of four."""
    station = make(
        database=False,
        changes={"procedure": "sop.yaml", "holidays": "holidays.yaml", "monitor": {"listen": None, "socket": "m.sock"}},
    )
    inventory = TOWN.replace("{to: kec-rtr, port: ge1}", "{to: kec-rtt, port: ge1}").replace(
        "address: 127.77.2.1", "adress: 127.77.2.1"
    )
    station.inventory.write_text(inventory)
    people = station.directory / "people.yaml"
    people.write_text(people.read_text().replace("role: division_head", "role: devision_head"))
    shutil.copyfile(REPOSITORY / "config" / "sop.yaml", station.directory / "sop.yaml")
    holidays = (REPOSITORY / "config" / "holidays.yaml").read_text()
    (station.directory / "holidays.yaml").write_text(holidays.replace("version:", "verzion:", 1))
    lines = refused(station, code=3)
    places = [place(line) for line in lines]
    assert {name for name, _ in places} == {"inventory.yaml", "people.yaml", "holidays.yaml"}, lines
    assert sum(name == "inventory.yaml" for name, _ in places) >= 2, lines
    assert any("kec-rtr" in line for line in lines), "it says what was probably meant"


def test_a_broken_procedure_is_named_by_line(make: Make) -> None:
    station = make(database=False, changes={"procedure": "sop.yaml"})
    good = (REPOSITORY / "config" / "sop.yaml").read_text()
    broken = re.sub(r"(?m)^( +)to: \w+", r"\1to: nowhere_at_all", good, count=1)
    broken = broken if broken != good else re.sub(r"to: \w+", "to: nowhere_at_all", good, count=1)
    assert broken != good
    (station.directory / "sop.yaml").write_text(broken)
    lines = refused(station, code=3)
    assert {place(line)[0] for line in lines} == {"sop.yaml"}
    assert any("nowhere_at_all" in line for line in lines), lines


def test_credentials_that_others_may_read_are_refused(make: Make) -> None:
    station = make(changes={"credentials": "credentials.yaml"})
    credentials = station.directory / "credentials.yaml"
    credentials.write_text("version: 1\ncredentials:\n  snmp-ro: {community: Zq7mWk2xTf9sLr4vBn8cHd3p}\n")
    credentials.chmod(0o644)
    sentence = only_sentence(refused(station, code=3))
    assert f"chmod 600 {credentials}" in sentence
    assert "Zq7mWk2xTf9sLr4vBn8cHd3p" not in sentence


def place(line: str) -> tuple[str, int]:
    """Return file name and line of `file:line:column: text`."""
    found = re.match(r"(\S+?):(\d+):(\d+): \S", line)
    assert found, f"no place in: {line}"
    return Path(found[1]).name, int(found[2])


def test_the_daemon_of_both_processes_refuses_a_broken_file_with_the_same_code(make: Make) -> None:
    station = make()
    station.inventory.write_text(TOWN.replace("vantage: core", "vantage: kore"))
    lines = refused(station, code=3, of=None)
    assert {place(line) for line in lines} == {("inventory.yaml", 2)}


# --- the database ---------------------------------------------------------------------------------------------------------------


def test_no_database_yet_names_the_command_that_makes_one(make: Make) -> None:
    station = make(database=False)
    assert "netwatch db upgrade" in only_sentence(refused(station, code=1))
    assert not station.database.exists(), "only `db upgrade` makes one"


def test_a_lost_database_is_not_replaced_by_an_empty_one(make: Make) -> None:
    station = make()
    station.database.unlink()
    assert "netwatch db restore" in only_sentence(refused(station, code=1))
    assert not station.database.exists()


def test_a_newer_schema_is_refused_with_both_numbers(make: Make) -> None:
    station = make()
    with contextlib.closing(sqlite3.connect(station.database)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    sentence = only_sentence(refused(station, code=1))
    assert "9999" in sentence
    assert "0001" in sentence


def test_a_database_that_another_program_keeps_for_itself(make: Make) -> None:
    station = make()
    with contextlib.closing(sqlite3.connect(station.database, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert "locked" in only_sentence(refused(station, code=1))


@pytest.mark.parametrize("trouble", ["database", "directory"])
def test_what_may_not_be_written_is_named(nobodys: Station, trouble: str) -> None:
    """A database or a state directory of somebody else, as after `sudo netwatch db upgrade`."""
    what, path = ("database", nobodys.database) if trouble == "database" else ("state directory", nobodys.state)
    os.chown(path, 0, 0)
    sentence = only_sentence(refused(nobodys, code=1, before=NOBODY))
    assert f"the {what} {path} cannot be written" in sentence
    assert "run netwatch as its owner" in sentence


# --- sockets, ports, permissions ------------------------------------------------------------------------------------------------


def test_a_taken_port_is_named_with_the_key_to_change(make: Make) -> None:
    needs_ping()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        sentence = only_sentence(refused(make(changes={"monitor": {"listen": address}}), code=1))
    assert address in sentence
    assert "monitor.listen" in sentence


def test_a_socket_path_that_cannot_be_made_is_named(make: Make) -> None:
    needs_ping()
    station = make(changes={"monitor": {"listen": None, "socket": "missing/monitor.sock"}})
    sentence = only_sentence(refused(station, code=1))
    assert "missing/monitor.sock" in sentence
    assert "monitor.socket" in sentence


def test_a_second_monitor_on_the_same_state_is_refused_and_the_first_goes_on(local: Station) -> None:
    first = local.up()
    sentence = only_sentence(refused(local, code=1))
    assert "monitor" in sentence
    assert str(local.state) in sentence
    before = local.probes()
    local.wait(lambda: local.probes() > before, "the first goes on probing", within_s=20)
    assert local.stop(first) == 0


@pytest.mark.parametrize("language", ["id", "en"])
def test_without_any_permission_to_ping_the_sentence_names_sysctl_and_capability(nobodys: Station, language: str) -> None:
    """A fresh network namespace lets no group use datagram sockets (ping_group_range is `1 0`), and nobody has no capability."""
    name = f"nwnoping{os.getpid()}"
    run("ip", "netns", "add", name)
    try:
        command = ["ip", "netns", "exec", name, *nobodys.command("run", "--only", "monitor", before=NOBODY)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            cwd="/",
            env=nobodys.environment({"NETWATCH_LANGUAGE": language}),
        )
    finally:
        run("ip", "netns", "del", name)
    sentence = only_sentence(said(Ended(done.returncode, done.stdout, done.stderr), 1))
    assert "net.ipv4.ping_group_range" in sentence
    assert "CAP_NET_RAW" in sentence
    assert sentence.startswith("this process may not" if language == "en" else "proses ini tidak boleh")


@pytest.fixture
def nobodys(fresh_state: Path) -> Iterator[Station]:
    """Return a station of user nobody in a place he can reach."""
    if os.geteuid() != 0 or missing_tools("setpriv", "ip"):
        pytest.skip("only root with `setpriv` can start a program as somebody else")
    directory = Path(tempfile.mkdtemp(prefix="nwp-", dir="/tmp"))
    try:
        directory.chmod(0o755)
        station = Station(directory)
        shutil.copytree(fresh_state, station.state)
        for path in (directory, *directory.rglob("*")):
            os.chown(path, 65534, 65534)
        tried = subprocess.run(
            [*NOBODY, sys.executable, "-c", "import ctypes, netwatch, yaml"], capture_output=True, text=True, cwd="/", check=False
        )
        if tried.returncode:
            pytest.skip(f"nobody may not start the program of this checkout: {tried.stderr.strip().splitlines()[-1:]}")
        yield station
    finally:
        shutil.rmtree(directory)


def needs_ping() -> None:
    if reason := why_no_ping():
        pytest.skip(reason)
