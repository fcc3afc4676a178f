"""YAML text -> Inventory: one file or a directory, every fault with file:line:column, all at once.

The order: read each file, join them, look at every reference, inherit, make the frozen types. Nothing of the text is kept.
"""

from __future__ import annotations

import gc
import hashlib
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from netwatch.errors import Fault, InvalidFile
from netwatch.inventory import checks
from netwatch.inventory.graph import Graph
from netwatch.inventory.inherit import Inheritance
from netwatch.inventory.links import link_ids
from netwatch.inventory.model import Contact, Device, Inventory, RiskGroup, Site, Uplink, Window
from netwatch.inventory.parts import Parts
from netwatch.inventory.schema import DevicePart, InventoryFile, RiskGroupPart, SitePart, WindowPart
from netwatch.inventory.warnings import warnings
from netwatch.strict_yaml import load_yaml, salvage


def load_inventory(path: Path | str) -> Inventory:
    """Read an inventory file, or all `*.yaml` of a directory as one inventory.

    Raises InvalidFile with every fault of every file. What is suspicious but allowed is in `Inventory.warnings`.
    """
    with _no_collector():
        settled = pickle.dumps(read_inventory(texts_of(Path(path))), pickle.HIGHEST_PROTOCOL)
        gc.collect()
        # What lives was made amid five times as much that is gone now, and holds on to its pages: 2.2 KB of memory per device
        # instead of 1.1. Made anew in one piece it leaves them (measured by bench/inventory.py).
        inventory: Inventory = pickle.loads(settled)  # noqa: S301 - our own bytes of a moment ago
        return inventory


def read_inventory(texts: Mapping[str, bytes]) -> Inventory:
    """Return the inventory of these files (name -> bytes). Raises InvalidFile."""
    parts, complete = Parts(), True
    faults: list[Fault] = []
    for file, text in texts.items():
        try:
            document = load_yaml(file, text)
        except InvalidFile as error:
            faults.extend(error.faults)
            complete = False
            continue
        made, wrong = salvage(document, InventoryFile)
        faults.extend(wrong)
        parts.add(document, made)
        complete = complete and isinstance(document.value, dict)
    if complete:  # with a file missing, every reference into it would look like a fault
        faults.extend(checks.references(parts))
    faults.extend(parts.twice)
    if faults:
        raise InvalidFile(faults)
    return _assemble(parts, _digest(texts))


@contextmanager
def _no_collector() -> Iterator[None]:
    """Stop the cyclic collector: it would walk a million living objects again and again, which triples the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def texts_of(path: Path) -> dict[str, bytes]:
    """Return the text of each file of an inventory, by its name. Raises InvalidFile."""
    try:
        if not path.is_dir():
            return {str(path): path.read_bytes()}
        files = sorted(file for file in path.iterdir() if file.suffix in {".yaml", ".yml"} and not file.name.startswith("."))
        if not files:
            raise InvalidFile([Fault(str(path), 0, 0, "is a directory without any *.yaml file")])
        return {str(file): file.read_bytes() for file in files}
    except OSError as error:
        raise InvalidFile([Fault(str(error.filename or path), 0, 0, f"cannot be read: {error.strerror or error}")]) from error


def _digest(texts: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for file, text in texts.items():
        digest.update(f"{Path(file).name}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()


def _assemble(parts: Parts, digest: str) -> Inventory:
    inheritance = Inheritance(parts.defaults, parts.groups)
    assert parts.vantage is not None  # checks.references
    inventory = Inventory(
        vantage=parts.vantage,
        sites={name: _site(name, part) for name, part in parts.sites.items()},
        devices={name: _device(name, part, inheritance) for name, part in parts.devices.items()},
        risk_groups={name: _risk_group(name, part) for name, part in parts.risk_groups.items()},
        maintenance=tuple(map(_window, parts.windows)),
        digest=digest,
    )
    return replace(inventory, warnings=warnings(parts, inventory, Graph.of(inventory)))


def _device(name: str, part: DevicePart, inheritance: Inheritance) -> Device:
    ids = link_ids(name, checks.ends(part))
    uplinks = tuple(
        Uplink(link, name, up.to, port=up.port, own_port=up.own_port, kind=up.kind, provider=up.provider)
        for link, up in zip(ids, part.uplinks, strict=True)
    )
    return inheritance.device(name, part, uplinks)


def _site(name: str, part: SitePart) -> Site:
    contact = Contact(part.contact.name, part.contact.phone) if part.contact else None
    return Site(name, part.name, part.kind, part.opd, contact, part.location, part.open_after)


def _risk_group(name: str, part: RiskGroupPart) -> RiskGroup:
    return RiskGroup(name, part.kind, part.sites, part.devices, part.links)


def _window(part: WindowPart) -> Window:
    return Window(
        id=part.id,
        reason=part.reason,
        starts_at=part.starts_at,
        ends_at=part.ends_at,
        devices=part.devices,
        sites=part.sites,
        groups=part.groups,
        mode=part.mode,
        repeat=part.repeat,
    )
