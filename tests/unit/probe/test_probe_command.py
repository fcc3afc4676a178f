"""`netwatch probe`: one document for programs, one story for people, both without a daemon."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path

import pytest

from netwatch.cli.app import run
from netwatch.cli.probe import icmp_json, measure, snmp_json, ssh_json
from netwatch.cli.probe_story import tell
from netwatch.detect.state import Policy
from netwatch.inventory.document import load_inventory
from netwatch.inventory.model import Device, Role, Site, SiteKind
from netwatch.observation import Neighbour, PortAdmin, PortOper, PortStatus, SnmpReading, SshReading, UpsStatus
from netwatch.probe.icmp import Burst
from netwatch.settings import load_settings
from tests.unit.probe.snmp_agent import serving, switch

DEVICE = Device("sw", "dc", Role.SWITCH, "127.0.0.1")
SITE = Site("dc", "Data Center Contoh", SiteKind.DATA_CENTER)
PORT = PortStatus("ge1", PortAdmin.UP, PortOper.DOWN, index=2, alias="ke OPD", reason="err-disabled")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Write the smallest configuration that can probe this computer."""
    (tmp_path / "netwatch.yaml").write_text("inventory: inventory.yaml\ncredentials: credentials.yaml\n")
    (tmp_path / "credentials.yaml").write_text("version: 1\ncredentials:\n  s: {community: kunci}\n")
    (tmp_path / "credentials.yaml").chmod(0o600)
    (tmp_path / "inventory.yaml").write_text(
        """version: 1
vantage: sw
sites: {dc: {name: Data Center Contoh, kind: data_center}}
devices:
  sw: {site: dc, role: switch, address: 127.0.0.1, credentials: {snmp: s}, snmp: {version: 2c, port: 10161}}
"""
    )
    return tmp_path


def story(document: dict, language: str = "en") -> str:
    return "\n".join(reason.text(language) for reason in tell(DEVICE, SITE, document, Policy()))


@pytest.mark.skipif(os.geteuid() != 0, reason="raw or datagram ICMP needs a right that this user may not have")
def test_the_document_keeps_its_contract(place):
    async def one() -> dict:
        async with serving(switch()) as (_, agent):
            text = (place / "inventory.yaml").read_text().replace("10161", str(agent.port))
            (place / "inventory.yaml").write_text(text)
            inventory = load_inventory(place / "inventory.yaml")
            return await measure(inventory.devices["sw"], load_settings(place / "netwatch.yaml"), ("icmp", "snmp"))

    document = json.loads(json.dumps(asyncio.run(one())))
    assert document["schema"] == "netwatch.probe/1"
    assert document["device"] == "sw"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", document["at"])
    assert (document["icmp"]["sent"], document["icmp"]["received"], document["icmp"]["loss_ratio"]) == (5, 5, 0.0)
    assert 0 < document["icmp"]["rtt_seconds"]["min"] <= document["icmp"]["rtt_seconds"]["avg"] < 1
    assert document["snmp"]["system"]["uptime_seconds"] == 4304.5
    assert document["snmp"]["interfaces"][1] == {
        "index": 10_002,
        "name": "ge2",
        "description": "GigabitEthernet0/2",
        "alias": "ke OPD 2",
        "admin": "up",
        "oper": "down",
        "speed_bps": 10_000_000_000,
        "in_octets": 2**40 + 2,
        "out_octets": 4,
        "last_change_seconds": 300.0,
    }
    assert "ssh" not in document  # not asked: absent


def test_what_could_not_be_read_is_null_and_never_zero():
    silent = snmp_json(SnmpReading("sw", 0.0, answered=False, error="timeout: no answer within 6 s", engine="pysnmp"))
    assert (silent["answered"], silent["system"], silent["interfaces"], silent["ups"]) == (False, None, None, None)
    refused = ssh_json(SshReading("sw", 0.0, answered=False, error="credentials: refused", platform="cisco_ios"))
    assert (refused["interfaces"], refused["neighbours"]) == (None, None)
    unreadable = ssh_json(SshReading("sw", 0.0, answered=True, error="unparsable: no port", platform="cisco_ios"))
    assert (unreadable["answered"], unreadable["interfaces"]) == (True, None)
    nothing = icmp_json(Burst(reasons=["enetunreach"] * 5))
    assert (nothing["sent"], nothing["loss_ratio"], nothing["rtt_seconds"]) == (0, None, None)


def test_a_device_that_is_not_there_is_a_sentence_with_the_nearest_name(place, capsys):
    assert run(["probe", "sww", "--config", str(place / "netwatch.yaml")]) == 1
    assert "mungkin 'sw'?" in capsys.readouterr().err


def test_a_kind_that_does_not_exist_is_a_usage_error(place, capsys):
    assert run(["probe", "sw", "--only", "telnet", "--config", str(place / "netwatch.yaml")]) == 2


def test_the_story_says_what_state_it_would_make():
    assert "State: up." in story({"icmp": icmp_json(Burst(sent=5, rtts=[0.001] * 5))})
    assert "losing 40%" in story({"icmp": icmp_json(Burst(sent=5, rtts=[0.001] * 3))})
    silent = story({"icmp": icmp_json(Burst(sent=5, refused_by="10.0.0.1"))})
    assert "suspect; down only after at least" in silent
    assert "Router 10.0.0.1 says" in silent


def test_the_story_never_charges_this_computers_faults_to_the_device():
    told = story({"icmp": icmp_json(Burst(reasons=["enetunreach"] * 5))})
    assert "State: unknown" in told
    assert "enetunreach" in told


def test_the_story_tells_silence_of_the_agent_from_silence_of_the_device():
    reading = SnmpReading("sw", 0.0, answered=False, error="timeout: no answer within 6 s", engine="pysnmp")
    assert "No proof that the device is down" in story({"snmp": snmp_json(reading)})


def test_the_story_lists_ports_in_both_languages():
    reading = SnmpReading("sw", 0.0, answered=True, engine="pysnmp", name="sw", uptime_s=7.0, ports=(PORT,))
    document = {
        "snmp": snmp_json(reading),
        "ssh": ssh_json(SshReading("sw", 0.0, answered=True, platform="cisco_ios", ports=(PORT,))),
    }
    for language in ("id", "en"):
        assert story(document, language).count("ge1: up/down") == 2
    assert "err-disabled" in story(document)


def test_what_is_odd_about_an_agent_is_said_in_words():
    """A bypass, a status that the MIB does not know, a neighbour without a port: as they are, and never as a fault."""
    reading = SnmpReading(
        "ups",
        0.0,
        answered=True,
        engine="gufo",
        ports=(PortStatus("eth0", PortAdmin.UNKNOWN, PortOper.INVALID, admin_value=7, oper_value=0),),
        ups=UpsStatus(on_battery=False, source="upsOutputSource=4", note="bypass"),
        neighbours=(Neighbour(None, "lldp", "dc-sw", "ge7"), Neighbour("eth0", "arp", address="10.0.0.1")),
        notes=("several_ports:ge1", "port_absent:Te1/1/1", "answers_from:10.0.0.9", "new_code:x"),
    )
    document = snmp_json(reading)
    assert document["ups"] == {
        "on_battery": False,
        "source": "upsOutputSource=4",
        "note": "bypass",
        "seconds_on_battery": None,
        "minutes_left": None,
        "charge": None,
    }
    assert (document["interfaces"][0]["oper"], document["interfaces"][0]["oper_value"]) == ("invalid", 0)
    assert document["neighbours"][0]["device"] == "dc-sw"
    told = story({"snmp": document})
    assert "bypass: a warning, no power cut" in told
    assert "? -- dc-sw ge7 (lldp)" in told
    assert "10.0.0.1" not in told
    assert "Several ports are called ge1." in told
    assert "Port Te1/1/1 tidak terpasang." in story({"snmp": document}, "id")
    assert "Note: new_code:x." in told


def test_an_agent_without_ports_says_that_it_reports_none():
    document = snmp_json(SnmpReading("ups", 0.0, answered=True, engine="gufo", notes=("no_ports_reported",)))
    assert "alive and reports no ports" in story({"snmp": document})
    assert document["interfaces"] == []
