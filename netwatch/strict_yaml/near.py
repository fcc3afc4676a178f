"""The near name: what somebody who mistyped a word probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that looks most like `word`, or None when nothing is near."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` to end a sentence with, or nothing."""
    near = nearest(word, known)
    return f"; did you mean '{near}'?" if near is not None and near != word else ""
