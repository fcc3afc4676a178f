"""SIGHUP and `netwatch reload`: a bad file hurts nothing, a good one is taken whole, an outage goes on through both."""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from netwatch.errors import InvalidFile
from netwatch.inventory.document import load_inventory
from tests.process.station import KEC_RTR, KEC_SW, REPOSITORY, TOWN, Station
from tests.process.wire import Wire

BROKEN_FILES = 200
SUCCESSFUL = "netwatch_config_last_reload_successful"
MOVED = "127.77.2.9"


pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]  # tests/conftest.py keeps them on one worker


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory, fresh_state: Path, wire: Wire) -> Iterator[Station]:
    """Return a running installation, both processes, for all tests of this file: one after the other, on one worker."""
    with Station(tmp_path_factory.mktemp("reload"), wire=wire) as made:
        shutil.copytree(fresh_state, made.state)
        made.up(only=None)
        made.wait(lambda: made.ask("/-/healthy", of="api")[0] == 200, "the api answers")
        yield made
    wire.heal()


def reload(station: Station) -> tuple[int, str]:
    return station.ask("/-/reload", method="POST")


def of_devices(station: Station) -> set[str]:
    """Return the names of the series that belong to one device."""
    return {name for name in station.metrics() if name.startswith("netwatch_device_up{")}


def test_200_broken_inventories_leave_what_runs(station: Station, tmp_path: Path) -> None:
    """Mutations of the example inventory, each refused by the loader; the daemon outlives them and goes on with what it had."""
    monitor, before = station.processes[-1], of_devices(station)
    chance = random.Random(20261124)
    good = (REPOSITORY / "inventory.yaml").read_text(encoding="utf-8")
    tried = tmp_path / "tried.yaml"
    for number in range(BROKEN_FILES):
        station.inventory.write_text(broken(good, chance, tried), encoding="utf-8")
        status, said = reload(station)
        assert status == 422, f"{number}: {status} {said}"
        assert "inventory.yaml" in said
    assert monitor.poll() is None
    assert of_devices(station) == before
    assert station.metrics()[SUCCESSFUL] == 0

    told = station.run("reload")
    assert told.code == 3, told
    assert f"{station.inventory}:" in told.err
    assert '"faults"' not in told.err, "a person reads sentences, not JSON"
    shown = json.loads(station.run("status", "--json").out)
    assert shown["monitor"]["configuration_ok"] is False
    assert len(shown["devices"]) == 4
    assert set(station.states().values()) == {"up"}

    station.inventory.write_text(TOWN, encoding="utf-8")
    assert station.run("reload").code == 0
    assert station.metrics()[SUCCESSFUL] == 1
    assert json.loads(station.run("status", "--json").out)["monitor"]["configuration_ok"] is True


def broken(good: str, chance: random.Random, tried: Path) -> str:
    """Return a mutation that the loader refuses."""
    while True:
        tried.write_text(mutated(good, chance), encoding="utf-8")
        try:
            load_inventory(tried)
        except InvalidFile:
            return tried.read_text(encoding="utf-8")


def mutated(text: str, chance: random.Random) -> str:
    """Damage a text the way hands and disks do: letters, words, lines, halves."""
    lines = text.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    match chance.randrange(8):
        case 0:  # a line twice
            lines.insert(at, lines[at])
        case 1:  # a line lost
            del lines[at]
        case 2:  # indented
            lines[at] = " " * chance.randrange(1, 4) + lines[at]
        case 3:  # cut off
            lines = [*lines[:at], lines[at][: chance.randrange(len(lines[at]))]]
        case 4:  # a word of somewhere else
            words = text.split()
            lines[at] = lines[at].replace(chance.choice(lines[at].split() or [""]), chance.choice(words), 1)
        case 5:  # a tab, a control character, a bracket
            place = chance.randrange(len(lines[at]))
            lines[at] = lines[at][:place] + chance.choice("\t\x00\x07{}[]:&*!%@`'\"#|>") + lines[at][place:]
        case 6:  # a letter
            place = chance.randrange(len(lines[at]))
            lines[at] = lines[at][:place] + chance.choice("abcxyz019-_. ") + lines[at][place + 1 :]
        case _:  # two lines change places
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
    return "".join(lines)


def test_a_good_inventory_is_taken_by_sighup_in_the_middle_of_an_outage(station: Station, wire: Wire) -> None:
    """One appears, one leaves, one moves; what is down stays down, and so do its incident and its ticket."""
    daemon = station.processes[-1]
    wire.silence(KEC_RTR, KEC_SW)
    ticket = station.wait(station.tickets, "a ticket")
    assert station.states()["kec-rtr"] == "down"

    leaves = TOWN.replace("  kec-rtr:", "  retired-rtr:").replace("{to: kec-rtr,", "{to: retired-rtr,")
    station.inventory.write_text(leaves, encoding="utf-8")
    daemon.send_signal(signal.SIGHUP)
    station.wait(lambda: station.metrics().get(SUCCESSFUL) == 0, "the reload is refused")
    status, said = reload(station)
    assert status == 422
    assert "'kec-rtr' has an open incident" in said
    assert ticket[0][0] in said, "the refusal names the ticket"
    assert set(station.states()) == {"core", "kec-rtr", "kec-sw", "kel-rtr"}

    new = TOWN.replace("address: 127.77.2.1", f"address: {MOVED}")
    new += "  kel-sw:  {site: kel, role: switch, address: 127.77.2.2, groups: [ping], uplinks: [{to: kel-rtr, port: ge1}]}\n"
    station.inventory.write_text(new, encoding="utf-8")
    daemon.send_signal(signal.SIGHUP)
    station.wait(lambda: station.metrics().get(SUCCESSFUL) == 1, "the reload is taken")
    station.wait(lambda: station.states().get("kel-sw") == "up", "the new device is probed")
    assert any('device="kel-sw"' in name for name in of_devices(station))
    assert station.states()["kec-rtr"] == "down"

    wire.silence(MOVED)  # only the new address falls silent: so it is the one that is asked
    station.wait(lambda: station.states()["kel-rtr"] != "up", "the device is asked at its new address")
    wire.heal()
    station.wait(lambda: set(station.states().values()) == {"up"}, "everything is up again")
    station.inventory.write_text(TOWN, encoding="utf-8")
    assert reload(station)[0] == 200
    assert "kel-sw" not in station.states()
    assert not any('device="kel-sw"' in name for name in station.metrics()), "its series end with it"
    assert station.rows("SELECT id, incident FROM tickets WHERE site = 'kec'") == [(ticket[0][0], ticket[0][2])]
    station.verify()


def test_every_series_that_the_alerts_look_at_is_exported(station: Station) -> None:
    """An alert on a series that nobody exports never fires, and nobody notices."""
    rules = (REPOSITORY / "contrib" / "prometheus" / "netwatch.rules.yml").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\bnetwatch_[a-z_]+", rules))
    pages = station.ask("/metrics")[1] + station.ask("/metrics", of="api")[1]
    given = set(re.findall(r"(?m)^# HELP (\S+)", pages))
    assert wanted - given == set()
