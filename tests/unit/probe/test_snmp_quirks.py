"""What real agents do wrong (DEVICES 1, 2) becomes a value or no value, never an exception and never a wrong fact."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from netwatch.clock import SystemClock
from netwatch.observation import PortAdmin, PortOper
from netwatch.probe.snmp import SnmpError, SnmpReader
from netwatch.probe.snmp.power import SOURCES
from tests.unit.probe.snmp_tree import AGENT, TreeClient, load, read

RECORDINGS = Path(__file__).parents[4] / "shared" / "devices" / "snmp"
FILES = sorted(RECORDINGS.glob("*.snmprec"))
IF = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IFX = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
DESCR, SPEED, ADMIN, OPER, CHANGE, IN, OUT = ((*IF, column) for column in (2, 5, 7, 8, 9, 10, 16))
NAME, IN64, OUT64, HIGH, ALIAS = ((*IFX, column) for column in (1, 6, 10, 15, 18))
SEED = 20261124


def tree(**ports):
    """Build a tree: system, and for each port `_INDEX={column: value}`."""
    made = {UPTIME: 100_000, (1, 3, 6, 1, 2, 1, 1, 5, 0): b"sw"}
    for index, row in ports.items():
        made.update({(*column, int(index.strip("_"))): value for column, value in row.items()})
    return made


def one(row, **options):
    (port,) = read(tree(_1=row), **options).ports
    return port


# The table


def test_rows_that_only_one_of_the_tables_has_are_kept():
    ports = read(tree(_1={DESCR: b"lo", OPER: 1}, _1000001={NAME: b"ge1"})).ports
    assert [(port.index, port.name, port.oper) for port in ports] == [
        (1, "lo", PortOper.UP),
        (1_000_001, "ge1", PortOper.UNKNOWN),
    ]


def test_a_table_without_the_status_column_is_unknown_not_down():
    ports = read(tree(_1={DESCR: b"a", ADMIN: 1}, _2={DESCR: b"b", ADMIN: 1})).ports
    assert {port.oper for port in ports} == {PortOper.UNKNOWN}


def test_an_index_beyond_31_bits_is_an_index():
    assert one({DESCR: b"gpon", OPER: 1}).index == 1
    assert read(tree(_3000000000={DESCR: b"gpon_1/1/1", OPER: 1})).ports[0].index == 3_000_000_000


def test_the_number_of_rows_that_the_agent_claims_is_not_asked():
    claimed = {(1, 3, 6, 1, 2, 1, 2, 1, 0): 99}
    assert len(read(tree(_1={DESCR: b"a"}) | claimed).ports) == 1


def test_an_agent_without_an_interface_table_reports_none():
    reading = read(tree())
    assert (reading.answered, reading.error, reading.ports) == (True, None, ())
    assert reading.notes == ("no_ports_reported",)


def test_a_table_that_could_not_be_read_is_not_called_empty():
    client = TreeClient(tree(_1={DESCR: b"a"}))
    client.refuse = lambda kind, oids: SnmpError("timeout") if kind == "following" else None
    reading = asyncio.run(SnmpReader(client, clock=SystemClock()).read(AGENT, None))
    assert (reading.answered, reading.ports) == (True, ())
    assert reading.error == "partial: timeout"
    assert "no_ports_reported" not in reading.notes


def test_what_was_walked_before_the_deadline_is_kept_and_flagged():
    class Slow(TreeClient):
        async def following(self, agent, oid, repetitions, *, under):
            if under in (HIGH, IN):
                await asyncio.sleep(60)
            return await super().following(agent, oid, repetitions, under=under)

    client = Slow(dict(sorted(tree(_1={DESCR: b"a", OPER: 2, ADMIN: 1, NAME: b"ge1"}).items())))
    reading = asyncio.run(SnmpReader(client, clock=SystemClock(), deadline=0.2).read(AGENT, None))
    assert reading.error == "deadline: not finished after 0.2 s"
    assert [(port.name, port.admin, port.oper) for port in reading.ports] == [("ge1", PortAdmin.UP, PortOper.DOWN)]


def test_oids_out_of_order_end_a_walk_and_are_flagged():
    client = TreeClient({UPTIME: 5, (*OPER, 1): 1, (*OPER, 2): 2, (*OPER, 1, 0): 1, (*DESCR, 9): b"z"})
    reading = asyncio.run(SnmpReader(client, clock=SystemClock()).read(AGENT, None))
    assert reading.error == "partial: an OID did not increase"
    assert {1, 2} <= {port.index for port in reading.ports}


def test_a_table_that_was_not_read_whole_proves_no_absence_and_is_not_walked_again_every_minute():
    client = TreeClient({UPTIME: 5, (*NAME, 2): b"ge2", (*NAME, 1): b"ge1", (*OPER, 2): 1})

    async def reads():
        reader = SnmpReader(client, clock=SystemClock())
        first = await reader.read(AGENT, ["ge9"])
        client.asked.clear()
        return first, await reader.read(AGENT, ["ge9"])

    for reading in asyncio.run(reads()):
        assert (reading.answered, reading.error) == (True, "partial: not found in a table that was not read whole: ge9")
    assert [kind for kind, _ in client.asked] == ["get"]


def test_an_agent_that_falls_silent_after_its_first_answer_has_answered():
    client = TreeClient(tree())
    client.refuse = lambda kind, oids: SnmpError("timeout") if UPTIME not in oids else None
    reading = asyncio.run(SnmpReader(client, clock=SystemClock()).read(AGENT))
    assert (reading.answered, reading.error, reading.uptime_s) == (True, "timeout", None)


# Names


@pytest.mark.parametrize(
    ("name", "descr", "shown"),
    [
        (b"", b"Ethernet 1", "Ethernet 1"),
        (b"Gi0/1", b"", "Gi0/1"),
        (b"Gi0/1", b"GigabitEthernet0/1", "Gi0/1"),
        (b"", b"", "ifIndex 1"),
        (b" \0\0", b"eth0 \0\0\0", "eth0"),
        (None, "上联口".encode("gb18030"), "上联口"),
        (b"wan\xff\xfe", None, "wan\xff\xfe"),
        (b"a\r\nb\x1b[31m", None, "a b[31m"),
        (b"ge\xe2\x80\xae1", None, "ge1"),
    ],
)
def test_a_port_is_named_by_ifname_else_ifdescr_else_its_index(name, descr, shown):
    assert one({NAME: name, DESCR: descr, OPER: 1}).name == shown


@pytest.mark.parametrize("column", [NAME, DESCR])
def test_names_need_not_be_unique_and_the_state_is_told_per_port(column):
    twice = tree(_1={column: b"ke OPD", OPER: 1}, _2={column: b"ke OPD", OPER: 2}, _3={column: b"lain", OPER: 1})
    reading = read(twice, ["ke OPD", "lain"], power=False, neighbours=False)
    assert [(port.name, port.index, port.oper.value) for port in reading.ports] == [
        ("ke OPD", 1, "up"),
        ("ke OPD", 2, "down"),
        ("lain", 3, "up"),
    ]
    assert reading.notes == ("several_ports:ke OPD",)
    assert [port.name for port in read(twice).ports] == ["ke OPD", "ke OPD", "lain"]


def test_an_alias_is_shown_and_is_no_name():
    assert one({NAME: b"ge1", ALIAS: b"uplink", OPER: 1}).alias == "uplink"
    reading = read(tree(_1={NAME: b"ge1", ALIAS: b"uplink", OPER: 1}), ["uplink"], power=False)
    assert (reading.ports, reading.error) == ((), "no such port: uplink")


@pytest.mark.parametrize("sent", [b"\x00\x1a\x2b\x3c\x4d\x5e", b"0:1a:2b:3c:4d:5e", b"001a.2b3c.4d5e", b"00-1A-2B-3C-4D-5E"])
def test_a_mac_address_is_octets_and_never_text(sent):
    assert one({DESCR: b"a", (*IF, 6): sent}).mac == "00:1a:2b:3c:4d:5e"


@pytest.mark.parametrize("sent", [b"", bytes(6), b"\xff" * 6, b"unknown", 5, None])
def test_what_is_no_mac_address_is_none(sent):
    assert one({DESCR: b"a", (*IF, 6): sent}).mac is None


# Status, speed, counters


@pytest.mark.parametrize(
    ("sent", "oper", "value"),
    [
        (1, "up", None),
        (2, "down", None),
        (3, "testing", None),
        (4, "unknown", None),
        (5, "dormant", None),
        (6, "not_present", None),
        (7, "lower_layer_down", None),
        (0, "invalid", 0),
        (-3, "invalid", -3),
        (99, "invalid", 99),
        (b"1", "unknown", None),
        (None, "unknown", None),
    ],
)
def test_a_status_that_the_mib_does_not_know_is_invalid_and_its_number_kept(sent, oper, value):
    for port in (one({NAME: b"ge1", OPER: sent}), *read(tree(_1={NAME: b"ge1", OPER: sent}), ["ge1"], neighbours=False).ports):
        assert (port.oper.value, port.oper_value) == (oper, value)


@pytest.mark.parametrize(
    ("sent", "admin", "value"), [(1, "up", None), (2, "down", None), (3, "testing", None), (7, "unknown", 7)]
)
def test_an_admin_status_of_a_ups_card_is_not_read_as_up(sent, admin, value):
    port = one({DESCR: b"eth0", ADMIN: sent})
    assert (port.admin.value, port.admin_value) == (admin, value)


def test_a_port_that_is_absent_is_noted():
    reading = read(tree(_1={NAME: b"Te1/1/1", OPER: 6, ADMIN: 1}), ["Te1/1/1"], power=False)
    assert reading.ports[0].oper is PortOper.NOT_PRESENT
    assert reading.notes == ("port_absent:Te1/1/1",)


@pytest.mark.parametrize(
    ("low", "high", "bps"),
    [(2**32 - 1, None, None), (0, 0, None), (10**8, 0, 10**8), (10**9, 2**32 - 1, 10**9), (2**32 - 1, 480_000, 480 * 10**9)],
)
def test_a_speed_is_believed_only_if_it_can_be(low, high, bps):
    assert one({DESCR: b"a", SPEED: low, HIGH: high}).speed_bps == bps


@pytest.mark.parametrize(
    ("narrow", "wide", "octets"), [(7, 0, 7), (7, None, 7), (7, 2**40, 2**40), (None, 0, 0), (None, None, None), (0, 0, 0)]
)
def test_wide_counters_are_used_only_where_they_count(narrow, wide, octets):
    port = one({DESCR: b"a", IN: narrow, IN64: wide, OUT: 5, OUT64: None})
    assert (port.in_octets, port.out_octets) == (octets, 5)  # column by column


@pytest.mark.parametrize(("changed", "since"), [(0, None), (200_000, None), (40_000, 600.0), (None, None), (100_000, 0.0)])
def test_the_last_change_is_known_only_within_the_uptime(changed, since):
    assert one({DESCR: b"a", CHANGE: changed}).last_change_s == since


def test_without_an_uptime_no_change_has_a_time():
    made = tree(_1={DESCR: b"a", CHANGE: 5})
    del made[UPTIME]
    reading = read(made)
    assert (reading.answered, reading.uptime_s, reading.ports[0].last_change_s) == (True, None, None)


# Asking


def test_a_scheduled_read_of_two_known_ports_is_one_get_of_ten_objects():
    made = tree(_1={NAME: b"ge1", OPER: 1, ADMIN: 1}, _2={NAME: b"ge2", OPER: 1, ADMIN: 1})
    made[(1, 3, 6, 1, 2, 1, 25, 1, 1, 0)] = 5_000
    client = TreeClient(dict(sorted(made.items())))

    async def twice():
        reader = SnmpReader(client, clock=SystemClock())
        await reader.read(AGENT, ["ge1", "ge2"])
        client.asked.clear()
        return await reader.read(AGENT, ["ge1", "ge2"])

    reading = asyncio.run(twice())
    assert [(kind, len(oids)) for kind, oids in client.asked] == [("get", 10)]
    assert (reading.host_uptime_s, len(reading.ports)) == (50.0, 2)


def test_an_agent_that_bears_few_objects_is_asked_for_few_and_a_silent_one_only_once():
    made = tree(**{f"_{n}": {NAME: f"ge{n}".encode(), OPER: 1, ADMIN: 1} for n in range(1, 4)})
    client = TreeClient(dict(sorted(made.items())))
    client.refuse = lambda kind, oids: SnmpError("timeout") if len(oids) > 5 else None

    async def reads():
        reader = SnmpReader(client, clock=SystemClock())
        for _ in range(2):
            found = await reader.read(AGENT, ["ge1", "ge2", "ge3"])
        small = max(len(oids) for kind, oids in client.asked[-3:])
        client.asked.clear()
        client.refuse = lambda kind, oids: SnmpError("timeout")
        return found, small, await reader.read(AGENT, ["ge1", "ge2", "ge3"])

    found, small, silent = asyncio.run(reads())
    assert [port.oper for port in found.ports] == [PortOper.UP] * 3
    assert small <= 5
    assert (silent.answered, silent.error, len(client.asked)) == (False, "timeout", 1)


def test_a_speed_that_changed_is_noticed_after_a_while():
    class Clock(SystemClock):
        ahead = 0.0

        def monotonic(self) -> float:
            return super().monotonic() + self.ahead

    client, clock = TreeClient(dict(sorted(tree(_1={NAME: b"ge1", OPER: 1, HIGH: 1_000}).items()))), Clock()

    async def reads():
        reader = SnmpReader(client, clock=clock)
        before = await reader.read(AGENT, ["ge1"])
        client.tree[(*HIGH, 1)] = 100
        clock.ahead = 601
        return before, await reader.read(AGENT, ["ge1"])

    assert [reading.ports[0].speed_bps for reading in asyncio.run(reads())] == [10**9, 10**8]


# Every recording, spoilt


def spoil(random, whole):
    """Cut a recording, take columns and cells out, put other values in."""
    names = list(whole)
    way = random.randrange(4)
    if way == 0:
        names = names[: random.randrange(len(names))]
    elif way == 1:
        gone = {random.choice(names)[:-1] for _ in range(12)} | {(*IF, random.randrange(1, 20)), (*IFX, random.randrange(1, 19))}
        names = [name for name in names if not any(name[: len(column)] == column for column in gone)]
    else:
        names = [name for name in names if random.random() < 0.8]
    spoilt = {name: whole[name] for name in names}
    if way == 3:
        for name in random.sample(names, len(names) // 4):
            spoilt[name] = random.choice(
                [None, 0, -1, 2**32 - 1, 2**63, b"", b"\0", random.randbytes(random.randrange(40)), (), (1, 3, 6)]
            )
    return spoilt


@pytest.mark.skipif(not FILES, reason="the recordings lie beside the project, in shared/devices")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_spoilt_recording_never_raises_and_never_turns_what_is_missing_into_down_or_zero(file):
    random, whole = Random(f"{SEED} {file.stem}"), load(file)
    for _ in range(12):
        made = spoil(random, whole)
        reading = read(made)
        cell = lambda column, port, made=made: made.get((*column, port.index))  # noqa: E731
        assert reading.answered
        assert (reading.uptime_s is None) == (not isinstance(made.get(UPTIME), int))
        for port in reading.ports:
            if not isinstance(cell(OPER, port), int):
                assert port.oper is PortOper.UNKNOWN
            if not isinstance(cell(ADMIN, port), int):
                assert port.admin is PortAdmin.UNKNOWN
            if not any(isinstance(cell(column, port), int) for column in (SPEED, HIGH)):
                assert port.speed_bps is None
            if not any(isinstance(cell(column, port), int) for column in (IN, IN64)):
                assert port.in_octets is None
            if not cell(CHANGE, port):
                assert port.last_change_s is None
        if not any(isinstance(made.get(source.oid), int) for source in SOURCES):
            assert reading.ups is None
        known = [port for port in reading.ports if isinstance(cell(OPER, port), int)][:3]
        asked = read(made, [port.name for port in known], neighbours=False)
        assert {(port.index, port.oper) for port in asked.ports} >= {(port.index, port.oper) for port in known}
