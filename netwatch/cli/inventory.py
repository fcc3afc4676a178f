"""`netwatch inventory`: look at inventory files without a daemon and, but for `suggest`, without a configuration."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from netwatch.cli import output
from netwatch.cli.places import CONFIG
from netwatch.errors import InvalidFile, NotFound
from netwatch.inventory.changes import Change, Verb, compare
from netwatch.inventory.document import load_inventory
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import Device, Inventory
from netwatch.inventory.schema import json_schema
from netwatch.strict_yaml import suggestion

DEFAULT = Path("inventory.yaml")
PATH = typer.Argument(DEFAULT, readable=False, help="Berkas atau direktori *.yaml. / A file, or a directory of *.yaml.")
DEVICES = typer.Argument(None, help="Perangkat yang ditanya; tanpa nama: semua. / Devices to ask; none named: all.")
OLD = typer.Argument(..., readable=False, help="Inventaris lama. / The inventory before.")
JSON = typer.Option(False, "--json", help="JSON")
MARKS = {Verb.APPEARS: "+", Verb.VANISHES: "-", Verb.MOVES: ">", Verb.CHANGES: "~"}

app = typer.Typer(no_args_is_help=True, help="Inventaris: lokasi, perangkat, jalur. / Sites, devices, uplinks.")


def register(root: typer.Typer) -> None:
    """Add the group to the command line."""
    root.add_typer(app, name="inventory")


@app.command()
def check(path: Path = PATH, as_json: bool = JSON) -> None:
    """Periksa berkas; semua kesalahan sekaligus. / Check the files: every fault at once, exit 3."""
    try:
        inventory = load_inventory(path)
    except InvalidFile as error:
        if as_json:
            output.print_json(
                {"schema": "netwatch.inventory-check/1", "ok": False, "faults": [asdict(fault) for fault in error.faults]}
            )
        raise
    graph = Graph.of(inventory)
    for warning in inventory.warnings:
        output.say(f"peringatan: {warning}", f"warning: {warning}")
    if as_json:
        output.print_json({"schema": "netwatch.inventory-check/1", "ok": True, "faults": [], **_counts(inventory, graph)})
        return
    counts = _counts(inventory, graph)
    output.line(
        output.pick(
            "{path}: benar. {devices} perangkat ({probed} dipantau) di {sites} lokasi, {links} jalur "
            "({redundant} punya cadangan), {risk_groups} kelompok risiko.",
            "{path}: valid. {devices} devices ({probed} probed) at {sites} sites, {links} links "
            "({redundant} with another way), {risk_groups} risk groups.",
        ).format(path=path, **counts)
    )


@app.command()
def show(
    path: Path = PATH,
    device: str | None = typer.Option(None, "--device", help="Satu perangkat. / One device."),
    as_json: bool = JSON,
) -> None:
    """Tampilkan perangkat setelah warisan. / Show the devices with everything they inherit."""
    inventory = load_inventory(path)
    graph = Graph.of(inventory)
    if device is not None and device not in inventory.devices:
        near = suggestion(device, inventory.devices)
        raise NotFound(output.pick(f"'{device}' tidak ada di inventaris", f"'{device}' is not in the inventory") + near)
    shown = [inventory.devices[device]] if device else list(inventory.devices.values())
    if as_json:
        output.print_json(
            {
                "schema": "netwatch.inventory/1",
                "vantage": inventory.vantage,
                "digest": inventory.digest,
                "sites": [asdict(site) for site in inventory.sites.values()],
                "devices": [_device(one, graph) for one in shown],
                "risk_groups": [asdict(group) for group in inventory.risk_groups.values()],
                "maintenance": [_dated(asdict(window)) for window in inventory.maintenance],
                "warnings": list(inventory.warnings),
            }
        )
        return
    heads = ("device", "site", "role", "address", "status", "distance", "uplinks", "reads")
    output.table(
        heads if output.language() == "en" else ("perangkat", "lokasi", "peran", "alamat", "status", "jarak", "induk", "dibaca"),
        (
            (
                one.id,
                one.site,
                one.role,
                one.address,
                one.status,
                graph.distance.get(one.id),
                ",".join(uplink.to for uplink in one.uplinks) or "-",
                ",".join(one.monitor),
            )
            for one in shown
        ),
    )


@app.command()
def diff(old: Path = OLD, new: Path = PATH, as_json: bool = JSON) -> None:
    """Bandingkan dua inventaris. / What appears, vanishes, moves between two inventories."""
    changes = compare(load_inventory(old), load_inventory(new))
    if as_json:
        output.print_json({"schema": "netwatch.inventory-diff/1", "changes": [_change(change) for change in changes]})
        return
    for change in changes:
        output.line(f"{MARKS[change.verb]} {change.kind} {change.id}")
        for field in change.fields:
            output.line(f"    {field.name}: {_plain(field.old)} -> {_plain(field.new)}")
    if not changes:
        output.say("Tidak ada perbedaan.", "No differences.")


@app.command()
def schema() -> None:
    """Cetak JSON Schema untuk penyunting. / Print the JSON Schema for editors."""
    output.print_json(json_schema())


@app.command()
def suggest(devices: list[str] | None = DEVICES, config: Path | None = CONFIG, as_json: bool = JSON) -> None:
    """Sarankan induk dan port dari LLDP, CDP, ARP; tidak mengubah apa pun. / Suggest uplinks as a diff; edits nothing."""
    from netwatch.cli import suggest as asking  # the other commands need no probe

    asking.run(devices or (), config=config, as_json=as_json)


def _counts(inventory: Inventory, graph: Graph) -> dict[str, int]:
    return {
        "devices": len(inventory.devices),
        "probed": sum(len(names) for names in graph.devices_of_site.values()),
        "sites": len(inventory.sites),
        "links": len(graph.links),
        "redundant": len(graph.links) - len(graph.bridges),
        "risk_groups": len(inventory.risk_groups),
        "warnings": len(inventory.warnings),
    }


def _device(device: Device, graph: Graph) -> dict[str, Any]:
    return asdict(device) | {"distance": graph.distance.get(device.id)}


def _dated(window: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in window.items()}


def _change(change: Change) -> dict[str, Any]:
    named = {field.name: {"old": _json(field.old), "new": _json(field.new)} for field in change.fields}
    return {"verb": change.verb, "kind": change.kind, "id": change.id, "fields": named}


def _json(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return _dated(asdict(value))
    return value.isoformat() if hasattr(value, "isoformat") else value


def _plain(value: Any) -> str:
    value = _json(value)
    if isinstance(value, dict):
        return ", ".join(f"{key}={_plain(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return "-" if value is None else str(value)
