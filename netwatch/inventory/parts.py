"""The parts of one inventory, joined from several files, each remembering where it stands."""

from __future__ import annotations

from typing import Any

from netwatch.errors import Fault
from netwatch.inventory.model import Role, Status
from netwatch.inventory.schema import DevicePart, Inheritable, InventoryFile, RiskGroupPart, SitePart, UplinkPart, WindowPart
from netwatch.strict_yaml import Document, suggestion

SECTIONS = ("groups", "sites", "devices", "risk_groups")
SUGGESTIONS_MAX = 10  # a near name among 10,000 takes a tenth of a second


class Parts:
    """Everything the files say. Lives only while an inventory is loaded."""

    def __init__(self) -> None:
        self.vantage: str | None = None
        self.defaults: Inheritable | None = None
        self.groups: dict[str, Inheritable] = {}
        self.sites: dict[str, SitePart] = {}
        self.devices: dict[str, DevicePart] = {}
        self.risk_groups: dict[str, RiskGroupPart] = {}
        self.windows: list[WindowPart] = []
        self.twice: list[Fault] = []
        self._documents: list[Document] = []
        self._where: dict[tuple[str, str], tuple[Document, tuple[str | int, ...]]] = {}
        self._suggested = 0

    def add(self, document: Document, file: InventoryFile | None) -> None:
        """Join one file to the others. Entries with faults are known by name, so that nobody misses them, but not parts."""
        self._documents.append(document)
        value = document.value if isinstance(document.value, dict) else {}
        for section in ("vantage", "defaults"):
            if value.get(section) is not None:
                self._note(section, section, document, (section,))
        for section in SECTIONS:
            entries = value.get(section)
            for name in entries if isinstance(entries, dict) else ():
                self._note(section, name, document, (section, name))
        windows = value.get("maintenance")
        for index, window in enumerate(windows if isinstance(windows, list) else ()):
            if isinstance(window, dict) and isinstance(window.get("id"), str):
                self._note("maintenance", window["id"], document, ("maintenance", index))
        if file is not None:
            self._take(file)
        entries = value.get("devices")
        for name, raw in entries.items() if isinstance(entries, dict) else ():
            if name not in self.devices and isinstance(raw, dict):
                self.devices[name] = _damaged(raw)

    def _take(self, file: InventoryFile) -> None:
        self.vantage = self.vantage or file.vantage
        self.defaults = self.defaults or file.defaults
        self.groups = {**file.groups, **self.groups}
        self.sites = {**file.sites, **self.sites}
        self.devices = {**self.devices, **file.devices}
        self.risk_groups = {**file.risk_groups, **self.risk_groups}
        self.windows.extend(file.maintenance)

    def _note(self, section: str, name: str, document: Document, loc: tuple[str | int, ...]) -> None:
        place = (document, loc)
        first, first_loc = self._where.setdefault((section, name), place)
        if (first, first_loc) != place:
            line, column = first.locate(first_loc, key=True)
            what = section if section == name else f"{_ONE[section]} '{name}'"
            self.twice.append(document.fault(loc, f"{what} stands also in {first.file}:{line}:{column}", key=True))

    def status_of(self, name: str) -> Status:
        """Return the status of a device as it inherits it: its own, that of its groups in order, the default."""
        device = self.devices[name]
        layers = [device, *(self.groups[group] for group in device.groups if group in self.groups)]
        layers += [self.defaults] if self.defaults is not None else []
        return next((layer.status for layer in layers if "status" in layer.model_fields_set), Status.ACTIVE)

    def has(self, section: str, name: str) -> bool:
        """Tell whether a name exists, with or without faults."""
        return (section, name) in self._where

    def names(self, section: str) -> list[str]:
        """Return all names of a section."""
        return [name for kind, name in self._where if kind == section]

    def fault(self, section: str, name: str, *rest: str | int, text: str, key: bool = False) -> Fault:
        """Return a fault at the place of an entry, or of something in it."""
        document, loc = self._where[(section, name)]
        return document.fault((*loc, *rest), f"{_ONE[section]} '{name}': {text}" if section in _ONE else text, key=key)

    def file_fault(self, text: str) -> Fault:
        """Return a fault of the inventory as a whole."""
        document = self._documents[0]
        return document.fault((), text)

    def near(self, name: str, section: str) -> str:
        """Return the end of a sentence: the near name among those of a section, for the first few faults."""
        self._suggested += 1
        return suggestion(name, self.names(section)) if self._suggested <= SUGGESTIONS_MAX else ""


def _damaged(raw: dict[str, Any]) -> DevicePart:
    """Return what can be read of a device with faults, so that its references are looked at as well; it is never used."""
    uplinks, groups = raw.get("uplinks"), raw.get("groups")
    ends = [up for up in uplinks if isinstance(up, dict) and isinstance(up.get("to"), str)] if isinstance(uplinks, list) else []
    return DevicePart.model_construct(
        site=_text(raw.get("site")),
        role=Role.OTHER,
        address=_text(raw.get("address")),
        groups=tuple(groups) if isinstance(groups, list) and all(isinstance(name, str) for name in groups) else (),
        uplinks=tuple(UplinkPart.model_construct(to=up["to"], port=up.get("port")) for up in ends)
        if isinstance(uplinks, list) and len(ends) == len(uplinks) and all(isinstance(up.get("port"), str | None) for up in ends)
        else (),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


_ONE = {"groups": "group", "sites": "site", "devices": "device", "risk_groups": "risk group", "maintenance": "maintenance window"}
