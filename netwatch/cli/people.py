"""`netwatch people ...`: who holds which role now, and whether people.yaml is right."""

from __future__ import annotations

from pathlib import Path

import typer

from netwatch.cli import output
from netwatch.cli.client import connect
from netwatch.cli.places import CONFIG, JSON, SOCKET, settings


def register(root: typer.Typer) -> None:
    """Add the group `people`."""
    app = typer.Typer(help="Orang dan jabatan. / People and appointments.", no_args_is_help=True)
    root.add_typer(app, name="people")
    app.command("list")(list_)
    app.command("check")(check)


def list_(json: bool = JSON, config: Path | None = CONFIG, socket: Path | None = SOCKET) -> None:
    """Siapa memegang jabatan apa sekarang. / Who holds which role now."""
    document = connect(config, socket).get("/people")
    if json:
        output.print_json(document)
        return
    rows = [(p["id"], p["name"], " ".join(p["roles"]), " ".join(p["accounts"])) for p in document["people"]]
    output.table(("id", "nama", "peran", "akun") if output.language() == "id" else ("id", "name", "roles", "accounts"), rows)


def check(
    file: Path | None = typer.Argument(None, readable=False, help="people.yaml"),
    json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Periksa people.yaml terhadap SOP. / Check people.yaml against the procedure."""
    from netwatch.sop.people import load_people
    from netwatch.sop.procedure import load_procedure

    loaded = settings(config)
    people = load_people(file or loaded.people, load_procedure(loaded.procedure))
    if json:
        output.print_json({"schema": "netwatch.people-check/1", "ok": True, "people": len(people.persons)})
    else:
        output.say(f"people.yaml benar: {len(people.persons)} orang.", f"people.yaml is valid: {len(people.persons)} people.")
