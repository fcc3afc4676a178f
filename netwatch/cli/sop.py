"""`netwatch sop ...`: the procedure in force, whether it is sound, and its picture. Reads the files; needs no daemon."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import typer

from netwatch.cli import output
from netwatch.cli.places import CONFIG, JSON, find_settings, settings
from netwatch.settings import shipped
from netwatch.sop.graph_text import dot, mermaid
from netwatch.sop.procedure import Procedure, load_procedure
from netwatch.sop.procedure_parts import Step

FILE = typer.Argument(None, readable=False, help="sop.yaml; tanpa: menurut konfigurasi. / Without: the configured one.")


class Form(StrEnum):
    """How the graph is written."""

    MERMAID = "mermaid"
    DOT = "dot"


def register(root: typer.Typer) -> None:
    """Add the group `sop`."""
    app = typer.Typer(help="Prosedur (SOP). / The procedure.", no_args_is_help=True)
    root.add_typer(app, name="sop")
    app.command("show")(show)
    app.command("check")(check)
    app.command("graph")(graph)


def show(file: Path | None = FILE, json: bool = JSON, config: Path | None = CONFIG) -> None:
    """Tampilkan langkah, pelaksana, dokumen, tindakan. / Show steps, roles, documents, actions."""
    procedure = load_procedure(place(file, config))
    if json:
        output.print_json(document(procedure))
        return
    output.line(f"SOP {procedure.sop.number} rev. {procedure.sop.revision} - {procedure.sop.name} ({procedure.revision})")
    rows = [row(procedure, key, step) for key, step in in_order(procedure)]
    heads = ("no", "langkah", "pelaksana", "hari", "dokumen", "tindakan")
    output.table(heads if output.language() == "id" else ("no", "step", "roles", "days", "documents", "actions"), rows)


def check(file: Path | None = FILE, json: bool = JSON, config: Path | None = CONFIG) -> None:
    """Periksa prosedur sebagai graf. / Check the procedure as a graph: names, reachable, no dead end."""
    where = place(file, config)
    procedure = load_procedure(where)  # InvalidFile: exit 3, every fault with its place
    if json:
        counts = {"steps": len(procedure.steps), "transitions": len(procedure.transitions), "guards": len(procedure.guards)}
        output.print_json(
            {"schema": "netwatch.sop-check/1", "ok": True, "file": str(where), "revision": procedure.revision, **counts}
        )
        return
    output.say(
        f"{where} benar: {len(procedure.steps)} langkah, {len(procedure.transitions)} peralihan, {len(procedure.guards)} syarat"
        f" (revisi {procedure.revision}).",
        f"{where} is sound: {len(procedure.steps)} steps, {len(procedure.transitions)} transitions,"
        f" {len(procedure.guards)} guards (revision {procedure.revision}).",
    )


def graph(
    file: Path | None = FILE,
    form: Form = typer.Option(Form.MERMAID, "--format", help="mermaid | dot"),
    json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Gambar prosedur sebagai teks Mermaid atau DOT. / Draw the procedure as Mermaid or DOT text."""
    procedure = load_procedure(place(file, config))
    text = (mermaid if form is Form.MERMAID else dot)(procedure, output.language())
    if json:
        output.print_json({"schema": "netwatch.sop-graph/1", "format": form.value, "graph": text})
    else:
        output.line(text.rstrip("\n"))


def place(file: Path | None, config: Path | None) -> Path:
    """Return the procedure to read: the named file, the configured one, or the one that is shipped."""
    if file is not None:
        return file
    if config is None and find_settings(None) is None:
        return shipped("sop.yaml")
    return settings(config).procedure


def in_order(procedure: Procedure) -> list[tuple[str, Step]]:
    """Return the steps by number."""
    return sorted(procedure.steps.items(), key=lambda item: item[1].number)


def row(procedure: Procedure, key: str, step: Step) -> tuple[object, ...]:
    """Return one line of the table."""
    actions = " ".join(transition.action for transition in procedure.leaving(key))
    return step.number, step.text(output.language()), " ".join(step.participants), step.days, " ".join(step.outputs), actions


def document(procedure: Procedure) -> dict[str, Any]:
    """Return `netwatch.sop/1`."""
    steps = [
        {
            "number": step.number,
            "key": key,
            "label": step.label,
            "gloss": step.gloss,
            "role": step.actor,
            "participants": list(step.participants),
            "days": step.days,
            "documents": list(step.outputs),
            "records": list(step.record),
            "actions": [
                {
                    "id": t.id,
                    "action": t.action,
                    "to": t.to,
                    "by": list(t.by),
                    "guards": list(t.guards),
                    "automatic": t.automatic,
                    "reading": t.gap,
                }
                for t in procedure.leaving(key)
            ],
        }
        for key, step in in_order(procedure)
    ]
    return {
        "schema": "netwatch.sop/1",
        "number": procedure.sop.number,
        "name": procedure.sop.name,
        "revision": procedure.revision,
        "steps": steps,
        "final_states": list(procedure.final_states),
        "roles": {
            key: {"label": role.label, "gloss": role.gloss, "superior": role.superior} for key, role in procedure.roles.items()
        },
        "readings": {key: {"label": gap.label, "gloss": gap.gloss} for key, gap in procedure.gaps.items()},
    }
