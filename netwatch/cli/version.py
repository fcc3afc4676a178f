"""`netwatch version`."""

from __future__ import annotations

import platform

import typer

from netwatch.cli import output
from netwatch.release import release


def register(root: typer.Typer) -> None:
    """Add `version`."""

    @root.command("version")
    def show(json: bool = typer.Option(False, "--json", help="JSON")) -> None:
        """Tampilkan versi. / Show the version."""
        number = release()
        if json:
            output.print_json({"schema": "netwatch.version/1", "version": number, "python": platform.python_version()})
        else:
            output.line(f"netwatch {number}")
