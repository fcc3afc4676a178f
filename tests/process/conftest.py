"""Stations to start daemons in. One database is made by the real command and copied, because making it takes seconds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.kernel import LabError
from tests.process.station import Station
from tests.process.wire import Wire, why_no_ping, why_no_wire

Make = Callable[..., Station]


@pytest.fixture(scope="session")
def fresh_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory as `netwatch db upgrade` leaves it, without the reserved space."""
    station = Station(tmp_path_factory.mktemp("fresh"))
    made = station.run("db", "upgrade")
    assert made.code == 0, made.err
    (station.state / "ballast").unlink(missing_ok=True)
    return station.state


@pytest.fixture(scope="session")
def wire() -> Iterator[Wire]:
    """Return a namespace in which devices fall silent; skip with the reason where there can be none."""
    if reason := why_no_wire():
        pytest.skip(reason)
    try:
        with Wire(f"nwproc{os.getpid()}") as made:
            yield made
    except LabError as error:
        pytest.skip(f"this kernel or user may not make network namespaces ({error})")


@pytest.fixture
def make(tmp_path: Path, fresh_state: Path) -> Iterator[Make]:
    """Return a function that prepares a station with a database; its processes end with the test."""
    stations: list[Station] = []

    def build(*, database: bool = True, directory: Path = tmp_path, **options: Any) -> Station:
        station = Station(directory, **options)
        if database:
            shutil.copytree(fresh_state, station.state, dirs_exist_ok=True)
        stations.append(station)
        return station

    yield build
    for station in stations:
        station.__exit__(None, None, None)


@pytest.fixture
def quiet(make: Make, wire: Wire) -> Iterator[Station]:
    """Return a station in the namespace; everything answers again after the test."""
    yield make(wire=wire)
    wire.heal()


@pytest.fixture
def local(make: Make) -> Station:
    """Return a station on this machine's own loopback."""
    if reason := why_no_ping():
        pytest.skip(reason)
    return make()
