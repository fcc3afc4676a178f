"""`netwatch version`."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import typer

from netwatch.cli import output


def register(root: typer.Typer) -> None:
    """Add `version`."""

    @root.command("version")
    def show(json: bool = typer.Option(False, "--json", help="JSON")) -> None:
        """Tampilkan versi. / Show the version."""
        try:
            number = version("netwatch")
        except PackageNotFoundError:
            number = "unknown"
        if json:
            output.print_json({"schema": "netwatch.version/1", "version": number, "python": platform.python_version()})
        else:
            output.line(f"netwatch {number}")
