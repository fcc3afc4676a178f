from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.casework.office import Office, make_office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = make_office(tmp_path)
    yield made
    made.store.close()
