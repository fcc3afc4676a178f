"""LLDP, CDP and ARP as they are meant to be and as they are: every kind of name for a port and for a system."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.clock import SystemClock
from netwatch.probe.snmp import SnmpError, SnmpReader
from netwatch.probe.snmp import neighbours as snmp_neighbours
from tests.unit.probe.snmp_tree import AGENT, TreeClient, read

IF = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IFX = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
LLDP = (1, 0, 8802, 1, 1, 2, 1)
CDP = (1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1)
ARP = (1, 3, 6, 1, 2, 1, 4, 22, 1, 2)
ARP_ANY = (1, 3, 6, 1, 2, 1, 4, 35, 1, 4)
BRIDGE = (1, 3, 6, 1, 2, 1, 17, 1, 4, 1, 2)
MAC = bytes.fromhex("001a2b3c4d5e")
MAC_TEXT = "00:1a:2b:3c:4d:5e"
anything = st.one_of(st.none(), st.integers(), st.binary(max_size=20), st.tuples(st.integers(0, 9)))
indexes = st.lists(st.integers(0, 300), min_size=1, max_size=24).map(tuple)


def city(**cells):
    """Build a switch: ifIndex 1 is the loopback, 101 and 102 are ge1 and ge2 with their MAC addresses."""
    tree = {(1, 3, 6, 1, 2, 1, 1, 3, 0): 5, (*IF, 2, 1): b"lo"}
    for port in (1, 2):
        tree[(*IF, 2, 100 + port)] = f"GigabitEthernet0/{port}".encode()
        tree[(*IF, 6, 100 + port)] = MAC[:-1] + bytes([port])
        tree[(*IFX, 1, 100 + port)] = f"ge{port}".encode()
    return tree


def beside(number=1, *, local=None, bridge=None, **row):
    """Add one LLDP neighbour at a local port number; `local` is (subtype, id, description) of that port."""
    tree = city()
    columns = {"chassis_subtype": 4, "chassis": 5, "port_subtype": 6, "port": 7, "description": 8, "name": 9}
    row = {"chassis_subtype": 4, "chassis": MAC, "port_subtype": 5, "port": b"ether1", "name": b"sekupang-rtr", **row}
    tree.update({(*LLDP, 4, 1, 1, columns[key], 0, number, 1): value for key, value in row.items()})
    for column, value in zip((2, 3, 4), local or (), strict=False):
        tree[(*LLDP, 3, 7, 1, column, number)] = value
    if bridge is not None:
        tree[(*BRIDGE, number)] = bridge
    return tree


def only(tree):
    (found,) = read(tree).neighbours
    return found


@pytest.mark.parametrize(
    ("number", "local", "bridge", "port"),
    [
        (1, (5, b"ge2"), None, "ge2"),
        (1, (5, b"GigabitEthernet0/2"), None, "ge2"),
        (1, (3, MAC[:-1] + b"\x02"), None, "ge2"),
        (1, (3, b"00:1A:2B:3C:4D:02"), None, "ge2"),
        (1, (7, b"slot 1", b"ge2"), None, "ge2"),
        (1, (7, b"1"), 102, "ge2"),  # bridge port 1 is ifIndex 102
        (102, (7, b"102"), None, "ge2"),  # Junos: the local name is the ifIndex
        (102, None, None, "ge2"),
        (1, (7, b"01"), None, "01"),  # ifIndex 1 is the loopback: not that one
        (9, (5, b"Te0/48"), None, "Te0/48"),
        (9, (None, b"Te0/48"), None, "Te0/48"),  # six letters are no MAC address
        (9, (3, bytes(6)), None, None),
        (9, None, None, None),
        (0, None, None, None),
    ],
)
def test_the_own_port_is_found_by_what_the_device_says_of_its_number(number, local, bridge, port):
    assert only(beside(number, local=local, bridge=bridge)).port == port


def test_ports_that_share_a_mac_address_are_told_apart_by_their_number():
    tree = beside(102, local=(3, MAC))
    tree[(*IF, 6, 101)] = tree[(*IF, 6, 102)] = MAC
    assert only(tree).port == "ge2"
    tree = beside(9, local=(3, MAC))
    tree[(*IF, 6, 101)] = tree[(*IF, 6, 102)] = MAC
    assert only(tree).port == MAC_TEXT


@pytest.mark.parametrize(
    ("subtype", "sent", "port"),
    [
        (5, b"ether1", "ether1"),
        (3, MAC, MAC_TEXT),
        (3, b"00-1A-2B-3C-4D-5E", MAC_TEXT),
        (7, b"513", "513"),
        (1, "ke OPD Ä".encode(), "ke OPD Ä"),
        (4, b"\x01\x0a\x00\x00\x01", "10.0.0.1"),
        (7, b"\x00\x01\x02", "00:01:02"),
        (5, b"", None),
    ],
)
def test_the_other_port_is_read_by_its_kind(subtype, sent, port):
    found = only(beside(local=(5, b"ge1"), port_subtype=subtype, port=sent, description=b"uplink"))
    assert (found.remote_port, found.remote_description) == (port, "uplink")


@pytest.mark.parametrize(
    ("subtype", "sent", "chassis", "address"),
    [
        (4, MAC, MAC_TEXT, None),
        (4, b"00:1a:2b:3c:4d:5e", MAC_TEXT, None),
        (4, bytes(6), None, None),
        (5, b"\x01\x0a\xc8\x01\x02", "10.200.1.2", "10.200.1.2"),
        (7, b"rtr-1", "rtr-1", None),
    ],
)
def test_the_other_system_is_read_by_its_kind(subtype, sent, chassis, address):
    found = only(beside(local=(5, b"ge1"), chassis_subtype=subtype, chassis=sent))
    assert (found.device, found.chassis, found.address) == ("sekupang-rtr", chassis, address)


@pytest.mark.parametrize(
    ("index", "address"),
    [
        ((1, 4, 10, 200, 1, 2), "10.200.1.2"),
        ((1, 10, 200, 1, 2), "10.200.1.2"),  # without the length
        ((2, 16, *bytes.fromhex("20010db8000000000000000000000001")), "2001:db8::1"),
        ((6, 6, *MAC), None),
        ((1, 4, 10, 200, 1, 999), None),
    ],
)
def test_the_address_of_a_neighbour_is_in_an_index(index, address):
    tree = beside(local=(5, b"ge1"))
    tree[(*LLDP, 4, 2, 1, 3, 0, 1, 1, *index)] = 2
    assert only(tree).address == address


def test_the_own_chassis_is_read():
    tree = city() | {(*LLDP, 3, 1, 0): 4, (*LLDP, 3, 2, 0): b"d4 c1 c8 18 86 50"}
    assert read(tree).chassis == "d4:c1:c8:18:86:50"


def test_cdp_names_the_port_by_its_index():
    row = {3: 1, 4: bytes([10, 255, 0, 1]), 6: b"dc-core.batam.invalid", 7: b"GigabitEthernet1/0/3"}
    found = only(city() | {(*CDP, column, 102, 7): value for column, value in row.items()})
    assert (found.protocol, found.port, found.device) == ("cdp", "ge2", "dc-core.batam.invalid")
    assert (found.remote_port, found.address) == ("GigabitEthernet1/0/3", "10.255.0.1")


@pytest.mark.parametrize(
    "rows",
    [
        {(*ARP, 101, 10, 200, 1, 2): MAC},
        {(*ARP_ANY, 101, 1, 4, 10, 200, 1, 2): MAC},
        {(*ARP_ANY, 101, 1, 10, 200, 1, 2): MAC},  # ASA leaves the length out
        {(*ARP, 101, 10, 200, 1, 2): b"0:1a:2b:3c:4d:5e", (*ARP, 101, 10, 200, 1, 3): bytes(6)},
    ],
)
def test_arp_tells_which_address_is_behind_which_port(rows):
    found = only(city() | rows)
    assert (found.protocol, found.port, found.address, found.chassis) == ("arp", "ge1", "10.200.1.2", MAC_TEXT)


def test_an_endless_table_of_neighbours_is_cut_and_said():
    tree = city() | {(*ARP, 101, 10, 0, at // 250, at % 250 + 1): MAC for at in range(1_500)}
    reading = read(tree)
    assert len(reading.neighbours) == 1_000
    assert reading.notes == ("neighbours_partial:arp: more than 1000 rows",)


def test_neighbours_are_asked_for_only_on_demand():
    client = TreeClient(dict(sorted(beside(local=(5, b"ge1")).items())))

    async def reads():
        reader = SnmpReader(client, clock=SystemClock())
        await reader.read(AGENT, ["ge1"], power=True)
        await reader.read(AGENT, None)

    asyncio.run(reads())
    assert not [oid for _, oids in client.asked for oid in oids if oid[:3] == LLDP[:3]]


@pytest.mark.parametrize(("error", "asked"), [("timeout", False), ("refused", True)])
def test_an_agent_that_does_not_answer_among_its_neighbours_keeps_what_it_said(error, asked):
    """After silence nothing more is asked: each question would wait as long."""
    client = TreeClient(dict(sorted((beside(local=(5, b"ge1")) | {(*ARP, 101, 10, 0, 0, 1): MAC}).items())))
    client.refuse = lambda kind, oids: SnmpError(error) if oids[0][: len(CDP)] == CDP else None
    reading = asyncio.run(SnmpReader(client, clock=SystemClock()).read(AGENT, None, neighbours=True))
    assert (reading.answered, reading.error, len(reading.ports)) == (True, None, 3)
    assert [one.protocol for one in reading.neighbours] == (["lldp", "arp"] if asked else ["lldp"])
    assert reading.notes == (f"neighbours_partial:cdp: {error}",)


@given(st.dictionaries(indexes, anything, max_size=12), st.dictionaries(indexes, anything, max_size=6))
def test_no_table_of_neighbours_raises(rows, table):
    cells = {index: {(*IFX, 1): name} for (index, *_), name in table.items()}
    own = {number: snmp_neighbours.own_port(number, dict(rows), cells) for number in range(3)}
    for found in (snmp_neighbours.lldp(rows, rows, own), snmp_neighbours.cdp(rows, cells), snmp_neighbours.arp(rows, cells)):
        assert all(one.device or one.chassis or one.address or one.protocol == "cdp" for one in found)
