"""Spans of time as people type them: 45s, 30m, 2h, 1d, 1h30m."""

from __future__ import annotations

import re

import typer

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SPAN = re.compile(r"(?:\d+[smhd])+")


def seconds_of(text: str) -> int:
    """Return a span in seconds. Raises a usage error for anything else."""
    if not SPAN.fullmatch(text):
        raise typer.BadParameter(f"{text}: 45s, 30m, 2h, 1d")
    return sum(int(number) * SECONDS[unit] for number, unit in re.findall(r"(\d+)([smhd])", text))
