"""The documentation says nothing that is not there, and leaves out no command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from netwatch.cli import app

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"), *(REPOSITORY / "contrib").rglob("*.md")])
EXAMPLES = re.compile(r"(?<![\w/.-])(?:\.venv/bin/)?netwatch ((?:[a-z]+(?![\w.=/-]) ?){1,2})")


def _commands(group: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*before, name))
        else:
            yield (*before, name)


@pytest.fixture(scope="module")
def commands() -> set[tuple[str, ...]]:
    return set(_commands(typer.main.get_command(app.build())))


def _spoken() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def test_every_command_is_in_the_documentation(commands: set[tuple[str, ...]]) -> None:
    text = _spoken()
    missing = sorted(" ".join(command) for command in commands if not re.search(rf"netwatch {' '.join(command)}\b", text))
    assert not missing


def test_every_command_of_the_documentation_exists(commands: set[tuple[str, ...]]) -> None:
    """In code only: between backquotes or in a fenced block, where a reader would copy it from."""
    groups = {command[0] for command in commands}
    wrong = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        code = [*re.findall(r"```(?:sh|console)?\n(.*?)```", text, re.DOTALL), *re.findall(r"`([^`\n]+)`", text)]
        for found in (match for piece in code for match in EXAMPLES.findall(piece)):
            words = tuple(found.split())
            known = words[:1] in commands or words[:2] in commands or (len(words) == 1 and words[0] in groups)
            if not known:
                wrong.append(f"{page.name}: netwatch {' '.join(words)}")
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def _metrics_in_code() -> set[str]:
    found = set()
    for source in (REPOSITORY / "netwatch").rglob("*.py"):
        found |= set(re.findall(r'["\'](netwatch_[a-z0-9_]+)["\'{]', source.read_text(encoding="utf-8")))
    return found - {"netwatch_begin", "netwatch_version"}  # names of other things


def test_every_metric_is_in_the_documentation_and_every_documented_metric_exists() -> None:
    """Counters are named without `_total` in the code; Prometheus sees it, so the page has it."""
    code = _metrics_in_code()
    text = (REPOSITORY / "docs" / "metrics.md").read_text(encoding="utf-8")
    page = set(re.findall(r"netwatch_[a-z0-9_]+", text))
    either = page | {name.removesuffix("_total") for name in page}
    assert sorted(code - either) == []
    assert sorted(name for name in page if name not in code and name.removesuffix("_total") not in code) == []


def test_every_metric_of_the_alert_rules_exists() -> None:
    """A rule on a metric that nobody serves never fires, and nobody notices."""
    rules = (REPOSITORY / "contrib" / "prometheus" / "netwatch.rules.yml").read_text(encoding="utf-8")
    code = _metrics_in_code()
    asked = set(re.findall(r"netwatch_[a-z0-9_]+", rules))
    assert sorted(name for name in asked if name not in code and name.removesuffix("_total") not in code) == []
