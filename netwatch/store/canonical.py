"""One spelling for every value that is hashed or compared: RFC 8785 without the numbers that could differ (RELIABILITY 8)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

LARGEST_INTEGER = 2**53 - 1  # beyond it, JSON readers that use doubles see another number
DECIMAL = "decimal"  # {"decimal": "0.71"} stands for the float 0.71


def instant(moment: datetime) -> str:
    """Return an aware datetime as RFC 3339 UTC text with 6 digits, which sorts as time does."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def parse_instant(text: str) -> datetime:
    """Return the aware UTC datetime that `instant` wrote. Raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: sorted ASCII keys, no blanks, no floats.

    Equal to RFC 8785 octet by octet for what it accepts. Raises ValueError for a float, an integer of 2^53 and more, a key that
    is not ASCII text, a lone surrogate, and for any type that JSON does not have.
    """
    _check(value, "$")
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("a lone surrogate has no UTF-8 form") from error
    return text


def _check(value: Any, place: str) -> None:
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise ValueError(f"{place}: {value} is beyond 2^53")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"{place}: key {key!r} is not ASCII text")
            _check(item, f"{place}.{key}")
    else:
        raise ValueError(f"{place}: {type(value).__name__} has no canonical form")  # noqa: TRY004 - one error for callers


def plain(value: Any) -> Any:
    """Make a value canonical without losing anything: times become text, floats become {"decimal": "0.71"}, sets sorted lists."""
    if isinstance(value, str):
        return str(value)  # a StrEnum becomes its text
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, float):
        return {DECIMAL: repr(value)}
    if isinstance(value, Mapping):
        if set(value) == {DECIMAL}:
            raise ValueError("an object with the single key 'decimal' stands for a float")
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise ValueError(f"{type(value).__name__} has no canonical form")


def rich(value: Any) -> Any:
    """Undo what `plain` did to floats. Times stay text."""
    if isinstance(value, dict):
        if len(value) == 1 and DECIMAL in value:
            return float(value[DECIMAL])
        return {key: rich(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rich(item) for item in value]
    return value
