"""`netwatch incident ...`: the network's faults, whatever the papers say."""

from __future__ import annotations

from pathlib import Path

import typer

from netwatch.cli import output
from netwatch.cli.client import connect
from netwatch.cli.output import pick, when
from netwatch.cli.places import CONFIG, JSON, SOCKET
from netwatch.cli.spans import seconds_of


def register(root: typer.Typer) -> None:
    """Add the group `incident`."""
    app = typer.Typer(help="Gangguan. / Incidents.", no_args_is_help=True)
    root.add_typer(app, name="incident")
    app.command("list")(list_)
    app.command("show")(show)
    app.command("acknowledge")(acknowledge)


def list_(
    *,
    every: bool = typer.Option(False, "--all", help="Juga yang pulih. / Recovered ones too."),
    json: bool = JSON,
    config: Path | None = CONFIG,
    socket: Path | None = SOCKET,
) -> None:
    """Daftar gangguan. / List incidents."""
    document = connect(config, socket).get("/incidents", which="all" if every else "open")
    if json:
        output.print_json(document)
        return
    rows = [
        (i["id"], i["state"], i["cause"]["kind"], i["cause"]["element"], i["cause"]["side"], when(i["began_at"]), i["ticket"])
        for i in document["incidents"]
    ]
    heads = ("id", "state", "kind", "element", "side", "began", "ticket")
    output.table(heads if output.language() == "en" else ("id", "keadaan", "jenis", "unsur", "sisi", "mulai", "tiket"), rows)


def show(incident: int, json: bool = JSON, config: Path | None = CONFIG, socket: Path | None = SOCKET) -> None:
    """Tampilkan satu gangguan. / Show one incident."""
    document = connect(config, socket).get(f"/incidents/{incident}")
    if json:
        output.print_json(document)
        return
    cause = document["cause"]
    output.line(
        f"#{document['id']} {document['state']}  {cause['kind']} {cause['element']}, {cause['side']} ({cause['confidence']:.0%})"
    )
    output.line(
        f"  {when(document['began_at'])} .. {when(document['ended_at'])}  {pick('tiket', 'ticket')} {document['ticket'] or '-'}"
    )
    for evidence in cause["evidence"]:
        output.line(f"  - {evidence if isinstance(evidence, str) else output.sentence(evidence)}")
    again = document.get("cause_after_recovery")
    if again is not None:
        output.line(
            f"  {pick('setelah pulih', 'after recovery')}: {again['kind']} {again['element']}, {again['side']} "
            f"({again['confidence']:.0%})"
        )
        for evidence in again["evidence"]:
            output.line(f"    - {output.sentence(evidence)}")
    for each in document["affected"]:
        output.line(f"  {each['device']} {each['state']} {when(each['since'])} .. {when(each.get('until'))}")
    for each in document["acknowledgements"]:
        output.line(f"  {pick('diketahui', 'acknowledged')} {each['by']} {when(each['at'])}: {each['reason']}")


def acknowledge(
    incident: int,
    *,
    reason: str = typer.Option(..., "--reason", help="Alasan. / Why."),
    duration: str | None = typer.Option(None, "--for", help="Berlaku selama (30m, 2h, 1d). / Valid for."),
    json: bool = JSON,
    config: Path | None = CONFIG,
    socket: Path | None = SOCKET,
) -> None:
    """Tandai sudah diketahui; pengingat berhenti. / Say that you know; reminders stop."""
    body = {"reason": reason, "for_seconds": seconds_of(duration) if duration else None}
    document = connect(config, socket).post(f"/incidents/{incident}/acknowledge", body)
    if json:
        output.print_json(document)
    else:
        output.say(f"Gangguan {incident} ditandai diketahui.", f"Incident {incident} is acknowledged.")
