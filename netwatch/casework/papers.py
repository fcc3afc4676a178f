"""Papers as they are handed in: what they are is read from their octets, not believed from their name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from netwatch.errors import Fault, InvalidFile

SIGNATURES = (
    (b"%PDF-", "application/pdf", (".pdf",)),
    (b"\xff\xd8\xff", "image/jpeg", (".jpg", ".jpeg")),
    (b"\x89PNG\r\n\x1a\n", "image/png", (".png",)),
)
TEXT_SUFFIXES = (".txt", ".log", ".csv", ".json")  # what `netwatch probe` and show commands print: the "Data" of step 4
NAME_LIMIT = 150


@dataclass(frozen=True, slots=True)
class Paper:
    """A file handed in for a document of the procedure."""

    key: str  # a key of sop.yaml documents
    name: str  # as the sender called it
    octets: bytes

    @property
    def media_type(self) -> str:
        """Return what the octets are. Raises `InvalidFile` when they are nothing we keep, or not what the name says."""
        suffix = PurePath(self.name).suffix.lower()
        if not self.octets:
            raise self._fault("the file is empty")
        for signature, media_type, suffixes in SIGNATURES:
            if self.octets.startswith(signature):
                if suffix not in suffixes:
                    raise self._fault(f"the content is {media_type}, the name says '{suffix or 'nothing'}'")
                return media_type
        if suffix in TEXT_SUFFIXES and self._is_text():
            return "text/plain"
        raise self._fault(f"expected a PDF, JPEG or PNG (or a text file {', '.join(TEXT_SUFFIXES)}); the content is none of them")

    @property
    def safe_name(self) -> str:
        """Return the name without folders and control characters, short enough to keep."""
        bare = PurePath(self.name.replace("\\", "/")).name
        return "".join(letter for letter in bare if letter.isprintable())[-NAME_LIMIT:]

    def _is_text(self) -> bool:
        try:
            return "\x00" not in self.octets.decode("utf-8")
        except UnicodeDecodeError:
            return False

    def _fault(self, text: str) -> InvalidFile:
        return InvalidFile([Fault(self.name, 0, 0, f"{self.key}: {text}")])
