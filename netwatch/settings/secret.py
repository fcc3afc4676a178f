"""A text that never shows itself."""

from __future__ import annotations

import hmac


class Secret:
    """A password, a community, a key. `str`, `repr` and formatting give `***`; only `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text. Call it where it is used, never where it is logged, stored or shown."""
        return self._text

    def __str__(self) -> str:
        """Hide the text."""
        return "***"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        """Compare in constant time."""
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        """Hash like the text; the hash is salted per process."""
        return hash((Secret, self._text))
