"""From bytes to a document, and from libyaml's complaints to sentences."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from yaml.cyaml import CSafeLoader
from yaml.reader import ReaderError

from netwatch.errors import Fault, InvalidFile
from netwatch.strict_yaml.document import Document
from netwatch.strict_yaml.values import Builder

BYTES_MAX = 64 * 2**20  # 10,000 devices are 2 MB


def load_yaml(path: Path | str, text: str | bytes | None = None, *, secret: bool = False) -> Document:
    """Read one YAML file (or `text`, then `path` is only its name). With `secret`, no message shows what stands in it.

    Raises InvalidFile with every fault: not readable, not UTF-8, not YAML, duplicate keys, keys that are not text, tags,
    aliases that blow the file up, nesting without end, several documents, nothing in it.
    """
    file = str(path)
    source = _decode(file, _read(path) if text is None else text)
    return Document(file, _values(file, source, secret=secret), source, secret=secret)


def _read(path: Path | str) -> bytes:
    try:
        with Path(path).open("rb") as stream:
            return stream.read(BYTES_MAX + 1)
    except OSError as error:
        raise InvalidFile([Fault(str(path), 0, 0, f"cannot be read: {error.strerror or error}")]) from error


def _decode(file: str, text: str | bytes) -> str:
    if len(text) > BYTES_MAX:
        raise InvalidFile([Fault(file, 0, 0, f"is larger than {BYTES_MAX // 2**20} MiB; split it into several files")])
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidFile([Fault(file, 1, 1, "is UTF-16; save it as UTF-8")])
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = text[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        raise InvalidFile(
            [Fault(file, line, column, f"byte 0x{text[error.start]:02x} is not UTF-8; save the file as UTF-8")]
        ) from error


def _values(file: str, source: str, *, secret: bool) -> Any:
    builder = Builder(file, secret=secret)
    loader = CSafeLoader(source)
    try:
        builder.read(loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        fault = Fault(file, line, column, _in_words(error.problem or error.context or "", source, line, column))
        raise InvalidFile([*builder.faults, fault]) from error
    except ReaderError as error:
        raise InvalidFile([*builder.faults, _unprintable(file, source, error)]) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise InvalidFile([*builder.faults, Fault(file, 0, 0, f"is not YAML: {error}")]) from error
    finally:
        loader.dispose()
    if builder.faults:
        raise InvalidFile(builder.faults)
    if builder.documents == 0:
        raise InvalidFile([Fault(file, 1, 1, "is empty")])
    return builder.value


_WORDS = (  # what libyaml says, what to do about it
    ("mapping values are not allowed", "a ':' where no key can stand; is a quote, a space or a line break missing?"),
    ("could not find expected ':'", "a key without ':'"),
    ("did not find expected key", "a key was expected here; is the indentation right?"),
    ("did not find expected '-' indicator", "an item of the list ('- ') was expected here; is the indentation right?"),
    ("did not find expected ',' or '}'", "',' or '}' was expected here"),
    ("did not find expected ',' or ']'", "',' or ']' was expected here"),
    ("unexpected end of stream", "the file ends inside a quoted text"),
    ("control characters are not allowed", "a control character; remove it"),
)


def _in_words(problem: str, source: str, line: int, column: int) -> str:
    lines = source.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    if "\t" in here[: column + 1] and re.match(r"\s*$", here[:column].replace("\t", " ")):
        return "a tab in the indentation; use spaces"
    for theirs, ours in _WORDS:
        if theirs in problem:
            return ours
    return f"is not YAML: {problem}"


def _unprintable(file: str, source: str, error: ReaderError) -> Fault:
    before = source.encode("utf-8", "surrogatepass")[: error.position].decode("utf-8", "replace")
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return Fault(file, line, column, "a control character; remove it")
