"""From bytes to plain values and the place of each of them, refusing what YAML 1.1 would silently turn into something else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from yaml.cyaml import CSafeLoader
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from netwatch.errors import Fault, InvalidFile

Loc = tuple[str | int, ...]  # the way to a value: keys and list positions, as pydantic gives it

BYTES_MAX = 64 * 2**20  # 10,000 devices are 2 MB
DEPTH_MAX = 40  # the inventory needs 6; libyaml composes recursively in C
ALIASED_NODES_MAX = 20_000  # nodes that aliases stand for, all together ("billion laughs")

_TEXT = "tag:yaml.org,2002:str"
_NOTHING = "tag:yaml.org,2002:null"
_MAPPING = "tag:yaml.org,2002:map"
_LIST = "tag:yaml.org,2002:seq"
_PLAIN_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_OUR_TAGS = frozenset({_TEXT, _NOTHING, _MAPPING, _LIST})
_YAML_1_1 = yaml.SafeLoader("")  # asked only what it would make of a bare key


class _TooDeepError(Exception):
    """Raised inside the composer, before its recursion can hurt."""


class _Loader(CSafeLoader):
    """The C loader with one resolver: text stays text, and only an empty value, `~` and `null` are nothing."""

    depth = 0

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:
        """Return the tag of a node that has none."""
        if kind is ScalarNode:
            return _NOTHING if value in _PLAIN_NOTHING and implicit[0] else _TEXT
        return _MAPPING if kind is MappingNode else _LIST

    def descend_resolver(self, *_: Any) -> None:
        """Count the depth; the composer calls this before every node."""
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise _TooDeepError

    def ascend_resolver(self) -> None:
        """Count the depth; the composer calls this after every node."""
        self.depth -= 1


class Document:
    """One file: `value` holds dicts, lists, text and None; the composed nodes remember where each stands."""

    __slots__ = ("_index", "_root", "file", "secret", "value")

    def __init__(self, file: str, value: Any, root: Node, *, secret: bool = False) -> None:
        self.file = file
        self.value = value
        self.secret = secret  # no message shows what stands in the file
        self._root = root
        self._index: dict[int, dict[str, tuple[Node, Node]]] = {}

    def locate(self, loc: Loc, *, key: bool = False) -> tuple[int, int]:
        """Return line and column (from 1) of the value at `loc`, or of its key; what is missing is where its nearest owner is.

        Parts of `loc` that the file does not know are skipped (pydantic adds the name of the branch of a union).
        """
        node, key_node = self._walk(loc)[1:]
        mark = (key_node if key and key_node is not None else node).start_mark
        return mark.line + 1, mark.column + 1

    def known(self, loc: Loc) -> Loc:
        """Return the parts of `loc` that exist in the file."""
        return self._walk(loc)[0]

    def fault(self, loc: Loc, text: str, *, key: bool = False) -> Fault:
        """Return a fault at the place of `loc`."""
        line, column = self.locate(loc, key=key)
        return Fault(self.file, line, column, text)

    def _walk(self, loc: Loc) -> tuple[Loc, Node, Node | None]:
        node: Node = self._root
        key: Node | None = None
        known: list[str | int] = []
        for part in loc:
            if isinstance(node, MappingNode) and isinstance(part, str):
                entry = self._entries(node).get(part)
                if entry is None:
                    continue
                key, node = entry
            elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
                node, key = node.value[part], None
            else:
                continue
            known.append(part)
        return tuple(known), node, key

    def _entries(self, node: MappingNode) -> dict[str, tuple[Node, Node]]:
        index = self._index.get(id(node))
        if index is None:
            index = self._index[id(node)] = {key.value: (key, value) for key, value in reversed(node.value)}
        return index


def load_yaml(path: Path | str, text: str | bytes | None = None, *, secret: bool = False) -> Document:
    """Read one YAML file (or `text`, then `path` is only its name). With `secret`, no message shows what stands in it.

    Raises InvalidFile with every fault: not readable, not UTF-8, not YAML, duplicate keys, keys that are not text, tags,
    aliases that blow the file up, nesting without end, several documents, nothing in it.
    """
    file = str(path)
    source = _decode(file, _read(path) if text is None else text)
    root = _compose(file, source)
    builder = _Builder(file, secret=secret)
    value = builder.build(root)
    if builder.faults:
        raise InvalidFile(builder.faults)
    return Document(file, value, root, secret=secret)


class _Builder:
    """Turns composed nodes into plain values; equal texts become one object."""

    def __init__(self, file: str, *, secret: bool) -> None:
        self.file = file
        self.secret = secret
        self.faults: list[Fault] = []
        self._texts: dict[str, str] = {}
        self._keys: dict[tuple[str, bool], bool] = {}  # (text, bare) -> is it text for YAML 1.1 as well
        self._built: dict[int, tuple[Any, int]] = {}  # id of a collection -> value, nodes in it; size 0: still being built
        self._nodes = 0
        self._aliased = 0

    def build(self, node: Node) -> Any:
        """Return the value of a node."""
        self._nodes += 1
        if type(node) is ScalarNode:
            text = node.value
            if node.tag == _TEXT:
                return self._texts.setdefault(text, text)
            if node.tag != _NOTHING or text not in _PLAIN_NOTHING:
                self._refuse_tag(node)
            return None
        earlier = self._built.get(id(node))
        if earlier is not None:
            return self._alias(node, *earlier)
        if node.tag not in _OUR_TAGS:
            self._refuse_tag(node)
        before = self._nodes
        value: Any = {} if isinstance(node, MappingNode) else []
        self._built[id(node)] = (value, 0)
        if isinstance(node, MappingNode):
            self._fill(node, value)
        else:
            value.extend(map(self.build, node.value))
        self._built[id(node)] = (value, self._nodes - before + 1)
        return value

    def _fill(self, node: MappingNode, value: dict[str, Any]) -> None:
        lines: dict[str, int] = {}
        for key, content in node.value:
            if type(key) is not ScalarNode:
                self._fault(key, "a key must be text, found a list or a mapping")
                continue
            name = self._texts.setdefault(key.value, key.value)
            if not self._is_text(key):
                self._refuse_key(key)
            elif name in lines:
                shown = "this key" if self.secret else f"key '{name}'"
                self._fault(key, f"{shown} stands here a second time; the first one is in line {lines[name]}")
                continue
            lines[name] = key.start_mark.line + 1
            value[name] = self.build(content)

    def _is_text(self, key: ScalarNode) -> bool:
        bare = not key.style
        known = self._keys.get((key.value, bare))
        if known is None:
            known = not bare or _tag_in_yaml_1_1(key.value) == _TEXT
            known = self._keys[(key.value, bare)] = known and key.tag == _TEXT
        return known

    def _refuse_key(self, key: ScalarNode) -> None:
        if key.value == "<<":
            self._fault(key, "'<<' (merge) is not used in netwatch's files; write the keys out, or use groups and defaults")
        elif key.tag not in _OUR_TAGS:
            self._refuse_tag(key)
        else:
            meaning = "nothing" if key.value in _PLAIN_NOTHING else "a number, a date or true/false"
            shown = "this key" if self.secret else f"key '{key.value}'"
            self._fault(key, f"{shown} is not text: YAML reads it as {meaning}; write it in quotes")

    def _alias(self, node: Node, value: Any, size: int) -> Any:
        if size == 0:
            self._fault(node, "this anchor (&) contains an alias (*) of itself")
            return value
        self._aliased += size
        if self._aliased > ALIASED_NODES_MAX:
            self._fault(node, f"the aliases (*) of this anchor stand for more than {ALIASED_NODES_MAX} values; write less of it")
            raise InvalidFile(self.faults)
        self._nodes += size
        return value

    def _refuse_tag(self, node: Node) -> None:
        tag = "a tag (!)" if self.secret else f"tag '{node.tag.replace('tag:yaml.org,2002:', '!!')}'"
        self._fault(node, f"{tag} is not used in netwatch's files; write the value without it")

    def _fault(self, node: Node, text: str) -> None:
        self.faults.append(Fault(self.file, node.start_mark.line + 1, node.start_mark.column + 1, text))


def _tag_in_yaml_1_1(text: str) -> str:
    return str(_YAML_1_1.resolve(ScalarNode, text, (True, False)))  # type: ignore[no-untyped-call]


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


def _compose(file: str, source: str) -> Node:
    loader = _Loader(source)
    try:
        root = loader.get_single_node()
    except _TooDeepError as error:
        raise InvalidFile([Fault(file, 0, 0, f"is nested deeper than {DEPTH_MAX} levels")]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise InvalidFile(
            [Fault(file, line, column, _in_words(error.problem or error.context or "", source, line, column))]
        ) from error
    except ReaderError as error:
        raise InvalidFile([_unprintable(file, source, error)]) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise InvalidFile([Fault(file, 0, 0, f"is not YAML: {error}")]) from error
    finally:
        loader.dispose()
    if root is None:
        raise InvalidFile([Fault(file, 1, 1, "is empty")])
    return root


_WORDS = (  # what libyaml says, what to do about it
    ("expected a single document", "a second document (---) begins here; one file holds one document"),
    ("but found another document", "a second document (---) begins here; one file holds one document"),
    ("found undefined alias", "alias (*) without an anchor (&) before it"),
    ("found duplicate anchor", "this anchor (&) has been used before"),
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
