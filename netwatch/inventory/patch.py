"""Write suggestions into the text of inventory files, to show the difference. The files themselves are never touched."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from netwatch.errors import InvalidFile
from netwatch.inventory.document import read_inventory
from netwatch.inventory.suggest import Remark, Suggestion
from netwatch.strict_yaml.edits import Edits, written

Texts = Mapping[str, str]


def patch(texts: Texts, suggestions: Sequence[Suggestion], remarks: Iterable[Remark]) -> tuple[str, list[Suggestion]]:
    """Return a unified diff, and the suggestions that are not in it because the inventory would not be valid with them."""
    taken, left = _fitting(texts, [], list(suggestions))
    return "".join(_difference(texts, _changed(texts, taken, remarks))), left


def _fitting(texts: Texts, taken: list[Suggestion], new: list[Suggestion]) -> tuple[list[Suggestion], list[Suggestion]]:
    """Return what keeps the inventory valid, and what does not: all at once, else half by half, because each look loads it."""
    if not new or _valid(_changed(texts, [*taken, *new])):
        return [*taken, *new], []
    if len(new) == 1:
        return taken, new
    half = len(new) // 2
    taken, left = _fitting(texts, taken, new[:half])
    taken, more = _fitting(texts, taken, new[half:])
    return taken, [*left, *more]


def _changed(texts: Texts, suggestions: Iterable[Suggestion], remarks: Iterable[Remark] = ()) -> Texts:
    edits = {file: Edits(text) for file, text in texts.items()}
    for suggestion in suggestions:
        loc = ("devices", suggestion.device)
        for edit in (edit for edit in edits.values() if edit.has(loc)):
            if suggestion.place is None:
                keys = ", ".join(f"{key}: {_scalar(value)}" for key, value in suggestion.values.items())
                edit.append(loc, "uplinks", f"{{{keys}}}")
            else:
                for key, value in suggestion.values.items():
                    edit.put((*loc, "uplinks", suggestion.place), key, _scalar(value))
    for remark in remarks:
        loc = ("devices", remark.device)
        for edit in (edit for edit in edits.values() if edit.has(loc)):
            edit.remark(loc, comment(remark))
    return {file: edit.text() for file, edit in edits.items()}


def comment(remark: Remark) -> str:
    """Say a remark in one line."""
    port = remark.port or "a port that it does not name"
    if remark.kind == "no_direction":
        return f"{remark.device} {port}: beside {remark.neighbour}, and neither is nearer to the vantage"
    return " ".join(f"{remark.device} {port}: unknown neighbour {remark.seen}".split())


def _scalar(value: str | None) -> str:
    return "null" if value is None else written(value)


def _valid(texts: Texts) -> bool:
    try:
        read_inventory({file: text.encode() for file, text in texts.items()})
    except InvalidFile:
        return False
    return True


def _difference(old: Texts, new: Texts) -> Iterator[str]:
    for file, text in old.items():
        before, after = text.splitlines(keepends=True), new[file].splitlines(keepends=True)
        for line in difflib.unified_diff(before, after, fromfile=file, tofile=file):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
