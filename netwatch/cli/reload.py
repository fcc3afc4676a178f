"""`netwatch reload`: read inventory, people and procedure again; a bad file keeps what runs."""

from __future__ import annotations

from pathlib import Path

import typer

from netwatch.cli import output
from netwatch.cli.client import connect
from netwatch.cli.places import CONFIG, JSON, SOCKET

VALIDATION_FAILED = 3


def register(root: typer.Typer) -> None:
    """Add `reload`."""
    root.command("reload")(reload_)


def reload_(json: bool = JSON, config: Path | None = CONFIG, socket: Path | None = SOCKET) -> None:
    """Muat ulang konfigurasi; berkas yang salah tidak dipakai. / Load the configuration again; a bad file is not used."""
    document = connect(config, socket).post("/reload")
    if json:
        output.print_json(document)
    for process in ("api", "monitor"):
        part = document[process]
        if part is None:
            output.say(f"{process}: tidak berjalan.", f"{process}: not running.")
            continue
        for fault in part["faults"]:
            output.say(fault, fault)
        if part["ok"]:
            output.say(f"{process}: dimuat ulang.", f"{process}: reloaded.")
        else:
            output.say(
                f"{process}: ditolak, konfigurasi lama tetap dipakai.", f"{process}: refused, the old configuration stays."
            )
    if any(part is not None and not part["ok"] for part in (document["api"], document["monitor"])):
        raise typer.Exit(VALIDATION_FAILED)
