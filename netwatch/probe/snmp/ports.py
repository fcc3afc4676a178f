"""From the cells of ifTable and ifXTable to ports: rows by index, names by three rules (DEVICES.md 2.1-2.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netwatch.observation import PortOper, PortStatus
from netwatch.probe.snmp import oids, values
from netwatch.probe.snmp.client import Oid, Value

BY_INDEX = re.compile(r"ifindex\s*(\d{1,10})", re.IGNORECASE)

Row = Mapping[Oid, Value]  # column -> cell


@dataclass(frozen=True, slots=True)
class Place:
    """Where a port of the inventory is in the tables, and what hardly ever changes about it."""

    index: int
    named_in: Oid | None  # the column its name was found in; None: it is called by its index
    name: Value  # the cell there, as it was sent
    description: str | None
    alias: str | None
    speed_bps: int | None
    status: tuple[Oid, ...]  # what a scheduled read asks: its name again, and how it stands


def place(index: int, named_in: Oid | None, row: Row) -> Place:
    """Remember a row by what was read of it."""
    asked = (oids.IF_ADMIN, oids.IF_OPER, oids.IF_LAST_CHANGE)
    return Place(
        index=index,
        named_in=named_in,
        name=row.get(named_in) if named_in is not None else None,
        description=values.text(row.get(oids.IF_DESCR)),
        alias=values.text(row.get(oids.IF_ALIAS)),
        speed_bps=values.speed_bps(row.get(oids.IF_SPEED), row.get(oids.IF_HIGH_SPEED)),
        status=tuple((*column, index) for column in (asked if named_in is None else (named_in, *asked))),
    )


def still_there(where: Place, name: str, got: Mapping[Oid, Value]) -> bool:
    """Tell whether the row still has that name: after a restart it may be another port."""
    if where.named_in is None:
        return any(got.get(oid) is not None for oid in where.status)
    cell = got.get(where.status[0])
    return cell == where.name or same_name(name, values.text(cell))


def same_name(name: str, text: str | None) -> bool:
    """Compare a name of the inventory with one of the device; vendors disagree about capitals and blanks."""
    return text is not None and _folded(text) == _folded(name)


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def rows_called(name: str, names: Mapping[int, str | None], descriptions: Mapping[int, str | None]) -> list[tuple[int, Oid]]:
    """Return the rows with this name, and the column that has it: by what a port is shown as, else by ifDescr of any port.

    Exactly, else but for capitals and blanks. Names need not be unique.
    """
    shown = {index: names.get(index) or descriptions.get(index) for index in (*names, *descriptions)}
    for texts in (shown, descriptions):
        rows = rows_with(name, texts)
        if rows:
            return [(row, oids.IF_NAME if texts is shown and names.get(row) else oids.IF_DESCR) for row in rows]
    return []


def rows_with(name: str, texts: Mapping[int, str | None]) -> list[int]:
    """Return the rows of one column that have this text."""
    exact = [index for index, text in texts.items() if text == name]
    return sorted(exact or (index for index, text in texts.items() if same_name(name, text)))


def index_in(name: str) -> int | None:
    """Return the index in a name like `ifIndex 12`, which is how a port without any name is called."""
    found = BY_INDEX.fullmatch(name.strip())
    return int(found[1]) if found else None


def display_name(index: int, row: Row) -> str:
    """Name a port by ifName, else ifDescr, else its index."""
    return values.text(row.get(oids.IF_NAME)) or values.text(row.get(oids.IF_DESCR)) or f"ifIndex {index}"


def asked_port(name: str, where: Place, got: Mapping[Oid, Value], uptime: int | None) -> PortStatus:
    """Make the status of a port that was asked for, under the name the inventory uses."""
    admin, oper, change = (got.get(oid) for oid in where.status[-3:])
    return PortStatus(
        name=name,
        admin=values.admin(admin),
        oper=values.oper(oper),
        index=where.index,
        description=where.description,
        alias=where.alias,
        speed_bps=where.speed_bps,
        last_change_s=values.seconds_since_change(change, uptime),
        admin_value=values.unheard_of(admin, values.ADMIN),
        oper_value=values.unheard_of(oper, values.OPER),
    )


def every_port(table: Mapping[int, Row], uptime: int | None) -> tuple[PortStatus, ...]:
    """Make the ports of a whole table: the union of all columns' indexes. A cell that is missing leaves its value unknown."""
    return tuple(_port(index, row, uptime) for index, row in sorted(table.items()))


def _port(index: int, row: Row, uptime: int | None) -> PortStatus:
    admin, oper = row.get(oids.IF_ADMIN), row.get(oids.IF_OPER)
    return PortStatus(
        name=display_name(index, row),
        admin=values.admin(admin),
        oper=values.oper(oper),
        index=index,
        description=values.text(row.get(oids.IF_DESCR)),
        alias=values.text(row.get(oids.IF_ALIAS)),
        speed_bps=values.speed_bps(row.get(oids.IF_SPEED), row.get(oids.IF_HIGH_SPEED)),
        in_octets=values.octets(row.get(oids.IF_HC_IN_OCTETS), row.get(oids.IF_IN_OCTETS)),
        out_octets=values.octets(row.get(oids.IF_HC_OUT_OCTETS), row.get(oids.IF_OUT_OCTETS)),
        last_change_s=values.seconds_since_change(row.get(oids.IF_LAST_CHANGE), uptime),
        mac=values.mac(row.get(oids.IF_PHYS_ADDRESS)),
        admin_value=values.unheard_of(admin, values.ADMIN),
        oper_value=values.unheard_of(oper, values.OPER),
    )


def notes(ports: Iterable[PortStatus]) -> tuple[str, ...]:
    """Say what is odd about ports that were asked for by name: several of one name, one that is not there any more."""
    seen: dict[str, int] = {}
    found = []
    for port in ports:
        seen[port.name] = seen.get(port.name, 0) + 1
        if port.oper is PortOper.NOT_PRESENT:
            found.append(f"port_absent:{port.name}")
    return (*(f"several_ports:{name}" for name, count in seen.items() if count > 1), *found)
