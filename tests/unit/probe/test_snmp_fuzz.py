"""Spoilt answers towards both engines and our own reader of answers: no unhandled exception, no hang, whole answers still heard.

A sample of each in every run; with NETWATCH_CAMPAIGN=1 a million inputs (pysnmp's own decoder for v3 gets fewer: 3 ms each).
"""

from __future__ import annotations

import asyncio
import os
import socket
from random import Random

import pytest
from pyasn1.codec.ber import encoder
from pysnmp.proto import api
from pysnmp.proto.rfc1902 import Counter64, Gauge32, Integer32, IpAddress, ObjectIdentifier, OctetString, TimeTicks
from pysnmp.proto.rfc1905 import endOfMibView, noSuchInstance

from netwatch.probe.snmp import Agent, SnmpError
from netwatch.probe.snmp.engines import ENGINES
from netwatch.probe.snmp.envelope import look, names, report, sound, values
from netwatch.settings import Secret
from tests.unit.probe.snmp_agent import serving, switch
from tests.unit.probe.snmp_daemons import SNMPD, Snmpd
from tests.unit.probe.snmp_mutations import spoilt

CAMPAIGN = bool(os.environ.get("NETWATCH_CAMPAIGN"))
SEED = int(os.environ.get("NETWATCH_SEED", "20261124"))
EACH = 25  # spoilt answers before every whole one
DESCR = (1, 3, 6, 1, 2, 1, 2, 2, 1, 2)
ASKED = [(1, 3, 6, 1, 2, 1, 1, 3, 0), (1, 3, 6, 1, 2, 1, 1, 5, 0)]

pytestmark = pytest.mark.timeout(7200 if CAMPAIGN else 120)


def inputs(sample: int, campaign: int) -> int:
    return campaign if CAMPAIGN else sample


def whole_answers() -> list[bytes]:
    """Return answers of every shape: values of all kinds, nothing, a refusal, a Report, an encrypted one."""
    made = api.PROTOCOL_MODULES[1]
    kinds = [Integer32(-5), OctetString(b"ge1"), ObjectIdentifier((1, 3, 6, 1)), IpAddress("10.0.0.1"), Gauge32(2**32 - 1)]
    kinds += [TimeTicks(5), Counter64(2**64 - 1), noSuchInstance, endOfMibView]
    answers = []
    for found, status in ([(kind,) for kind in kinds], 0), ([], 1), ([(OctetString(b"x" * 300),)] * 9, 5):
        pdu = made.GetResponsePDU()
        made.apiPDU.set_defaults(pdu)
        made.apiPDU.set_error_status(pdu, status)
        made.apiPDU.set_varbinds(pdu, [(ObjectIdentifier((*DESCR, at)), value) for at, (value,) in enumerate(found, 1)])
        message = made.Message()
        made.apiMessage.set_defaults(message)
        made.apiMessage.set_community(message, "kunci")
        made.apiMessage.set_pdu(message, pdu)
        answers.append(encoder.encode(message))
    report_id = bytes.fromhex("06092b060106030f010101")  # usmStats, cut short: no Report that is known
    variables = _tlv(0x30, _tlv(0x30, report_id, _tlv(0x41, b"\1")))
    scoped = _tlv(0x30, _tlv(4, b"engine-contoh"), _tlv(4), _tlv(0xA8, *[_tlv(2, b"\1")] * 3, variables))
    for data in scoped, _tlv(4, bytes(40)):
        global_data = _tlv(0x30, _tlv(2, b"\1"), _tlv(2, b"\x10\0"), _tlv(4, b"\3"), _tlv(2, b"\3"))
        parameters = [
            _tlv(4, b"engine-contoh"),
            _tlv(2, b"\1"),
            _tlv(2, b"\5"),
            _tlv(4, b"contoh"),
            _tlv(4, bytes(12)),
            _tlv(4, bytes(8)),
        ]
        answers.append(_tlv(0x30, _tlv(2, b"\3"), global_data, _tlv(4, _tlv(0x30, *parameters)), data))
    return answers


def _tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes((tag, 0x82)) + len(content).to_bytes(2, "big") + content


def test_our_own_reader_returns_or_refuses_whatever_the_octets():
    random = Random(SEED)
    wholes = whole_answers()
    for whole in wholes:
        seen = look(whole)
        assert seen is not None
        assert sound(whole, seen)
    for number in range(inputs(50_000, 1_000_000)):
        (octets,) = spoilt(random, wholes[number % len(wholes)], 1)
        seen = look(octets)
        if seen is None:
            continue
        assert len(names(octets, seen)) <= len(octets)
        report(octets, seen)
        assert sound(octets, seen) in (True, False)
        assert isinstance(seen.refusal, str)
        try:
            found = values(octets, seen)
        except ValueError:
            continue
        assert all(isinstance(value, (int, bytes, tuple, type(None))) for _, value in found)


async def survive(engine: str, agent: Agent, rounds: int) -> list[dict]:
    """Ask again and again; return what the event loop complained of. Fails when a question raises anything else or hangs."""
    complaints: list[dict] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    client = ENGINES[engine]()
    heard = 0
    for number in range(rounds):
        asked = client.following(agent, DESCR, 10, under=DESCR) if number % 2 else client.get(agent, ASKED)
        try:
            await asyncio.wait_for(asked, agent.patience + 20)
            heard += 1
        except SnmpError:
            pass
    client.close()
    await asyncio.sleep(0)
    assert heard > rounds / 2, f"{heard} of {rounds} whole answers were heard"
    return complaints


@pytest.mark.parametrize("engine", ["pysnmp", "gufo"])
@pytest.mark.parametrize("version", ["1", "2c"])
def test_an_engine_survives_spoilt_answers(engine, version):
    random = Random(SEED)

    async def attack():
        tree = {oid: value for oid, value in switch(30).items() if version != "1" or not isinstance(value, Counter64)}
        async with serving(tree, version=version, timeout=1.0, retries=1) as (fake, agent):
            fake.mangle = lambda answer: [*spoilt(random, answer, EACH), answer]
            return await survive(engine, agent, inputs(2_500, 500_000) // EACH)

    assert asyncio.run(attack()) == []


class Spoiler(asyncio.DatagramProtocol):
    """Stands before a real agent and sends spoilt copies of every answer ahead of it."""

    def __init__(self, port: int, random: Random) -> None:
        self.random = random
        self.behind = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.behind.connect(("127.0.0.1", port))
        self.behind.settimeout(0)
        self.asked = None

    def connection_made(self, transport):
        self.transport = transport
        asyncio.get_running_loop().add_reader(self.behind, self.answered)

    def datagram_received(self, data, sender):
        self.asked = sender
        self.behind.send(data)

    def answered(self):
        answer = self.behind.recv(65_535)
        for octets in (*spoilt(self.random, answer, EACH), answer):
            self.transport.sendto(octets, self.asked)

    def connection_lost(self, _):
        asyncio.get_event_loop().remove_reader(self.behind)
        self.behind.close()


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory):
    if SNMPD is None:
        pytest.skip("the program `snmpd` is missing (Debian package snmpd)")
    login = "createUser contoh SHA kunci-contoh-1 AES kunci-contoh-2"
    agent = Snmpd(tmp_path_factory.mktemp("snmpd"), [login, "rouser contoh priv"])
    agent.start()
    yield agent
    agent.stop()


@pytest.mark.parametrize(("engine", "sample", "campaign"), [("pysnmp", 500, 50_000), ("gufo", 2_500, 500_000)])
def test_an_engine_survives_spoilt_answers_of_version_3(snmpd, engine, sample, campaign):
    """Reports among them: whoever can send from the agent's address can make a question fail, and no more."""
    random = Random(SEED)

    async def attack():
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: Spoiler(snmpd.port, random), local_addr=("127.0.0.1", 0))
        agent = Agent(
            "sw",
            "127.0.0.1",
            port=transport.get_extra_info("sockname")[1],
            version="3",
            timeout=1.0,
            retries=1,
            username="contoh",
            auth_protocol="sha",
            auth_key=Secret("kunci-contoh-1"),
            privacy_protocol="aes",
            privacy_key=Secret("kunci-contoh-2"),
        )
        complaints = await survive(engine, agent, inputs(sample, campaign) // EACH)
        transport.close()
        await asyncio.sleep(0)
        return complaints

    assert asyncio.run(attack()) == []
