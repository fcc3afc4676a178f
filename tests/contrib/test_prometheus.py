"""What we ship for Prometheus is checked by Prometheus' own tool."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "contrib" / "prometheus"
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is missing (Debian package prometheus)")


def _promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False)


@needs_promtool
def test_the_alert_rules_are_well_formed() -> None:
    done = _promtool("check", "rules", "netwatch.rules.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_the_alert_rules_fire_when_they_should_and_only_then() -> None:
    done = _promtool("test", "rules", "netwatch.rules.test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_the_scrape_example_is_a_configuration(tmp_path: Path) -> None:
    for name in ("scrape.yml", "netwatch.rules.yml"):
        shutil.copy(FOLDER / name, tmp_path)
    done = subprocess.run(
        ["promtool", "check", "config", str(tmp_path / "scrape.yml")], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _rules() -> list[dict[str, dict[str, str]]]:
    return [
        rule
        for group in yaml.safe_load((FOLDER / "netwatch.rules.yml").read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]


def test_every_alert_says_how_bad_it_is_and_where_to_read_on() -> None:
    """The anchor of each runbook is a heading of docs/operations.md: a link that leads nowhere is found at 3 in the morning."""
    headings = {
        re.sub(r"[^a-z0-9]+", "-", line.lstrip("# ").lower()).strip("-")
        for line in OPERATIONS.read_text(encoding="utf-8").splitlines()
        if line.startswith("#")
    }
    for rule in _rules():
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]
        assert rule["annotations"]["runbook_url"].rpartition("#")[2] in headings, rule["alert"]


def test_no_alert_is_about_a_single_device() -> None:
    for rule in _rules():
        assert "netwatch_device" not in str(rule["expr"]), rule["alert"]
