"""Which engine speaks to which agent, and what of the inventory, the credentials and the configuration an agent is made of."""

from __future__ import annotations

import asyncio
import socket
import sys
from dataclasses import replace

import pytest

from netwatch.inventory.model import Device, Role, SnmpSettings
from netwatch.probe.snmp import Agent, SnmpError, agent_of, client_for
from netwatch.probe.snmp.gufo_engine import GufoClient
from netwatch.settings import Credential, Secret, Snmp
from tests.unit.probe.snmp_agent import serving, switch

SYS_NAME = (1, 3, 6, 1, 2, 1, 1, 5, 0)
AGENT = Agent("sw", "127.0.0.1", community=Secret("kunci"))


def test_an_agent_is_made_of_inventory_credential_and_configuration():
    credential = Credential(
        name="snmp-v3",
        username="netwatch",
        auth_protocol="sha256",
        auth_key=Secret("a"),
        privacy_protocol="aes",
        privacy_key=Secret("b"),
    )
    device = Device("sw", "dc", Role.SWITCH, "sw.contoh", snmp=SnmpSettings(version="3", port=1161, bulk=False, context="vlan-7"))
    assert agent_of(device, "10.0.0.1", credential, Snmp(timeout=1.0, retries=3, engine="pysnmp")) == Agent(
        "sw",
        "10.0.0.1",
        version="3",
        port=1161,
        bulk=False,
        timeout=1.0,
        retries=3,
        engine="pysnmp",
        username="netwatch",
        auth_protocol="sha256",
        auth_key=Secret("a"),
        privacy_protocol="aes",
        privacy_key=Secret("b"),
        context="vlan-7",
    )


@pytest.mark.parametrize(
    ("own", "configured", "engine"), [("auto", "auto", "auto"), ("auto", "gufo", "gufo"), ("pysnmp", "gufo", "pysnmp")]
)
def test_the_engine_of_a_device_goes_before_that_of_the_configuration(own, configured, engine):
    device = Device("sw", "dc", Role.SWITCH, "10.0.0.1", snmp=SnmpSettings(engine=own))
    assert agent_of(device, "10.0.0.1", None, Snmp(engine=configured)).engine == engine


@pytest.mark.parametrize(
    ("agent", "engine"),
    [
        (AGENT, "gufo"),
        (replace(AGENT, version="1"), "gufo"),
        (replace(AGENT, version="3", username="netwatch"), "gufo"),
        (replace(AGENT, version="3", username="netwatch", context="vlan-7"), "pysnmp"),
        (replace(AGENT, engine="pysnmp"), "pysnmp"),
        (replace(AGENT, engine="gufo", context="vlan-7"), "gufo"),
    ],
)
def test_auto_is_the_cheapest_engine_that_can(agent, engine):
    assert client_for().engine_of(agent) == engine


@pytest.mark.asyncio
async def test_where_gufo_has_no_wheel_auto_is_pysnmp_and_gufo_is_said_to_be_missing(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "gufo" or "gufo_" in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "gufo", None)
    monkeypatch.setattr("netwatch.probe.snmp.engines.find_spec", lambda name: None)
    client = client_for()
    async with serving(switch()) as (_, agent):
        assert client.engine_of(agent) == "pysnmp"
        assert await client.get(agent, [SYS_NAME]) == {SYS_NAME: b"sw"}
        with pytest.raises(SnmpError, match="gufo-snmp is not installed here"):
            await client.get(replace(agent, engine="gufo"), [SYS_NAME])
    client.close()


@pytest.mark.asyncio
async def test_a_router_that_answers_from_its_other_address_is_found_and_remembered():
    client = client_for()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.2", 0))
        async with serving(switch(), retries=1) as (fake, agent):
            fake.send = lambda answer, sender: other.sendto(answer, sender) and None
            assert await client.get(agent, [SYS_NAME]) == {SYS_NAME: b"sw"}
            assert (client.engine_of(agent), client.notes(agent)) == ("pysnmp", ("answers_from:127.0.0.2",))
            fake.requests.clear()
            assert await client.get(agent, [SYS_NAME]) == {SYS_NAME: b"sw"}
            assert len(fake.requests) == 1
            client.forget(agent.device)
            assert client.engine_of(agent) == "gufo"
    client.close()


@pytest.mark.asyncio
async def test_a_silent_agent_is_looked_for_elsewhere_once_and_within_its_patience():
    client = client_for()
    async with serving(switch(), retries=2) as (fake, agent):
        fake.silent = True
        for requests in (3, 6):
            with pytest.raises(SnmpError, match="timeout"):
                await asyncio.wait_for(client.get(agent, [SYS_NAME]), agent.patience + 3)
            assert len(fake.requests) == requests
        fake.silent = False
        assert await client.get(agent, [SYS_NAME]) == {SYS_NAME: b"sw"}
        assert client.engine_of(agent) == "gufo"
    client.close()


@pytest.mark.asyncio
async def test_gufo_keeps_no_more_sockets_than_it_may():
    client = GufoClient()
    client.pool.most = 5
    async with serving(switch(), timeout=2.0) as (_, agent):
        agents = [replace(agent, device=f"sw-{number}") for number in range(30)]
        for _ in range(2):
            await asyncio.gather(*(client.get(one, [SYS_NAME]) for one in agents))
            assert len(client.pool) == 5
    client.close()
    assert len(client.pool) == 0
