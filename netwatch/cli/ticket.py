"""`netwatch ticket ...`: what a technician does with a case."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import typer

from netwatch.cli import output
from netwatch.cli.client import Client, connect
from netwatch.cli.places import CONFIG, JSON, SOCKET
from netwatch.cli.ticket_view import show_actions, show_journal, show_ticket, show_tickets

BY = typer.Option(None, "--by", help="Siapa yang memutuskan (id orang). / Who decided (person id).")
AT = typer.Option(None, "--at", help="Kapan dilakukan (RFC 3339). / When it was done.")
REQUEST_ID = typer.Option(None, "--request-id", help="Ulangan dengan id yang sama dicatat sekali. / Same id is done once.")
CHANNEL = typer.Option(None, "--channel", help="cli | scanned_paper | oral_confirmed")


def register(root: typer.Typer) -> None:
    """Add the group `ticket`."""
    app = typer.Typer(help="Tiket. / Tickets.", no_args_is_help=True)
    root.add_typer(app, name="ticket")
    app.command("list")(list_)
    app.command("show")(show)
    app.command("open")(open_)
    app.command("actions")(actions)
    app.command("do")(do)
    app.command("attach")(attach)
    app.command("hold")(hold)
    app.command("resume")(resume)
    app.command("documents")(documents)
    app.command("journal")(journal)


def list_(
    *,
    open_: bool = typer.Option(False, "--open", help="Terbuka (bawaan). / Open (the default)."),
    overdue: bool = typer.Option(False, "--overdue", help="Terlambat. / Overdue."),
    mine: bool = typer.Option(False, "--mine", help="Menunggu saya. / Waiting for me."),
    every: bool = typer.Option(False, "--all", help="Semua. / All."),
    json: bool = JSON,
    config: Path | None = CONFIG,
    socket: Path | None = SOCKET,
) -> None:
    """Daftar tiket. / List tickets."""
    if sum((open_, overdue, mine, every)) > 1:
        raise typer.BadParameter("--open | --overdue | --mine | --all")
    which = "overdue" if overdue else "mine" if mine else "all" if every else "open"
    document = connect(config, socket).get("/tickets", which=which)
    output.print_json(document) if json else show_tickets(document["tickets"])


def show(ticket: str, json: bool = JSON, config: Path | None = CONFIG, socket: Path | None = SOCKET) -> None:
    """Tampilkan satu tiket. / Show one ticket."""
    document = connect(config, socket).get(f"/tickets/{ticket}")
    output.print_json(document) if json else show_ticket(document)


def open_(
    *,
    site: str = typer.Option(..., "--site"),
    symptom: str = typer.Option(..., "--symptom", help="Gejala. / What is wrong."),
    reporter: str = typer.Option(..., "--reporter", help="Nama pelapor. / Who reports."),
    contact: str | None = typer.Option(None, "--contact", help="Kontak pelapor. / How to reach the reporter."),
    letter: Path | None = typer.Option(None, "--letter", help="Pindaian surat masuk. / Scan of the letter."),
    letter_number: str | None = typer.Option(None, "--letter-number", help="Nomor surat. / Number of the letter."),
    origin: str | None = typer.Option(None, "--origin", help="letter | phone | public_channel"),
    occurred_at: str | None = typer.Option(None, "--occurred-at", help="Waktu kejadian (RFC 3339). / When it began."),
    by: str | None = BY,
    at: str | None = AT,
    channel: str | None = CHANNEL,
    request_id: str | None = REQUEST_ID,
    json: bool = JSON,
    config: Path | None = CONFIG,
    socket: Path | None = SOCKET,
) -> None:
    """Catat laporan OPD; bergabung dengan tiket terbuka di sana. / Register a report; joins the open ticket."""
    body = {
        "site": site,
        "symptom": symptom,
        "reporter": reporter,
        "contact": contact,
        "origin": origin,
        "occurred_at": occurred_at,
        "letter_number": letter_number,
        **_who(by, at, channel, request_id),
    }
    files = [("incoming_letter", _file(letter))] if letter else None
    document = connect(config, socket).post_repeatable("/tickets", _filled(body), files)
    _answer(document, json)


def actions(ticket: str, json: bool = JSON, config: Path | None = CONFIG, socket: Path | None = SOCKET) -> None:
    """Apa yang boleh dilakukan sekarang, oleh siapa, dengan apa. / What may be done now, by whom, with what."""
    document = connect(config, socket).get(f"/tickets/{ticket}/actions")
    output.print_json(document) if json else show_actions(document["actions"])


def do(
    ticket: str,
    action: str,
    *,
    by: str | None = BY,
    field: list[str] = typer.Option([], "--field", help="nama=nilai; diulang untuk daftar. / name=value; repeat for a list."),
    attach: list[str] = typer.Option([], "--attach", help="DOKUMEN=BERKAS / DOCUMENT=PATH"),
    at: str | None = AT,
    channel: str | None = CHANNEL,
    request_id: str | None = REQUEST_ID,
    json: bool = JSON,
    config: Path | None = CONFIG,
    socket: Path | None = SOCKET,
) -> None:
    """Lakukan satu tindakan SOP. / Perform one action of the procedure."""
    body = {"fields": _fields(field), **_who(by, at, channel, request_id)}
    client = connect(config, socket)
    document = client.post_repeatable(f"/tickets/{ticket}/actions/{action}", _filled(body), _files(attach))
    _answer(document, json)


def attach(
    ticket: str,
    document: list[str] = typer.Argument(help="DOKUMEN=BERKAS / DOCUMENT=PATH"),
    *,
    by: str | None = BY,
    at: str | None = AT,
    channel: str | None = CHANNEL,
    request_id: str | None = REQUEST_ID,
    json: bool = JSON,
    config: Path | None = CONFIG,
    socket: Path | None = SOCKET,
) -> None:
    """Lampirkan dokumen. / Attach documents."""
    body = _who(by, at, channel, request_id)
    client = connect(config, socket)
    _answer(client.post_repeatable(f"/tickets/{ticket}/documents", _filled(body), _files(document)), json)


def hold(
    ticket: str,
    *,
    reason: str = typer.Option(..., "--reason", help="awaiting_opd | awaiting_spare_part | awaiting_provider | ..."),
    until: str = typer.Option(..., "--until", help="Perkiraan selesai (RFC 3339 atau tanggal). / Expected end."),
    by: str | None = BY,
    at: str | None = AT,
    channel: str | None = CHANNEL,
    request_id: str | None = REQUEST_ID,
    json: bool = JSON,
    config: Path | None = CONFIG,
    socket: Path | None = SOCKET,
) -> None:
    """Tahan tiket: menunggu sesuatu di luar tim. / Put the ticket on hold."""
    body = {"reason": reason, "expected_end": until, **_who(by, at, channel, request_id)}
    _answer(connect(config, socket).post_repeatable(f"/tickets/{ticket}/hold", _filled(body)), json)


def resume(
    ticket: str,
    *,
    by: str | None = BY,
    at: str | None = AT,
    channel: str | None = CHANNEL,
    request_id: str | None = REQUEST_ID,
    json: bool = JSON,
    config: Path | None = CONFIG,
    socket: Path | None = SOCKET,
) -> None:
    """Lanjutkan tiket yang ditahan. / End the hold."""
    body = _who(by, at, channel, request_id)
    _answer(connect(config, socket).post_repeatable(f"/tickets/{ticket}/resume", _filled(body)), json)


def documents(
    ticket: str,
    *,
    out: Path | None = typer.Option(None, "--out", help="Simpan berkas ke folder. / Save the files into this directory."),
    json: bool = JSON,
    config: Path | None = CONFIG,
    socket: Path | None = SOCKET,
) -> None:
    """Dokumen tiket. / The ticket's documents."""
    client = connect(config, socket)
    document = client.get(f"/tickets/{ticket}/documents")
    if out is not None:
        _save(client, ticket, document["documents"], out)
    if json:
        output.print_json(document)
        return
    heads = ("dokumen", "revisi", "status", "nama", "sha256")
    if output.language() == "en":
        heads = ("document", "revision", "state", "name", "sha256")
    output.table(heads, [(d["key"], d["revision"], d["state"], d["name"], d["sha256"]) for d in document["documents"]])


def journal(
    ticket: str,
    *,
    verify: bool = typer.Option(False, "--verify", help="Hitung ulang rantai. / Recompute the chain."),
    json: bool = JSON,
    config: Path | None = CONFIG,
    socket: Path | None = SOCKET,
) -> None:
    """Riwayat tiket. / The ticket's journal."""
    document = connect(config, socket).get(f"/tickets/{ticket}/journal", verify="true" if verify else None)
    output.print_json(document) if json else show_journal(document["entries"])
    if not verify:
        return
    if document["violations"]:
        for violation in document["violations"]:
            output.say(f"RUSAK: {violation}", f"BROKEN: {violation}")
        raise typer.Exit(1)
    output.say("Rantai jurnal utuh.", "The journal's chain is intact.")


def _who(by: str | None, at: str | None, channel: str | None, request_id: str | None) -> dict[str, Any]:
    return {"performed_by": by, "performed_at": at, "channel": channel, "request_id": request_id or str(uuid.uuid4())}


def _filled(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value is not None}


def _fields(pairs: list[str]) -> dict[str, Any]:
    """Read `name=value` options; a name that comes twice is a list."""
    fields: dict[str, Any] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise typer.BadParameter(f"--field {pair}: nama=nilai / name=value")
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields


def _files(pairs: list[str]) -> list[tuple[str, tuple[str, bytes]]]:
    """Read `DOCUMENT=PATH` options and the files behind them."""
    files = []
    for pair in pairs:
        key, sign, path = pair.partition("=")
        if not sign:
            raise typer.BadParameter(f"{pair}: DOKUMEN=BERKAS / DOCUMENT=PATH")
        files.append((key, _file(Path(path))))
    return files


def _file(path: Path) -> tuple[str, bytes]:
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from error


def _save(client: Client, ticket: str, listed: list[dict[str, Any]], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for each in listed:
        if each["sha256"] is None:
            continue
        suffix = Path(each["name"] or "").suffix
        target = out / f"{each['key']}-{each['revision']}{suffix}"
        target.write_bytes(client.octets(f"/tickets/{ticket}/documents/{each['key']}/{each['revision']}"))
        output.say(f"Disimpan: {target}", f"Saved: {target}")


def _answer(document: dict[str, Any], json: bool) -> None:
    if json:
        output.print_json(document)
    else:
        show_ticket(document)
