"""From the events of libyaml to plain values: dicts, lists, text and None, and nothing that YAML 1.1 would make of a text."""

from __future__ import annotations

from typing import Any

import yaml
from yaml.cyaml import CSafeLoader
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.nodes import ScalarNode

from netwatch.errors import Fault, InvalidFile

DEPTH_MAX = 40  # the inventory needs 6
ALIASED_VALUES_MAX = 20_000  # values that aliases stand for, all together ("billion laughs")

_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_TEXT = "tag:yaml.org,2002:str"
_ORDINARY = frozenset({None, "!", _TEXT, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_YAML_1_1 = yaml.SafeLoader("")  # asked only what it would make of a bare key
_MEANING = {"bool": "true or false", "int": "a number", "float": "a number", "timestamp": "a date", "null": "nothing"}
_OPEN = object()  # a mapping waits for a key
_SKIP = object()  # the key was refused; its value is read and dropped


class _Frame:
    """A list or mapping that is being filled."""

    __slots__ = ("anchor", "before", "key", "lines", "value")

    def __init__(self, value: Any, anchor: str | None, before: int) -> None:
        self.value = value
        self.anchor = anchor
        self.before = before  # values read before it
        self.key: Any = _OPEN
        self.lines: dict[str, int] = {}  # of its keys


class Builder:
    """Reads one document. Faults are collected; those that make no sense to go on after are raised with them."""

    def __init__(self, file: str, *, secret: bool) -> None:
        self.file = file
        self.secret = secret
        self.faults: list[Fault] = []
        self.value: Any = None
        self.documents = 0
        self._stack: list[_Frame] = []
        self._texts: dict[str, str] = {}  # equal texts become one object
        self._keys: dict[tuple[str, bool], bool] = {}  # (text, bare) -> is it text for YAML 1.1 as well
        self._anchors: dict[str, tuple[Any, int]] = {}  # value, values in it; 0: still being read
        self._values = 0
        self._aliased = 0

    def read(self, loader: CSafeLoader) -> None:
        """Read all events."""
        get_event, scalar = loader.get_event, self._scalar
        event: Any = get_event()
        while event is not None:
            kind = type(event)
            if kind is ScalarEvent:
                scalar(event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._end()
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._start(event, {} if kind is MappingStartEvent else [])
            elif kind is AliasEvent:
                self._alias(event)
            elif kind is DocumentStartEvent:
                self.documents += 1
                if self.documents > 1:
                    self._stop(event, "a second document (---) begins here; one file holds one document")
            event = get_event()

    def _scalar(self, event: Any) -> None:
        self._values += 1
        text = event.value
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.key is _OPEN and type(frame.value) is dict:
            self._key(frame, event)
            return
        value: str | None = self._texts.setdefault(text, text)
        if event.tag not in _ORDINARY:
            self._refuse_tag(event)
        elif text in _NOTHING and event.implicit[0] and event.tag is None:
            value = None
        if event.anchor is not None:
            self._name(event, value, 1)
        self._put(value)

    def _key(self, frame: _Frame, event: Any) -> None:
        name = self._texts.setdefault(event.value, event.value)
        if not self._is_text(event):
            self._refuse_key(event)
        elif name in frame.lines:
            shown = "this key" if self.secret else f"key '{name}'"
            self._fault(event, f"{shown} stands here a second time; the first one is in line {frame.lines[name]}")
            frame.key = _SKIP
            return
        if event.anchor is not None:
            self._name(event, name, 1)
        frame.lines[name] = event.start_mark.line + 1
        frame.key = name

    def _is_text(self, key: Any) -> bool:
        bare = bool(key.implicit[0])
        known = self._keys.get((key.value, bare))
        if known is None:
            known = self._keys[(key.value, bare)] = not bare or _tag_in_yaml_1_1(key.value) == _TEXT
        return known and key.tag in _ORDINARY

    def _refuse_key(self, key: Any) -> None:
        if key.value == "<<":
            self._fault(key, "'<<' (merge) is not used in netwatch's files; write the keys out, or use groups and defaults")
        elif key.tag not in _ORDINARY:
            self._refuse_tag(key)
        else:
            shown = "this key" if self.secret else f"key '{key.value}'"
            meaning = _MEANING.get(_tag_in_yaml_1_1(key.value).rpartition(":")[2], "something else")
            self._fault(key, f"{shown} is not text: YAML reads it as {meaning}; write it in quotes")

    def _start(self, event: Any, value: Any) -> None:
        if len(self._stack) >= DEPTH_MAX:
            self._stop(event, f"is nested deeper than {DEPTH_MAX} levels")
        if event.tag not in _ORDINARY:
            self._refuse_tag(event)
        self._refuse_as_key(event)
        if event.anchor is not None:
            self._name(event, value, 0)
        self._stack.append(_Frame(value, event.anchor, self._values))
        self._values += 1

    def _end(self) -> None:
        frame = self._stack.pop()
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (frame.value, self._values - frame.before)
        self._put(frame.value)

    def _alias(self, event: Any) -> None:
        self._refuse_as_key(event)
        value, size = self._anchors.get(event.anchor, (None, 1))
        if event.anchor not in self._anchors:
            self._fault(event, "alias (*) without an anchor (&) before it")
        elif size == 0:
            self._fault(event, "alias (*) inside its own anchor (&)")
        self._aliased += size
        self._values += size
        if self._aliased > ALIASED_VALUES_MAX:
            self._stop(event, f"the aliases (*) up to here stand for more than {ALIASED_VALUES_MAX} values; write less of it")
        self._put(value)

    def _refuse_as_key(self, event: Any) -> None:
        if self._stack and self._stack[-1].key is _OPEN and type(self._stack[-1].value) is dict:
            self._fault(event, "a key must be text, found a list, a mapping or an alias")

    def _put(self, value: Any) -> None:
        if not self._stack:
            self.value = value
            return
        frame = self._stack[-1]
        if type(frame.value) is list:
            frame.value.append(value)
        elif frame.key is _OPEN:  # a list, mapping or alias as key: refused
            frame.key = _SKIP
        else:
            if frame.key is not _SKIP:
                frame.value[frame.key] = value
            frame.key = _OPEN

    def _name(self, event: Any, value: Any, size: int) -> None:
        if event.anchor in self._anchors:
            self._stop(event, "this anchor (&) has been used before")
        self._anchors[event.anchor] = (value, size)

    def _refuse_tag(self, event: Any) -> None:
        tag = "a tag (!)" if self.secret else f"tag '{event.tag.replace('tag:yaml.org,2002:', '!!')}'"
        self._fault(event, f"{tag} is not used in netwatch's files; write the value without it")

    def _fault(self, event: Any, text: str) -> None:
        self.faults.append(Fault(self.file, event.start_mark.line + 1, event.start_mark.column + 1, text))

    def _stop(self, event: Any, text: str) -> None:
        self._fault(event, text)
        raise InvalidFile(self.faults)


def _tag_in_yaml_1_1(text: str) -> str:
    return str(_YAML_1_1.resolve(ScalarNode, text, (True, False)))  # type: ignore[no-untyped-call]
