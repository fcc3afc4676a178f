"""The lines of a device's own log that may say why something fell silent."""

from __future__ import annotations

import re

from netwatch.probe.ssh.found import Found, Reader
from netwatch.probe.ssh.rows import NotRead

MOST = 50  # lines kept, the newest
TELLING = re.compile(
    r"up ?down|link|interface|port\b|eth\d|carrier|err-?disable|error.?down|bpdu|loop|storm|flap|topology|spanning|stp\b"
    r"|power|poe|inline|psu|battery|voltage|overload|temperature|thermal|fan\b"
    r"|reboot|reload|restart|reset|boot|cold|warm|crash|watchdog|without proper shutdown|startup|initial"
    r"|neighbo|duplicate|conflict|memory|disk",
    re.IGNORECASE,
)
SECRET = re.compile(r"(?i)\b(password|passwd|secret|community|passphrase|psk|key-string|pre-shared-key)\b(\s*[:=]?\s*\d?\s*)\S+")
RESTARTED = re.compile(r"(?:router|system)\s+(?:was\s+)?rebooted\b.*|restarted without proper shutdown.*", re.IGNORECASE)


def covered(text: str) -> str:
    """Return a text in which whatever follows a word such as `password` is covered: logs repeat commands."""
    return SECRET.sub(r"\1\2***", text)


def by_line(*, newest_first: bool = False) -> Reader:
    """Return a reading of one entry a line."""

    def read(text: str) -> Found:
        lines = [" ".join(line.split())[:400] for line in text.splitlines() if line.strip()]
        return _telling(lines[::-1] if newest_first else lines)

    return read


def of_mikrotik(text: str) -> Found:
    """Read `log print detail`; RouterOS says there, and only there, that it went down without a proper shutdown.

    Line by line: the template of ntc-templates drops entries with three topics, which are the critical ones.
    """
    found = by_line()(text)
    reason = next((match.group() for line in reversed(found.log_lines) if (match := RESTARTED.search(line)) is not None), None)
    return Found(log_lines=found.log_lines, reboot_reason=reason.rstrip('"')[:200] if reason else None)


def _telling(lines: list[str]) -> Found:
    if not lines:
        raise NotRead("the log is empty")
    return Found(log_lines=tuple(covered(line) for line in lines if TELLING.search(line))[-MOST:])
