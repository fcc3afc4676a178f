"""The database goes away while the daemon runs: it says so, keeps probing, and writes everything with true times afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.lab.kernel import LabError, run
from tests.process.conftest import Make
from tests.process.station import KEC_RTR, KEC_SW, Station, moment
from tests.process.wire import Wire

HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
LAG_S = 0.1

pytestmark = pytest.mark.slow


@contextlib.contextmanager
def held(database: Path) -> Iterator[None]:
    """Let another process take the writer's lock and stop, as one does that hangs."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        other.send_signal(signal.SIGSTOP)
        yield
    finally:
        other.kill()
        other.communicate(timeout=10)


def goes_on_probing(station: Station) -> None:
    """Look that echoes leave while the database is away, and that the loop waits for nobody (median: the machine may be busy)."""
    before, lags = station.probes(), []
    end = time.monotonic() + 3
    while time.monotonic() < end:
        lags.append(station.metrics()["netwatch_event_loop_lag_seconds"])
        time.sleep(0.1)
    assert station.probes() >= before + 4
    assert statistics.median(lags) < LAG_S


def one_ticket_with_true_times(station: Station, silent_at: datetime, back_at: datetime) -> None:
    """Look at what was written afterwards: when it happened, not when it could be written."""
    station.wait(lambda: station.ready()[0] == 200, "ready again")
    station.wait(station.tickets, "the ticket of what is still down")
    station.wait(lambda: station.metrics()["netwatch_store_queue_transitions"] == 0, "nothing waits")
    states = dict(station.rows("SELECT device, since FROM device_states WHERE state IN ('down', 'unreachable')"))
    assert set(states) == {"kec-rtr", "kec-sw"}
    slack = timedelta(seconds=3)  # an echo under way when the device fell silent
    for since in states.values():
        assert silent_at - slack <= moment(since) <= back_at
    ((began_at,),) = station.rows("SELECT began_at FROM incidents")
    assert silent_at - slack <= moment(began_at) <= back_at
    assert len(station.tickets()) == 1
    station.verify()


def now() -> datetime:
    return datetime.now(UTC)


def test_a_lock_that_another_process_holds_through_an_outage(quiet: Station, wire: Wire) -> None:
    quiet.up()
    with held(quiet.database):
        silent_at = now()
        wire.silence(KEC_RTR, KEC_SW)
        quiet.wait(lambda: quiet.states()["kec-rtr"] == "down", "the outage is seen")
        status, why = quiet.wait(lambda: quiet.ready() if quiet.ready()[0] == 503 else None, "not ready")
        assert status == 503
        assert "database" in why
        assert "locked" in why
        goes_on_probing(quiet)
        assert quiet.metrics()["netwatch_store_writable"] == 0
        back_at = now()
    one_ticket_with_true_times(quiet, silent_at, back_at)


def test_a_start_while_the_lock_is_held_probes_and_writes_later(local: Station) -> None:
    """A backup tool that hangs with the lock must not keep the city unwatched."""
    with held(local.database):
        local.start()
        local.wait(lambda: set(local.states().values()) == {"up"}, "everything is seen to be up")
        local.wait(lambda: local.ready()[0] == 503, "and it says that it cannot write")
        assert local.rows("SELECT 1 FROM device_states") == []
    local.wait(lambda: local.ready()[0] == 200, "ready")
    local.wait(lambda: len(local.rows("SELECT 1 FROM device_states WHERE state = 'up'")) == 4, "and all is written")
    local.verify()


def test_a_deleted_database_stops_the_writing_and_is_not_made_anew(quiet: Station, wire: Wire) -> None:
    process = quiet.up()
    quiet.database.unlink()
    wire.silence(KEC_RTR, KEC_SW)
    quiet.wait(lambda: quiet.ready()[0] == 503, "not ready")
    why = quiet.ready()[1]
    assert "netwatch.db" in why
    assert "deleted or replaced" in why
    assert "restore" in why, "it says what to do"
    quiet.wait(lambda: quiet.states()["kec-rtr"] == "down", "the outage is seen all the same")
    goes_on_probing(quiet)
    assert not quiet.database.exists(), "an empty one would look like a fresh installation"
    quiet.stop(process)
    assert not quiet.database.exists()
    assert '"everything_written": false' in quiet.said(), "it does not pretend"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return the place of a file system of 8 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place))
    except (LabError, FileNotFoundError) as error:
        pytest.skip(f"a small file system cannot be mounted here ({error})")
    yield place
    run("umount", "-l", str(place))


def test_a_full_disk_through_an_outage(make: Make, wire: Wire, small_disk: Path, fresh_state: Path) -> None:
    """Nothing is lost, nobody is told a lie, and it recovers by itself when there is room again."""
    station = make(database=False, wire=wire)
    shutil.copytree(fresh_state, small_disk, dirs_exist_ok=True)
    station.state.symlink_to(small_disk)
    try:
        station.up()
        filler = small_disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as out:
            while True:
                out.write(b"\0" * 4096)
        silent_at = now()
        wire.silence(KEC_RTR, KEC_SW)
        station.wait(lambda: station.ready()[0] == 503, "not ready")
        assert "full" in station.ready()[1]
        station.wait(lambda: station.states()["kec-rtr"] == "down", "the outage is seen")
        goes_on_probing(station)
        back_at = now()
        filler.unlink()
        one_ticket_with_true_times(station, silent_at, back_at)
    finally:
        wire.heal()
        for process in station.processes:
            if process.poll() is None:
                process.kill()
                process.wait(10)
    assert os.path.lexists(station.state)
