"""One file as plain values, and the place of each of them when somebody asks."""

from __future__ import annotations

from typing import Any

from yaml.cyaml import CSafeLoader
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from netwatch.errors import Fault

Loc = tuple[str | int, ...]  # the way to a value: keys and list positions, as pydantic gives it


class Document:
    """One file: `value` holds dicts, lists, text and None. The text is parsed a second time when the first place is asked for.

    Places are asked for only when something is wrong; nodes with places would cost 10 KB per device.
    """

    __slots__ = ("_index", "_root", "_source", "file", "secret", "value")

    def __init__(self, file: str, value: Any, source: str, *, secret: bool = False) -> None:
        self.file = file
        self.value = value
        self.secret = secret  # no message shows what stands in the file
        self._source = source
        self._root: Node | None = None
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
        node = self._root = self._root or compose(self._source)
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
            entries = ((key, value) for key, value in reversed(node.value) if isinstance(key, ScalarNode))
            index = self._index[id(node)] = {key.value: (key, value) for key, value in entries}
        return index


class _Loader(CSafeLoader):
    """The C loader without a resolver: only shape and places are wanted."""

    def resolve(self, *_: Any) -> str:
        """Return any tag; nobody looks at it."""
        return ""


def compose(source: str) -> Node:
    """Return the nodes of a text that has been read before, with their places."""
    loader = _Loader(source)
    try:
        root = loader.get_single_node()
    finally:
        loader.dispose()
    assert root is not None  # the text has been read before
    return root
