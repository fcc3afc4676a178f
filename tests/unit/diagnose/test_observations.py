"""Observations in, diagnosis out: the JSON of INTERFACES."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.diagnose.localise import localise, unreachable
from netwatch.diagnose.observations import dump, read
from netwatch.diagnose.report import cause_from_json, cause_json, diagnosis_json
from netwatch.diagnose.snapshot import DeviceView, Reach, Snapshot, VantageView
from netwatch.errors import InvalidFile
from netwatch.observation import PortAdmin, PortOper, PortStatus
from tests.unit.diagnose.town import NOW, SMALL, seen, town

GRAPH = town(SMALL)
times = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
views = st.builds(
    DeviceView,
    icmp=st.sampled_from([None, *Reach]),
    since=st.none() | times,
    certain=st.booleans(),
    snmp=st.sampled_from([None, True, False]),
    rebooted=st.sampled_from([None, True, False]),
    on_battery=st.booleans(),
    refused_by=st.none() | st.just("192.0.2.7"),
    snmp_since_loss=st.booleans(),
)
ports = st.builds(
    PortStatus,
    name=st.just("ge1"),
    admin=st.sampled_from(PortAdmin),
    oper=st.sampled_from(PortOper),
    reason=st.none() | st.just("err-disabled"),
    index=st.none() | st.integers(1, 9),
    alias=st.none() | st.just(""),
    in_octets=st.none() | st.just(0),
)
flags = st.sampled_from([None, True, False])


@settings(max_examples=100, deadline=None)
@given(
    times,
    st.dictionaries(st.sampled_from(sorted(GRAPH.inventory.devices)), views),
    st.dictionaries(st.tuples(st.sampled_from(["core", "dist"]), st.just("ge1")), ports),
    st.builds(VantageView, carrier=flags, witness=flags),
)
def test_a_snapshot_goes_to_json_and_back_exactly(at, devices, readings, vantage):
    snapshot = Snapshot(GRAPH, at, devices, readings, vantage)
    assert read(json.loads(json.dumps(dump(snapshot))), GRAPH) == snapshot


def test_causes_go_to_json_and_back_exactly():
    for cause in localise(seen(GRAPH, down={"a-rtr", "a-sw", "c-rtr"}, ports={"dist:to-a-rtr": "admin"})):
        assert cause_from_json(json.loads(json.dumps(cause_json(cause)))) == cause


def test_the_example_of_the_contract_is_understood():
    document = {
        "schema": "netwatch.observations/1",
        "at": "2026-11-24T03:00:00Z",
        "vantage": {"carrier": True, "witness": None},
        "devices": {
            "a-rtr": {"icmp": "down", "since": "2026-11-24T02:58:31Z", "snmp": "down", "rebooted": None, "on_battery": False},
            "a-sw": {"icmp": "down"},
            "dist": {"icmp": "up", "snmp": "up"},
            "core": {"icmp": None},
        },
        "ports": {"dist": {"to-a-rtr": {"admin": "up", "oper": "down", "reason": None}}},
        "anything": "else",
    }
    snapshot = read(document, GRAPH)
    causes = localise(snapshot)
    found = diagnosis_json(snapshot.at, causes, unreachable(snapshot, causes))
    assert found["schema"] == "netwatch.diagnosis/1"
    assert found["at"] == "2026-11-24T03:00:00Z"
    assert found["unreachable"] == ["a-sw"]
    (cause,) = found["causes"]
    assert cause["locus"] == ["a-rtr"]
    assert cause["affected"] == ["a-rtr", "a-sw"]
    assert {"code", "id", "en"} <= cause["evidence"][0].keys()
    assert {"kind", "element", "side", "domain", "confidence"} <= cause["alternatives"][0].keys()


def test_an_echo_log_beside_the_snapshot_does_not_disturb_it():
    document = {**dump(seen(GRAPH, down={"a-ap"})), "echoes": {"a-ap": [["2026-11-24T03:00:00Z", None]]}}
    assert read(document, GRAPH).devices["a-ap"].icmp is Reach.SILENT


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"devices": {"nobody": {"icmp": "up"}}}, "'nobody' is not in the inventory"),
        ({"devices": {"a-ap": {"icmp": "dead"}}}, "devices.a-ap.icmp: expected up, down or null, found 'dead'"),
        ({"devices": {"a-ap": {"icmp": "down", "since": "yesterday"}}}, "devices.a-ap.since: expected an RFC 3339 time"),
        ({"devices": {"a-ap": {"icmp": "down", "since": "2026-11-24T02:58:31"}}}, "has no time zone"),
        ({"devices": {"a-ap": {"icmp": "down", "on_battery": "yes"}}}, "devices.a-ap.on_battery: expected true, false or null"),
        ({"devices": []}, "devices: expected an object"),
        ({"ports": {"nobody": {}}}, "ports: 'nobody' is not in the inventory"),
        ({"ports": {"dist": {"ge1": {"oper": "sideways"}}}}, "ports.dist.ge1"),
        ({"vantage": {"carrier": 1}}, "vantage.carrier"),
        ({"at": None}, "at: is missing"),
        ({"at": 5}, "at: expected an RFC 3339 time"),
        ({"schema": "netwatch.ticket/1"}, "schema: expected netwatch.observations/1"),
    ],
)
def test_every_fault_names_its_place(change, text):
    document = {**dump(seen(GRAPH)), **change}
    with pytest.raises(InvalidFile) as caught:
        read(document, GRAPH, file="obs.jsonl", line=3)
    assert text in str(caught.value)
    assert caught.value.faults[0].line == 3


def test_all_faults_come_at_once():
    with pytest.raises(InvalidFile) as caught:
        read({"at": "x", "devices": {"a": 1, "b": 2}, "ports": 3}, GRAPH)
    assert len(caught.value.faults) == 4


def test_what_is_no_object_is_refused():
    for document in (None, [], "x", 1):
        with pytest.raises(InvalidFile):
            read(document, GRAPH)


def test_devices_that_are_known_but_not_probed_are_left_out():
    from dataclasses import replace

    from netwatch.inventory.graph import Graph
    from netwatch.inventory.model import Status

    inventory = GRAPH.inventory
    devices = {**inventory.devices, "old": replace(inventory.devices["a-ap"], id="old", status=Status.RETIRED)}
    graph = Graph.of(replace(inventory, devices=devices))
    assert "old" not in read({"at": "2026-11-24T03:00:00Z", "devices": {"old": {"icmp": "down"}}}, graph).devices


def test_a_snapshot_carries_only_what_was_measured():
    document = dump(seen(GRAPH, down={"a-ap"}, unknown={"b-sw"}))
    assert document["at"] == NOW.isoformat().replace("+00:00", "Z")
    assert document["devices"]["core"] == {"icmp": "up"}
    assert "b-sw" not in document["devices"]
