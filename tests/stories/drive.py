"""Drive a ticket to `done` knowing nothing but `netwatch ticket actions --json` (INTERFACES 4): the demo and the lab use it too.

    python -m tests.stories.drive TICKET --branch repair --config netwatch.yaml

Whoever may act is named by the action (`performers`), what is asked for by its fields and documents. The caller types; each act
that another person decided carries the evidence that the action lists.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

START = ("submit", "dispose", "assign")
SITE = ("find_site_side", "schedule_visit", "record_inspection")
REPLACE = ("replace", "accept_form", "finish_replacement")
END = ("send_report", "forward", "approve")
BRANCHES = {
    "repair": (*START, *SITE, "repair", *END),
    "replacement": (*START, *SITE, *REPLACE, *END),
    "data_center": (*START, "find_dc_side", "repair", *END),
    "data_center_replacement": (*START, "find_dc_side", *REPLACE, *END),
}
PAPER = b"%PDF-1.4\n%% a paper of the play: TITLE\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
LIMIT = 40  # actions; the longest branch has 12


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str


Command = Callable[[Sequence[str]], Answer]


class Stuck(Exception):
    """No action of the branch can be done; the reasons."""


def command(program: Sequence[str], *, timeout: float = 60.0) -> Command:
    """Return a runner of netwatch commands as processes."""

    def run(arguments: Sequence[str]) -> Answer:
        done = subprocess.run([*program, *arguments], capture_output=True, text=True, timeout=timeout, check=False)
        return Answer(done.returncode, done.stdout, done.stderr)

    return run


def drive(
    netwatch: Command,
    ticket: str,
    branch: str,
    folder: Path,
    *,
    patience_s: float = 60.0,
    until: str | None = None,
    tell: Callable[[str], None] = lambda _line: None,
) -> dict[str, Any]:
    """Perform the actions of a branch until the ticket is final (or step `until` is reached); return TICKET.

    An action that stands still for a reason time can cure (service not stable yet) is tried again for `patience_s` seconds.
    """
    give_up = time.monotonic() + patience_s
    for _ in range(LIMIT):
        shown = ask(netwatch, "ticket", "show", ticket)
        if shown["state"] != "open" or shown["step"]["key"] == until:
            return shown
        offered = {each["action"]: each for each in ask(netwatch, "ticket", "actions", ticket)["actions"]}
        name = next((name for name in BRANCHES[branch] if name in offered), None)
        if name is None:
            raise Stuck(f"{shown['step']['key']}: none of {sorted(offered)} is on the branch {branch}")
        action = offered[name]
        if action["refused_because"]:
            if time.monotonic() > give_up:
                raise Stuck(f"{name}: {action['refused_because']}")
            time.sleep(0.5)
            continue
        answer = netwatch(arguments_of(ticket, action, folder))
        if answer.code != 0:
            raise Stuck(f"{name}: exit {answer.code}: {answer.err}")
        after = json.loads(answer.out)
        tell(f"{shown['step']['number']:>2} {shown['step']['key']} --{name}--> {after['step']['key']} ({after['state']})")
    raise Stuck(f"{ticket} is not final after {LIMIT} actions")


def ask(netwatch: Command, *arguments: str) -> Any:
    """Run a command with --json and return what it printed."""
    answer = netwatch([*arguments, "--json"])
    if answer.code != 0:
        raise Stuck(f"{' '.join(arguments)}: exit {answer.code}: {answer.err}")
    return json.loads(answer.out)


def arguments_of(ticket: str, action: Mapping[str, Any], folder: Path) -> list[str]:
    """Return the command line that performs an action with every required field and document."""
    arguments = ["ticket", "do", ticket, action["action"], "--by", action["performers"][0], "--json"]
    fields = filled(action)
    for name, value in fields.items():
        for item in value if isinstance(value, list) else [value]:
            arguments += ["--field", f"{name}={item}"]
    for document in action["documents"]:
        if document["required"] and not document["have"]:
            path = folder / f"{ticket}-{action['action']}-{document['key']}.pdf"
            path.write_bytes(PAPER.replace(b"TITLE", path.name.encode()))
            arguments += ["--attach", f"{document['key']}={path}"]
    return arguments


def filled(action: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what is required: the suggestion, the first choice, or something plain of the right type."""
    fields: dict[str, Any] = {}
    for field in action["fields"]:
        wanted_by_others = any(fields.get(other) == value for other, value in field.get("required_if", {}).items())
        if field["required"] or wanted_by_others:
            fields[field["name"]] = value_for(field, action)
    return fields


def value_for(field: Mapping[str, Any], action: Mapping[str, Any]) -> Any:
    """Return a value of one field."""
    if field.get("suggested") is not None:
        return field["suggested"]
    if field.get("choices"):
        return field["choices"][0]
    text = f"Contoh: {field['label']} ({field['name']})"
    plain: dict[str, Any] = {
        "text": text.ljust(field.get("min_length") or 0, "."),
        "datetime": datetime.now(UTC).isoformat(),
        "date": datetime.now(UTC).date().isoformat(),
        "bool": "true",
        "integer": "1",
        "person": action["performers"][0],
        "list of text": [text],
    }
    return plain[field["type"]]


def main() -> int:
    """Drive one ticket from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ticket")
    parser.add_argument("--branch", choices=BRANCHES, default="repair")
    parser.add_argument("--config", default=None)
    parser.add_argument("--patience", type=float, default=60.0)
    given = parser.parse_args()
    program = [sys.executable, "-m", "netwatch"]
    if given.config:
        run = command(program)

        def netwatch(arguments: Sequence[str]) -> Answer:
            return run([*arguments, "--config", given.config])
    else:
        netwatch = command(program)  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder:
        shown = drive(netwatch, given.ticket, given.branch, Path(folder), patience_s=given.patience, tell=print)
    return 0 if shown["state"] == "done" else 1


if __name__ == "__main__":
    sys.exit(main())
