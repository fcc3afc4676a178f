"""`netwatch status`: is netwatch itself well, and what is out there; exit 1 when it is not ready."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import typer

from netwatch.cli import output
from netwatch.cli.client import connect
from netwatch.cli.output import pick, when
from netwatch.cli.places import CONFIG, JSON, SOCKET


def register(root: typer.Typer) -> None:
    """Add `status`."""
    root.command("status")(status)


def status(json: bool = JSON, config: Path | None = CONFIG, socket: Path | None = SOCKET) -> None:
    """Keadaan netwatch dan jaringan. / State of netwatch and of the network."""
    document = connect(config, socket).get("/status")
    output.print_json(document) if json else _show(document)
    if not document["ready"]:
        for reason in document.get("not_ready_because", ()):
            output.say(reason["id"], reason["en"])
        raise typer.Exit(1)


def _show(document: dict[str, Any]) -> None:
    monitor = document["monitor"]
    output.line(
        pick("netwatch siap", "netwatch is ready") if document["ready"] else pick("netwatch TIDAK siap", "netwatch is NOT ready")
    )
    if monitor["isolated"]:
        output.line(pick("  pemantau terputus dari jaringan", "  the monitor is cut off from the network"))
    if not monitor["configuration_ok"]:
        output.line(pick("  muat ulang ditolak; konfigurasi lama dipakai:", "  reload refused; the old configuration is used:"))
        for fault in monitor["configuration_faults"]:
            output.line(f"    {fault}")
    late = f"{pick('putaran terlambat', 'late rounds')}: {monitor['late_rounds']}"
    output.line(f"  {pick('sejak', 'since')} {when(monitor['since'])}, {late}")
    counts = Counter(device["state"] for device in document["devices"])
    output.line("  " + ", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
    tickets, outbox = document["tickets"], document["outbox"]
    counted = (
        (pick("gangguan", "incidents"), document["incidents"]["open"]),
        (pick("tiket", "tickets"), tickets["open"]),
        (pick("terlambat", "overdue"), tickets["overdue"]),
        (pick("pesan menunggu", "messages waiting"), outbox["waiting"]),
        (pick("pesan gagal", "messages dead"), outbox["dead"]),
    )
    output.line("  " + ", ".join(f"{name}: {count}" for name, count in counted))
    broken = [d for d in document["devices"] if d["state"] not in ("up", "unknown")]
    if broken:
        heads = ("device", "site", "state", "since") if output.language() == "en" else ("perangkat", "tempat", "keadaan", "sejak")
        output.table(heads, [(d["device"], d["site"], d["state"], when(d["since"])) for d in broken])
