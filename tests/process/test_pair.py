"""`netwatch run`: two processes that live and end together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.station import Station, alive, children_of


@pytest.fixture
def family(local: Station) -> Iterator[tuple[Station, subprocess.Popen[bytes], list[int]]]:
    """Return the running installation, its parent, and the pids of monitor and api."""
    parent = local.up(only=None)
    local.wait(lambda: local.ask("/-/healthy", of="api")[0] == 200, "the api answers")
    children = children_of(parent.pid)
    assert len(children) == 2
    yield local, parent, children
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


Family = tuple[Station, subprocess.Popen[bytes], list[int]]


def gone(children: list[int]) -> bool:
    return not any(alive(pid) for pid in children)


def test_kill_of_the_parent_ends_both_children(family: Family) -> None:
    """No monitor without its keeper: it could not be stopped by the unit any more."""
    station, parent, children = family
    assert station.stop(parent, how=signal.SIGKILL) == -signal.SIGKILL
    station.processes.clear()
    station.wait(lambda: gone(children), "both children are gone", within_s=30)
    again = station.up()
    assert station.stop(again) == 0


@pytest.mark.parametrize("victim", ["monitor", "api"])
def test_the_end_of_one_ends_the_other(local: Station, victim: str) -> None:
    """Half a netwatch looks well from one side; the unit must see that it is not. Here one dies while both still start."""
    parent = local.start(only=None)
    children = local.wait(lambda: children_of(parent.pid) if len(children_of(parent.pid)) == 2 else None, "both", every_s=0.02)
    (pid,) = local.wait(lambda: [child for child in children if victim in words_of(child)], "its command line", every_s=0.02)
    os.kill(pid, signal.SIGKILL)
    assert parent.wait(45) == 1
    assert gone(children)


def words_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def test_sighup_while_they_start_is_no_end_and_sigterm_ends_both_with_0(local: Station) -> None:
    """A reload that comes too early does no harm: the files are being read anyway."""
    parent = local.start(only=None)
    children = local.wait(lambda: children_of(parent.pid) if len(children_of(parent.pid)) == 2 else None, "both", every_s=0.02)
    parent.send_signal(signal.SIGHUP)
    local.wait(lambda: local.ask("/-/healthy", of="api")[0] == 200 and local.ready()[0] == 200, "they start all the same")
    assert children_of(parent.pid) == children
    assert local.stop(parent) == 0
    assert gone(children)
    assert not (local.state / "monitor.sock").exists()


def test_a_stop_that_comes_while_they_start_is_a_stop(local: Station) -> None:
    parent = local.start(only=None)
    children = local.wait(lambda: children_of(parent.pid) if len(children_of(parent.pid)) == 2 else None, "both", every_s=0.02)
    assert local.stop(parent) == 0
    assert gone(children)
