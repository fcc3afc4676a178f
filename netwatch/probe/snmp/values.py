"""Make sense of what agents say (DEVICES.md 2): never raise, never turn a missing value into 0 or "down"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from netwatch.observation import PortAdmin, PortOper
from netwatch.probe.snmp.client import Value

ADMIN = {1: PortAdmin.UP, 2: PortAdmin.DOWN, 3: PortAdmin.TESTING}
OPER = {
    1: PortOper.UP,
    2: PortOper.DOWN,
    3: PortOper.TESTING,
    4: PortOper.UNKNOWN,
    5: PortOper.DORMANT,
    6: PortOper.NOT_PRESENT,
    7: PortOper.LOWER_LAYER_DOWN,
}
FASTEST_MBPS = 800_000  # 800 Gbit/s; stack ports truly report 480,000
GAUGE32_MAX = 4_294_967_295
LINE_ENDS = re.compile(r"[\t\r\n]+")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")  # and what turns the order of writing or breaks lines
MAC_TEXT = re.compile(r"(?:[0-9a-f]{1,2}[:. -]){5}[0-9a-f]{1,2}|(?:[0-9a-f]{4}[.-]){2}[0-9a-f]{4}", re.IGNORECASE)
MAC_OCTETS = 6


def text(value: Value) -> str | None:
    """Decode a DisplayString: UTF-8, else GB18030, else latin-1; blanks and NULs cut at the right, control characters removed."""
    if isinstance(value, tuple):
        return dotted(value)
    if isinstance(value, int):
        return str(value)
    if value is None:
        return None
    raw = value.rstrip(b" \0")
    for encoding in ("utf-8", "gb18030"):
        try:
            decoded = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        decoded = raw.decode("latin-1")
    if decoded.isprintable():
        return decoded
    return CONTROL.sub("", LINE_ENDS.sub(" ", decoded)).rstrip()


def mac(value: Value) -> str | None:
    """Write a MAC address as aa:bb:cc:dd:ee:ff; some agents send it as text. None where it is none, or says nothing."""
    if not isinstance(value, bytes):
        return None
    octets = value
    if len(value) != MAC_OCTETS:
        written = value.strip(b" \0").decode("latin-1")
        if not MAC_TEXT.fullmatch(written):
            return None
        parts = re.split("[:. -]", written)
        octets = bytes.fromhex("".join(part.zfill(2 * MAC_OCTETS // len(parts)) for part in parts))
    return octets.hex(":") if any(octets) and octets != b"\xff" * MAC_OCTETS else None


def number(value: Value) -> int | None:
    """Return a number, or None for anything else."""
    return value if isinstance(value, int) else None


def dotted(value: Value) -> str | None:
    """Write an object identifier with dots."""
    return ".".join(map(str, value)) if isinstance(value, tuple) else None


def admin(value: Value) -> PortAdmin:
    """Read ifAdminStatus; everything the MIB does not know is unknown, 7 and other junk of UPS cards too."""
    return ADMIN.get(value, PortAdmin.UNKNOWN) if isinstance(value, int) else PortAdmin.UNKNOWN


def oper(value: Value) -> PortOper:
    """Read ifOperStatus; a missing one is unknown, a number outside the MIB is invalid."""
    return OPER.get(value, PortOper.INVALID) if isinstance(value, int) else PortOper.UNKNOWN


def unheard_of(value: Value, meanings: Mapping[int, Any]) -> int | None:
    """Return a status that the MIB does not know, as it was sent."""
    return value if isinstance(value, int) and value not in meanings else None


def speed_bps(speed: Value, high_speed: Value) -> int | None:
    """Choose between ifHighSpeed (Mbit/s) and ifSpeed (bit/s); None when neither is believable."""
    if isinstance(high_speed, int) and 1 <= high_speed <= FASTEST_MBPS:
        return high_speed * 1_000_000
    if isinstance(speed, int) and 0 < speed < GAUGE32_MAX:
        return speed
    return None


def octets(wide: Value, narrow: Value) -> int | None:
    """Prefer the 64-bit counter where it counts: some agents have one that always says 0."""
    if isinstance(wide, int) and wide:
        return wide
    if isinstance(narrow, int):
        return narrow
    return wide if isinstance(wide, int) else None


def seconds_since_change(last_change: Value, uptime: Value) -> float | None:
    """Return how long ago a port changed (s), by the agent's own clock; None where the agent does not know."""
    if isinstance(last_change, int) and isinstance(uptime, int) and 0 < last_change <= uptime:
        return (uptime - last_change) / 100
    return None
