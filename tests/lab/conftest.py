"""The city as a fixture: built once, mended after every test, skipped with the reason where the kernel or a tool says no."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from netwatch.inventory.document import load_inventory
from tests.lab import agents
from tests.lab.city import City
from tests.lab.faults import Faults
from tests.lab.house import INVENTORY
from tests.lab.kernel import missing_tools, why_no_namespaces
from tests.lab.ssh_server import Server


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the city is a lab test, and all of them share one worker: there is one city at a time."""
    for item in items:
        if "city" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.lab)
            item.add_marker(pytest.mark.xdist_group("lab"))


@pytest.fixture(scope="session")
def city() -> Iterator[City]:
    """Return the city of city.yaml, up and answering."""
    reason = why_no_namespaces()
    if reason:
        pytest.skip(reason)
    with City(load_inventory(INVENTORY), with_snmp=agents.why_no_snmpd() is None) as built:
        yield built


@pytest.fixture
def faults(city: City) -> Iterator[Faults]:
    """Return what breaks the city; everything is mended again after the test, and the test waits until it answers."""
    injected = Faults(city)
    yield injected
    injected.mend_all()
    city.wait_until_ready()


@pytest.fixture
def needs_snmpd() -> None:
    """Skip where there is no SNMP agent to run."""
    if reason := agents.why_no_snmpd():
        pytest.skip(reason)


@pytest.fixture
def needs_sshd() -> None:
    """Skip where there is no SSH server to run."""
    if reason := agents.why_no_sshd():
        pytest.skip(reason)


@pytest.fixture
def needs_nft() -> None:
    """Skip where packets cannot be dropped."""
    if missing_tools("nft"):
        pytest.skip("the program `nft` is missing (Debian package nftables)")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a place for real sshds that play devices; all of them end with the test."""
    reason = "needs root" if os.geteuid() else agents.why_no_sshd()
    if reason:
        pytest.skip(reason)
    made = Server(tmp_path)
    yield made
    made.stop()
