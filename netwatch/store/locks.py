"""One process of each kind per state directory: `flock` on a file, freed by the kernel when the process dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from netwatch.errors import StoreError
from netwatch.store.errors import told

PROCESSES = ("monitor", "api")


def path_of(state_directory: Path, process: str) -> Path:
    """Return the lock file of a process."""
    return state_directory / f"{process}.lock"


@contextlib.contextmanager
def hold(state_directory: Path, process: str) -> Iterator[None]:
    """Hold the lock of a process. Raises StoreError when another one runs, or when the directory may not be written."""
    try:
        state_directory.mkdir(mode=0o750, parents=True, exist_ok=True)
        handle = os.open(path_of(state_directory, process), os.O_CREAT | os.O_RDWR, 0o640)
    except OSError as error:
        raise unwritable(state_directory, error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise running(process, state_directory) from error
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def hold_all(state_directory: Path) -> Iterator[None]:
    """Hold the locks of every process: nobody may run meanwhile."""
    with contextlib.ExitStack() as stack:
        for process in PROCESSES:
            stack.enter_context(hold(state_directory, process))
        yield


def unwritable(state_directory: Path, error: OSError) -> StoreError:
    """Return the error for a state directory in which this user may make no file."""
    return told(
        StoreError,
        "state_directory",
        f"direktori {state_directory} tidak dapat ditulisi oleh pengguna ini ({error.strerror}): jalankan netwatch sebagai"
        " pemiliknya, berikan hak tulis, atau ubah state_directory",
        f"the state directory {state_directory} cannot be written by this user ({error.strerror}): run netwatch as its owner,"
        " give it write permission, or change state_directory",
    )


def running(process: str, state_directory: Path) -> StoreError:
    """Return the error that says who is in the way."""
    return told(
        StoreError,
        "running",
        f"{process} netwatch sedang berjalan pada {state_directory}; hentikan dahulu (systemctl stop netwatch netwatch-api)",
        f"the {process} of netwatch is running on {state_directory}; stop it first (systemctl stop netwatch netwatch-api)",
    )
