"""kill -9 of the real processes at random moments of an outage: afterwards one open ticket and a record that holds.

The suite does a few; the whole drill of 200 is `NETWATCH_KILLS=200 pytest tests/lab/test_kill.py` (20 minutes on two cores).
"""

from __future__ import annotations

import collections
import os
import random
import signal
import time
from collections.abc import Iterator

import pytest

from tests.lab.city import City
from tests.lab.faults import Faults
from tests.lab.house import House

KILLS = int(os.environ.get("NETWATCH_KILLS", "8"))
SEED = int(os.environ.get("NETWATCH_SEED", "20261124"))

pytestmark = [pytest.mark.timeout(120 + 20 * KILLS), pytest.mark.slow]


@pytest.fixture
def house(city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return an installation in which an outage is a ticket within seconds, so that kills meet every stage of it."""
    changes: dict[str, dict[str, object]] = {
        "detection": {"interval": 2, "confirm_window": 4, "up_after": 2, "false_down_per_device_year": 0.1},
        "tickets": {"open_after": 6, "reopen_within": 600, "stable_before_close": 5},
        "snmp": {"interval": 10},
    }
    built = House(city, tmp_path_factory.mktemp("kill"), changes=changes)
    try:
        built.start()
        yield built
    finally:
        built.stop(how=signal.SIGKILL)


def test_kills_at_random_moments_of_an_outage_leave_one_ticket_and_a_whole_record(house: House, faults: Faults) -> None:
    """One process at a time or all of them, from the first lost echo to the open ticket; nothing twice, nothing lost."""
    chance = random.Random(SEED)
    house.wait(lambda: set(house.states().values()) == {"up"}, "everything is up", deadline_s=60)
    faults.cut("hub-tiban-rtr/kel-tiban-rtr", "lower")
    for _ in range(KILLS):
        if chance.random() < 0.8:  # the others are hit while they start
            house.wait(lambda: house.status().get("ready"), "the daemon is ready", deadline_s=90)
        time.sleep(chance.uniform(0.0, 6.0))
        victims = house.processes()
        for pid in victims if chance.random() < 0.5 else [chance.choice(victims)]:
            with_signal(pid)
        house.stop(how=signal.SIGKILL)
        house.resume()
    house.wait(lambda: house.status().get("ready"), "the daemon is ready", deadline_s=90)
    house.wait(lambda: house.tickets("--open"), "a ticket", deadline_s=60)
    time.sleep(8)  # a second ticket would have had its time

    tickets = house.tickets("--all")
    assert [(ticket["site"], ticket["state"]) for ticket in tickets] == [("kel-tiban", "open")]
    house.run("db", "verify")
    said = collections.Counter(house.messages())
    assert [message for message, count in said.items() if count > 1] == []
    assert sum("/ticket_opened/" in key for key, _ in said) == 1

    faults.mend_all()
    house.wait(lambda: set(house.states().values()) == {"up"}, "everything is up again", deadline_s=30)
    assert [ticket["state"] for ticket in house.tickets("--all")] == ["open"]


def with_signal(pid: int) -> None:
    """Kill one process; it may be gone already."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
