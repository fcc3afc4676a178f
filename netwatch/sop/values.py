"""From what somebody typed to the value of a field, or why not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from netwatch.errors import Reason
from netwatch.sop.entry import time_text
from netwatch.sop.procedure_parts import FieldKind

YES = {"true", "yes", "ya", "1"}
NO = {"false", "no", "tidak", "0"}
WHOLE_MAX = 2**53
TEXT_MAX = 20_000
FIRST_YEAR, LAST_YEAR = 1990, 2100  # a typing error in a year is more likely than a fault outside


class NotAValueError(ValueError):
    """The text is not a value of the field's type; carries both sentences."""

    def __init__(self, indonesian: str, english: str) -> None:
        self.indonesian, self.english = indonesian, english
        super().__init__(english)


def value_of(name: str, kind: FieldKind, given: Any, zone: ZoneInfo) -> Any:
    """Return the JSON value of a field, or the Reason why it is none. Empty text and empty lists are None: nothing given."""
    try:
        return long_enough(kind, parsed(kind, given, zone))
    except NotAValueError as error:
        label = f"{name} ({kind.label})"
        return Reason("bad_value", f"{label}: {error.indonesian}", f"{name}: {error.english}")


def long_enough(kind: FieldKind, value: Any) -> Any:
    """Return the value; a text that is shorter than its field asks is none."""
    if kind.min_length is not None and isinstance(value, str) and len(value) < kind.min_length:
        raise NotAValueError(f"paling sedikit {kind.min_length} huruf", f"at least {kind.min_length} characters")
    return value


def parsed(kind: FieldKind, given: Any, zone: ZoneInfo) -> Any:
    """Return the value, or raise NotAValueError."""
    if given is None or given in ("", []):
        return None
    if kind.type == "list of text" or kind.many:
        return several(given)
    if isinstance(given, Sequence) and not isinstance(given, str):
        if len(given) != 1:
            raise NotAValueError("hanya satu nilai", "one value only")
        given = given[0]
    match kind.type:
        case "bool":
            return truth(given)
        case "integer":
            return whole(given)
        case "datetime":
            return time_text(moment(given, zone))
        case "date":
            return day(given)
        case _:
            return text(given)


def text(given: Any) -> str | None:
    """Return stripped text; None when nothing is left."""
    if isinstance(given, bool) or not isinstance(given, (str, int)):
        raise NotAValueError("harus berupa teks", "expected text")
    stripped = str(given).strip()
    if len(stripped) > TEXT_MAX:
        raise NotAValueError(f"paling banyak {TEXT_MAX} huruf", f"at most {TEXT_MAX} characters")
    if any("\ud800" <= letter <= "\udfff" or (letter < " " and letter not in "\n\t") for letter in stripped):
        raise NotAValueError("berisi karakter kendali", "contains control characters")
    return stripped or None


def several(given: Any) -> list[str] | None:
    """Return a list of texts; one text is a list of one."""
    items = [given] if isinstance(given, (str, int)) else given
    if not isinstance(items, Sequence):
        raise NotAValueError("harus berupa daftar teks", "expected a list of text")
    found = [item for item in (text(item) for item in items) if item is not None]
    return list(dict.fromkeys(found)) or None


def truth(given: Any) -> bool:
    """Return yes or no."""
    if isinstance(given, bool):
        return given
    word = str(given).strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise NotAValueError("harus ya atau tidak", "expected true or false")


def whole(given: Any) -> int:
    """Return a whole number below 2**53."""
    try:
        number = int(given) if not isinstance(given, float) else None
    except (TypeError, ValueError):
        number = None
    if number is None or isinstance(given, bool) or abs(number) >= WHOLE_MAX:
        raise NotAValueError("harus bilangan bulat", "expected a whole number")
    return number


def moment(given: Any, zone: ZoneInfo) -> datetime:
    """Return a moment; a time without an offset is local time of the city."""
    if isinstance(given, datetime):
        found = given
    else:
        try:
            found = datetime.fromisoformat(str(given).strip())
        except ValueError:
            raise NotAValueError(
                "harus waktu seperti 2026-11-24T10:00 atau 2026-11-24T03:00:00Z",
                "expected a time such as 2026-11-24T10:00 or 2026-11-24T03:00:00Z",
            ) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise NotAValueError(f"tahun {FIRST_YEAR} sampai {LAST_YEAR}", f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return (found.replace(tzinfo=zone) if found.tzinfo is None else found).astimezone(UTC)


def day(given: Any) -> str:
    """Return a date as `YYYY-MM-DD`."""
    try:
        found = date.fromisoformat(str(given).strip()[:10])
    except ValueError:
        raise NotAValueError("harus tanggal seperti 2026-11-24", "expected a date such as 2026-11-24") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise NotAValueError(f"tahun {FIRST_YEAR} sampai {LAST_YEAR}", f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return found.isoformat()
