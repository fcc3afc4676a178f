"""`netwatch simulate`: a scenario on a network that does not exist, through the daemon's own pipeline."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import typer

from netwatch.cli import output
from netwatch.cli.places import JSON

KEEP = typer.Option(None, "--keep", help="Simpan basis data di sini. / Keep the database in this directory.")
SCENARIO = typer.Argument(..., readable=False, help="Berkas skenario (YAML). / Scenario file (YAML).", metavar="SCENARIO")


def register(root: typer.Typer) -> None:
    """Add `simulate`."""

    @root.command("simulate")
    def simulate(scenario: Path = SCENARIO, json: bool = JSON, keep: Path | None = KEEP) -> None:
        """Jalankan skenario pada jaringan dan jam tiruan. / Run a scenario on a simulated network and clock."""
        from netwatch.simulate.run import Simulation
        from netwatch.simulate.scenario import load_scenario

        loaded, inventory = load_scenario(scenario)
        if keep is not None:
            if keep.exists() and any(keep.iterdir()):
                raise typer.BadParameter(output.pick(f"{keep} tidak kosong", f"{keep} is not empty"), param_hint="--keep")
            result = Simulation(loaded, inventory, scenario.parent, keep).run()
        else:
            with tempfile.TemporaryDirectory(prefix="netwatch-simulate-") as folder:
                result = Simulation(loaded, inventory, scenario.parent, Path(folder)).run()
        if json:
            output.print_json(result.json())
            return
        for event in result.timeline:
            output.line(_line(event))
        output.line()
        output.line(output.pick("Tiket:", "Tickets:") if result.tickets else output.pick("Tidak ada tiket.", "No tickets."))
        heads = ("id", "site", "state", "step", "cause", "side")
        output.table(
            heads if output.language() == "en" else ("id", "lokasi", "keadaan", "langkah", "penyebab", "sisi"),
            [_row(ticket) for ticket in result.tickets],
        )


def _line(event: dict[str, Any]) -> str:
    rest = "  ".join(f"{key}={value}" for key, value in event.items() if key not in {"at", "event"} and value is not None)
    return f"{event['at']:>10.1f}  {event['event']:<22} {rest}"


def _row(ticket: dict[str, Any]) -> tuple[object, ...]:
    cause = (ticket["incident"] or {}).get("cause") or {}
    what = f"{cause.get('kind', '-')} {cause.get('element', '')}"
    return ticket["id"], ticket["site"], ticket["state"], ticket["step"]["key"], what, cause.get("side", "-")
