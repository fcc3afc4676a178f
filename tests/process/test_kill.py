"""kill -9 of the real processes at random moments of an outage: afterwards one incident, one ticket and a record that holds.

One drill is one outage, from before the first lost echo through the ticket to the end of the recovery, with a kill every few
seconds. The suite does one drill; the campaign is `NETWATCH_KILLS=200 pytest -rP tests/process/test_kill.py` (15 minutes on two
free cores). A drill that fails is repeated with its own seed: `NETWATCH_SEED=... pytest tests/process/test_kill.py`.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer

import pytest

from tests.process.conftest import Make
from tests.process.station import KEC_RTR, KEC_SW, Station
from tests.process.wire import Wire

DRILL = 8  # kills in one outage: half of them before its ticket has been seen, half after
DRILLS = max(1, round(int(os.environ.get("NETWATCH_KILLS", "8")) / DRILL))
SEED = int(os.environ.get("NETWATCH_SEED", "20261124"))
SETTINGS = {
    "detection": {"interval": 2, "timeout": 1, "confirm_window": 3, "up_after": 2, "false_down_per_device_year": 0.1},
    "tickets": {"open_after": 6, "reopen_within": 600, "stable_before_close": 5},
}

pytestmark = [pytest.mark.slow, pytest.mark.lab, pytest.mark.timeout(600)]


class Drill:
    """One outage of one office, and somebody who kills processes."""

    def __init__(self, station: Station, wire: Wire, chance: random.Random) -> None:
        self.station = station
        self.wire = wire
        self.kills: list[str] = []  # what was killed, and when
        self._chance = chance
        self._timers: list[Timer] = []

    def suddenly(self, change: Callable[[], None]) -> None:
        """Let the world change at a random moment of the next two lives."""
        self._timers.append(Timer(self._chance.uniform(0.0, 6.0), change))
        self._timers[-1].start()

    def settled(self) -> None:
        """Wait until the world has changed as far as it will."""
        for timer in self._timers:
            timer.join()

    def lives(self, count: int) -> None:
        """Let the processes live for a random while, kill, start again; this many times."""
        for _ in range(count):
            moment = self._live()
            stage = self.stage()
            victims = self._kill()
            self.kills.append(f"{victims} {moment}, {stage}")
            self.station.start(only=None)

    def _live(self) -> str:
        """Wait for the random moment of the next kill and say what is special about it."""
        kind = self._chance.choice(("starting", "running", "writing", "stage", "stage"))
        if kind == "starting":
            time.sleep(self._chance.uniform(0.0, 2.5))
            return "while starting" if self.station.ready()[0] != 200 else "just started"
        self.station.wait(lambda: self.station.ready()[0] == 200, "ready")
        if kind == "running":
            time.sleep(self._chance.uniform(0.0, 4.0))
            return "while running"
        if kind == "writing":
            return self._until_written(self._chance.randint(1, 6))
        before, last = self.stage(), time.monotonic() + 8.0
        while self.stage() == before and time.monotonic() < last:
            time.sleep(0.01)
        time.sleep(self._chance.choice((0.0, self._chance.uniform(0.0, 3.0))))
        return "while running" if self.stage() == before else "in a new stage"

    def _until_written(self, writes: int) -> str:
        """Wait for so many writes to the database, six seconds at most, and for up to 20 ms more."""
        log = self.station.database.with_name("netwatch.db-wal")
        seen, last = written(log), time.monotonic() + 6.0
        while writes and time.monotonic() < last:
            time.sleep(0.001)
            now = written(log)
            writes -= now != seen
            seen = now
        time.sleep(self._chance.uniform(0.0, 0.02))
        return "while running" if writes else "after a write"

    def _kill(self) -> str:
        """Kill one process or all of them; return which. Of a family of which one died nothing is left, as under systemd."""
        family = self.wire.processes()
        self._chance.shuffle(family)
        alone = self._chance.random() < 0.5
        who = role(family[0]) if alone and family else "all"
        for pid in family[:1] if alone else family:
            end(pid)
        if self._chance.random() < 0.5:  # else what is left sees to its own end
            for pid in family:
                end(pid)
        self.station.processes.pop().wait(60)
        deadline = time.monotonic() + 60
        while left := self.wire.processes():
            assert time.monotonic() < deadline, f"these outlive their family: {[role(pid) for pid in left]}"
            time.sleep(0.02)
        return who

    def stage(self) -> str:
        """Say how far the outage has got, as far as it is written."""
        states = dict(self.station.rows("SELECT device, state FROM device_states"))
        incidents = self.station.rows("SELECT state, ticket FROM incidents")
        if not incidents:
            return "nothing known" if set(states.values()) == {"up"} else "down, no incident"
        ((state, ticket),) = incidents
        if ticket is None:
            return "incident, no ticket"
        return f"ticket, incident {state}, " + ("all up" if set(states.values()) == {"up"} else "some down")


def written(log: Path) -> tuple[int, int]:
    """Return what differs after every write."""
    try:
        found = log.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def role(pid: int) -> str:
    """Say which process of the family it is."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
    except OSError:
        return "a dead one"
    return next((part for part in ("monitor", "api") if part in words), "the parent")


def end(pid: int) -> None:
    """Kill one process; it may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def drill(make: Make, wire: Wire, seed: int) -> Iterator[Drill]:
    """Return a running city in which an outage is a ticket within seconds; nothing of it is left after the test."""
    made = Drill(make(wire=wire, changes=SETTINGS), wire, random.Random(seed))
    made.station.up(only=None)
    yield made
    made.settled()
    wire.heal()
    for pid in wire.processes():
        end(pid)


@pytest.mark.parametrize("seed", range(SEED, SEED + DRILLS))
def test_kills_at_random_moments_of_an_outage_leave_one_ticket_and_a_whole_record(drill: Drill, wire: Wire, seed: int) -> None:
    """One process at a time or all of them, from before the first lost echo until all is well; nothing twice, nothing lost."""
    print(f"NETWATCH_SEED={seed}")
    station = drill.station
    drill.suddenly(lambda: wire.silence(KEC_RTR, KEC_SW))
    drill.lives(DRILL // 2)
    drill.settled()
    station.wait(station.tickets, "the ticket")
    station.wait(lambda: station.states().get("kec-sw") == "unreachable", "what is behind it is known to be unreachable")
    drill.suddenly(wire.heal)
    drill.lives(DRILL - DRILL // 2)
    drill.settled()
    print(*drill.kills, sep="\n")

    station.wait(lambda: set(station.states().values()) == {"up"} and station.ready()[0] == 200, "everything is up again")
    station.wait(lambda: not station.rows("SELECT 1 FROM incidents WHERE state = 'open'"), "the incident is over")
    station.wait(lambda: "recovered" in said(station) and set(said(station).values()) == {"sent"}, "everything was told")

    assert station.rows("SELECT locus, state FROM incidents") == [("kec-rtr", "recovered")]
    assert station.rows("SELECT site, state, incident FROM tickets") == [("kec", "open", 1)]
    troubled = station.rows("SELECT device, to_state FROM transitions WHERE to_state NOT IN ('up', 'unknown')")
    assert {device for device, _ in troubled} == {"kec-rtr", "kec-sw"}, "nobody else was ever thought down"
    assert Counter(troubled)["kec-rtr", "down"] == 1
    told = Counter(key.split("/")[1] for (key,) in station.rows("SELECT key FROM outbox"))
    assert told == {"ticket_opened": 1, "ticket_step": 1, "recovered": 1}
    station.verify()


def said(station: Station) -> dict[str, str]:
    """Return the messages by their kind: waiting, sent or dead."""
    return {key.split("/")[1]: state for key, state in station.rows("SELECT key, state FROM outbox")}
