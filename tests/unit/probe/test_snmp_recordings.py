"""Recordings of forty real devices, served by a real agent and read by both engines, agree with their facts files."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from netwatch.clock import SystemClock
from netwatch.observation import PortOper, SnmpReading
from netwatch.probe.snmp import Agent, SnmpReader
from netwatch.probe.snmp.engines import ENGINES
from netwatch.settings import Secret
from tests.unit.probe.snmp_daemons import snmpsim

RECORDINGS = Path(__file__).parents[4] / "shared" / "devices" / "snmp"
FILES = sorted(RECORDINGS.glob("*.snmprec"))
ADMIN = {1: "up", 2: "down", 3: "testing"}
OPER = {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "not_present", 7: "lower_layer_down", None: "unknown"}
UPS = {
    "apc_smx750i": ("upsBasicOutputStatus=2", None, None, 95.2),
    "cyberpower_pr2200rt2uc": ("upsOutputSource=3", None, 100, 175.0),
    "deltaups": ("upsOutputSource=3", None, 100, 22.0),
    "eaton-mgeups_9px": ("upsOutputSource=3", None, 100, 24.0),
    "generex-ups_cs141": ("upsOutputSource=4", "bypass", 100, 544.0),
    "sd_huawei-gse200m": ("upsOutputSource=3", None, None, None),  # it says -1 for what it does not know
}
pytestmark = pytest.mark.skipif(not FILES, reason="the recordings lie beside the project, in shared/devices")


@pytest.fixture(scope="module")
def port():
    with snmpsim(FILES) as served:
        yield served


@pytest.fixture(scope="module", params=["gufo", "pysnmp"])
def readings(request, port) -> dict[str, SnmpReading]:
    """Read every device in full, some side by side."""

    async def read() -> list[SnmpReading]:
        client = ENGINES[request.param]()
        reader = SnmpReader(client, clock=SystemClock(), deadline=300)
        gate = asyncio.Semaphore(4)

        async def one(name: str) -> SnmpReading:
            async with gate:
                agent = Agent(name, "127.0.0.1", Secret(name), port=port, timeout=10.0)
                return await reader.read(agent, None, power=True, neighbours=True)

        try:
            return await asyncio.gather(*(one(file.stem) for file in FILES))
        finally:
            client.close()

    return {reading.device: reading for reading in asyncio.run(read())}


def facts(name: str) -> dict[str, Any]:
    return json.loads((RECORDINGS / f"{name}.json").read_text())


def said(text: Any) -> str:
    """Cut a recorded name as DEVICES 2.2 says: blanks and NULs at the right, control characters."""
    return "".join(letter for letter in (text or "").rstrip(" \0") if letter.isprintable())


def speed(port: dict[str, Any]) -> int | None:
    high, low = port.get("ifHighSpeed"), port.get("ifSpeed")
    if high is not None and 0 < high <= 800_000:
        return high * 1_000_000
    return low if low not in (None, 0, 2**32 - 1) else None


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_a_recorded_device_is_read_as_its_facts_say(readings, name):
    raw, reading = facts(name)["raw"], readings[name]
    ports = raw.get("ports") or []
    ticks = raw.get("sysUpTime")
    host = raw["uptime_sources"].get("hrSystemUptime_ticks")
    assert reading.answered
    assert reading.object_id == raw.get("sysObjectID")
    assert reading.uptime_s == (ticks / 100 if ticks is not None else None)
    assert reading.host_uptime_s == (host / 100 if host is not None else None)
    assert reading.boots == raw["uptime_sources"].get("snmpEngineBoots")
    assert {port.index: (port.admin.value, port.oper.value) for port in reading.ports} == {
        int(port["index"]): (ADMIN.get(port.get("ifAdminStatus"), "unknown"), OPER.get(port.get("ifOperStatus"), "invalid"))
        for port in ports
    }
    assert {port.index: port.speed_bps for port in reading.ports} == {int(port["index"]): speed(port) for port in ports}
    assert {port.index: port.name for port in reading.ports} == {
        int(port["index"]): said(port.get("ifName")) or said(port.get("ifDescr")) or f"ifIndex {port['index']}" for port in ports
    }
    for port, known in zip(reading.ports, sorted(ports, key=lambda port: int(port["index"])), strict=True):
        changed = known.get("ifLastChange")
        counts = ticks is not None and changed is not None and 0 < changed <= ticks
        assert port.last_change_s == ((ticks - changed) / 100 if counts else None)
        assert port.in_octets == (known.get("ifHCInOctets") or known.get("ifInOctets", known.get("ifHCInOctets")))


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_a_read_that_is_not_whole_says_so_and_a_whole_one_says_nothing(readings, name):
    reading = readings[name]
    assert reading.error in (None, "partial: an OID did not increase")
    assert ("no_ports_reported" in reading.notes) == (reading.ports == ())
    if reading.error is not None:
        assert "oids_out_of_order" in facts(name)["quirks"]


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_only_a_ups_says_where_its_power_comes_from(readings, name):
    ups = readings[name].ups
    if name not in UPS:
        assert ups is None
        return
    assert ups is not None
    assert (ups.on_battery, ups.source, ups.note, ups.charge, ups.minutes_left) == (False, *UPS[name])


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_neighbours_are_those_that_another_tool_found(readings, name):
    """LibreNMS finds the same systems at the same ports; it stores none that say no name, and none by ARP."""
    links = (facts(name)["expected_librenms"] or {}).get("links") or []
    expected = {(link["protocol"], link["ifName"], link["remote_hostname"]) for link in links}
    found = {(one.protocol, one.port, one.device) for one in readings[name].neighbours if one.protocol != "arp"}
    assert expected <= found


def test_a_port_that_only_ifxtable_knows_is_kept_without_a_status(readings):
    ports = {port.name: port for port in readings["edgeswitch_us-8"].ports}
    assert len(ports) == 20
    assert ports["GigabitEthernet 1/3"].index == 1_000_003
    assert ports["GigabitEthernet 1/3"].oper is PortOper.UNKNOWN


def test_lldp_names_its_ports_by_numbers_that_are_no_ifindex(readings):
    """Port 1 of LLDP is bridge port 1, ifIndex 1000001; ifIndex 1 is the loopback."""
    (one,) = [one for one in readings["edgeswitch_us-8"].neighbours if one.protocol == "lldp"]
    assert (one.port, one.device) == ("GigabitEthernet 1/1", "US8Location")
    assert (one.chassis, one.remote_port) == ("20:4c:9e:6e:08:fe", "20:4c:9e:6e:09:00")


def test_a_port_that_lldp_calls_by_its_mac_address_is_found(readings):
    lldp = [one for one in readings["routeros_rb433gl"].neighbours if one.protocol == "lldp"]
    assert (lldp[0].device, lldp[0].port) == ("sw72.hemiko", "trunk: sw72 (eth2)")


def test_a_neighbour_without_a_local_port_is_kept_and_its_port_is_not_known(readings):
    for name in ("routeros_crs317", "routeros_rb760igs"):
        lldp = [one for one in readings[name].neighbours if one.protocol == "lldp"]
        assert lldp
        assert {one.port for one in lldp} == {None}


def test_addresses_of_neighbours_are_read_where_they_are_told(readings):
    aruba = {one.device: one.address for one in readings["arubaos-cx_10.10"].neighbours if one.protocol == "lldp"}
    assert aruba == {"XXap01": "192.168.100.102", "XXam01": "192.168.100.101", "XXgw01": "192.0.2.1"}
    nexus = {(one.protocol, one.port): one.address for one in readings["nxos_n3k-3064pq"].neighbours}
    assert nexus["lldp", "Ethernet1/49"] == "172.30.192.161"
    assert nexus["cdp", "mgmt0"] is None  # six octets are no IPv4 address
    arp = [one for one in readings["asa"].neighbours if one.protocol == "arp"]
    assert ("10.0.0.33", "00:09:0f:09:00:00") in {(one.address, one.chassis) for one in arp}
