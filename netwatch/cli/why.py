"""`netwatch why DEVICE|SITE|TICKET`: the reasoning behind a state, in sentences."""

from __future__ import annotations

from pathlib import Path

import typer

from netwatch.cli import output
from netwatch.cli.client import connect
from netwatch.cli.places import CONFIG, JSON, SOCKET


def register(root: typer.Typer) -> None:
    """Add `why`."""
    root.command("why")(why)


def why(what: str, json: bool = JSON, config: Path | None = CONFIG, socket: Path | None = SOCKET) -> None:
    """Mengapa netwatch berpendapat begitu. / Why netwatch thinks so."""
    document = connect(config, socket).get(f"/why/{what}")
    if json:
        output.print_json(document)
        return
    for sentence in document["because"]:
        output.line(output.sentence(sentence))
