"""`netwatch hostkey ...`: the keys by which devices show that they are still themselves, and a person's word for a new one."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from pathlib import Path
from typing import Any

import typer

from netwatch.cli import output
from netwatch.cli.places import CONFIG, JSON, settings
from netwatch.cli.probe import find
from netwatch.clock import SystemClock
from netwatch.errors import Conflict, NetwatchError
from netwatch.inventory.document import load_inventory
from netwatch.probe.resolve import Resolver
from netwatch.probe.ssh import HostKey, HostKeys, Limits, Login, SshError, reason_of, shown_key

FINGERPRINT = typer.Option(None, "--fingerprint", help="SHA256:... yang dibaca di konsol perangkat. / As read on its console.")


class HostKeyTrouble(NetwatchError):
    """The key could not be asked for, read or written."""


def register(root: typer.Typer) -> None:
    """Add the group `hostkey`."""
    app = typer.Typer(help="Kunci host SSH perangkat. / SSH host keys of devices.", no_args_is_help=True)
    root.add_typer(app, name="hostkey")
    app.command("show")(show)
    app.command("accept")(accept)


def show(device: str, json: bool = JSON, config: Path | None = CONFIG) -> None:
    """Tampilkan kunci yang diingat dan yang sekarang ditunjukkan. / Show the remembered key and the one that is shown now."""
    _, known, shown = _both(device, config)
    _print(device, known, shown, accepted=False, json=json)


def accept(device: str, fingerprint: str | None = FINGERPRINT, json: bool = JSON, config: Path | None = CONFIG) -> None:
    """Terima kunci baru setelah perangkat diganti. / Accept the new key after a device was replaced."""
    keys, known, shown = _both(device, config)
    if known == shown:
        _print(device, known, shown, accepted=False, json=json)
        return
    if fingerprint is not None and fingerprint != shown.fingerprint:
        raise Conflict(
            output.pick(
                f"Perangkat menunjukkan {shown}, bukan {fingerprint}; tidak ada yang berubah.",
                f"The device shows {shown}, not {fingerprint}; nothing was changed.",
            )
        )
    if fingerprint is None and not _confirmed(known, shown):
        raise typer.Exit(1)
    at = SystemClock().now().isoformat(timespec="seconds").replace("+00:00", "Z")
    try:
        keys.accept(device, shown, who=os.environ.get("SUDO_USER") or getpass.getuser(), at=at)
    except SshError as error:
        raise _trouble(error) from error
    _print(device, known, shown, accepted=True, json=json)


def _both(name: str, config: Path | None) -> tuple[HostKeys, HostKey | None, HostKey]:
    """Return the store, the remembered key and the one that the device shows now. Nobody logs in."""
    given = settings(config)
    device = find(load_inventory(given.inventory), name)
    found = asyncio.run(Resolver().resolve([device.address]))[device.address]
    if found.address is None:
        raise HostKeyTrouble(f"{device.address}: {found.error}")
    ssh = device.ssh
    login = Login(device.id, found.address, device.platform, None)
    if ssh is not None:
        login = Login(device.id, found.address, device.platform, None, port=ssh.port, profile=ssh.profile)
    keys = HostKeys(given.state_directory)
    try:
        known = keys.known(device.id)
        return keys, known, shown_key(login, limits=Limits.of(given.ssh.timeout), known=known)
    except SshError as error:
        raise _trouble(error) from error


def _confirmed(known: HostKey | None, shown: HostKey) -> bool:
    """Ask the person at the terminal; a script names the fingerprint instead."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("--fingerprint")
    output.say(f"Diingat: {known or '-'}\nSekarang: {shown}", f"Remembered: {known or '-'}\nNow: {shown}")
    question = output.pick(
        "Perangkat ini memang diganti, dan kunci baru itu miliknya?", "Was it replaced, and is the new key its own?"
    )
    return typer.confirm(question, default=False, err=True)


def _print(device: str, known: HostKey | None, shown: HostKey, *, accepted: bool, json: bool) -> None:
    if json:
        document = {"schema": "netwatch.hostkey/1", "device": device, "known": _json(known), "shown": _json(shown)}
        output.print_json({**document, "accepted": accepted})
        return
    output.table(("", "key"), [(output.pick("diingat", "remembered"), known), (output.pick("sekarang", "now"), shown)])
    if accepted:
        output.say("Diterima.", "Accepted.")
    elif known is not None and known != shown:
        output.say(
            "Berbeda: perangkat diganti atau disadap. Bila diganti: `netwatch hostkey accept`.",
            "They differ: replaced or intercepted. If replaced: `netwatch hostkey accept`.",
        )


def _json(key: HostKey | None) -> dict[str, Any] | None:
    return None if key is None else {"kind": key.kind, "fingerprint": key.fingerprint}


def _trouble(error: SshError) -> HostKeyTrouble:
    trouble = HostKeyTrouble(str(error))
    trouble.reason = reason_of(str(error))
    return trouble
