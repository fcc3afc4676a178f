"""A stage for every story: a folder in memory where there is one, so that a story waits for no disk."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.stage import Stage

MEMORY = Path("/dev/shm")


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Give a stage and clear it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="netwatch-story-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        yield Stage(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
