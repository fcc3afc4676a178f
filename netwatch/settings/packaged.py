"""The files that come with netwatch: used where the configuration names none."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
_PLACES = (_PACKAGE / "shipped", _PACKAGE.parent / "config")  # in a wheel, in a working copy


def shipped(name: str) -> Path:
    """Return the path of a shipped file, e.g. `sop.yaml`; the place where it should be when it is missing."""
    return next((place / name for place in _PLACES if (place / name).is_file()), _PLACES[0] / name)
