"""The real databases of the store's tests, and the world of a small city with the shipped procedure and people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from netwatch.casework import World, load_world
from netwatch.inventory.graph import Graph
from netwatch.settings import load_settings
from netwatch.simulate.machine import people_file
from tests.unit.monitor.desk import OFFICES, city
from tests.unit.store.conftest import clock, postgres, postgres_template, sqlite_template, state, store

__all__ = ["clock", "postgres", "postgres_template", "sqlite_template", "state", "store"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The shipped procedure, people and calendar around the city of the desk."""
    (tmp_path / "inventory.yaml").write_text(
        "version: 1\nvantage: core\nsites: {dc: {name: Data Center, kind: data_center}}\n"
        "devices: {core: {site: dc, role: core, address: 192.0.2.1}}\n"
    )
    (tmp_path / "netwatch.yaml").write_text(
        f"inventory: inventory.yaml\npeople: {people_file()}\ndatabase: sqlite:///state/netwatch.db\n"
    )
    inventory = city(*OFFICES)
    loaded = load_world(load_settings(tmp_path / "netwatch.yaml", environ={}))
    return replace(loaded, inventory=inventory, graph=Graph.of(inventory))
