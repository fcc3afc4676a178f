"""docs/inventory.md shows only what is true."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from netwatch.errors import InvalidFile
from netwatch.inventory.document import load_inventory

PAGE = (Path(__file__).parents[3] / "docs" / "inventory.md").read_text(encoding="utf-8")
EXAMPLES = [textwrap.dedent(found) for found in re.findall(r"^ *```yaml\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)]
FIRST, GROUPS, WINDOWS = EXAMPLES


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("inventory.yaml")


def test_the_first_inventory_is_valid(path: Path) -> None:
    path.write_text(FIRST, encoding="utf-8")
    assert load_inventory(path).warnings == ()


def test_the_shown_mistake_is_said_as_shown(path: Path) -> None:
    path.write_text(FIRST.replace("to: dc-core", "to: dc-cor"), encoding="utf-8")
    with pytest.raises(InvalidFile) as caught:
        load_inventory(path)
    assert f"   {caught.value}\n" in PAGE


def test_risk_groups_and_windows_of_the_page_fit_the_example_city(path: Path) -> None:
    city = (Path(__file__).parents[3] / "inventory.yaml").read_text(encoding="utf-8")
    before = city.partition("risk_groups:")[0]
    path.write_text(before + GROUPS + WINDOWS, encoding="utf-8")
    assert len(load_inventory(path).maintenance) == 1
