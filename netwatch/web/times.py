"""Times as people type them: RFC 3339, or a local date and time of the city."""

from __future__ import annotations

from datetime import UTC, datetime

from netwatch.casework import World
from netwatch.errors import Fault, InvalidFile


def moment(name: str, text: str | None, world: World) -> datetime | None:
    """Return an aware UTC time; one without a zone is the city's. Raises InvalidFile for what is no time."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=world.procedure.zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidFile([Fault(name, 0, 0, f"expected a time such as 2026-11-24T08:14:00+07:00, found {text!r}")]) from error
