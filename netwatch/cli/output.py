"""Data on stdout, messages on stderr, in the reader's language; tables only as wide as their words."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from netwatch.errors import NetwatchError, Reason, Refused

WIB = ZoneInfo("Asia/Jakarta")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")

_settings = {"language": "id"}


def use_language(language: str) -> None:
    """Remember the language of netwatch.yaml; NETWATCH_LANGUAGE in the environment still wins."""
    _settings["language"] = language


def language() -> str:
    """Return `id` or `en`: NETWATCH_LANGUAGE, else netwatch.yaml, else Indonesian."""
    wanted = os.environ.get("NETWATCH_LANGUAGE", "") or _settings["language"]
    return "en" if wanted.startswith("en") else "id"


def pick(indonesian: str, english: str) -> str:
    """Return the sentence in the reader's language."""
    return english if language() == "en" else indonesian


def print_json(document: Any) -> None:
    """Print one JSON document on stdout, readable and stable."""
    sys.stdout.write(json.dumps(document, indent=1, ensure_ascii=False, default=str) + "\n")


def line(text: str = "") -> None:
    """Print one line of data on stdout. Control characters of foreign texts do not reach the terminal."""
    sys.stdout.write(CONTROL.sub("", text) + "\n")


def say(indonesian: str, english: str) -> None:
    """Print a message for a person on stderr."""
    sys.stderr.write(CONTROL.sub("", pick(indonesian, english)) + "\n")


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under heads in columns: plain words and spaces, so that a pipe gets what a person sees."""
    texts = [[CONTROL.sub("", "-" if cell is None else str(cell)) for cell in row] for row in rows]
    widths = [max(len(head), *(len(row[i]) for row in texts)) if texts else len(head) for i, head in enumerate(heads)]
    for row in [[head.upper() for head in heads], *texts]:
        line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def when(value: str | datetime | None) -> str:
    """Show a moment as `24 Nov 2026 08.14 WIB`; a dash when there is none."""
    if value is None:
        return "-"
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = moment.astimezone(WIB)
    return f"{local.day} {MONTHS[local.month - 1]} {local.year} {local:%H.%M} WIB"


def complain(error: NetwatchError) -> None:
    """Tell a person on stderr what went wrong; a refusal with each of its reasons and the key a program would read."""
    if isinstance(error, Refused):
        say("Ditolak; tidak ada yang berubah:", "Refused; nothing was changed:")
        for reason in error.reasons:
            sys.stderr.write(CONTROL.sub("", f"  - {sentence(reason)} [{reason.key}]") + "\n")
        return
    reason_of = getattr(error, "reason", None)
    text = sentence(reason_of) if isinstance(reason_of, Reason) else str(error)
    sys.stderr.write(CONTROL.sub("", text).rstrip() + "\n")


def sentence(reason: Reason | Mapping[str, Any]) -> str:
    """Return a reason's text in the reader's language, from the value or from its JSON."""
    if isinstance(reason, Reason):
        return reason.text(language())
    return str(reason.get(language()) or reason.get("en") or reason.get("key"))
