"""Read one device: what it is, since when it runs, and how its ports stand.

A scheduled read asks for the uplink ports only. Their place in the tables is looked up once by name and remembered; each later
read asks for the name again beside the status, so that a renumbered table is noticed and looked up anew. A full read walks every
column.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from netwatch.clock import Clock
from netwatch.observation import PortStatus, SnmpReading
from netwatch.probe.snmp import oids, values
from netwatch.probe.snmp.client import Agent, Oid, SnmpClient, SnmpError, Value
from netwatch.probe.snmp.power import BATTERY, POWER, SOURCES, UPS_OUTPUT_SOURCE, ups_status
from netwatch.probe.snmp.walk import Walker

DEADLINE = 15.0  # s for everything one read asks
PER_GET = 10  # OIDs
REMEMBER = 50_000  # places of ports, all devices together
LOOK_AGAIN = 600.0  # s before a port that was nowhere is looked for again: a look-up walks up to three columns


@dataclass(frozen=True, slots=True)
class Place:
    """Where a port is in the tables: its row, the column its name was found in, and what hardly ever changes about it."""

    index: int
    column: Oid
    description: str | None
    alias: str | None
    speed_bps: int | None


class SnmpReader:
    """Reads devices through one client; one request at a time per device, many devices side by side."""

    def __init__(self, client: SnmpClient, *, clock: Clock, deadline: float = DEADLINE) -> None:
        self._client = client
        self._clock = clock
        self._deadline = deadline
        self._walker = Walker(client)
        self._places: dict[tuple[str, str], tuple[Place, ...]] = {}
        self._absent: dict[tuple[str, str], float] = {}  # when a whole walk did not find a port
        self._locks: dict[str, asyncio.Lock] = {}
        self._said: dict[tuple[str, bool], tuple[float, Mapping[Oid, Value]]] = {}  # when and what each agent said of itself

    async def read(self, agent: Agent, ports: Sequence[str] | None = (), *, power: bool = False) -> SnmpReading:
        """Read system and the named ports (`ports=None`: every port), and with `power` what a UPS says.

        Never raises for what the agent does.
        """
        async with self._locks.setdefault(agent.device, asyncio.Lock()):
            blank = SnmpReading(
                device=agent.device, at=self._clock.monotonic(), answered=False, engine=self._client.engine_of(agent)
            )
            reading = [blank]
            try:
                async with asyncio.timeout(self._deadline):
                    await self._fill(agent, ports, reading, power=power)
            except TimeoutError:
                return replace(reading[0], error=f"deadline: not finished after {self._deadline:g} s")
            except SnmpError as error:
                return replace(reading[0], error=str(error))
            return replace(reading[0], notes=(*reading[0].notes, *self._client.notes(agent)))

    def forget(self, device: str) -> None:
        """Forget where a device's ports are (it was replaced, removed, or restarted)."""
        self._locks.pop(device, None)
        self._said = {key: said for key, said in self._said.items() if key[0] != device}
        self._walker.forget(device)
        self._client.forget(device)
        for kept in (self._places, self._absent):
            for key in [key for key in kept if key[0] == device]:
                kept.pop(key, None)

    async def _fill(self, agent: Agent, ports: Sequence[str] | None, reading: list[SnmpReading], *, power: bool) -> None:
        """Read step by step; what was read stays in `reading` when a later step fails."""
        known = {name: self._places[agent.device, name] for name in ports or () if (agent.device, name) in self._places}
        status = [oid for places in known.values() for place in places for oid in _status_of(place)]
        got = await self._ask(agent, status, power=power, whole=ports is None)
        ups = ups_status(got) if power else None
        uptime = values.number(got.get(oids.SYS_UPTIME))
        reading[0] = replace(
            reading[0],
            answered=True,
            object_id=values.dotted(got.get(oids.SYS_OBJECT_ID)),
            description=values.text(got.get(oids.SYS_DESCR)),
            name=values.text(got.get(oids.SYS_NAME)),
            uptime_s=uptime / 100 if uptime is not None else None,
            ups=ups,
        )
        if ports is None:
            found, partial = await self._all(agent, uptime)
            reading[0] = replace(reading[0], ports=found, error=partial)
            return
        there = [
            _port(name, place, got, uptime)
            for name, places in known.items()
            for place in places
            if _matches(name, values.text(got.get((*place.column, place.index))))
        ]
        reading[0] = replace(reading[0], ports=tuple(there))
        missing = [name for name in ports if name not in {port.name for port in there}]
        if missing:
            recently = self._clock.monotonic() - LOOK_AGAIN
            wanted = [name for name in missing if self._absent.get((agent.device, name), recently) <= recently]
            if wanted:
                await self._look_up(agent, wanted)
            places = [(name, place) for name in missing for place in self._places.get((agent.device, name), ())]
            got = await self._get(agent, [oid for _, place in places for oid in _status_of(place)]) if places else {}
            there += [_port(name, place, got, uptime) for name, place in places]
            absent = [name for name in missing if (agent.device, name) not in self._places]
            error = f"no such port: {', '.join(absent)}" if absent else None
            reading[0] = replace(reading[0], ports=tuple(there), error=error)

    async def _ask(self, agent: Agent, status: Sequence[Oid], *, power: bool, whole: bool) -> Mapping[Oid, Value]:
        """Ask for uptime, ports and power, as a rule in one GET; for what hardly changes now and then, and after a restart."""
        lasting = (*oids.SYSTEM, *(POWER if power else ()))
        at, said = self._said.get((agent.device, power), (-LOOK_AGAIN, {}))
        if not whole and self._clock.monotonic() - at < LOOK_AGAIN:
            sources = [oid for oid in SOURCES if said.get(oid) is not None] or POWER
            got = {**said, **await self._get(agent, [oids.SYS_UPTIME, *status, *(sources if power else ())])}
            if (values.number(got[oids.SYS_UPTIME]) or 0) >= (values.number(said[oids.SYS_UPTIME]) or 0):
                return {**got, **await self._get(agent, POWER)} if got.get(UPS_OUTPUT_SOURCE) == BATTERY else got
        got = {**await self._get(agent, [*lasting, *status])}
        self._said[agent.device, power] = self._clock.monotonic(), {oid: got.get(oid) for oid in lasting}
        return got

    async def _look_up(self, agent: Agent, names: Sequence[str]) -> None:
        """Find the rows of ports by ifName, else ifDescr, else ifAlias, and remember them; or that they are nowhere."""
        left, whole = set(names), True
        if len(self._places) + len(self._absent) > REMEMBER:
            self._places.clear()
            self._absent.clear()
        for name in names:
            self._places.pop((agent.device, name), None)
        for column in oids.NAMES:
            if not left:
                return
            try:
                walked = await self._walker.walk(agent, column)
            except SnmpError as error:
                if error.key == "refused":
                    continue
                raise
            whole = whole and walked.partial is None
            texts = {index[0]: values.text(value) for index, value in walked.rows.items() if len(index) == 1}
            for name in sorted(left):
                rows = [index for index, text in texts.items() if text == name]
                rows = rows or [index for index, text in texts.items() if _matches(name, text)]
                if rows:
                    left.discard(name)
                    self._absent.pop((agent.device, name), None)
                    self._places[agent.device, name] = tuple([await self._place(agent, index, column) for index in sorted(rows)])
        if whole:  # a partial walk proves no absence
            now = self._clock.monotonic()
            self._absent.update({(agent.device, name): now for name in left})

    async def _place(self, agent: Agent, index: int, column: Oid) -> Place:
        got = await self._get(agent, [(*oid, index) for oid in (oids.IF_DESCR, oids.IF_ALIAS, oids.IF_SPEED, oids.IF_HIGH_SPEED)])
        return Place(
            index=index,
            column=column,
            description=values.text(got.get((*oids.IF_DESCR, index))),
            alias=values.text(got.get((*oids.IF_ALIAS, index))),
            speed_bps=values.speed_bps(got.get((*oids.IF_SPEED, index)), got.get((*oids.IF_HIGH_SPEED, index))),
        )

    async def _all(self, agent: Agent, uptime: int | None) -> tuple[tuple[PortStatus, ...], str | None]:
        """Walk every column; rows are joined by index, never by position. A column that fails leaves its values unknown."""
        table: dict[int, dict[Oid, Value]] = {}
        partial = None
        for column in oids.COLUMNS:
            try:
                walked = await self._walker.walk(agent, column)
            except SnmpError as error:
                partial = partial or f"partial: {error}"
                continue
            partial = partial or (f"partial: {walked.partial}" if walked.partial else None)
            for index, value in walked.rows.items():
                if len(index) == 1:
                    table.setdefault(index[0], {})[column] = value
        return tuple(_row(index, row, uptime) for index, row in sorted(table.items())), partial

    async def _get(self, agent: Agent, wanted: Sequence[Oid]) -> Mapping[Oid, Value]:
        """Get any number of objects, a few at a time; what an agent refuses as a whole is asked again in pieces."""
        found: dict[Oid, Value] = {}
        for start in range(0, len(wanted), PER_GET):
            found.update(await self._get_some(agent, list(wanted[start : start + PER_GET])))
        return found

    async def _get_some(self, agent: Agent, wanted: list[Oid]) -> Mapping[Oid, Value]:
        try:
            return await self._client.get(agent, wanted)
        except SnmpError as error:
            if error.key != "refused":
                raise
            if len(wanted) == 1:
                return {wanted[0]: None}
            if error.status == "noSuchName" and 1 <= error.index <= len(wanted):  # SNMPv1: one missing object spoils the GET
                left = [oid for place, oid in enumerate(wanted, start=1) if place != error.index]
                return await self._get_some(agent, left)
        half = len(wanted) // 2
        return {**await self._get_some(agent, wanted[:half]), **await self._get_some(agent, wanted[half:])}


def _status_of(place: Place) -> tuple[Oid, ...]:
    """Return what a scheduled read asks about a known port: its name again, and how it stands."""
    return tuple((*column, place.index) for column in (place.column, oids.IF_ADMIN, oids.IF_OPER, oids.IF_LAST_CHANGE))


def _matches(name: str, text: str | None) -> bool:
    """Compare a name of the inventory with one of the device; vendors disagree about capitals."""
    return text is not None and text.casefold() == name.casefold()


def _port(name: str, place: Place, got: Mapping[Oid, Value], uptime: int | None) -> PortStatus:
    """Make the status of an asked port, under the name the inventory uses."""
    return PortStatus(
        name=name,
        admin=values.admin(got.get((*oids.IF_ADMIN, place.index))),
        oper=values.oper(got.get((*oids.IF_OPER, place.index))),
        index=place.index,
        description=place.description,
        alias=place.alias,
        speed_bps=place.speed_bps,
        last_change_s=values.seconds_since_change(got.get((*oids.IF_LAST_CHANGE, place.index)), uptime),
    )


def _row(index: int, row: Mapping[Oid, Value], uptime: int | None) -> PortStatus:
    """Make the status of one row of a full read."""
    description = values.text(row.get(oids.IF_DESCR))
    return PortStatus(
        name=values.text(row.get(oids.IF_NAME)) or description or f"ifIndex {index}",
        admin=values.admin(row.get(oids.IF_ADMIN)),
        oper=values.oper(row.get(oids.IF_OPER)),
        index=index,
        description=description,
        alias=values.text(row.get(oids.IF_ALIAS)),
        speed_bps=values.speed_bps(row.get(oids.IF_SPEED), row.get(oids.IF_HIGH_SPEED)),
        in_octets=values.octets(row.get(oids.IF_HC_IN_OCTETS), row.get(oids.IF_IN_OCTETS)),
        out_octets=values.octets(row.get(oids.IF_HC_OUT_OCTETS), row.get(oids.IF_OUT_OCTETS)),
        last_change_s=values.seconds_since_change(row.get(oids.IF_LAST_CHANGE), uptime),
    )
