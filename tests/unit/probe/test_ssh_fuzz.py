"""Whatever a device writes, mangled or meant badly: it is read or it is a note, and it costs a bounded time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netwatch.observation import SshReading
from netwatch.probe.ssh import logs, neighbours, ports, reasons, uptime
from netwatch.probe.ssh.commands import KINDS, PLATFORMS
from netwatch.probe.ssh.login import Login
from netwatch.probe.ssh.reader import Heard, put_together
from netwatch.probe.ssh.reading import read_part
from netwatch.probe.ssh.rows import NotRead, refusal
from netwatch.probe.ssh.session import cleaned
from netwatch.probe.ssh.wire import Part

DATA = Path(__file__).parents[2] / "data" / "ssh"
CLI = Path(__file__).parents[3].parent / "shared" / "devices" / "cli"
OURS = sorted(DATA.glob("*/*.txt"))
THEIRS = sorted(CLI.glob("*/*/*.raw"))[::3]
TEXTS = [path.read_text(encoding="utf-8", errors="replace")[:6000] for path in (*OURS, *THEIRS)]
MARKS = [
    "% Invalid input detected at '^' marker.",
    "bad command name",
    "--More--",
    "\x1b[2J",
    "\x00",
    "\ufffd",
    "\u4e2d\u6587",
    "[" * 50,
    "{",
    "9" * 400,
]


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """Take a device's output and do to it what lines, terminals and enemies do."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(text) - 1)))
        how = draw(st.integers(0, 5))
        if how == 0:
            text = text[:at]
        elif how == 1:
            text = text[at:]
        elif how == 2:
            text = text[:at] + draw(st.one_of(st.sampled_from(MARKS), st.text(max_size=30))) + text[at:]
        elif how == 3:
            text = text[:at] + text[at + draw(st.integers(1, 200)) :]
        elif how == 4:
            lines = text.splitlines()
            text = "\n".join(draw(st.permutations(lines[:8])) + lines[8:])
        else:
            text = text[:at].replace("\n", " ") + text[at:]
    return text


def reading(platform: str, text: str) -> SshReading:
    """Read one text as the answer to every command of a platform, through the pipe as well."""
    parts = [read_part(ask, lambda _: text) for ask in PLATFORMS[platform]]
    heard = Heard(logged_in=True, parts=[Part.from_json(json.loads(part.to_line())["part"]) for part in parts])
    return put_together(Login("sw-contoh", "192.0.2.1", platform, None), 0.0, heard, None, KINDS)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(platform=st.sampled_from(sorted(PLATFORMS)), text=st.one_of(mangled(), st.text(max_size=300)))
def test_no_output_breaks_a_reading(platform, text):
    seen = reading(platform, text)
    assert seen.answered
    assert all(port.name for port in seen.ports)
    assert seen.uptime_s is None or 0 <= seen.uptime_s < 101 * 365 * 86400
    assert bool(seen.ports) != bool(seen.error)
    assert len(seen.log_lines) <= logs.MOST


@settings(max_examples=1000, deadline=None)
@given(text=st.one_of(mangled(), st.text(max_size=200)))
def test_no_text_breaks_the_small_readings(text):
    cleaned(text)
    refusal(text)
    logs.covered(text)
    uptime.seconds_of(text)
    for reader in (ports.linux, neighbours.of_linux, uptime.of_linux, uptime.of_junos, uptime.by_line, reasons.poe_of_mikrotik):
        try:
            reader(text)
        except NotRead:
            continue


@pytest.mark.parametrize(
    "line",
    [
        "a" * 250_000,
        " " * 250_000,
        "0 R " * 60_000,
        "uptime is " + "1 day " * 40_000,
        "[" * 250_000,
        '[{"a":' * 40_000,
        "Gi0/1 " * 40_000,
        "password " * 25_000,
        ";;;" * 80_000,
        "1:" * 120_000,
    ],
    ids=lambda line: line[:12].strip() or "blanks",
)
@pytest.mark.timeout(100)  # all platforms over a quarter of a megabyte without a line end: seconds, not hours
def test_one_endless_line_is_bounded(line):
    for platform in {table: platform for platform, table in PLATFORMS.items()}.values():
        assert reading(platform, line).answered


def test_five_thousand_ports_are_read():
    line = "GigabitEthernet0/0/{} up up 0% 0% 0 0\n"
    text = "Interface PHY Protocol InUti OutUti inErrors outErrors\n" + "".join(line.format(number) for number in range(5000))
    assert len(reading("huawei_vrp", text).ports) == 5000
