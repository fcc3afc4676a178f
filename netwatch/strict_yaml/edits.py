"""Change single values of a YAML text and leave every other character as it is: comments, order, quotes, the style of lists."""

from __future__ import annotations

import json
import re

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from netwatch.strict_yaml.document import Loc, compose

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")


def written(text: str) -> str:
    """Write a text as a YAML scalar, in quotes where it could be read as something else."""
    return text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


class Edits:
    """Collects changes to one text. Places are those of the text before any of them."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._root = compose(source)
        self._changes: list[tuple[int, int, str]] = []  # from, to, instead

    def has(self, loc: Loc) -> bool:
        """Tell whether there is a value at `loc`."""
        return self._find(loc) is not None

    def put(self, loc: Loc, key: str, text: str) -> None:
        """Give a key of the mapping at `loc` this value, written as YAML."""
        mapping = self._mapping(loc)
        known = _value(mapping, key)
        if known is not None:
            self._replace(known, text)
            return
        if not mapping.value:
            self._changes.append((mapping.start_mark.index + 1, mapping.start_mark.index + 1, f"{key}: {text}"))
        elif mapping.flow_style:
            self._insert(_end(mapping.value[-1][1]), f", {key}: {text}")
        else:
            self._line_after(mapping, mapping.value[0][0].start_mark.column, f"{key}: {text}")

    def append(self, loc: Loc, key: str, item: str) -> None:
        """Add an item, written as YAML, to the list under a key of the mapping at `loc`; make the list where there is none."""
        items = _value(self._mapping(loc), key)
        if not isinstance(items, SequenceNode):
            self.put(loc, key, f"[{item}]")
        elif not items.value:
            self._insert(items.start_mark.index + 1, item)
        elif items.flow_style:
            self._insert(_end(items.value[-1]), f", {item}")
        else:
            self._line_after(items, items.start_mark.column, f"- {item}")

    def remark(self, loc: Loc, text: str) -> None:
        """Write a comment below the value at `loc`."""
        node, key = self._find(loc), self._key(loc)
        if node is not None and key is not None:
            self._line_after(node, key.start_mark.column, f"# {text}")

    def text(self) -> str:
        """Return the text with all changes made."""
        found, at = [], 0
        for start, end, instead in sorted(self._changes, key=lambda change: change[:2]):
            found += [self._source[at:start], instead]
            at = end
        return "".join([*found, self._source[at:]])

    def _find(self, loc: Loc) -> Node | None:
        node: Node | None = self._root
        for part in loc:
            if isinstance(node, MappingNode) and isinstance(part, str):
                node = _value(node, part)
            elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
            else:
                return None
        return node

    def _mapping(self, loc: Loc) -> MappingNode:
        node = self._find(loc)
        if not isinstance(node, MappingNode):
            raise KeyError(loc)
        return node

    def _key(self, loc: Loc) -> Node | None:
        owner = self._find(loc[:-1])
        if not isinstance(owner, MappingNode):
            return None
        return next((key for key, _ in owner.value if key.value == loc[-1]), None)

    def _replace(self, node: Node, text: str) -> None:
        start, end = node.start_mark.index, _end(node)
        self._changes.append((start, end, text if end > start else f" {text}"))  # `key:` without a value

    def _insert(self, at: int, text: str) -> None:
        self._changes.append((at, at, text))

    def _line_after(self, node: Node, column: int, text: str) -> None:
        """Write a line of its own below a value, behind whatever comment stands beside its end."""
        end = self._source.find("\n", _end(node))
        self._insert(len(self._source) if end < 0 else end, f"\n{' ' * column}{text}")


def _value(mapping: MappingNode, key: str) -> Node | None:
    return next((value for name, value in mapping.value if isinstance(name, ScalarNode) and name.value == key), None)


def _end(node: Node) -> int:
    """Return where a value ends; one in block style ends with its last part, not where the next token begins."""
    if isinstance(node, (MappingNode, SequenceNode)) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, MappingNode) else last)
    index: int = node.end_mark.index
    return index
