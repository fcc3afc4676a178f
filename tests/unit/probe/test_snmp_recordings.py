"""Recordings of forty real devices, served by a real socket, agree with their facts files."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pysnmp.proto.rfc1902 import Counter32, Counter64, Gauge32, Integer32, ObjectIdentifier, OctetString, TimeTicks

from netwatch.clock import SystemClock
from netwatch.probe.snmp import SnmpReader
from netwatch.probe.snmp.pysnmp_engine import PysnmpClient
from tests.unit.probe.snmp_agent import serving

RECORDINGS = Path(__file__).parents[4] / "shared" / "devices" / "snmp"
FILES = sorted(RECORDINGS.glob("*.snmprec"))
NUMBERS = {"2": Integer32, "65": Counter32, "66": Gauge32, "67": TimeTicks, "70": Counter64}
ADMIN = {1: "up", 2: "down", 3: "testing"}
OPER = {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "not_present", 7: "lower_layer_down", None: "unknown"}


def load(file: Path) -> dict[tuple[int, ...], Any]:
    """Read a recording; lines that netwatch never asks for (addresses, masked octets) are left out."""
    tree = {}
    for line in file.read_text(encoding="latin-1").splitlines():
        name, _, rest = line.partition("|")
        tag, _, value = rest.partition("|")
        if tag in NUMBERS:
            made = NUMBERS[tag](int(value))
        elif tag == "6":
            made = ObjectIdentifier(value)
        elif tag == "4":
            made = OctetString(value.encode("latin-1"))
        elif tag == "4x" and "X" not in value:
            made = OctetString(bytes.fromhex(value))
        else:
            continue
        tree[tuple(map(int, name.split(".")))] = made
    return dict(sorted(tree.items()))


@pytest.mark.skipif(not FILES, reason="the recordings lie beside the project, in shared/devices")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_recorded_device_is_read_as_its_facts_say(file):
    facts = json.loads(file.with_suffix(".json").read_text())["raw"]

    async def read():
        client = PysnmpClient()
        async with serving(load(file), timeout=2.0) as (_, agent):
            reading = await SnmpReader(client, clock=SystemClock(), deadline=60).read(agent, None)
        client.close()
        return reading

    reading = asyncio.run(read())
    assert reading.error is None
    assert reading.object_id == facts.get("sysObjectID")
    assert reading.uptime_s == (facts["sysUpTime"] / 100 if facts.get("sysUpTime") is not None else None)
    seen = {port.index: (port.admin.value, port.oper.value) for port in reading.ports}
    assert seen == {
        int(port["index"]): (ADMIN.get(port.get("ifAdminStatus"), "unknown"), OPER.get(port.get("ifOperStatus"), "invalid"))
        for port in facts.get("ports") or []
    }
