"""`netwatch diagnose`: what failed, from files alone; no daemon, no database, no configuration."""

from __future__ import annotations

import json as json_library
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from netwatch.cli import output
from netwatch.diagnose.cause import Cause, CauseKind, Domain, Evidence, Side
from netwatch.diagnose.entries import silence_of
from netwatch.diagnose.explain import describe, sentence
from netwatch.diagnose.localise import localise, unreachable
from netwatch.diagnose.observations import read
from netwatch.diagnose.quiet import wrong_ports
from netwatch.diagnose.report import DIAGNOSIS_SCHEMA, diagnosis_json
from netwatch.diagnose.snapshot import Snapshot
from netwatch.errors import Fault, InvalidFile, NetwatchError
from netwatch.inventory.document import load_inventory
from netwatch.inventory.graph import Graph

INVENTORY = typer.Option(
    ..., "--inventory", "-i", readable=False, help="Berkas atau folder inventaris. / Inventory file or directory."
)
OBSERVATIONS = typer.Option(
    ...,
    "--observations",
    "-o",
    readable=False,
    help="netwatch.observations/1 (.json), atau satu per baris (.jsonl). / or one a line (.jsonl).",
)
JSON = typer.Option(False, "--json", help="JSON; tanpa terminal selalu JSON. / JSON; always JSON when not on a terminal.")


def register(root: typer.Typer) -> None:
    """Add `diagnose`."""
    root.command("diagnose")(diagnose)


def diagnose(inventory: Path = INVENTORY, observations: Path = OBSERVATIONS, json: bool = JSON) -> None:
    """Tentukan penyebab dari hasil pengamatan. / Say what failed, from observations in a file."""
    graph = Graph.of(load_inventory(inventory))
    if observations.suffix == ".jsonl":
        _each_line(observations, graph)
        return
    snapshot = read(_parsed(_text(observations), str(observations), 0), graph, file=str(observations))
    if json or not sys.stdout.isatty():
        output.print_json(_diagnosis(snapshot))
    else:
        _tell(snapshot)


def _each_line(path: Path, graph: Graph) -> None:
    """Print one diagnosis a line, in order. A line that cannot be read gives a cause of kind `unknown`, and exit 3 at the end."""
    faults: list[Fault] = []
    for number, line in _lines(path):
        try:
            document = _diagnosis(read(_parsed(line, str(path), number), graph, file=str(path), line=number))
        except InvalidFile as error:
            faults.extend(error.faults)
            document = _not_understood(error)
        sys.stdout.write(json_library.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")
    if faults:
        raise InvalidFile(faults)


def _diagnosis(snapshot: Snapshot) -> dict[str, Any]:
    causes = localise(snapshot)
    document = diagnosis_json(snapshot.at, causes, unreachable(snapshot, causes))
    notes = wrong_ports(silence_of(snapshot)) if snapshot.ports else []
    if notes:
        document["notes"] = [
            {"code": one.code, "id": sentence(one, "id"), "en": sentence(one, "en"), "values": dict(one.values)} for one in notes
        ]
    return document


def _not_understood(error: InvalidFile) -> dict[str, Any]:
    evidence = (Evidence("not_understood", {"reason": fault.text}) for fault in error.faults)
    cause = Cause(CauseKind.UNKNOWN, "", Side.UNKNOWN, Domain.UNKNOWN, 0.0, frozenset(), frozenset(), tuple(evidence))
    return {**diagnosis_json(datetime.fromtimestamp(0, UTC), [cause], {}), "schema": DIAGNOSIS_SCHEMA, "at": None}


def _tell(snapshot: Snapshot) -> None:
    causes = localise(snapshot)
    for number, cause in enumerate(causes, 1):
        output.line(f"{number}. {describe(cause, snapshot.graph, output.language())}")
    hidden = unreachable(snapshot, causes)
    if hidden:
        output.line(output.pick("Tidak terjangkau: ", "Unreachable: ") + ", ".join(sorted(hidden)))
    if not causes:
        output.line(output.pick("Tidak ada gangguan.", "There is no fault."))
    for note in wrong_ports(silence_of(snapshot)):
        output.line(output.pick("Catatan: ", "Note: ") + sentence(note, output.language()))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(_text(path).split("\n"), 1):
        if line.strip():
            yield number, line


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise NetwatchError(
            output.pick(f"{path} tidak dapat dibaca: {error.strerror}", f"{path} cannot be read: {error.strerror}")
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidFile([Fault(str(path), 0, 0, f"is not UTF-8 (byte {error.start})")]) from error


def _parsed(text: str, file: str, line: int) -> Any:
    try:
        return json_library.loads(text)
    except json_library.JSONDecodeError as error:
        raise InvalidFile([Fault(file, line or error.lineno, error.colno, f"is not JSON: {error.msg}")]) from error
    except RecursionError as error:
        raise InvalidFile([Fault(file, line, 0, "is not observations: nested too deeply")]) from error
