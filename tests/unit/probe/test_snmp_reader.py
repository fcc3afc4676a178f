"""What an agent says becomes facts; what it does not say stays unknown; what it does wrong stays bounded."""

from __future__ import annotations

import asyncio
import time

import pytest
import pytest_asyncio
from pysnmp.proto.rfc1902 import Integer32, OctetString

from netwatch.clock import SystemClock
from netwatch.observation import PortAdmin, PortOper
from netwatch.probe.snmp import SnmpReader
from netwatch.probe.snmp.pysnmp_engine import PysnmpClient
from netwatch.settings import Secret
from tests.unit.probe.snmp_agent import serving, switch

pytestmark = pytest.mark.asyncio
IF = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IFX = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)


@pytest_asyncio.fixture
async def reader():
    client = PysnmpClient()
    yield SnmpReader(client, clock=SystemClock(), deadline=5)
    client.close()


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_a_named_port_is_found_and_read(reader, version):
    async with serving(switch(), version=version) as (_, agent):
        reading = await reader.read(agent, ["ge2"])
    assert (reading.answered, reading.error, reading.engine) == (True, None, "pysnmp")
    assert (reading.object_id, reading.name, reading.uptime_s) == ("1.3.6.1.4.1.9.1.1", "sw", 4304.5)
    assert reading.description == "Switch Contoh   v1"
    (port,) = reading.ports
    assert (port.name, port.index, port.admin, port.oper) == ("ge2", 10_002, PortAdmin.UP, PortOper.DOWN)
    assert (port.description, port.alias) == ("GigabitEthernet0/2", "ke OPD 2")
    assert (port.speed_bps, port.last_change_s) == (10_000_000_000, 300.0)


@pytest.mark.parametrize("name", ["ge1", "GE1", "GigabitEthernet0/1", "gigabitethernet 0/1", "ifIndex 10001"])
async def test_a_port_is_known_by_name_description_or_index_in_this_order(reader, name):
    async with serving(switch()) as (_, agent):
        (port,) = (await reader.read(agent, [name])).ports
    assert (port.name, port.index, port.oper) == (name, 10_001, PortOper.UP)


async def test_the_second_read_of_known_ports_is_one_request(reader):
    async with serving(switch()) as (fake, agent):
        await reader.read(agent, ["ge1"])
        fake.requests.clear()
        reading = await reader.read(agent, ["ge1"])
    assert reading.ports[0].oper is PortOper.UP
    assert [kind for kind, _ in fake.requests] == ["Get"]


async def test_a_renumbered_table_is_looked_up_again(reader):
    """After a restart the same row may be another port: the name is asked beside the status."""
    async with serving(switch()) as (fake, agent):
        await reader.read(agent, ["ge1"])
        fake.tree[(*IFX, 1, 10_001)], fake.tree[(*IFX, 1, 10_002)] = OctetString(b"ge2"), OctetString(b"ge1")
        (port,) = (await reader.read(agent, ["ge1"])).ports
    assert (port.index, port.oper) == (10_002, PortOper.DOWN)


async def test_a_port_that_is_not_there_is_said_and_the_others_are_read(reader):
    async with serving(switch()) as (_, agent):
        reading = await reader.read(agent, ["ge1", "ge99"])
    assert [port.name for port in reading.ports] == ["ge1"]
    assert reading.error == "no such port: ge99"
    assert reading.answered


async def test_a_port_that_is_nowhere_is_not_looked_for_every_minute(reader):
    """A wrong name in the inventory must not cost three walks a round; a device that is replaced is looked at anew."""
    async with serving(switch()) as (fake, agent):
        await reader.read(agent, ["ge1", "ge99"])
        fake.requests.clear()
        reading = await reader.read(agent, ["ge1", "ge99"])
        assert [kind for kind, _ in fake.requests] == ["Get"]
        assert reading.error == "no such port: ge99"
        fake.tree[(*IFX, 1, 10_003)] = OctetString(b"ge99")
        reader.forget(agent.device)
        reading = await reader.read(agent, ["ge1", "ge99"])
    assert [port.index for port in reading.ports] == [10_001, 10_003]


async def test_everything_is_read_column_by_column_and_joined_by_index(reader):
    tree = switch()
    del tree[(*IF, 8, 10_002)]  # columns of unequal length
    tree[(*IF, 8, 10_003)] = Integer32(0)
    tree[(*IF, 7, 10_003)] = Integer32(7)
    async with serving(tree) as (_, agent):
        reading = await reader.read(agent, None)
    one, two, three = reading.ports
    assert (one.name, one.in_octets, one.out_octets, one.last_change_s) == ("ge1", 2**40 + 1, 2, None)
    assert two.oper is PortOper.UNKNOWN
    assert (three.admin, three.oper) == (PortAdmin.UNKNOWN, PortOper.INVALID)


async def test_an_agent_without_ifxtable_is_read_by_description(reader):
    tree = {oid: value for oid, value in switch().items() if oid[: len(IFX)] != IFX}
    async with serving(tree) as (_, agent):
        named = await reader.read(agent, ["GigabitEthernet0/2"])
        full = await reader.read(agent, None)
    assert named.ports[0].oper is PortOper.DOWN
    assert named.ports[0].speed_bps is None  # ifSpeed says only "more than 4.3 Gbit/s"
    assert [port.name for port in full.ports] == [f"GigabitEthernet0/{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize("wrong", ["silent", "community"])
async def test_a_silent_agent_is_a_timeout_and_no_port_is_down(reader, wrong):
    """In v2c a wrong community looks exactly like a dead agent."""
    async with serving(switch()) as (fake, agent):
        fake.silent, fake.community = wrong == "silent", "lain" if wrong == "community" else "kunci"
        reading = await reader.read(agent, ["ge1"])
    assert (reading.answered, reading.ports, reading.uptime_s) == (False, (), None)
    assert (reading.error or "").startswith("timeout")
    assert len(fake.requests) == 2  # one retry


async def test_an_agent_that_drops_large_answers_is_asked_for_less_and_remembered(reader):
    async with serving(switch(ports=12), timeout=0.3, retries=0) as (fake, agent):
        fake.largest = 4
        tree = dict(fake.tree)
        first = await reader.read(agent, ())
        fake.largest = 4
        reading = await reader.read(agent, ["ge12"])
        bulks = sum(kind == "GetBulk" for kind, _ in fake.requests)
        fake.requests.clear()
        await reader.read(agent, None)
    assert first.answered
    assert reading.ports[0].index == 10_012
    assert tree == fake.tree
    assert bulks > 0


async def test_too_big_is_asked_in_halves(reader):
    async with serving(switch()) as (fake, agent):
        fake.error = lambda kind, oids: ("tooBig", 0) if len(oids) > 2 else None
        reading = await reader.read(agent, ["ge1"])
    assert reading.name == "sw"
    assert reading.ports[0].oper is PortOper.UP


async def test_an_agent_that_fails_for_one_object_loses_only_that(reader):
    broken = (*IF, 8, 10_001)
    async with serving(switch()) as (fake, agent):
        fake.error = lambda kind, oids: ("genErr", 0) if broken in oids else None
        reading = await reader.read(agent, ["ge1"])
    assert reading.ports[0].admin is PortAdmin.UP
    assert reading.ports[0].oper is PortOper.UNKNOWN


async def test_a_table_that_does_not_end_is_cut_and_said():
    client = PysnmpClient()
    reader = SnmpReader(client, clock=SystemClock(), deadline=1.5)
    async with serving(switch()) as (fake, agent):
        await reader.read(agent)
        fake.endless = True
        started = time.monotonic()
        reading = await reader.read(agent, None)
    client.close()
    assert time.monotonic() - started < 5
    assert reading.answered
    assert "deadline" in (reading.error or "") or "partial" in (reading.error or "")


async def test_an_oid_that_does_not_increase_ends_the_walk(reader):
    async with serving(switch()) as (fake, agent):
        await reader.read(agent)
        fake.stuck = True
        reading = await reader.read(agent, None)
    assert reading.answered
    assert reading.ports == ()
    assert reading.error is None or "increase" in reading.error


@pytest.mark.parametrize(
    "mangle",
    [
        lambda answer: [answer[:-3]],
        lambda answer: [b"\x23\x80\x03\x00"],
        lambda answer: [b""],
        lambda answer: [answer + bytes(60_000)],
        lambda answer: [b"\x30\x84\xff\xff\xff\xff" + answer],
        lambda answer: [bytes(255 - octet for octet in answer)],
    ],
)
async def test_octets_that_are_no_snmp_end_as_no_answer(reader, mangle):
    async with serving(switch(), timeout=0.1, retries=0) as (fake, agent):
        fake.mangle = mangle
        reading = await reader.read(agent, ["ge1"])
    assert not reading.answered
    assert (reading.error or "").split(":")[0] in ("timeout", "malformed")


async def test_an_answer_that_comes_twice_is_taken_once(reader):
    async with serving(switch()) as (fake, agent):
        fake.mangle = lambda answer: [answer, answer]
        reading = await reader.read(agent, ["ge1", "ge2"])
    assert len(reading.ports) == 2


async def test_silent_agents_do_not_delay_the_others(reader):
    async with serving(switch()) as (_, good), serving(switch(), timeout=4.0) as (fake, bad):
        fake.silent = True
        slow = [asyncio.ensure_future(reader.read(_named(bad, f"silent-{number}"))) for number in range(50)]
        assert (await reader.read(_named(good, "good"), ["ge1"])).answered
        assert not any(task.done() for task in slow)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


async def test_a_version_or_a_credential_that_is_missing_is_said(reader):
    async with serving(switch(), version="2p") as (_, agent):
        assert (await reader.read(agent)).error == "version: there is no SNMPv2p"
    async with serving(switch(), version="3") as (_, agent):
        assert (await reader.read(agent)).error == "credential: SNMPv3 needs a username"
    async with serving(switch(), community=None) as (_, agent):
        assert (await reader.read(agent)).error == "credential: no community"


async def test_the_community_is_in_no_reading_and_no_error(reader):
    async with serving(switch(), community=Secret("sangat-rahasia")) as (_, agent):
        reading = await reader.read(agent)
    assert "sangat-rahasia" not in repr(reading) + repr(agent)


def _named(agent, name):
    from dataclasses import replace

    return replace(agent, device=name)
