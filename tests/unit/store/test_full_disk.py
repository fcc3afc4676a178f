"""A disk that is really full (RELIABILITY 4, row 4). Needs root for a small file system of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from netwatch.errors import StoreAway
from netwatch.store import Store, Transaction, ballast
from netwatch.store.attachments import FOLDER, keep
from netwatch.store.backup import backup
from netwatch.store.errors import DiskFull
from netwatch.store.upgrade import upgrade
from netwatch.store.verify import verify


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount 44 MiB: room for the ballast and a little database."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=44m", "netwatch-test", folder], check=False, capture_output=True)
    if done.returncode != 0:
        pytest.skip("may not mount a small file system here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> None:
    with (folder / "fill.log").open("ab") as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    os.write(file.fileno(), b"x" * size)
            except OSError:
                continue


def big(tx: Transaction) -> int:
    tx.inventories.add(os.urandom(8).hex(), os.urandom(400_000).hex(), author="system")
    return tx.journal.append({"kind": "test"})


def test_the_ballast_saves_the_act_and_after_it_everything_is_refused_until_there_is_room(small_disk: Path) -> None:
    url = f"sqlite:///{small_disk}/netwatch.db"
    upgrade(url, state_directory=small_disk)
    store = Store.open(url, state_directory=small_disk)
    assert store.health().ballast_present
    fill(small_disk)
    seq = store.run("saved", big)
    assert not ballast.present(small_disk), "thrown at the first sign"
    fill(small_disk)
    with pytest.raises(DiskFull):  # noqa: PT012 - the block is the transaction
        for number in range(50):
            store.run(f"refused-{number}", big)
    with store.read() as tx:
        assert tx.journal.head().seq >= seq, "reads go on"
    with pytest.raises(DiskFull, match="nothing was recorded"):
        keep(small_disk, os.urandom(3_000_000))
    assert list((small_disk / FOLDER).iterdir()) == []
    with pytest.raises(StoreAway):
        backup(store, small_disk / "backups")
    assert list((small_disk / "backups").iterdir()) == []
    (small_disk / "fill.log").unlink()
    store.run("room", big)
    assert store.health().writable
    assert ballast.keep(small_disk)
    assert verify(store) == []
    store.close()


def test_a_database_on_a_full_disk_is_opened_by_throwing_the_ballast(small_disk: Path) -> None:
    """Without it SQLite could not even make its shared memory file."""
    url = f"sqlite:///{small_disk}/netwatch.db"
    upgrade(url, state_directory=small_disk)
    fill(small_disk)
    store = Store.open(url, state_directory=small_disk)
    assert not ballast.present(small_disk)
    assert store.run("after", lambda tx: tx.journal.append({"kind": "test"})) == 1
    store.close()
