"""Where a command finds the configuration and the socket of the api."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from netwatch.cli import output
from netwatch.errors import InvalidFile, NetwatchError

if TYPE_CHECKING:
    from netwatch.settings import Settings

CANDIDATES = (Path("netwatch.yaml"), Path("config/netwatch.yaml"), Path("/etc/netwatch/netwatch.yaml"))
SYSTEM_SOCKET = Path("/run/netwatch/api.sock")

CONFIG = typer.Option(None, "--config", envvar="NETWATCH_CONFIG", readable=False, help="netwatch.yaml")
SOCKET = typer.Option(None, "--socket", envvar="NETWATCH_SOCKET", help="Soket api. / Socket of the api.")
JSON = typer.Option(False, "--json", help="JSON")


class NoConfiguration(NetwatchError):
    """There is no netwatch.yaml where one is looked for."""


def find_settings(config: Path | None) -> Path | None:
    """Return the netwatch.yaml to use: the named one, or the first of the usual places that exists; None if there is none."""
    if config is not None:
        return config
    return next((place for place in CANDIDATES if _exists(place)), None)


def settings(config: Path | None) -> Settings:
    """Load netwatch.yaml and take over its language. Raises `NoConfiguration` and `InvalidFile`."""
    from netwatch.settings import load_settings  # a tenth of a second that `--socket` need not wait for

    place = find_settings(config)
    if place is None or not _exists(place):
        raise NoConfiguration(
            output.pick(
                f"Konfigurasi tidak ditemukan ({place or 'netwatch.yaml'}): sebutkan dengan --config atau NETWATCH_CONFIG.",
                f"No configuration found ({place or 'netwatch.yaml'}): name one with --config or NETWATCH_CONFIG.",
            )
        )
    loaded = load_settings(place)
    output.use_language(loaded.language)
    return loaded


def api_socket(config: Path | None, socket: Path | None) -> Path:
    """Return the api's socket: the named one, that of the configuration, or that of the installed service."""
    if socket is not None:
        return socket
    if find_settings(config) is None and _exists(SYSTEM_SOCKET):
        return SYSTEM_SOCKET
    try:
        return settings(config).api.socket
    except InvalidFile:
        place = find_settings(config)
        written = _socket_written_in(place) if place else None
        if written is None:
            raise
    output.say(
        f"{place} salah (lihat `netwatch check`); daemon tetap memakai konfigurasi yang terakhir dimuat.",
        f"{place} has faults (see `netwatch check`); the daemon goes on with what it loaded last.",
    )
    return written


def _socket_written_in(place: Path) -> Path | None:
    """Return the living socket of a configuration with faults: whoever must mend it wants to see what still runs."""
    from netwatch.strict_yaml import load_yaml

    try:
        value = load_yaml(place).value
    except InvalidFile:
        value = None
    api = value.get("api") if isinstance(value, dict) else None
    named = api.get("socket") if isinstance(api, dict) else None
    here = place.resolve().parent / (named if isinstance(named, str) else "state/netwatch.sock")
    return next((socket for socket in (here, SYSTEM_SOCKET) if _exists(socket) and socket.is_socket()), None)


def _exists(place: Path) -> bool:
    """Say whether a file is there. Raises `NoConfiguration` when this account may not look."""
    try:
        return place.exists()
    except PermissionError as error:
        raise NoConfiguration(
            output.pick(
                f"Tidak boleh membaca {place}: mintalah dimasukkan ke grup yang memilikinya (biasanya netwatch).",
                f"Not allowed to read {place}: ask to be added to the group that owns it (usually netwatch).",
            )
        ) from error
