"""The sockets the api binds by itself, where systemd has handed none over: with the right mode."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

from netwatch.errors import CannotListen
from netwatch.settings import Listen

MODE = 0o660


def unix_socket(path: Path) -> socket.socket:
    """Bind the api's unix socket, mode 0660. A dead socket file is replaced; a living server is not. Raises `CannotListen`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_socket():
            if _answers(path):
                raise CannotListen(
                    f"netwatch sudah berjalan di {path}: hentikan dulu, atau pakai soket lain (api.socket).",
                    f"netwatch already runs on {path}: stop it first, or use another socket (api.socket).",
                    key="already_running",
                )
            path.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Bound under this mask, the socket is never open to everybody, not even between bind and chmod.
        before = os.umask(0o777 & ~MODE)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
    except OSError as error:
        raise CannotListen(
            f"Soket {path} tidak dapat dibuat ({error.strerror or error}): periksa hak foldernya, atau ubah api.socket.",
            f"Cannot make the socket {path} ({error.strerror or error}): check its directory, or change api.socket.",
            key="socket_path",
        ) from error
    listener.settimeout(0)
    return listener


def tcp_socket(listen: Listen) -> socket.socket:
    """Bind a TCP address. Raises `CannotListen`, naming the port that is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in listen.host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((listen.host, listen.port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(
                f"{listen} sudah dipakai program lain: hentikan program itu, atau ubah api.listen.",
                f"{listen} is taken by another program: stop that one, or change api.listen.",
                key="port_taken",
            ) from error
        raise CannotListen(
            f"{listen} tidak dapat dipakai ({error.strerror}): ubah api.listen.",
            f"{listen} cannot be used ({error.strerror}): change api.listen.",
            key="port_unusable",
        ) from error
    listener.settimeout(0)
    return listener


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
    return True
