from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.web.server import Served, serve


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One api for a file of tests: each test opens its own ticket."""
    with serve(tmp_path_factory.mktemp("api"), extra="tickets: {stable_before_close: 0}\n") as made:
        yield made
