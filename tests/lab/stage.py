"""What the demo says, and the record of whether it was true."""

from __future__ import annotations

import sys
import textwrap
import time

from netwatch.cli.output import pick

WIDTH = 100


class Stage:
    """A narrator in plain text. Every claim is checked when it is made; `failed` lists those that were not true."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.failed: list[str] = []
        self.checked = 0

    def heading(self, indonesian: str, english: str) -> None:
        """Begin a new part of the story."""
        self._line(f"\n── {pick(indonesian, english)} " + "─" * 20)

    def tell(self, indonesian: str, english: str) -> None:
        """Say something that needs no proof, with the seconds since the beginning."""
        stamp = f"{time.monotonic() - self._began:6.1f} s  "
        self._line(textwrap.fill(pick(indonesian, english), WIDTH, initial_indent=stamp, subsequent_indent=" " * len(stamp)))

    def show(self, text: str) -> None:
        """Show what a command printed."""
        for line in text.rstrip("\n").splitlines():
            self._line(f"          │ {line}")

    def check(self, truth: bool, indonesian: str, english: str) -> None:
        """Claim something that can be wrong."""
        claim = pick(indonesian, english)
        self.checked += 1
        if not truth:
            self.failed.append(claim)
        word = pick("benar", "true ") if truth else pick("SALAH", "FALSE")
        self._line(f"   {word}  {claim}")

    def end(self) -> int:
        """Say how it went and return the exit status."""
        if self.failed:
            self.heading("Tidak semua benar", "Not everything was true")
            for claim in self.failed:
                self._line(f"   - {claim}")
            return 1
        seconds = time.monotonic() - self._began
        self.heading("Selesai", "The end")
        self.tell(
            f"{self.checked} pernyataan diperiksa, semuanya benar, dalam {seconds:.0f} detik.",
            f"{self.checked} claims were checked, all of them true, in {seconds:.0f} seconds.",
        )
        return 0

    @staticmethod
    def _line(text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
