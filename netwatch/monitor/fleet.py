"""Every watched device, and the frozen picture of them that a verdict is made on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from datetime import datetime

from netwatch.detect.state import DeviceState, State, silence_reach
from netwatch.diagnose.snapshot import DeviceView, Reach, Snapshot, VantageView
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import Device, Status
from netwatch.monitor.power import PowerHints
from netwatch.monitor.still import Still
from netwatch.monitor.watch import Watch
from netwatch.monitor.windows import in_maintenance
from netwatch.observation import PortAdmin, PortOper, PortStatus, SnmpReading

ANSWERS = DeviceView(icmp=Reach.ANSWERING)
NOT_MEASURED = DeviceView(icmp=None)
PORT_READING_VALID_S = 120.0
AGENT_SILENT_READINGS = 2
SPEAKS_AFTER_S = 3.0


def reach_of(state: DeviceState) -> Reach | None:
    """Say what the echoes of one device mean now; a suspect with fewer than three losses is unsettled. None: not measured."""
    if state.state is State.UNKNOWN:
        return None
    if state.state is State.SUSPECT:
        return silence_reach(state, state.first_lost_at)
    return silence_reach(state)


def _telling(ports: tuple[PortStatus, ...]) -> Iterator[PortStatus]:
    """Leave out ports of one name that stand differently: which of them the inventory means, nobody knows."""
    stands: dict[str, set[tuple[PortAdmin, PortOper]]] = {}
    for port in ports:
        stands.setdefault(port.name, set()).add((port.admin, port.oper))
    return (port for port in ports if len(stands[port.name]) == 1)


def is_watched(device: Device) -> bool:
    """Tell whether the inventory wants echoes sent to a device."""
    return device.status in (Status.ACTIVE, Status.MAINTENANCE) and "icmp" in device.monitor


class Fleet:
    """The watched devices of one inventory. Times are monotonic seconds unless they are datetimes."""

    def __init__(self, graph: Graph, interval: float) -> None:
        self.graph = graph
        self.in_maintenance = in_maintenance(graph.inventory)
        self._interval = interval
        self.watches: dict[str, Watch] = {}
        self.troubled: set[str] = set()  # suspect or down by their own echoes
        self.ports: dict[tuple[str, str], tuple[float, PortStatus]] = {}
        self.snmp: dict[str, bool] = {}  # whether the agent answered last time
        self._unanswered: dict[str, int] = {}  # readings without an answer in a row
        self._spoken: set[str] = set()  # agents that have answered at least once
        self._spoke_first: dict[str, float] = {}  # the first answer of an agent since its device's present state began
        self._spoke_last: dict[str, float] = {}
        self._down_readings: dict[tuple[str, str], deque[float]] = {}
        self.power = PowerHints()
        for device in graph.inventory.devices.values():
            if is_watched(device):
                self.watches[device.id] = self.new_watch(device.id)

    def frozen(self) -> Fleet:
        """Return this fleet as it is now, to be read while the real one moves on."""
        still = copy(self)
        still.watches = Still(self.watches)  # type: ignore[assignment]  # nobody writes into a copy, and it reads like the real ones
        still.troubled = set(self.troubled)
        still.ports, still.snmp, still.power = dict(self.ports), dict(self.snmp), self.power.copy()
        vars(still).update(_spoke_first=dict(self._spoke_first), _spoke_last=dict(self._spoke_last))
        return still

    def new_watch(self, device: str) -> Watch:
        """Make the watch of a device with the interval the inventory gives it."""
        return Watch(device, float(self.graph.inventory.devices[device].interval or self._interval))

    def adopt(self, graph: Graph, interval: float) -> None:
        """Look at the same devices through a new inventory."""
        self.graph = graph
        self.in_maintenance = in_maintenance(graph.inventory)
        self._interval = interval

    def forget(self, device: str) -> None:
        """Drop what is remembered of a device that left."""
        self.troubled.discard(device)
        self.snmp.pop(device, None)
        self._spoken.discard(device)
        self._spoke_first.pop(device, None)
        self._spoke_last.pop(device, None)
        self._unanswered.pop(device, None)
        self.power.withdraw(device)
        for memory in (self.ports, self._down_readings):
            for place in [place for place in memory if place[0] == device]:
                del memory[place]

    def __iter__(self) -> Iterator[Watch]:
        """Walk all watches."""
        return iter(self.watches.values())

    def __len__(self) -> int:
        """Count the watched devices."""
        return len(self.watches)

    def of(self, devices: Iterable[str]) -> list[Watch]:
        """Return the watches of these devices, leaving out those that are not watched."""
        watches = self.watches
        return [watches[device] for device in devices if device in watches]

    def set_state(self, watch: Watch, state: DeviceState) -> None:
        """Replace the state of one device and keep the set of troubled ones in step."""
        watch.state = state
        if state.state is State.SUSPECT or state.state is State.DOWN:
            self.troubled.add(watch.device)
            watch.keep_trail(wanted=True)
            return
        self.troubled.discard(watch.device)
        if state.state is State.UP:  # not before: ten thousand trails let go in one moment would hold up the probing
            watch.keep_trail(wanted=False)

    def reach(self, device: str) -> Reach | None:
        """Say what the echoes of one device mean right now; None: not measured."""
        watch = self.watches.get(device)
        return None if watch is None else reach_of(watch.state)

    def unsettled_ancestors(self, device: str) -> list[str]:
        """Return the ancestors whose fresh look is still missing: unsettled, or no echo since this device fell silent."""
        t0 = self.watches[device].state.since
        missing = []
        for ancestor in self.graph.ancestors(device):
            watch = self.watches.get(ancestor)
            if watch is None:
                continue
            state = watch.state
            stale = state.last_echo_at is None or (state.state is State.UP and (state.last_answer_at or 0.0) < t0)
            if stale or reach_of(state) is Reach.UNSETTLED:
                missing.append(ancestor)
        return missing

    def suspects(self) -> list[str]:
        """Return the devices to be read again and again: suspects, and silent ones whose agent fell silent too."""
        watches, doubted = self.watches, self._unanswered.keys() & self._spoke_first.keys()
        return sorted(device for device in self.troubled if watches[device].state.state is State.SUSPECT or device in doubted)

    def above_is_up(self, device: str) -> bool:
        """Tell whether no ancestor is in trouble: an outage above must not make a device below look unstable."""
        return self.graph.ancestors(device).isdisjoint(self.troubled)

    def take(self, reading: SnmpReading) -> None:
        """Keep what a device said of itself. A reading without an answer only says that the agent is silent."""
        self.snmp[reading.device] = reading.answered
        if not reading.answered:
            self._unanswered[reading.device] = self._unanswered.get(reading.device, 0) + 1
            if self._unanswered[reading.device] >= AGENT_SILENT_READINGS:
                self._spoke_first.pop(reading.device, None)  # it spoke once: that proves nothing any more
            return
        self._unanswered.pop(reading.device, None)
        self._spoken.add(reading.device)
        self._spoke_last[reading.device] = reading.at
        watch = self.watches.get(reading.device)
        if watch is not None and self._spoke_first.get(reading.device, -1.0) <= watch.state.since:
            self._spoke_first[reading.device] = reading.at
        if reading.ups is not None and reading.ups.on_battery:
            self.power.note(reading.device, reading.at)
        elif reading.ups is not None:
            self.power.withdraw(reading.device)
        for port in _telling(reading.ports):
            place = (reading.device, port.name)
            self.ports[place] = (reading.at, port)
            if port.oper in (PortOper.DOWN, PortOper.LOWER_LAYER_DOWN) or port.reason == "err-disabled":
                self._down_readings.setdefault(place, deque(maxlen=8)).append(reading.at)
            else:
                self._down_readings.pop(place, None)

    def agent_is_silent(self, device: str) -> bool:
        """Tell whether an agent that used to answer has not, twice in a row, while its device answers pings."""
        return self._unanswered.get(device, 0) >= AGENT_SILENT_READINGS and device in self._spoken

    def speaks(self, device: str) -> bool:
        """Tell whether the agent answers while the pings stay lost: then the device lives and only its ICMP is silent.

        Echoes must be lost for a while after its answer: at the end of an outage SNMP may be heard a moment before ICMP.
        """
        state = self.watches[device].state
        first = self._spoke_first.get(device, -1.0)
        if state.state not in (State.SUSPECT, State.DOWN) or state.answers or first <= state.since:
            return False
        return state.last_echo_at is not None and state.last_echo_at - first >= SPEAKS_AFTER_S

    def spoke_at(self, device: str) -> float:
        """Return when the agent of a device last answered; minus infinity: never."""
        return self._spoke_last.get(device, float("-inf"))

    def silent_since(self, watch: Watch) -> float:
        """Return since when a silent device has said nothing at all: its first lost echo, or what its agent said after that."""
        return max(watch.state.since, self.spoke_at(watch.device))

    def port_down_times(self, device: str) -> list[float]:
        """Return when the upstream port of a device read down, if it has exactly one uplink with a named port."""
        uplinks = self.graph.parents(device)
        if len(uplinks) != 1 or uplinks[0].port is None:
            return []
        return list(self._down_readings.get((uplinks[0].to, uplinks[0].port), ()))

    def snapshot(self, now: float, at: datetime, wall: Callable[[float], datetime], vantage: VantageView) -> Snapshot:
        """Freeze everything known now (DIAGNOSIS 2)."""
        views: dict[str, DeviceView] = {}
        for watch in self.watches.values():
            state = watch.state
            if state.state is State.UP:
                views[watch.device] = ANSWERS if self.snmp.get(watch.device, True) else DeviceView(Reach.ANSWERING, snmp=False)
            elif state.state is State.UNKNOWN:
                views[watch.device] = NOT_MEASURED
            else:
                views[watch.device] = DeviceView(
                    icmp=reach_of(state),
                    since=wall(state.since),
                    certain=state.state is State.DOWN and not state.answers,
                    snmp=self.snmp.get(watch.device),
                    snmp_since_loss=self.speaks(watch.device),
                    refused_by=watch.refused_by,
                )
        for device in self.graph.inventory.devices.keys() & self.power.standing(now, self._losses_beside):
            views[device] = replace(views.get(device, NOT_MEASURED), on_battery=True)
        return Snapshot(graph=self.graph, at=at, devices=views, ports=self._fresh_ports(now), vantage=vantage)

    def _losses_beside(self, device: str) -> list[float]:
        """Return since when which devices of the same site are silent."""
        known = self.graph.inventory.devices.get(device)  # a UPS that is not pinged leaves the inventory without a word
        beside = self.graph.devices_of_site.get(known.site, ()) if known is not None else ()
        return [watch.state.since for watch in self.of(self.troubled.intersection(beside))]

    def _fresh_ports(self, now: float) -> Mapping[tuple[str, str], PortStatus]:
        return {place: port for place, (at, port) in self.ports.items() if now - at <= PORT_READING_VALID_S}

    def counts(self) -> dict[State, int]:
        """Count the devices by the state people see."""
        counts = dict.fromkeys(State, 0)
        for watch in self.watches.values():
            counts[watch.live()] += 1
        return counts
