"""Ask devices by SNMP: in slow rounds for what is needed, and at once around a suspect. A silent agent delays nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from netwatch.clock import Clock
from netwatch.inventory.model import Device, Role
from netwatch.monitor.fleet import Fleet
from netwatch.observation import SnmpReading
from netwatch.probe.snmp import SnmpClient, SnmpReader, agent_of, client_for
from netwatch.probe.snmp.pace import Pace
from netwatch.settings import Credential, Snmp

AT_ONCE = 128  # readings that are new; each has its own deadline
NEW_S = 0.05  # who has not answered by then is waited for beside the others, not before them
LOOK_AGAIN_S = 3.0  # two readings of a port count as two when they are at least two seconds apart (DIAGNOSIS 1.4)
WAITING_AT_MOST = 512  # readings begun around suspects; more would only come too late

log = structlog.get_logger("netwatch.monitor")


class SnmpReaders:
    """Reads the agents of a fleet on the event loop; every result goes to `deliver`."""

    def __init__(self, fleet: Fleet, settings: Snmp, credentials: Mapping[str, Credential], *, clock: Clock) -> None:
        self.deliver: Callable[[SnmpReading], None] = lambda _: None
        self.done: dict[tuple[str, str], int] = {}
        self._fleet = fleet
        self._settings = settings
        self._credentials = credentials
        self._clock = clock
        self._client: SnmpClient | None = None
        self._reader: SnmpReader | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pace = Pace(AT_ONCE, NEW_S)
        self._asked: dict[str, float] = {}  # device -> when it was last asked around a suspect
        self._reading: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to take questions."""
        self._loop = loop
        self._client = client_for()
        self._reader = SnmpReader(self._client, clock=self._clock)

    def stop(self) -> None:
        """Forget what is under way."""
        for task in self._tasks:
            task.cancel()
        if self._client is not None:
            self._client.close()

    def adopt(self, settings: Snmp, credentials: Mapping[str, Credential]) -> None:
        """Read by new settings and credentials from now on; a reading that is under way ends by the old ones."""
        self._settings = settings
        self._credentials = credentials

    def forget(self, device: str) -> None:
        """Drop what is known of the ports of a device that left or moved."""
        if self._reader is not None:
            self._reader.forget(device)

    def readable(self) -> list[str]:
        """Return the devices that are read in rounds: watched, with an SNMP credential that is known."""
        return sorted(watch.device for watch in self._fleet if self._credential(watch.device) is not None)

    def look(self, device: str) -> None:
        """Read a suspect and the devices above it now: its agent may speak though its pings are lost, their ports say why.

        Asked too often, it waits its turn; in a mass outage only so many are asked.
        """
        now = self._clock.monotonic()
        for name in (*(uplink.to for uplink in self._fleet.graph.parents(device)), device):
            if now - self._asked.get(name, -LOOK_AGAIN_S) >= LOOK_AGAIN_S and len(self._reading) < WAITING_AT_MOST:
                self._asked[name] = now
                self._begin(name)

    async def round(self, devices: list[str]) -> None:
        """Begin to read one cohort. Nobody is waited for: a dead agent is asked again when it has run into its deadline."""
        for device in devices:
            self._begin(device)

    def _begin(self, device: str) -> None:
        if self._loop is None or device in self._reading or self._credential(device) is None:
            return
        self._reading.add(device)
        task = self._loop.create_task(self._read(device))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._reading.discard(device))

    async def _read(self, device: str) -> None:
        known = self._fleet.graph.inventory.devices.get(device)
        watch = self._fleet.watches.get(device)
        credential = self._credential(device)
        if (
            known is None
            or known.snmp is None
            or credential is None
            or watch is None
            or watch.target is None
            or self._reader is None
        ):
            return
        agent = agent_of(known, watch.target.address, credential, self._settings)
        async with self._pace.question():
            reading = await self._reader.read(agent, self._ports(known), power=known.role is Role.UPS)
        result = "answered" if reading.answered else "silent"
        self.done["snmp", result] = self.done.get(("snmp", result), 0) + 1
        self.deliver(reading)

    def _ports(self, device: Device) -> tuple[str, ...]:
        """Return the ports worth reading: those that lead to other devices, and the device's own uplinks."""
        graph = self._fleet.graph
        down = [
            uplink.port
            for child in graph.children.get(device.id, ())
            for uplink in graph.parents(child)
            if uplink.to == device.id
        ]
        own = [uplink.own_port for uplink in device.uplinks]
        return tuple(dict.fromkeys(port for port in (*down, *own) if port is not None))

    def _credential(self, device: str) -> Credential | None:
        known = self._fleet.graph.inventory.devices.get(device)
        if known is None or known.snmp is None or known.snmp.credential is None or "snmp" not in known.monitor:
            return None
        return self._credentials.get(known.snmp.credential)
