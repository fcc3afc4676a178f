"""How long a device says it has been up, in seconds, from the many ways of saying it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from netwatch.probe.ssh.found import Found, Reader
from netwatch.probe.ssh.rows import NotRead, Row, Template, matches, word

UNITS = {"y": 365 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}  # a year of a device has 365 days
NO_REASON = ("", "unknown", "none", "n/a", "-")
LONGEST_S = 100 * 365 * 86400.0
PART = re.compile(
    r"(?P<n>\d{1,9})\s*-?\s*(?P<unit>years?|yrs?|y|weeks?|wks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|min|m|seconds?|secs?|s)(?:\(s\))?(?![a-z])",
    re.IGNORECASE,
)
COMPACT = re.compile(r"(?:\d+[ywdhms])+", re.IGNORECASE)
CLOCK = re.compile(r"(?<![\d:])(?P<h>\d{1,4}):(?P<m>\d{2})(?::(?P<s>\d{2}))?(?![\d:])")
DAYS_AND_CLOCK = re.compile(r"^\s*(?P<d>\d{1,6})(?:,\s*|:(?=\d{1,2}:\d{2}:))(?=\d{1,2}:\d{2})")
LINE = re.compile(
    r"\bup\s?-?time\b\s*(?:is|:|=|\.{2,}:?)?[\s:.]*(?P<text>\S.*)$|\bRunning Time\s*[:-]\s*(?P<tp>\S.*)$", re.IGNORECASE
)
REASON = re.compile(
    r"(?:last\s+)?(?:re(?:boot|set|load|start)|shutdown)\s*(?:reason|cause|info)\w*\s*(?:is|[:=]|\s{2,})\s*(?P<text>\S.*)$",
    re.IGNORECASE,
)


def seconds_of(text: str) -> float | None:
    """Return the seconds in `2 years, 3 days`, `1w2d3h`, `70,03:16:47`, `12 days, 6:15`; None when there are none."""
    given = text.strip()
    if (compact := COMPACT.match(given)) is not None:
        given = re.sub(r"([A-Za-z])", r"\1 ", compact.group())
    total, found = 0.0, False
    if (days := DAYS_AND_CLOCK.match(given)) is not None:
        total, found, given = int(days["d"]) * 86400.0, True, given[days.end() :]
    for part in PART.finditer(given):
        total += int(part["n"]) * UNITS[part["unit"][0].lower()]
        found = True
    if (clock := CLOCK.search(given)) is not None:
        total += int(clock["h"]) * 3600 + int(clock["m"]) * 60 + int(clock["s"] or 0)
        found = True
    return total if found and total <= LONGEST_S else None


def by_template(template: Template, column: str = "uptime", reason: str | None = None) -> Reader:
    """Return a reading of one column, and of the reason of the last restart when the template has one."""

    def read(text: str) -> Found:
        row = template.rows(text)[0]
        said = word(row, column)
        said = re.sub(r"^.*?\bup\s+", "", said) if " up " in said else said  # the line of `uptime` begins with the time of day
        seconds = seconds_of(re.split(r",\s+\d+\s+users?", said)[0])
        if seconds is None:
            raise NotRead("no uptime in the output")
        why = word(row, reason)[:200] if reason else ""
        return Found(uptime_s=seconds, reboot_reason=why if why.lower() not in NO_REASON else None)

    return read


def by_parts(template: Template) -> Reader:
    """Return a reading of columns for weeks, days, hours, minutes and seconds."""

    def read(text: str) -> Found:
        row = template.rows(text)[0]
        total, found = 0.0, False
        for unit in ("week", "day", "hour", "minute", "second"):
            number = word(row, f"uptime_{unit}s", unit)
            if number.isdecimal() and len(number) < 10:
                total, found = total + int(number) * UNITS[unit[0]], True
        if not found:
            raise NotRead("no uptime in the output")
        return Found(uptime_s=total)

    return read


def by_line(text: str) -> Found:
    """Read the line that speaks of the uptime, wherever it stands, and that of the last restart's reason."""
    seconds = next((s for found in matches(LINE, text) if (s := seconds_of(found["text"] or found["tp"])) is not None), None)
    reason = reason_in(text)
    if seconds is None and reason is None:
        raise NotRead("no uptime in the output")
    return Found(uptime_s=seconds, reboot_reason=reason)


def reason_in(text: str) -> str | None:
    """Return what a device says of its last restart; None when it says nothing."""
    said = (" ".join(found["text"].split())[:200] for found in matches(REASON, text))
    return next((reason for reason in said if reason.lower() not in NO_REASON), None)


def reason_only(text: str) -> Found:
    """Read the reason of the last restart from a command that shows nothing else."""
    reason = reason_in(text)
    if reason is None:
        raise NotRead("no reason of a restart in the output")
    return Found(reboot_reason=reason)


def of_linux(text: str) -> Found:
    """Read /proc/uptime."""
    found = re.search(r"^\s*(\d+(?:\.\d+)?)\s+\d+(?:\.\d+)?\s*$", text, re.MULTILINE)
    if found is None or len(found[1]) > 12:
        raise NotRead("no uptime in the output")
    return Found(uptime_s=float(found[1]))


def of_junos(text: str) -> Found:
    """Read `show system uptime`: two moments of the same clock."""
    row = Template("juniper_junos", "show system uptime").rows(text)[0]
    now, booted = _moment(row, ""), _moment(row, "boot_")
    if now is None or booted is None or now < booted:
        raise NotRead("no two moments in the output")
    return Found(uptime_s=(now - booted).total_seconds())


def _moment(row: Row, prefix: str) -> datetime | None:
    names: Sequence[str] = ("year", "month", "day", "time")
    text = "-".join(word(row, prefix + name) for name in names)
    try:
        return datetime.strptime(text, "%Y-%m-%d-%H:%M:%S")  # noqa: DTZ007 - both are of the device's own clock
    except ValueError:
        return None
