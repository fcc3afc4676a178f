"""`netwatch maintenance ...`: planned work, announced before it makes noise."""

from __future__ import annotations

from pathlib import Path

import typer

from netwatch.cli import output
from netwatch.cli.client import connect
from netwatch.cli.output import when
from netwatch.cli.places import CONFIG, JSON, SOCKET
from netwatch.cli.spans import seconds_of


def register(root: typer.Typer) -> None:
    """Add the group `maintenance`."""
    app = typer.Typer(help="Pemeliharaan terjadwal. / Maintenance windows.", no_args_is_help=True)
    root.add_typer(app, name="maintenance")
    app.command("add")(add)
    app.command("list")(list_)
    app.command("end")(end)


def add(
    *,
    duration: str = typer.Option(..., "--for", help="Lamanya (30m, 2h, 1d). / How long."),
    reason: str = typer.Option(..., "--reason", help="Alasan. / Why."),
    device: list[str] = typer.Option([], "--device"),
    site: list[str] = typer.Option([], "--site"),
    group: list[str] = typer.Option([], "--group"),
    start: str | None = typer.Option(None, "--from", help="Mulai (RFC 3339; bawaan: sekarang). / Start (default: now)."),
    mode: str = typer.Option("silent", "--mode", help="no_probing | silent | label"),
    repeat: str | None = typer.Option(None, "--repeat", help="daily | weekly"),
    json: bool = JSON,
    config: Path | None = CONFIG,
    socket: Path | None = SOCKET,
) -> None:
    """Umumkan pekerjaan terencana. / Announce planned work."""
    body = {
        "for_seconds": seconds_of(duration),
        "reason": reason,
        "devices": device,
        "sites": site,
        "groups": group,
        "starts_at": start,
        "mode": mode,
        "repeat": repeat,
    }
    document = connect(config, socket).post("/maintenance", {key: value for key, value in body.items() if value is not None})
    if json:
        output.print_json(document)
    else:
        output.line(f"{document['id']}  {when(document['starts_at'])} .. {when(document['ends_at'])}")


def list_(
    *,
    every: bool = typer.Option(False, "--all", help="Juga yang lewat. / Past ones too."),
    json: bool = JSON,
    config: Path | None = CONFIG,
    socket: Path | None = SOCKET,
) -> None:
    """Daftar pemeliharaan. / List maintenance windows."""
    document = connect(config, socket).get("/maintenance", which="all" if every else "current")
    if json:
        output.print_json(document)
        return
    rows = [
        (
            w["id"],
            when(w["starts_at"]),
            when(w["ends_at"]),
            w["mode"],
            " ".join([*w["sites"], *w["devices"], *w["groups"]]),
            w["reason"],
        )
        for w in document["windows"]
    ]
    heads = ("id", "from", "until", "mode", "what", "reason")
    output.table(heads if output.language() == "en" else ("id", "mulai", "sampai", "cara", "apa", "alasan"), rows)


def end(window: str, json: bool = JSON, config: Path | None = CONFIG, socket: Path | None = SOCKET) -> None:
    """Akhiri sekarang. / End a window now."""
    document = connect(config, socket).post(f"/maintenance/{window}/end")
    if json:
        output.print_json(document)
    else:
        output.say(f"Pemeliharaan {window} berakhir.", f"Maintenance {window} has ended.")
