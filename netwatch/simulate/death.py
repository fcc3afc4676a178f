"""The sudden end of a simulated process."""

from __future__ import annotations


class Death(BaseException):
    """The process is gone at this instant. Not an Exception: no handler of the program may survive it."""
