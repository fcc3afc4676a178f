"""A scenario file is read strictly: what it says is what happens, what is wrong is named with its place."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from netwatch.errors import InvalidFile
from netwatch.simulate.faults import Fault, FaultKind
from netwatch.simulate.scenario import load_scenario
from tests.stories.city import write_story


def faults_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        load_scenario(write_story(folder, text))
    return [f"{fault.line}: {fault.text}" for fault in caught.value.faults]


def test_the_example_of_the_contract_loads(tmp_path: Path) -> None:
    """INTERFACES "Simulate", word for word but for the names of this city."""
    scenario, inventory = load_scenario(
        write_story(
            tmp_path,
            """
            seed: 7
            duration: 3600
            noise: {loss: 0.01, bursts_per_day: 0, burst_seconds: 20}
            start: 2026-11-24T01:00:00Z
            events:
              - {at: 120, fail: {link: dc-dist-1/kel-001-rtr}}
              - {at: 900, repair: {link: dc-dist-1/kel-001-rtr}}
              - {at: 1500, fail: {power: kel-002, for: 300}}
              - {at: 2000, crash: daemon}
            people: auto
            """,
        )
    )
    assert (scenario.seed, scenario.duration, scenario.noise.loss) == (7, 3600, 0.01)
    assert scenario.start == datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert scenario.people.auto == "repair"
    assert inventory.vantage == "dc-core"
    link, power = Fault(FaultKind.LINK, "dc-dist-1/kel-001-rtr"), Fault(FaultKind.POWER, "kel-002")
    assert list(scenario.faults()) == [(120, True, link), (900, False, link), (1500, True, power), (1800, False, power)]


def test_every_kind_of_fault_can_be_written(tmp_path: Path) -> None:
    """All that INTERFACES lists."""
    scenario, _ = load_scenario(
        write_story(
            tmp_path,
            """
            duration: 100
            events:
              - {at: 0, fail: {device: kel-001-rtr}}
              - {at: 0, fail: {device: kel-001-rtr, how: hang}}
              - {at: 0, fail: {power: pln-1}}
              - {at: 0, fail: {cable: duct-1}}
              - {at: 0, fail: {port: {device: dc-dist-1, port: ge1, how: err_disabled}}}
              - {at: 0, fail: {snmp: dc-dist-1}}
              - {at: 0, fail: {icmp: dc-dist-1}}
              - {at: 0, fail: {loss: {link: dc-dist-1/kel-001-rtr, ratio: 0.3}}}
              - {at: 0, fail: monitor}
              - {at: 0, fail: {monitor: route, for: 5}}
              - {at: 0, clock: {step: -86400}}
              - {at: 0, suspend: {for: 5}}
              - {at: 0, stall: {for: 5}}
              - {at: 0, reload: other.yaml}
              - {at: 0, maintenance: {sites: [kel-001], for: 600, reason: Ganti perangkat}}
            """,
        )
    )
    assert len(list(scenario.faults())) == 11


def test_a_flap_is_a_row_of_outages(tmp_path: Path) -> None:
    """period 60, count 2: down for 30 s, twice."""
    scenario, _ = load_scenario(
        write_story(
            tmp_path,
            """
            duration: 1000
            events: [{at: 100, fail: {flap: {link: dc-dist-1/kel-001-rtr, period: 60, count: 2}}}]
            """,
        )
    )
    assert [(at, begins) for at, begins, _ in scenario.faults()] == [(100, True), (130, False), (160, True), (190, False)]


def test_what_does_not_exist_is_named_with_its_place(tmp_path: Path) -> None:
    """Every element at once, each with the near name."""
    faults = faults_of(
        tmp_path,
        """
        duration: 100
        events:
          - {at: 0, fail: {device: kel-001-rt}}
          - {at: 0, fail: {link: dc-dist-1/kel-001}}
          - {at: 0, fail: {power: duct-1}}
          - {at: 0, maintenance: {sites: [kel-099], for: 5}}
        """,
    )
    assert [fault.split(":")[0] for fault in faults] == ["5", "6", "7", "8"]
    assert "kel-001-rtr" in faults[0]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ("{at: 0, fail: {device: kel-001-rtr, link: dc-dist-1/kel-001-rtr}}", "exactly one"),
        ("{at: 0, fail: {}}", "exactly one"),
        ("{at: 0}", "exactly one"),
        ("{at: -1, crash: daemon}", "at least 0"),
        ("{at: 0, crash: api}", "daemon"),
        ("{at: 0, fail: {loss: {link: dc-dist-1/kel-001-rtr, ratio: 1.5}}}", "at most 1"),
        ("{at: 0, fial: {device: kel-001-rtr}}", "did you mean 'fail'"),
        ("{at: 0, repair: {device: kel-001-rtr, for: 5}}", "a repair names"),
    ],
)
def test_a_wrong_event_is_refused_at_its_line(tmp_path: Path, event: str, text: str) -> None:
    """Nothing is guessed."""
    faults = faults_of(tmp_path, f"duration: 100\nevents:\n  - {event}\n")
    assert any(fault.startswith("4: ") and text in fault for fault in faults), faults
