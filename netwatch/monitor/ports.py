"""What the pipeline needs from the outside: somebody who sends echoes, and somebody who reads agents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Prober(Protocol):
    """Sends echoes; answers come back through the pipeline's callbacks."""

    def send_many(self, targets: Sequence[Any], *, scheduled: bool) -> None:
        """Send one echo to each target."""


class Readers(Protocol):
    """Reads devices by SNMP and SSH when asked; answers come back through `Pipeline.read`."""

    def look(self, device: str) -> None:
        """Read the upstream ports of this device soon; asked again while it is suspect."""
