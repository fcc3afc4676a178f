"""Where a command finds the configuration and the socket of the api."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from netwatch.cli import output
from netwatch.errors import NetwatchError

if TYPE_CHECKING:
    from netwatch.settings import Settings

CANDIDATES = (Path("netwatch.yaml"), Path("config/netwatch.yaml"), Path("/etc/netwatch/netwatch.yaml"))
SYSTEM_SOCKET = Path("/run/netwatch/api.sock")

CONFIG = typer.Option(None, "--config", envvar="NETWATCH_CONFIG", help="netwatch.yaml")
SOCKET = typer.Option(None, "--socket", envvar="NETWATCH_SOCKET", help="Soket api. / Socket of the api.")
JSON = typer.Option(False, "--json", help="JSON")


class NoConfiguration(NetwatchError):
    """There is no netwatch.yaml where one is looked for."""


def find_settings(config: Path | None) -> Path | None:
    """Return the netwatch.yaml to use: the named one, or the first of the usual places that exists; None if there is none."""
    if config is not None:
        return config
    return next((place for place in CANDIDATES if place.exists()), None)


def settings(config: Path | None) -> Settings:
    """Load netwatch.yaml and take over its language. Raises `NoConfiguration` and `InvalidFile`."""
    from netwatch.settings import load_settings  # a tenth of a second that `--socket` need not wait for

    place = find_settings(config)
    if place is None or not place.exists():
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
    if find_settings(config) is None and SYSTEM_SOCKET.exists():
        return SYSTEM_SOCKET
    return settings(config).api.socket
