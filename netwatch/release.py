"""Which version of netwatch this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def release() -> str:
    """Return the version of the installed package."""
    try:
        return version("netwatch")
    except PackageNotFoundError:
        return "unknown"
