"""A snapshot as `netwatch.observations/1` of INTERFACES and back, exactly: for `netwatch diagnose`, evidence and replay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from netwatch.diagnose.snapshot import DeviceView, Reach, Snapshot, VantageView
from netwatch.errors import Fault, InvalidFile
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import Status
from netwatch.observation import PortAdmin, PortOper, PortStatus

SCHEMA = "netwatch.observations/1"
_UP = DeviceView(Reach.ANSWERING)
_UP_SNMP = DeviceView(Reach.ANSWERING, snmp=True)
_MORE_OF_A_PORT = ("index", "description", "alias", "speed_bps", "in_octets", "out_octets", "last_change_s")


def dump(snapshot: Snapshot) -> dict[str, Any]:
    """Return the snapshot as JSON values; what was not measured is left out."""
    ports: dict[str, dict[str, Any]] = {}
    for (device, name), status in sorted(snapshot.ports.items()):
        ports.setdefault(device, {})[name] = _port_json(status)
    return {
        "schema": SCHEMA,
        "at": _text(snapshot.at),
        "vantage": {"carrier": snapshot.vantage.carrier, "witness": snapshot.vantage.witness},
        "devices": {device: _view_json(view) for device, view in sorted(snapshot.devices.items())},
        "ports": ports,
    }


def read(document: Any, graph: Graph, *, file: str = "observations", line: int = 0) -> Snapshot:
    """Return the snapshot a document describes. Raises InvalidFile with every fault; keys that nobody knows are left alone.

    Devices that the inventory knows but does not probe are left out; a device it does not know is a fault.
    """
    reader = _Reader(file, line)
    if not isinstance(document, Mapping):
        raise InvalidFile([reader.fault("is not a JSON object")])
    if document.get("schema", SCHEMA) != SCHEMA:
        reader.say(f"schema: expected {SCHEMA}, found {document['schema']!r}")
    at = reader.time("at", document.get("at"))
    if at is None and not reader.faults:
        reader.say("at: is missing; expected the time of the snapshot")
    vantage = reader.mapping("vantage", document.get("vantage"))
    devices: dict[str, DeviceView] = {}
    known = graph.inventory.devices
    for device, value in reader.mapping("devices", document.get("devices")).items():
        if device not in known:
            reader.say(f"devices: {device!r} is not in the inventory")
        elif known[device].status in (Status.ACTIVE, Status.MAINTENANCE):
            devices[device] = reader.view(device, value)
    ports: dict[tuple[str, str], PortStatus] = {}
    for device, named in reader.mapping("ports", document.get("ports")).items():
        if device not in known:
            reader.say(f"ports: {device!r} is not in the inventory")
            continue
        for name, value in reader.mapping(f"ports.{device}", named).items():
            ports[device, name] = reader.port(f"ports.{device}.{name}", name, value)
    carrier = reader.flag("vantage.carrier", vantage.get("carrier", True))
    witness = reader.flag("vantage.witness", vantage.get("witness"))
    if reader.faults or at is None:
        raise InvalidFile(reader.faults)
    return Snapshot(graph, at, devices, ports, VantageView(carrier, witness))


class _Reader:
    """Collects every fault of one document instead of stopping at the first."""

    def __init__(self, file: str, line: int) -> None:
        self.faults: list[Fault] = []
        self._file = file
        self._line = line

    def fault(self, text: str) -> Fault:
        return Fault(self._file, self._line, 1 if self._line else 0, text)

    def say(self, text: str) -> None:
        self.faults.append(self.fault(text))

    def mapping(self, where: str, value: Any) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.say(f"{where}: expected an object, found {value!r:.60}")
            return {}
        return value

    def flag(self, where: str, value: Any) -> bool | None:
        if value is None or isinstance(value, bool):
            return value
        self.say(f"{where}: expected true, false or null, found {value!r:.60}")
        return None

    def words(self, where: str, value: Any) -> bool | None:
        """Read up, down or null."""
        if value in ("up", "down", None):
            return None if value is None else value == "up"
        self.say(f"{where}: expected up, down or null, found {value!r:.60}")
        return None

    def time(self, where: str, value: Any) -> datetime | None:
        if value is None:
            return None
        try:
            at = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            self.say(f"{where}: expected an RFC 3339 time, found {value!r:.60}")
            return None
        if at.tzinfo is None:
            self.say(f"{where}: has no time zone: {value!r}; write a Z for UTC")
            return None
        return at.astimezone(UTC)

    def view(self, device: str, value: Any) -> DeviceView:
        if value == {"icmp": "up"}:
            return _UP
        if value == {"icmp": "up", "snmp": "up"}:
            return _UP_SNMP
        where = f"devices.{device}"
        fields = self.mapping(where, value)
        icmp = self.words(f"{where}.icmp", fields.get("icmp"))
        snmp = self.words(f"{where}.snmp", fields.get("snmp"))
        rebooted = self.flag(f"{where}.rebooted", fields.get("rebooted"))
        reach = None if icmp is None else Reach.ANSWERING if icmp else Reach.SILENT
        if self.flag(f"{where}.unsettled", fields.get("unsettled")):
            reach = Reach.UNSETTLED
        fresh = self.flag(f"{where}.snmp_since_loss", fields.get("snmp_since_loss"))
        certain = self.flag(f"{where}.certain", fields.get("certain"))
        return DeviceView(
            icmp=reach,
            since=self.time(f"{where}.since", fields.get("since")),
            certain=reach is Reach.SILENT if certain is None else certain,
            snmp=snmp,
            rebooted=rebooted,
            on_battery=bool(self.flag(f"{where}.on_battery", fields.get("on_battery"))),
            refused_by=None if fields.get("refused_by") is None else str(fields["refused_by"]),
            snmp_since_loss=(reach is Reach.SILENT and snmp is True) if fresh is None else fresh,
        )

    def port(self, where: str, name: str, value: Any) -> PortStatus:
        fields = self.mapping(where, value)
        try:
            admin = PortAdmin(fields.get("admin") or "unknown")
            oper = PortOper(fields.get("oper") or "unknown")
        except (TypeError, ValueError) as error:
            self.say(f"{where}: {error}")
            return PortStatus(name, PortAdmin.UNKNOWN, PortOper.UNKNOWN)
        more = {key: fields[key] for key in _MORE_OF_A_PORT if fields.get(key) is not None}
        reason = fields.get("reason")
        return PortStatus(name, admin, oper, None if reason is None else str(reason), **more)


def _view_json(view: DeviceView) -> dict[str, Any]:
    if view is _UP:
        return {"icmp": "up"}
    found: dict[str, Any] = {}
    if view.icmp is Reach.UNSETTLED:
        found["icmp"] = None
        found["unsettled"] = True
    elif view.icmp is not None:
        found["icmp"] = "up" if view.icmp is Reach.ANSWERING else "down"
    if view.since is not None:
        found["since"] = _text(view.since)
    if view.certain is not (view.icmp is Reach.SILENT):
        found["certain"] = view.certain
    if view.snmp is not None:
        found["snmp"] = "up" if view.snmp else "down"
    if view.snmp_since_loss is not (view.icmp is Reach.SILENT and view.snmp is True):
        found["snmp_since_loss"] = view.snmp_since_loss
    if view.rebooted is not None:
        found["rebooted"] = view.rebooted
    if view.on_battery:
        found["on_battery"] = True
    if view.refused_by is not None:
        found["refused_by"] = view.refused_by
    return found


def _port_json(status: PortStatus) -> dict[str, Any]:
    found: dict[str, Any] = {"admin": status.admin.value, "oper": status.oper.value, "reason": status.reason}
    found.update((key, getattr(status, key)) for key in _MORE_OF_A_PORT if getattr(status, key) is not None)
    return found


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
