"""What both engines must do alike, whatever the agent does: every test here runs on each of them."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import replace

import pytest
import pytest_asyncio
from pysnmp.proto.rfc1902 import Counter32, Counter64, Gauge32, Integer32, IpAddress, ObjectIdentifier, OctetString, TimeTicks
from pysnmp.proto.rfc1905 import noSuchInstance, noSuchObject

from netwatch.clock import SystemClock
from netwatch.probe.snmp import SnmpError, SnmpReader
from netwatch.probe.snmp.engines import ENGINES
from netwatch.probe.snmp.walk import Walker
from netwatch.settings import Secret
from tests.unit.probe.snmp_agent import serving, switch

pytestmark = pytest.mark.asyncio
NAMES = ["pysnmp", "gufo"]
SYS = (1, 3, 6, 1, 2, 1, 1)
DESCR = (1, 3, 6, 1, 2, 1, 2, 2, 1, 2)
IF_NAME = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1)
SLACK = 3.0  # s; this machine has other things to do


@pytest_asyncio.fixture(params=NAMES)
async def client(request):
    made = ENGINES[request.param]()
    yield made
    made.close()


async def error_of(asked) -> SnmpError:
    """Return the error that a question ends with."""
    with pytest.raises(SnmpError) as caught:
        await asked
    return caught.value


# Values


async def test_every_kind_of_value_arrives_as_it_was_sent(client):
    sent = {
        Integer32(-5): -5,
        Integer32(2**31 - 1): 2**31 - 1,
        Counter32(2**32 - 1): 2**32 - 1,
        Gauge32(0): 0,
        TimeTicks(4_294_967_295): 4_294_967_295,
        Counter64(2**64 - 1): 2**64 - 1,
        OctetString(b""): b"",
        OctetString("中文".encode("gb18030")): "中文".encode("gb18030"),
        OctetString(bytes(range(256))): bytes(range(256)),
        IpAddress("10.255.0.1"): bytes([10, 255, 0, 1]),
        ObjectIdentifier((1, 3, 6, 1, 4, 1, 4_294_967_295, 2)): (1, 3, 6, 1, 4, 1, 4_294_967_295, 2),
        ObjectIdentifier((0, 0)): (0, 0),
    }
    tree = {(*SYS, 90, number): value for number, value in enumerate(sent, 1)}
    async with serving(tree) as (_, agent):
        got = await client.get(agent, list(tree))
        walked = await Walker(client).walk(agent, (*SYS, 90))
    assert list(got.values()) == list(sent.values())
    assert walked.rows == {(number,): value for number, value in enumerate(sent.values(), 1)}
    assert walked.partial is None


@pytest.mark.parametrize("absent", [noSuchObject, noSuchInstance])
async def test_what_an_agent_does_not_have_is_no_value_and_spoils_nothing(client, absent):
    tree = {**switch(), (*SYS, 9, 0): absent}
    async with serving(tree) as (_, agent):
        got = await client.get(agent, [(*SYS, 5, 0), (*SYS, 9, 0), (*SYS, 3, 0)])
    assert got == {(*SYS, 5, 0): b"sw", (*SYS, 9, 0): None, (*SYS, 3, 0): 430_450}


async def test_an_agent_without_anything_that_was_asked_answers_all_the_same(client):
    async with serving(switch()) as (fake, agent):
        assert await client.get(agent, [(1, 3, 9, 1), (1, 3, 9, 2)]) == {(1, 3, 9, 1): None, (1, 3, 9, 2): None}
    assert len(fake.requests) == 1


async def test_an_index_beyond_31_bits_is_an_index_like_others(client):
    async with serving({(*DESCR, 4_294_967_295): OctetString(b"a"), (*DESCR, 4_294_967_294): OctetString(b"b")}) as (fake, agent):
        fake.tree = dict(sorted(fake.tree.items()))
        assert (await Walker(client).walk(agent, DESCR)).rows == {(4_294_967_294,): b"b", (4_294_967_295,): b"a"}


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_a_switch_is_read_alike_by_every_version(client, version):
    tree = {oid: value for oid, value in switch(20).items() if version != "1" or not isinstance(value, Counter64)}
    async with serving(tree, version=version) as (_, agent):
        reading = await SnmpReader(client, clock=SystemClock()).read(agent, None)
    assert (reading.answered, reading.error, len(reading.ports)) == (True, None, 20)
    assert (reading.name, reading.uptime_s, reading.object_id) == ("sw", 4304.5, "1.3.6.1.4.1.9.1.1")
    assert [port.name for port in reading.ports] == [f"ge{number}" for number in range(1, 21)]
    assert [port.in_octets for port in reading.ports] == [number + (2**40 if version == "2c" else 0) for number in range(1, 21)]


async def test_an_agent_on_ipv6_is_read(client):
    loop = asyncio.get_running_loop()
    async with serving(switch()) as (fake, agent):
        try:
            transport, _ = await loop.create_datagram_endpoint(lambda: fake, local_addr=("::1", 0))
        except OSError as error:
            pytest.skip(f"no IPv6 on loopback: {error}")
        port = transport.get_extra_info("sockname")[1]
        assert await client.get(replace(agent, address="::1", port=port), [(*SYS, 5, 0)]) == {(*SYS, 5, 0): b"sw"}
        transport.close()


async def test_a_hundred_agents_are_asked_side_by_side(client):
    """More than one answer in the buffer, each for another device."""
    async with serving(switch()) as (_, agent):
        agents = [replace(agent, device=f"sw-{number}", timeout=2.0) for number in range(100)]
        answers = await asyncio.gather(*(client.get(one, [(*SYS, 5, 0)]) for one in agents))
    assert answers == [{(*SYS, 5, 0): b"sw"}] * 100


# Silence


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_silence_ends_after_the_retries(client, version):
    async with serving(switch(), version=version, timeout=0.2, retries=2) as (fake, agent):
        fake.silent = True
        began = time.monotonic()
        error = await error_of(client.get(agent, [(*SYS, 5, 0)]))
        took = time.monotonic() - began
    assert error.key == "timeout"
    assert len(fake.requests) == 3
    assert 0.6 <= took <= agent.patience + SLACK


async def test_a_wrong_community_looks_like_silence(client):
    async with serving(switch(), community=Secret("salah")) as (_, agent):
        assert (await error_of(client.get(agent, [(*SYS, 5, 0)]))).key == "timeout"


async def test_a_port_where_nobody_listens_is_a_timeout(client):
    async with serving(switch()) as (_, agent):
        pass
    assert (await error_of(client.get(agent, [(*SYS, 5, 0)]))).key == "timeout"


async def test_a_lost_answer_is_asked_for_again(client):
    async with serving(switch(), retries=2) as (fake, agent):
        lost = [1]
        fake.mangle = lambda answer: [] if lost and not lost.clear() else [answer]
        assert await client.get(agent, [(*SYS, 5, 0)]) == {(*SYS, 5, 0): b"sw"}
    assert len(fake.requests) == 2


async def test_a_silent_agent_does_not_hold_up_another(client):
    async with serving(switch(), retries=3) as (dead, silent), serving(switch()) as (_, agent):
        dead.silent = True
        hung = asyncio.ensure_future(client.get(silent, [(*SYS, 5, 0)]))
        await asyncio.sleep(0)
        assert await client.get(replace(agent, device="other"), [(*SYS, 5, 0)]) == {(*SYS, 5, 0): b"sw"}
        assert not hung.done()
        assert (await error_of(hung)).key == "timeout"


async def test_closing_ends_what_is_under_way(client):
    async with serving(switch(), retries=0) as (fake, agent):
        fake.silent = True
        hung = asyncio.ensure_future(client.get(agent, [(*SYS, 5, 0)]))
        await asyncio.sleep(0.05)
        client.close()
        assert (await error_of(asyncio.wait_for(hung, agent.patience + SLACK))).key in ("timeout", "local")


# Answers that come wrongly


async def test_an_answer_that_comes_twice_is_one_answer(client):
    async with serving(switch()) as (fake, agent):
        fake.mangle = lambda answer: [answer, answer]
        for _ in range(5):
            assert await client.get(agent, [(*SYS, 5, 0)]) == {(*SYS, 5, 0): b"sw"}
            assert await client.get(agent, [(*SYS, 3, 0)]) == {(*SYS, 3, 0): 430_450}


async def test_a_refusal_that_comes_twice_is_not_taken_for_the_next_answer(client):
    async with serving(switch()) as (fake, agent):
        fake.mangle = lambda answer: [answer, answer]
        fake.error = lambda kind, oids: ("genErr", 1)
        assert (await error_of(client.get(agent, [(*SYS, 5, 0)]))).status == "genErr"
        fake.error = lambda kind, oids: None
        assert await client.get(agent, [(1, 3, 9, 9)]) == {(1, 3, 9, 9): None}


async def test_a_late_answer_is_not_taken_for_the_next_one(client):
    loop = asyncio.get_running_loop()
    async with serving(switch(), retries=0) as (fake, agent):
        fake.send = lambda answer, sender: loop.call_later(0.4, fake.transport.sendto, answer, sender) and None
        await error_of(client.get(agent, [(*SYS, 5, 0)]))
        fake.send = fake.transport.sendto
        for _ in range(20):
            assert await client.get(agent, [(*SYS, 3, 0)]) == {(*SYS, 3, 0): 430_450}
            await asyncio.sleep(0.02)


def other_number(answer: bytes) -> bytes:
    """Change the request id of an answer: the INTEGER behind the PDU's tag and length."""
    at = answer.index(b"\xa2")
    at += 2 + (answer[at + 1] & 0x7F if answer[at + 1] >= 0x80 else 0)
    assert answer[at] == 2
    return answer[: at + 2] + bytes([answer[at + 2] ^ 0x15]) + answer[at + 3 :]


async def test_an_answer_to_another_question_is_no_answer(client):
    async with serving(switch()) as (fake, agent):
        fake.mangle = lambda answer: [other_number(answer)]
        assert (await error_of(client.get(agent, [(*SYS, 5, 0)]))).key == "timeout"
        fake.mangle = lambda answer: [other_number(answer), answer]
        assert await client.get(agent, [(*SYS, 5, 0)]) == {(*SYS, 5, 0): b"sw"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: answer[:-1],
        lambda answer: answer[: len(answer) // 2],
        lambda answer: answer[:2],
        lambda answer: b"\x30\x84\xff\xff\xff\xff" + answer[6:],
        lambda answer: bytes(len(answer)),
        lambda answer: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
    ids=["cut", "half", "head", "huge", "zeros", "text"],
)
async def test_nonsense_is_said_and_the_next_answer_is_heard(client, spoil):
    async with serving(switch(), retries=0) as (fake, agent):
        fake.mangle = lambda answer: [spoil(answer)]
        assert (await error_of(client.get(agent, [(*SYS, 5, 0)]))).key == "malformed"
        fake.mangle = lambda answer: [spoil(answer), answer]
        assert await client.get(agent, [(*SYS, 5, 0)]) == {(*SYS, 5, 0): b"sw"}


async def test_an_empty_datagram_is_nothing(client):
    async with serving(switch()) as (fake, agent):
        fake.mangle = lambda answer: [b"", answer]
        assert await client.get(agent, [(*SYS, 5, 0)]) == {(*SYS, 5, 0): b"sw"}


async def test_an_answer_from_another_address_is_heard_by_pysnmp_and_said_by_gufo(client):
    async with serving(switch()) as (fake, agent), elsewhere() as other:
        fake.send = lambda answer, sender: other.sendto(answer, sender) and None
        asked = client.get(agent, [(*SYS, 5, 0)])
        if client.engine_of(agent) == "gufo":
            error = await error_of(asked)
            assert error.key == "timeout"
            assert "another address" in str(error)
        else:
            assert await asked == {(*SYS, 5, 0): b"sw"}
            assert client.notes(agent) == ("answers_from:127.0.0.2",)
            fake.send = fake.transport.sendto
            await client.get(agent, [(*SYS, 5, 0)])
            assert client.notes(agent) == ()


def elsewhere():
    """Return another socket of the same device: a router with two addresses."""
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind(("127.0.0.2", 0))
    return _Closing(other)


class _Closing:
    def __init__(self, kept):
        self.kept = kept

    async def __aenter__(self):
        return self.kept

    async def __aexit__(self, *_):
        self.kept.close()


# Refusals


@pytest.mark.parametrize("status", ["tooBig", "genErr"])
async def test_a_refused_get_says_why(client, status):
    async with serving(switch()) as (fake, agent):
        fake.error = lambda kind, oids: (status, 2)
        error = await error_of(client.get(agent, [(*SYS, 5, 0), (*SYS, 3, 0)]))
    assert (error.key, error.status, error.index) == ("refused", status, 2)
    assert len(fake.requests) == 1


async def test_version_1_names_the_object_it_does_not_have(client):
    async with serving(switch(), version="1") as (_, agent):
        error = await error_of(client.get(agent, [(*SYS, 5, 0), (*SYS, 99, 0)]))
    assert (error.key, error.status, error.index) == ("refused", "noSuchName", 2)


async def test_a_get_refused_as_a_whole_is_asked_again_in_pieces(client):
    """One object that the agent cannot make spoils every GET it is in; the others are read all the same."""
    bad = (*SYS, 3, 0)
    async with serving(switch()) as (fake, agent):
        fake.error = lambda kind, oids: ("genErr", 1) if kind == "Get" and bad in oids else None
        reading = await SnmpReader(client, clock=SystemClock()).read(agent, ["ge1"])
    assert (reading.answered, reading.name, reading.uptime_s) == (True, "sw", None)
    assert [port.oper.value for port in reading.ports] == ["up"]


@pytest.mark.parametrize("bulk", [True, False])
async def test_a_refused_walk_is_not_taken_for_the_end(client, bulk):
    async with serving(switch(30), bulk=bulk) as (fake, agent):
        fake.error = lambda kind, oids: ("genErr", 1) if oids[0] >= (*DESCR, 10_012) else None
        walked = await Walker(client).walk(agent, DESCR)
    assert walked.partial == "refused: genErr"
    assert len(walked.rows) == (20 if bulk else 12)


# Walks


async def test_bulk_false_is_obeyed(client):
    async with serving(switch(5), bulk=False) as (fake, agent):
        assert len((await Walker(client).walk(agent, DESCR)).rows) == 5
    assert {kind for kind, _ in fake.requests} == {"GetNext"}


@pytest.mark.parametrize("how", ["drops", "tooBig"])
async def test_repetitions_are_halved_until_the_agent_bears_them_and_remembered(client, how):
    async with serving(switch(12), retries=0) as (fake, agent):
        if how == "drops":
            fake.largest = 2
        else:
            fake.error = lambda kind, oids: ("tooBig", 0) if kind == "GetBulk" else None
        walker = Walker(client)
        first = await walker.walk(agent, DESCR)
        fake.requests.clear()
        second = await walker.walk(agent, IF_NAME)
    assert (len(first.rows), first.partial, len(second.rows), second.partial) == (12, None, 12, None)
    assert {kind for kind, _ in fake.requests} == {"GetBulk" if how == "drops" else "GetNext"}
    assert len(fake.requests) <= 13


async def test_an_agent_that_becomes_unable_in_the_middle_of_a_walk_loses_no_row(client):
    async with serving(switch(40), retries=0) as (fake, agent):
        fake.error = lambda kind, oids: ("tooBig", 0) if kind == "GetBulk" and oids[0] >= (*DESCR, 10_020) else None
        walked = await Walker(client).walk(agent, DESCR)
    assert (sorted(walked.rows), walked.partial) == ([(10_000 + number,) for number in range(1, 41)], None)


@pytest.mark.parametrize("bulk", [True, False])
async def test_a_walk_ends_with_the_view_and_overwrites_nothing(client, bulk):
    """Spare repetitions come back as endOfMibView under the last object's own name (RFC 3416 4.2.3)."""
    async with serving({(*DESCR, 1): OctetString(b"a"), (*DESCR, 2): OctetString(b"b")}, bulk=bulk) as (_, agent):
        walked = await Walker(client).walk(agent, DESCR)
        beyond = await Walker(client).walk(agent, IF_NAME)
    assert (walked.rows, walked.partial) == ({(1,): b"a", (2,): b"b"}, None)
    assert (beyond.rows, beyond.partial) == ({}, None)


@pytest.mark.parametrize("bulk", [True, False])
async def test_a_walk_stays_within_its_subtree(client, bulk):
    async with serving(switch(12), bulk=bulk) as (_, agent):
        walked = await Walker(client).walk(agent, DESCR)
    assert (len(walked.rows), walked.partial) == (12, None)


@pytest.mark.parametrize("bulk", [True, False])
async def test_an_object_that_follows_itself_ends_the_walk_as_partial(client, bulk):
    async with serving(switch(), bulk=bulk) as (fake, agent):
        fake.stuck = True
        walked = await Walker(client).walk(agent, DESCR)
    assert walked.partial == "an OID did not increase"
    assert len(fake.requests) <= 2


@pytest.mark.parametrize("bulk", [True, False])
async def test_objects_that_go_round_in_a_circle_end_the_walk_as_partial(client, bulk):
    async with serving(switch(30), bulk=bulk) as (fake, agent):
        ordinary = fake._after
        fake._after = lambda oid: ordinary(oid if oid < (*DESCR, 10_020) else DESCR)
        walked = await Walker(client).walk(agent, DESCR)
    assert walked.partial == "an OID did not increase"
    assert len(walked.rows) == 20


async def test_an_endless_table_is_cut_and_said(client):
    async with serving(switch()) as (fake, agent):
        fake.endless = True
        walked = await Walker(client).walk(agent, DESCR, rows=500)
    assert walked.partial == "more than 500 rows"
    assert 500 <= len(walked.rows) < 520


async def test_a_walk_of_nothing_but_missing_objects_is_not_whole(client):
    """Whatever such an agent means by it, nothing is proved absent."""
    tree = {(*DESCR, number): noSuchInstance for number in range(1, 40)}
    async with serving(tree, retries=0) as (_, agent):
        if client.engine_of(agent) == "gufo":  # does not tell them from the end
            assert (await error_of(Walker(client).walk(agent, DESCR))).key == "malformed"
        else:
            assert (await Walker(client).walk(agent, DESCR)).rows == {}


async def test_two_walks_of_one_device_side_by_side_do_not_mix(client):
    async with serving(switch(25)) as (_, agent):
        walker = Walker(client)
        names, descriptions = await asyncio.gather(walker.walk(agent, IF_NAME), walker.walk(agent, DESCR))
    assert list(names.rows.values()) == [f"ge{number}".encode() for number in range(1, 26)]
    assert list(descriptions.rows.values()) == [f"GigabitEthernet0/{number}".encode() for number in range(1, 26)]


@pytest.mark.parametrize("size", [300, 450, 1500])
async def test_long_texts_are_read_in_pieces_that_the_engine_bears(client, size):
    """Ten texts in one answer: 3, 4.5 and 15 kB. gufo reads 4,080 octets and refuses the rest, like an agent that says tooBig."""
    tree = {**switch(), **{(*DESCR, number): OctetString(b"x" * size) for number in range(10_001, 10_011)}}
    async with serving(dict(sorted(tree.items()))) as (_, agent):
        walked = await Walker(client).walk(agent, DESCR)
    assert (len(walked.rows), walked.partial, set(map(len, walked.rows.values()))) == (10, None, {size})


class Crowd:
    """The tables of a device with a hundred thousand interfaces: row after row, column after column."""

    rows = 100_000

    def after(self, oid):
        column, index = (oid[10], oid[11]) if len(oid) > 11 else (oid[10] if len(oid) > 10 else 1, 0)
        if index >= self.rows:
            column, index = column + 1, 0
        return (*oid[:10], column, index + 1), Integer32(1)


@pytest.mark.parametrize("what", ["crowd", "endless"])
async def test_a_device_that_never_ends_is_bounded_and_said(client, what):
    """A hundred thousand interfaces, or a GETBULK that goes on for ever: read up to a limit, and said that it is not all."""
    async with serving(switch(), timeout=2.0) as (fake, agent):
        fake.endless = what == "endless"
        if what == "crowd":
            system, crowd = fake._after, Crowd()
            fake._after = lambda oid: crowd.after(oid) if oid[:7] != SYS else system(oid)
        began = time.monotonic()
        reading = await SnmpReader(client, clock=SystemClock(), deadline=4.0).read(agent, None)
        took = time.monotonic() - began
    assert reading.answered
    assert reading.error.startswith(("partial: more than", "deadline:"))
    assert took < 4.0 + SLACK


async def test_an_answer_from_elsewhere_is_a_note_of_the_reading(client):
    async with serving(switch()) as (fake, agent), elsewhere() as other:
        fake.send = lambda answer, sender: other.sendto(answer, sender) and None
        reading = await SnmpReader(client, clock=SystemClock()).read(agent)
    if client.engine_of(agent) == "gufo":
        assert "another address" in reading.error
    else:
        assert (reading.error, reading.notes) == (None, ("answers_from:127.0.0.2",))


# What each may not show


async def test_no_error_shows_a_secret(client):
    async with serving(switch(), community=Secret("sangat-rahasia"), retries=0) as (_, agent):
        error = await error_of(client.get(agent, [(*SYS, 5, 0)]))
    assert "sangat-rahasia" not in repr(error) + str(error) + repr(error.__cause__) + repr(error.__context__)
