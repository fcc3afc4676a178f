"""This receiver as an SNMP engine: informs of SNMPv3 are addressed to its id and its clock (RFC 3411 5, RFC 3414 2.2).

The id must stay the same for ever, and the boots must grow with every start, or senders that knew us would be refused: both are
in a file of the state directory.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

NETWATCH = bytes.fromhex("80001f88")  # as net-snmp makes them: its enterprise (8072), first bit set; then form and octets
OWN_OCTETS = 5  # "administratively assigned octets" (RFC 3411, SnmpEngineID)
LARGEST_BOOTS = 2**31 - 1
WINDOW_S = 150


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """Our engine id and how often and when we started. `started_at`: monotonic seconds."""

    id: bytes
    boots: int
    started_at: float

    def time(self, now: float) -> int:
        """Return snmpEngineTime: seconds since the start."""
        return int(now - self.started_at)

    def in_window(self, boots: int, time: int, now: float) -> bool:
        """Tell whether a message for us was made by somebody who knows our clock (RFC 3414 3.2.7 a)."""
        return boots == self.boots < LARGEST_BOOTS and abs(time - self.time(now)) <= WINDOW_S


def started(file: Path, now: float) -> LocalEngine:
    """Return our engine after one more start, noted in `file`; a file that is missing or spoilt is made anew. Raises OSError."""
    id_, boots = _read(file)
    engine = LocalEngine(id_ or NETWATCH + b"\x05" + secrets.token_bytes(2 * OWN_OCTETS), boots + 1, now)
    fresh = file.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        json.dump({"engine_id": engine.id.hex(), "boots": engine.boots}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
    return engine


def _read(file: Path) -> tuple[bytes | None, int]:
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        held = json.loads(file.read_text(encoding="ascii"))
        id_, boots = bytes.fromhex(held["engine_id"]), int(held["boots"])
        if 5 <= len(id_) <= 32 and 0 <= boots < LARGEST_BOOTS:
            return id_, boots
    return None, 0
