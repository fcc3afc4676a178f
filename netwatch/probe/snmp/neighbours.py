"""Who stands beside a device, by its own word: LLDP (IEEE 802.1AB), CDP, and ARP. Asked in a demanded read only.

An LLDP table names the own port by a number of its own: the ifIndex on some devices, the number of the bridge port on others,
nothing on a third kind. So the port is looked for by what the device says of that number: a name, a MAC address, a text; then by
the bridge's own table; by the number itself only if the device calls the port by exactly that number.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from netwatch.observation import Neighbour
from netwatch.probe.snmp import oids, ports, values
from netwatch.probe.snmp.client import Agent, Oid, SnmpError, Value
from netwatch.probe.snmp.gets import Gets
from netwatch.probe.snmp.walk import Walker

LLDP: Oid = (1, 0, 8802, 1, 1, 2, 1)
LOCAL_CHASSIS: tuple[Oid, Oid] = ((*LLDP, 3, 1, 0), (*LLDP, 3, 2, 0))  # subtype, id
LOCAL_PORT: Oid = (*LLDP, 3, 7, 1)  # by local port number
LOCAL_COLUMNS = (2, 3, 4)  # subtype, id, description
REMOTE: Oid = (*LLDP, 4, 1, 1)  # by time mark, local port number, number of the neighbour
REMOTE_ADDRESS: Oid = (*LLDP, 4, 2, 1)  # by the same, then address family, length, octets
CHASSIS_SUBTYPE, CHASSIS, PORT_SUBTYPE, PORT, PORT_DESCRIPTION, SYSTEM_NAME = 4, 5, 6, 7, 8, 9
CDP: Oid = (1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1)  # by ifIndex, number of the neighbour
CDP_ADDRESS, CDP_DEVICE, CDP_PORT, CDP_SYSTEM_NAME = 4, 6, 7, 17
ARP: Oid = (1, 3, 6, 1, 2, 1, 4, 22, 1, 2)  # ipNetToMediaPhysAddress, by ifIndex and IPv4 address
ARP_ANY: Oid = (1, 3, 6, 1, 2, 1, 4, 35, 1, 4)  # ipNetToPhysicalPhysAddress, by ifIndex, family, length, octets
BRIDGE_PORT: Oid = (1, 3, 6, 1, 2, 1, 17, 1, 4, 1, 2)  # dot1dBasePortIfIndex, by bridge port

CHASSIS_MAC, CHASSIS_ADDRESS = 4, 5
PORT_MAC, PORT_ADDRESS, PORT_LOCAL = 3, 4, 7
IPV4_OCTETS, IPV6_OCTETS = 4, 16
CELLS = 4_000  # of one table
PORTS = 256  # local ports with a neighbour
ADDRESSES = 1_000  # neighbours by ARP


@dataclass(frozen=True, slots=True)
class Seen:
    """What a device says of who is beside it, what it calls itself, and what could not be read of it."""

    neighbours: tuple[Neighbour, ...] = ()
    chassis: str | None = None
    notes: tuple[str, ...] = ()


async def read_neighbours(gets: Gets, walker: Walker, agent: Agent, table: Mapping[int, ports.Row]) -> Seen:
    """Ask for LLDP, CDP and ARP. `table` holds ifTable and ifXTable. Says what could not be read; raises nothing."""
    asking = _Asking(gets, walker, agent, table)
    for protocol, ask in (("lldp", asking.lldp), ("cdp", asking.cdp), ("arp", asking.arp)):
        try:
            await ask()
        except SnmpError as error:
            asking.unread.setdefault(protocol, str(error))
            if error.key == "timeout":  # the next question would wait as long
                break
    notes = tuple(f"neighbours_partial:{protocol}: {why}" for protocol, why in asking.unread.items())
    return Seen(tuple(asking.found), asking.chassis, notes)


class _Asking:
    """One device being asked, and what it has said so far."""

    def __init__(self, gets: Gets, walker: Walker, agent: Agent, table: Mapping[int, ports.Row]) -> None:
        self.found: list[Neighbour] = []
        self.chassis: str | None = None
        self.unread: dict[str, str] = {}  # protocol -> why it was not read, or not to its end
        self._gets, self._walker, self._agent, self._table = gets, walker, agent, table

    async def lldp(self) -> None:
        local = await self._gets.get(self._agent, LOCAL_CHASSIS)
        self.chassis = _chassis(*(local.get(oid) for oid in LOCAL_CHASSIS))
        remote = await self._walk("lldp", REMOTE)
        if not remote:
            return
        addresses = await self._walk("lldp", REMOTE_ADDRESS)
        numbers = sorted({number for index in remote if (number := _local_number(index[1:])) is not None})[:PORTS]
        columns = [(*LOCAL_PORT, column) for column in LOCAL_COLUMNS]
        said = await self._gets.get(self._agent, [(*of, number) for number in numbers for of in (*columns, BRIDGE_PORT)])
        self.found += lldp(remote, addresses, {number: own_port(number, said, self._table) for number in numbers})

    async def cdp(self) -> None:
        cells: dict[Oid, Value] = {}
        for column in (CDP_DEVICE, CDP_ADDRESS, CDP_PORT, CDP_SYSTEM_NAME):
            walked = await self._walk("cdp", (*CDP, column))
            cells |= {(column, *index): value for index, value in walked.items()}
            if not cells:
                return
        self.found += cdp(cells, self._table)

    async def arp(self) -> None:
        known = await self._walk("arp", ARP, ADDRESSES) or await self._walk("arp", ARP_ANY, ADDRESSES)
        self.found += arp(known, self._table)

    async def _walk(self, protocol: str, root: Oid, rows: int = CELLS) -> dict[Oid, Value]:
        walked = await self._walker.walk(self._agent, root, rows=rows)
        if walked.partial is not None:
            self.unread.setdefault(protocol, walked.partial)
        return walked.rows


# LLDP


def _local_number(key: Oid) -> int | None:
    """Return the local port number of a row; some agents leave it out, or say 0."""
    return key[1] if len(key) == 3 and key[1] > 0 else None


def own_port(number: int, said: Mapping[Oid, Value], table: Mapping[int, ports.Row]) -> str | None:
    """Find which of its ports a device means by an LLDP port number; else what it calls it; None when it does not say."""
    subtype, own, description, bridge = (
        said.get((*of, number)) for of in (*((*LOCAL_PORT, column) for column in LOCAL_COLUMNS), BRIDGE_PORT)
    )
    address, called = _mac(own, subtype, PORT_MAC), values.text(own)
    for candidates in (
        _named(called, table),
        [index for index, row in table.items() if address is not None and values.mac(row.get(oids.IF_PHYS_ADDRESS)) == address],
        _named(values.text(description), table),
        [bridge] if isinstance(bridge, int) and bridge in table else [],
        [number] if number in table and called in (str(number), None, "") else [],
    ):
        if len(candidates) == 1 or number in candidates:
            index = candidates[0] if len(candidates) == 1 else number
            return ports.display_name(index, table[index])
    return address or called or None


def _named(text: str | None, table: Mapping[int, ports.Row]) -> list[int]:
    """Return the rows whose ifName is this text, else whose ifDescr is."""
    for column in oids.NAMES:
        rows = ports.rows_with(text, {index: values.text(row.get(column)) for index, row in table.items()}) if text else []
        if rows:
            return rows
    return []


def lldp(remote: Mapping[Oid, Value], addresses: Mapping[Oid, Value], own: Mapping[int, str | None]) -> list[Neighbour]:
    """Read the table of remote systems. Rows are joined by their index; a cell that is missing is not known."""
    rows: dict[Oid, dict[int, Value]] = {}
    for index, value in remote.items():
        rows.setdefault(index[1:], {})[index[0]] = value
    managed: dict[Oid, str] = {}
    for index in addresses:
        address = _indexed_address(index[4:])
        if address is not None:
            managed.setdefault(index[1:4], address)
    found = []
    for key, row in rows.items():
        number = _local_number(key)
        by_chassis = _network_address(row.get(CHASSIS)) if row.get(CHASSIS_SUBTYPE) == CHASSIS_ADDRESS else None
        neighbour = Neighbour(
            port=own.get(number) if number is not None else None,
            protocol="lldp",
            device=values.text(row.get(SYSTEM_NAME)) or None,
            remote_port=_port_id(row.get(PORT_SUBTYPE), row.get(PORT)),
            address=managed.get(key) or by_chassis,
            chassis=_chassis(row.get(CHASSIS_SUBTYPE), row.get(CHASSIS)),
            remote_description=values.text(row.get(PORT_DESCRIPTION)) or None,
        )
        if neighbour.device or neighbour.chassis or neighbour.address:
            found.append(neighbour)
    return found


def _chassis(subtype: Value, own: Value) -> str | None:
    if subtype == CHASSIS_ADDRESS:
        return _network_address(own)
    return _mac(own, subtype, CHASSIS_MAC) or _readable(own)


def _port_id(subtype: Value, own: Value) -> str | None:
    if subtype == PORT_ADDRESS:
        return _network_address(own)
    return _mac(own, subtype, PORT_MAC) or _readable(own)


def _mac(own: Value, subtype: Value, mac: int) -> str | None:
    """Read a MAC address where the subtype says that it is one; where it says nothing, six letters are a name like `Te0/48`."""
    if subtype is None and isinstance(own, bytes) and len(own) == values.MAC_OCTETS and all(32 < octet < 127 for octet in own):
        return None
    return values.mac(own) if subtype in (mac, None) else None


def _readable(own: Value) -> str | None:
    """Return a text, or octets in hexadecimal where they are none; a name of zeros is no name."""
    if isinstance(own, bytes) and any(octet < ord(" ") for octet in own.rstrip(b" \0")):
        return own.hex(":")
    return values.text(own) or None


def _network_address(own: Value) -> str | None:
    """Read an address with its family before it (1: IPv4, 2: IPv6)."""
    if not isinstance(own, bytes) or len(own) not in (IPV4_OCTETS + 1, IPV6_OCTETS + 1):
        return None
    return str(ipaddress.ip_address(own[1:]))


def _indexed_address(index: Oid) -> str | None:
    """Read an address out of an index: family, length, octets; some agents leave the length out. None for another family."""
    for octets in (index[2:], index[1:]):
        wide = {1: IPV4_OCTETS, 2: IPV6_OCTETS}.get(index[0]) if index else None
        if wide is not None and len(octets) == wide and max(octets) < 256:
            return str(ipaddress.ip_address(bytes(octets)))
    return None


# CDP and ARP


def cdp(cells: Mapping[Oid, Value], table: Mapping[int, ports.Row]) -> list[Neighbour]:
    """Read the CDP cache: `cells` by column, ifIndex, number of the neighbour."""
    found = []
    for index in cells:
        if index[0] != CDP_DEVICE or len(index) != 3:
            continue
        row = {column: cells.get((column, *index[1:])) for column in (CDP_ADDRESS, CDP_DEVICE, CDP_PORT, CDP_SYSTEM_NAME)}
        address = row[CDP_ADDRESS]
        numeric = isinstance(address, bytes) and len(address) == IPV4_OCTETS and any(address)
        found.append(
            Neighbour(
                port=_port(index[1], table),
                protocol="cdp",
                device=values.text(row[CDP_SYSTEM_NAME]) or values.text(row[CDP_DEVICE]) or None,
                remote_port=values.text(row[CDP_PORT]) or None,
                address=str(ipaddress.ip_address(address)) if numeric and isinstance(address, bytes) else None,
            )
        )
    return found


def arp(rows: Mapping[Oid, Value], table: Mapping[int, ports.Row]) -> list[Neighbour]:
    """Read which address is behind which MAC address: index ifIndex and address, with family and length or without."""
    found = []
    for (index, *rest), value in rows.items():
        octets = tuple(rest)
        plain = len(octets) == IPV4_OCTETS and max(octets) < 256
        address = ".".join(map(str, octets)) if plain else _indexed_address(octets)
        chassis = values.mac(value)
        if address is not None and chassis is not None:
            found.append(Neighbour(_port(index, table), "arp", address=address, chassis=chassis))
    return found


def _port(index: int, table: Mapping[int, ports.Row]) -> str:
    return ports.display_name(index, table.get(index, {}))
