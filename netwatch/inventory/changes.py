"""What differs between two inventories: what appears, vanishes, moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from netwatch.inventory.model import Inventory

MOVES = frozenset({"site", "address", "uplinks"})  # a device with the same id that is somewhere else now


class Verb(StrEnum):
    """What happened to a thing between the two."""

    APPEARS = "appears"
    VANISHES = "vanishes"
    MOVES = "moves"  # another place, address or way up
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class Field:
    """One fact that is different."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different."""

    verb: Verb
    kind: str  # vantage, site, device, link, risk_group, window
    id: str
    fields: tuple[Field, ...] = ()  # empty when it appears or vanishes


def compare(old: Inventory, new: Inventory) -> list[Change]:
    """Return every difference: vantage, sites, devices, links, risk groups, windows; in the order of the files."""
    changes: list[Change] = []
    if old.vantage != new.vantage:
        changes.append(Change(Verb.MOVES, "vantage", new.vantage, (Field("vantage", old.vantage, new.vantage),)))
    changes += _compare("site", old.sites, new.sites)
    changes += _compare("device", old.devices, new.devices)
    changes += _compare("link", _links(old), _links(new))
    changes += _compare("risk_group", old.risk_groups, new.risk_groups)
    changes += _compare(
        "window", {window.id: window for window in old.maintenance}, {window.id: window for window in new.maintenance}
    )
    return changes


def _links(inventory: Inventory) -> dict[str, Any]:
    return {uplink.id: uplink for device in inventory.devices.values() for uplink in device.uplinks}


def _compare(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name, before in old.items():
        if name not in new:
            yield Change(Verb.VANISHES, kind, name)
        elif new[name] != before:
            different = tuple(_different(before, new[name]))
            if different:
                moves = kind == "device" and any(field.name in MOVES for field in different)
                yield Change(Verb.MOVES if moves else Verb.CHANGES, kind, name, different)
    for name in new:
        if name not in old:
            yield Change(Verb.APPEARS, kind, name)


def _different(before: Any, after: Any) -> Iterator[Field]:
    for field in fields(before):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if field.name == "uplinks":  # facts of a link are reported with the link; here only where the ways lead
            old, new = tuple(uplink.id for uplink in old), tuple(uplink.id for uplink in new)
        if old != new:
            yield Field(field.name, old, new)
