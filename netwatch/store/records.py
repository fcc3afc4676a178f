"""Frozen dataclasses of other rooms to JSON and back, exactly: what is stored as `body` is the whole value."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from netwatch.store.canonical import instant, parse_instant

T = TypeVar("T")


def dump(value: Any) -> str:
    """Return the JSON text of a dataclass: sorted keys, no blanks, times as text, sets as sorted lists."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def load(kind: type[T], text: str) -> T:
    """Return the dataclass that `dump` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    result: T = _build(kind, json.loads(text))
    return result


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime):
        return instant(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(_plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise ValueError(f"{type(value).__name__} cannot be stored")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _build(kind: Any, value: Any) -> Any:
    """Make `kind` of a JSON value; a field that is missing (an older body) takes its default."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        if value is None:
            return None
        candidates = [argument for argument in arguments if argument is not type(None)]
        return _build(candidates[0], value) if len(candidates) == 1 else value
    if dataclasses.is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]
        return kind(**{name: _build(hints[name], item) for name, item in value.items()})  # type: ignore[operator]
    if origin is tuple:
        return tuple(_build(arguments[0], item) for item in value)
    if origin is frozenset:
        return frozenset(value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _build(arguments[1], item) for key, item in value.items()}
    if kind is datetime:
        return parse_instant(value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    return value
