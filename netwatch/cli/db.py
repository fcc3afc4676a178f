"""`netwatch db ...`: the one command group that opens the database itself, because it must work when no daemon can run."""

from __future__ import annotations

import hashlib
from pathlib import Path

import typer

from netwatch.cli import output
from netwatch.cli.places import CONFIG, JSON, settings
from netwatch.clock import SystemClock
from netwatch.settings import Settings
from netwatch.store import Store
from netwatch.store.backup import FILE, open_backup
from netwatch.store.backup import backup as make_backup
from netwatch.store.chain import parse_head
from netwatch.store.journal import Head
from netwatch.store.restore import restore as put_back
from netwatch.store.upgrade import upgrade as bring_up
from netwatch.store.verify import examine

HEADS = typer.Option([], "--head", help="SEQ:HASH dari kertas atau Prometheus. / From a paper or from Prometheus.")


def register(root: typer.Typer) -> None:
    """Add the group `db`."""
    app = typer.Typer(
        help="Basis data, langsung tanpa layanan. / The database, directly, without the daemon.", no_args_is_help=True
    )
    root.add_typer(app, name="db")
    app.command("upgrade")(upgrade)
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("verify")(verify)
    app.command("release-outbox")(release_outbox)


def upgrade(
    force: bool = typer.Option(
        False, "--force", help="Buat baru walau ada sisa basis data lama. / Create in spite of leftovers."
    ),
    json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Buat basis data, atau naikkan skemanya setelah dicadangkan. / Create the database, or upgrade its schema after a backup."""
    chosen = settings(config)
    done = bring_up(
        chosen.database,
        state_directory=chosen.state_directory,
        force=force,
        procedure_digest=hashlib.sha256(chosen.procedure.read_bytes()).hexdigest() if chosen.procedure.exists() else None,
        backup=lambda store: make_backup(store, chosen.state_directory / "backups", configuration=_configuration(chosen)).folder,
    )
    if json:
        before = {"schema": "netwatch.db-upgrade/1", "before": done.before, "after": done.after}
        output.print_json({**before, "backup": str(done.backup) if done.backup else None})
    elif done.before is None:
        output.say(f"Basis data dibuat, skema {done.after}.", f"Database created, schema {done.after}.")
    elif done.before == done.after:
        output.say(
            f"Skema sudah {done.after}; tidak ada yang berubah.", f"The schema is {done.after} already; nothing was changed."
        )
    else:
        output.say(
            f"Skema {done.before} -> {done.after}; cadangan sebelumnya: {done.backup}",
            f"Schema {done.before} -> {done.after}; the backup made before: {done.backup}",
        )


def backup(
    directory: Path = typer.Argument(help="Folder cadangan. / Where backups are kept."),
    json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Cadangkan selagi berjalan. / Back up database, attachments and configuration while running."""
    chosen = settings(config)
    store = Store.open(chosen.database, state_directory=chosen.state_directory)
    try:
        made = make_backup(store, directory, configuration=_configuration(chosen))
    finally:
        store.close()
    if json:
        output.print_json(
            {
                "schema": "netwatch.db-backup/1",
                "folder": str(made.folder),
                "made_at": made.made_at.isoformat(),
                "head": {"seq": made.head.seq, "hash": made.head.hash},
                "octets": made.octets,
                "counts": made.counts,
            }
        )
    else:
        output.line(str(made.folder))
        output.say(f"Terverifikasi. Jurnal {made.head}", f"Verified. Journal {made.head}")


def restore(
    folder: Path = typer.Argument(help="Satu cadangan (folder netwatch-...). / One backup."),
    head: list[str] = HEADS,
    to: Path | None = typer.Option(None, "--to", help="Ke folder lain, untuk latihan. / Into another folder: a drill."),
    json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Ganti basis data dengan cadangan; pesan ditahan. / Replace the database by a backup; messages are held back."""
    if to is None:
        chosen = settings(config)
        url, state = chosen.database, chosen.state_directory
    else:
        url, state = f"sqlite:///{to.absolute() / FILE}", to.absolute()
    done = put_back(folder, url, state_directory=state, heads=_heads(head))
    if json:
        document = {
            "schema": "netwatch.db-restore/1",
            "head": {"seq": done.head.seq, "hash": done.head.hash},
            "missing": done.missing,
        }
        output.print_json({**document, "replaced": str(done.aside) if done.aside else None, "outbox": "held"})
        return
    output.say(
        f"Dipulihkan sampai jurnal {done.head}. Catatan yang hilang: {done.missing}."
        " Pesan ditahan: periksa, lalu jalankan `netwatch db release-outbox`.",
        f"Restored up to journal {done.head}. Entries missing: {done.missing}."
        " Messages are held: look at them, then run `netwatch db release-outbox`.",
    )
    if done.aside:
        output.say(f"Basis data lama: {done.aside}", f"The database that was replaced: {done.aside}")


def verify(
    since: int = typer.Option(0, "--since", help="Mulai dari catatan ini. / From this entry on."),
    head: list[str] = HEADS,
    folder: Path | None = typer.Option(None, "--backup", help="Periksa satu cadangan. / Look at a backup instead."),
    json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Periksa rantai jurnal dan invarian I1-I8; hanya membaca. / Verify the journal's chain and I1-I8; reads only."""
    known = _heads(head)
    if folder is not None:
        store = open_backup(folder.absolute())
    else:
        chosen = settings(config)
        store = Store.open(chosen.database, state_directory=chosen.state_directory)
    try:
        found = examine(store, since=since, heads=known)
    finally:
        store.close()
    if json:
        violations = [
            {"invariant": v.invariant, "check": v.check, "seq": v.seq, "subject": v.subject, "text": v.text}
            for v in found.violations
        ]
        output.print_json(
            {
                "schema": "netwatch.db-verify/1",
                "ok": not violations,
                "entries": found.entries,
                "head": {"seq": found.head.seq, "hash": found.head.hash},
                "first_bad_seq": found.first_bad_seq,
                "violations": violations,
            }
        )
    else:
        for violation in found.violations:
            output.line(str(violation))
        _conclude(found.entries, found.head, len(found.violations), found.first_bad_seq)
    if found.violations:
        raise typer.Exit(1)


def release_outbox(
    drop_before: str | None = typer.Option(
        None, "--drop-before", help="RFC 3339; buang yang diputuskan sebelum itu. / Drop older ones."
    ),
    config: Path | None = CONFIG,
) -> None:
    """Kirim lagi pesan yang ditahan setelah pemulihan. / Send again what a restore held back."""
    from netwatch.store.canonical import parse_instant

    chosen = settings(config)
    try:
        moment = None if drop_before is None else parse_instant(drop_before)
    except ValueError as error:
        raise typer.BadParameter(
            output.pick("contoh waktu: 2026-11-24T05:00:00Z", "expected a time such as 2026-11-24T05:00:00Z")
        ) from error
    store = Store.open(chosen.database, state_directory=chosen.state_directory)
    try:
        with store.begin(f"release-outbox-{SystemClock().now():%Y%m%dT%H%M%S.%f}") as tx:
            dropped = tx.outbox.release(performed_by="system", drop_decided_before=moment)
    finally:
        store.close()
    output.say(f"Pesan dikirim lagi; {dropped} dibuang.", f"Messages go out again; {dropped} dropped.")


def _conclude(entries: int, head: Head, violations: int, first: int | None) -> None:
    if violations:
        where = (
            "" if first is None else output.pick(f"; catatan pertama yang salah: {first}", f"; the first bad entry is {first}")
        )
        output.say(f"{violations} pelanggaran{where}.", f"{violations} violations{where}.")
        return
    output.say(f"{entries} catatan utuh. Jurnal {head}", f"{entries} entries hold. Journal {head}")


def _heads(texts: list[str]) -> list[Head]:
    try:
        return [parse_head(text) for text in texts]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _configuration(chosen: Settings) -> list[Path]:
    """Return the files a restored host needs; never the credentials."""
    files = [chosen.file, chosen.people, chosen.procedure, chosen.holidays, chosen.agency]
    inventory = sorted(chosen.inventory.glob("*.yaml")) if chosen.inventory.is_dir() else [chosen.inventory]
    return [path for path in [*files, *inventory] if path.is_file() and path != chosen.credentials]
