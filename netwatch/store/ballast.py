"""A file that is only there to be deleted: on a full disk an SQLite database cannot even be opened (RELIABILITY 3)."""

from __future__ import annotations

import os
from pathlib import Path

NAME = "ballast"
SIZE = 32 * 2**20  # octets


def keep(state_directory: Path, size: int = SIZE) -> bool:
    """Reserve the space if it is free; say whether the ballast is there. Half of it would be no help: then nothing is kept."""
    path = state_directory / NAME
    if present(state_directory):
        return True
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError:
        return False
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(handle)
    return True


def present(state_directory: Path) -> bool:
    """Say whether there is ballast to throw."""
    return (state_directory / NAME).is_file()


def drop(state_directory: Path) -> bool:
    """Give the space back; say whether there was any."""
    try:
        (state_directory / NAME).unlink()
    except OSError:
        return False
    return True
