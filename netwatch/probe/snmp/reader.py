"""Read one device: what it is, since when it runs, how its ports stand, and who stands beside it.

A scheduled read asks for the uplink ports, the uptime and the power, as a rule in one GET. Where the ports are in the tables is
looked up once by name and remembered; each later read asks for the name again beside the status, so that a renumbered table is
noticed and looked up anew. A full read walks every column.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from netwatch.clock import Clock
from netwatch.observation import SnmpReading
from netwatch.probe.snmp import oids, ports, values
from netwatch.probe.snmp.client import Agent, Oid, SnmpClient, SnmpError, Value
from netwatch.probe.snmp.gets import PER_GET, Gets
from netwatch.probe.snmp.neighbours import read_neighbours
from netwatch.probe.snmp.ports import Place
from netwatch.probe.snmp.power import SOURCES, Source, says_battery, speaking, ups_status
from netwatch.probe.snmp.walk import Walker

DEADLINE = 15.0  # s for everything one read asks
LOOK_AGAIN = 600.0  # s: how long what hardly changes is believed, and a port that was nowhere is not looked for again
SAME_NAME = 8  # ports of one name that are read; the rest of them are not


@dataclass(slots=True)
class Known:
    """What is remembered of one device between reads."""

    at: float = -LOOK_AGAIN  # when it said what hardly changes
    object_id: str | None = None
    description: str | None = None
    name: str | None = None
    host_counts: bool = False  # it tells since when its host runs
    uptime: int | None = None  # 1/100 s, the newest
    sources: tuple[Source, ...] | None = None  # where its power is read; None: was not asked yet
    places: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    absent: dict[str, tuple[float, bool]] = field(default_factory=dict)  # when a port was not found, and whether in whole walks


@dataclass(slots=True)
class Work:
    """What one read has brought so far: it is kept when a later step fails."""

    reading: SnmpReading
    uptime: int | None = None
    table: dict[int, dict[Oid, Value]] | None = None  # of a full read
    partial: str | None = None
    notes: list[str] = field(default_factory=list)

    def done(self, error: str | None, notes: Sequence[str]) -> SnmpReading:
        """Return the reading."""
        reading = self.reading
        if self.table is not None:
            reading = replace(reading, ports=ports.every_port(self.table, self.uptime))
        error = error or self.partial or reading.error
        return replace(reading, error=error, notes=(*self.notes, *notes))


class SnmpReader:
    """Reads devices through one client; one request at a time per device, many devices side by side."""

    def __init__(self, client: SnmpClient, *, clock: Clock, deadline: float = DEADLINE) -> None:
        self._client = client
        self._clock = clock
        self._deadline = deadline
        self._gets = Gets(client)
        self._walker = Walker(client)
        self._known: dict[str, Known] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def read(
        self, agent: Agent, names: Sequence[str] | None = (), *, power: bool = False, neighbours: bool = False
    ) -> SnmpReading:
        """Read system and the named ports (`names=None`: every port), and with `power` what a UPS says.

        With every port, `neighbours` tells who is beside. Never raises for what the agent does.
        """
        async with self._locks.setdefault(agent.device, asyncio.Lock()):
            now = self._clock.monotonic()
            work = Work(SnmpReading(agent.device, now, answered=False, engine=self._client.engine_of(agent)))
            error = None
            try:
                async with asyncio.timeout(self._deadline):
                    known = self._known.setdefault(agent.device, Known())
                    if names is None:
                        await self._all(agent, known, work, power=power, neighbours=neighbours)
                    else:
                        await self._named(agent, known, names, work, power=power)
            except TimeoutError:
                error = f"deadline: not finished after {self._deadline:g} s"
            except SnmpError as caught:
                error = str(caught)
            return work.done(error, self._client.notes(agent))

    def forget(self, device: str) -> None:
        """Forget what is known of a device (it was replaced, removed, or moved)."""
        self._locks.pop(device, None)
        self._known.pop(device, None)
        self._gets.forget(device)
        self._walker.forget(device)
        self._client.forget(device)

    # What a device is, since when it runs, what feeds it

    async def _ask(self, agent: Agent, known: Known, status: Sequence[Oid], work: Work, *, power: bool) -> Mapping[Oid, Value]:
        """Ask for uptime, ports and power; for what hardly changes now and then, and after the uptime fell. Fill the reading."""
        now = work.reading.at
        got: Mapping[Oid, Value] = {}
        fresh = now - known.at < LOOK_AGAIN and (not power or known.sources is not None)
        sources = known.sources or ()
        if fresh:
            asked = [oids.SYS_UPTIME, *status, *(source.oid for source in sources if power)]
            if len(asked) < PER_GET and known.host_counts:
                asked.append(oids.HOST_UPTIME)
            got = await self._gets.get(agent, asked)
            uptime = values.number(got.get(oids.SYS_UPTIME))
            fresh = uptime is None or known.uptime is None or uptime >= known.uptime
        if not fresh:
            got = dict(await self._gets.get(agent, oids.SYSTEM))  # few: whoever is there answers
            work.reading = replace(work.reading, answered=True)
            asked = [*oids.SUPPORT, *status, *(source.oid for source in SOURCES if power)]
            got.update(await self._gets.get(agent, asked))
            known.at = now
            known.object_id = values.dotted(got.get(oids.SYS_OBJECT_ID))
            known.description = values.text(got.get(oids.SYS_DESCR))
            known.name = values.text(got.get(oids.SYS_NAME))
            known.host_counts = got.get(oids.HOST_UPTIME) is not None
            if power:
                known.sources = sources = speaking(got)
        work.uptime = known.uptime = values.number(got.get(oids.SYS_UPTIME))
        work.reading = SnmpReading(
            agent.device,
            now,
            answered=True,
            engine=work.reading.engine,
            object_id=known.object_id,
            description=known.description,
            name=known.name,
            uptime_s=_seconds(work.uptime),
            host_uptime_s=_seconds(values.number(got.get(oids.HOST_UPTIME))),
            boots=values.number(got.get(oids.ENGINE_BOOTS)),
        )
        if power and sources:
            if not fresh or says_battery(got, sources):
                details = [oid for source in sources for oid in source.details]
                got = {**got, **await self._gets.get(agent, details)}
            work.reading = replace(work.reading, ups=ups_status(got))
        return got

    # Ports that are asked for by name

    async def _named(self, agent: Agent, known: Known, names: Sequence[str], work: Work, *, power: bool) -> None:
        where = [(name, place) for name in names for place in known.places.get(name, ())]
        asked_at = known.at
        got = await self._ask(agent, known, [oid for _, place in where for oid in place.status], work, power=power)
        standing = [(name, place) for name, place in where if ports.still_there(place, name, got)]
        if known.at != asked_at and standing:  # time to look again at what hardly changes: speed and alias do at times
            standing = [(name, await self._place(agent, place.index, place.named_in)) for name, place in standing]
            known.places = {name: tuple(place for other, place in standing if other == name) for name, _ in standing}
        there = [ports.asked_port(name, place, got, work.uptime) for name, place in standing]
        work.reading = replace(work.reading, ports=tuple(there))
        if len(there) < len(names):
            await self._find(agent, known, names, work)
        work.notes.extend(ports.notes(work.reading.ports))

    async def _find(self, agent: Agent, known: Known, names: Sequence[str], work: Work) -> None:
        """Look for the ports that are not where they were; say which are nowhere."""
        there = work.reading.ports
        missing = [name for name in dict.fromkeys(names) if name not in {port.name for port in there}]
        recently = self._clock.monotonic() - LOOK_AGAIN
        wanted = [name for name in missing if name not in known.absent or known.absent[name][0] <= recently]
        if wanted:
            for kept in (known.places, known.absent):  # of names that the inventory does not have any more
                for name in kept.keys() - set(names):
                    del kept[name]
            await self._look_up(agent, known, wanted)
        where = [(name, place) for name in missing for place in known.places.get(name, ())]
        got = await self._gets.get(agent, [oid for _, place in where for oid in place.status])
        there = (*there, *(ports.asked_port(name, place, got, work.uptime) for name, place in where))
        work.reading = replace(
            work.reading, ports=there, error=_absence({name: known.absent[name] for name in missing if name in known.absent})
        )

    async def _look_up(self, agent: Agent, known: Known, names: Sequence[str]) -> None:
        """Find the rows of ports by ifName, else ifDescr, else their index, and remember them; or that they are nowhere."""
        texts: dict[Oid, dict[int, str | None]] = {column: {} for column in oids.NAMES}
        whole = True
        for column in oids.NAMES:
            try:
                walked = await self._walker.walk(agent, column)
            except SnmpError as error:
                if error.key == "refused":
                    continue
                raise
            whole = whole and walked.partial is None
            texts[column] = {index[0]: values.text(cell) for index, cell in walked.rows.items() if len(index) == 1}
        left = dict.fromkeys(names)
        for name in names:
            rows = ports.rows_called(name, texts[oids.IF_NAME], texts[oids.IF_DESCR])[:SAME_NAME]
            known.places.pop(name, None)
            if rows:
                del left[name]
                known.absent.pop(name, None)
                known.places[name] = tuple([await self._place(agent, index, column) for index, column in rows])
        for name in list(left):
            index = ports.index_in(name)
            place = await self._place(agent, index, None) if index is not None else None
            if place is not None and any((await self._gets.get(agent, place.status)).values()):
                del left[name]
                known.absent.pop(name, None)
                known.places[name] = (place,)
        known.absent.update(dict.fromkeys(left, (self._clock.monotonic(), whole)))

    async def _place(self, agent: Agent, index: int, named_in: Oid | None) -> Place:
        columns = dict.fromkeys(
            (oids.IF_DESCR, oids.IF_ALIAS, oids.IF_SPEED, oids.IF_HIGH_SPEED, *((named_in,) if named_in else ()))
        )
        got = await self._gets.get(agent, [(*column, index) for column in columns])
        return ports.place(index, named_in, {column: got.get((*column, index)) for column in columns})

    # Every port, and who is beside

    async def _all(self, agent: Agent, known: Known, work: Work, *, power: bool, neighbours: bool) -> None:
        """Walk every column; rows are joined by index, never by position. A column that fails leaves its values unknown."""
        known.at = -LOOK_AGAIN  # a demanded read believes nothing old
        await self._ask(agent, known, (), work, power=power)
        work.table = {}
        for column in oids.COLUMNS:
            try:
                walked = await self._walker.walk(agent, column)
            except SnmpError as error:
                work.partial = work.partial or f"partial: {error}"
                continue
            work.partial = work.partial or (f"partial: {walked.partial}" if walked.partial else None)
            for index, value in walked.rows.items():
                if len(index) == 1:
                    work.table.setdefault(index[0], {})[column] = value
        if not work.table and work.partial is None:
            work.notes.append("no_ports_reported")
        if neighbours:
            seen = await read_neighbours(self._gets, self._walker, agent, work.table)
            work.notes.extend(seen.notes)
            work.reading = replace(work.reading, neighbours=seen.neighbours, chassis=seen.chassis)


def _absence(absent: Mapping[str, tuple[float, bool]]) -> str | None:
    """Say which ports were not found; a table that was not read whole proves no absence."""
    proven = [name for name, (_, whole) in absent.items() if whole]
    if proven:
        return f"no such port: {', '.join(proven)}"
    return f"partial: not found in a table that was not read whole: {', '.join(absent)}" if absent else None


def _seconds(ticks: int | None) -> float | None:
    return ticks / 100 if ticks is not None else None
