"""`netwatch check`: everything that would stop the daemon, found before it starts; each finding one sentence with what to do."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from netwatch.cli import output
from netwatch.cli.places import CONFIG, JSON, settings
from netwatch.errors import InvalidFile, NetwatchError, Reason
from netwatch.settings import Listen, Settings, load_credentials

VALIDATION_FAILED = 3
CALENDAR_DAYS = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `level`: ok, warning, error (fails the check), fault (in a file: fails with 3)."""

    part: str
    level: str
    text: Reason


def register(root: typer.Typer) -> None:
    """Add `check`."""
    root.command("check")(check)


def check(json: bool = JSON, config: Path | None = CONFIG) -> None:
    """Periksa seluruh konfigurasi dan lingkungannya. / Check the whole configuration and what it needs."""
    found = list(look(settings(config)))
    if json:
        output.print_json(_document(found))
    else:
        for each in found:
            output.line(f"{_MARKS[each.level]} {each.part}: {output.sentence(each.text)}")
    levels = {each.level for each in found}
    if "fault" in levels:
        raise typer.Exit(VALIDATION_FAILED)
    if "error" in levels:
        raise typer.Exit(1)


def look(given: Settings) -> Iterator[Finding]:
    """Look at every part; a broken one does not hide the others."""
    yield from _files(given)
    yield from _credentials(given)
    yield from _state_directory(given)
    yield from _database(given)
    for name, listen in (("monitor.listen", given.monitor.listen), ("api.listen", given.api.listen)):
        yield from _port(name, listen)
    for name, path in (("monitor.socket", given.monitor.socket), ("api.socket", given.api.socket)):
        yield from _socket_path(name, path)
    yield from _probing()


def _files(given: Settings) -> Iterator[Finding]:
    from netwatch.casework import load_world
    from netwatch.clock import SystemClock

    try:
        world = load_world(given)
    except InvalidFile as error:
        yield from (Finding("configuration", "fault", Reason("fault", str(fault), str(fault))) for fault in error.faults)
        return
    devices, sites, persons = len(world.inventory.devices), len(world.inventory.sites), len(world.people.persons)
    yield _ok("inventory", f"{devices} perangkat di {sites} lokasi", f"{devices} devices at {sites} sites")
    yield from (Finding("inventory", "warning", Reason("warning", text, text)) for text in world.inventory.warnings)
    yield _ok("people", f"{persons} orang", f"{persons} people")
    now = SystemClock().now()
    for role in world.people.vacant(world.procedure.roles, now):
        label = world.procedure.roles[role]
        yield Finding(
            "people",
            "warning",
            Reason(
                "vacant",
                f"tidak ada yang memegang jabatan {label.text('id')} hari ini: tiket akan berhenti di langkahnya",
                f"nobody holds the role {label.text('en')} today: tickets will stand still in its steps",
            ),
        )
    yield _ok("procedure", f"revisi {world.procedure.revision}", f"revision {world.procedure.revision}")
    days = world.calendar.days_remaining(now)
    if days < CALENDAR_DAYS:
        text = Reason(
            "calendar_ending",
            f"kalender libur berakhir {days} hari lagi: tambahkan keputusan bersama tahun berikutnya ke {given.holidays.name}",
            f"the holiday calendar ends in {days} days: add the next year's joint decree to {given.holidays.name}",
        )
        yield Finding("holidays", "warning" if days > 0 else "error", text)
    else:
        yield _ok("holidays", f"berlaku {days} hari lagi", f"good for {days} more days")


def _credentials(given: Settings) -> Iterator[Finding]:
    if given.credentials is None:
        yield _ok("credentials", "tidak dipakai", "none configured")
        return
    try:
        count = len(load_credentials(given.credentials))
    except InvalidFile as error:
        yield from (Finding("credentials", "fault", Reason("fault", str(fault), str(fault))) for fault in error.faults)
        return
    yield _ok("credentials", f"{count} kredensial", f"{count} credentials")


def _state_directory(given: Settings) -> Iterator[Finding]:
    path = given.state_directory
    if not path.exists():
        yield Finding("state_directory", "warning", _new(path))
    elif not os.access(path, os.W_OK | os.X_OK):
        yield _problem(
            "state_directory",
            f"{path} tidak dapat ditulis oleh akun ini: perbaiki pemilik atau haknya",
            f"{path} cannot be written by this account: correct its owner or mode",
        )
    else:
        yield _ok("state_directory", str(path), str(path))


def _database(given: Settings) -> Iterator[Finding]:
    from netwatch.store import Store
    from netwatch.store.engine import database_file, parse_url
    from netwatch.store.opening import leftovers

    try:
        file = database_file(parse_url(given.database))
        if file is not None and not file.exists() and not leftovers(given.state_directory, file):
            yield Finding("database", "warning", _new(file))  # a new installation: the next step, not a fault
            return
        store = Store.open(given.database, state_directory=given.state_directory)
    except NetwatchError as error:
        yield _problem("database", str(error), str(error))
        return
    try:
        facts = store.facts()
    except NetwatchError as error:
        yield _problem("database", str(error), str(error))
        return
    finally:
        store.close()
    yield from (Finding("database", "warning", Reason("warning", text, text)) for text in store.warnings)
    text = ", ".join(f"{name} {value}" for name, value in facts.items())
    yield _ok("database", text, text)


def _port(name: str, listen: Listen | None) -> Iterator[Finding]:
    if listen is None:
        return
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((listen.host, listen.port))
        except OSError as error:
            yield Finding(
                name,
                "warning",
                Reason(
                    "port",
                    f"{listen}: {error.strerror} (wajar bila netwatch sedang berjalan; kalau tidak, ubah {name})",
                    f"{listen}: {error.strerror} (as it should be while netwatch runs; otherwise change {name})",
                ),
            )
            return
    yield _ok(name, f"{listen} bebas", f"{listen} is free")


def _socket_path(name: str, path: Path) -> Iterator[Finding]:
    folder = path.parent
    if len(os.fsencode(path)) > 107:
        yield _problem(name, f"{path} terlalu panjang (paling banyak 107 huruf)", f"{path} is too long (107 octets at most)")
    elif folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
        yield _problem(
            name,
            f"folder {folder} tidak dapat ditulis oleh akun ini: soket tidak dapat dibuat",
            f"the directory {folder} cannot be written by this account: the socket cannot be made",
        )
    else:
        yield _ok(name, str(path), str(path))


def _probing() -> Iterator[Finding]:
    ways: tuple[tuple[str, Callable[[], socket.socket]], ...] = (
        ("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)),
        ("datagram", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)),
    )
    for way, open_socket in ways:
        try:
            open_socket().close()
        except OSError:
            continue
        yield _ok("icmp", f"soket {way}", f"{way} sockets")
        return
    yield _problem(
        "icmp",
        "akun ini tidak boleh mengirim ping: beri CAP_NET_RAW, atau masukkan grupnya ke sysctl net.ipv4.ping_group_range",
        "this account may not send pings: give it CAP_NET_RAW, or put its group into sysctl net.ipv4.ping_group_range",
    )


def _new(path: Path) -> Reason:
    return Reason(
        "new", f"{path} belum ada: jalankan `netwatch db upgrade`", f"{path} does not exist yet: run `netwatch db upgrade`"
    )


def _ok(part: str, indonesian: str, english: str) -> Finding:
    return Finding(part, "ok", Reason("ok", indonesian, english))


def _problem(part: str, indonesian: str, english: str) -> Finding:
    return Finding(part, "error", Reason("problem", indonesian, english))


def _document(found: list[Finding]) -> dict[str, Any]:
    shown = [{"part": each.part, "level": each.level, "id": each.text.id, "en": each.text.en} for each in found]
    return {
        "schema": "netwatch.check/1",
        "ok": not any(each.level in ("error", "fault") for each in found),
        "findings": shown,
    }


_MARKS = {"ok": "ok     ", "warning": "WARNING", "error": "ERROR  ", "fault": "ERROR  "}
