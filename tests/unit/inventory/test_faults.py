"""One broken file per error message. The first lines of each file say what must be said about it: `# line:column: text`."""

from __future__ import annotations

import contextlib
import random
import re
from pathlib import Path

import pytest

from netwatch.errors import InvalidFile
from netwatch.inventory.document import load_inventory

FOLDER = Path(__file__).parents[2] / "data" / "inventory"
FILES = sorted(FOLDER.glob("*.yaml"))
EXPECTED = re.compile(r"# (\d+:\d+: .*)")


def said_about(path: Path) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        load_inventory(path)
    assert caught.value.exit_code == 3
    assert {fault.file for fault in caught.value.faults} == {str(path)}
    return [f"{fault.line}:{fault.column}: {fault.text}" for fault in caught.value.faults]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_file_is_refused_with_every_place_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    expected = [found[1] for line in path.read_text(encoding="utf-8").splitlines() if (found := EXPECTED.fullmatch(line))]
    assert expected
    assert said_about(Path(path.name)) == expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_cut_of_a_broken_file_is_refused_or_valid_but_never_crashes(path: Path, tmp_path: Path) -> None:
    """An editor may save half a file (P9, P10)."""
    text = path.read_bytes()
    cut = tmp_path / "cut.yaml"
    for end in range(0, len(text), max(1, len(text) // 12)):
        cut.write_bytes(text[:end])
        with contextlib.suppress(InvalidFile):
            load_inventory(cut)


def test_two_hundred_damaged_cities_are_refused_or_valid_and_never_crash(tmp_path: Path) -> None:
    """P9: lines lost, doubled, cut and moved, characters changed; the same damage every time."""
    lines = (FOLDER.parents[2] / "inventory.yaml").read_text(encoding="utf-8").splitlines()
    chance = random.Random(7)
    refused = 0
    for _ in range(200):
        damaged = list(lines)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(damaged))
            line = damaged[at]
            cut = chance.randrange(len(line) + 1)
            damaged[at] = chance.choice(
                [
                    line[:cut],
                    line[cut:],
                    line[:cut] + chance.choice(":{}[],&*!\t'\"#x0 \x00é") + line[cut + 1 :],
                    line + "\n" + line,
                    "",
                    "  " + line,
                ]
            )
        path = tmp_path / "inventory.yaml"
        path.write_text("\n".join(damaged), encoding="utf-8")
        try:
            load_inventory(path)
        except InvalidFile:
            refused += 1
    assert refused > 100


def test_there_are_many_broken_files() -> None:
    assert len(FILES) > 60


def test_a_missing_file_is_one_fault(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="cannot be read: No such file"):
        load_inventory(tmp_path / "none.yaml")


def test_thousands_of_faults_are_said_in_bounded_time(tmp_path: Path) -> None:
    """Near names are sought for the first few; the rest is counted."""
    path = tmp_path / "inventory.yaml"
    devices = "".join(
        f"  d{n}: {{site: dc, role: router, address: 10.0.{n // 250}.{n % 250}, uplinks: [{{to: c{n}}}], colr: x}}\n"
        for n in range(3_000)
    )
    path.write_text(
        f"version: 1\nvantage: d0\nsites: {{dc: {{name: x, kind: data_center}}}}\ndevices:\n{devices}", encoding="utf-8"
    )
    with pytest.raises(InvalidFile) as caught:
        load_inventory(path)
    assert any("more faults after these" in fault.text for fault in caught.value.faults)
    assert any("uplink 'c2999' is not a device" in fault.text for fault in caught.value.faults)
