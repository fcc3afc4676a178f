from __future__ import annotations

import hashlib
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netwatch.errors import NotFound, StoreAway
from netwatch.store import Store
from netwatch.store.attachments import FOLDER, keep, path_of, sweep


def test_a_file_lies_under_its_hash_before_any_row_names_it(store: Store) -> None:
    data = b"%PDF-1.7 surat"
    file = keep(store.state_directory, [data[:5], data[5:]])
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert file.size == len(data)
    assert path_of(store.state_directory, file.sha256).read_bytes() == data
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o640
    with store.begin("t1") as tx:
        tx.attachments.add(file, "application/pdf")
        tx.attachments.add(file, "application/pdf")
    with store.read() as tx:
        assert tx.attachments.get(file.sha256).media_type == "application/pdf"
        assert len(tx.attachments.all()) == 1
        with pytest.raises(NotFound):
            tx.attachments.get("0" * 64)


def test_a_file_that_breaks_off_leaves_nothing(state: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise ValueError("too large")

    with pytest.raises(ValueError, match="too large"):
        keep(state, pieces())
    assert list((state / FOLDER).iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said_and_nothing_recorded(state: Path) -> None:
    (state / FOLDER).write_text("a file where the folder should be")
    with pytest.raises(StoreAway, match="nothing was recorded"):
        keep(state, b"x")


@pytest.mark.parametrize("name", ["../netwatch.db", "x", "A" * 64, "0" * 63, "0" * 64])
def test_only_a_hash_names_a_file(state: Path, name: str) -> None:
    with pytest.raises(NotFound):
        path_of(state, name)


def test_files_nobody_named_are_swept_after_a_day(state: Path) -> None:
    named, orphan = keep(state, b"named"), keep(state, b"orphan")
    assert sweep(state, {named.sha256}, older_than=time.time() - 86400) == []
    assert sweep(state, {named.sha256}, older_than=time.time() + 1) == [orphan.sha256]
    assert named.path.exists()
