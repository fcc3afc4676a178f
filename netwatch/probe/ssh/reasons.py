"""Why ports are down or without power, in the words of the device: err-disabled with its cause, PoE with what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from netwatch.observation import PortStatus
from netwatch.probe.ssh.found import Found, Reader
from netwatch.probe.ssh.rows import NotRead, Template, every, word

NAME = ("interface", "port", "name")
DISABLED_BY_DEVICE = re.compile(r"err(or)?[- ]?(disable[d]?|down)|\(ed\)|\bd-disable\b", re.IGNORECASE)
PROTECTIONS = re.compile(
    r"bpdu|loop|storm|security|dhcp-rate|arp-inspection|flap|mad shutdown|udld|dldp|oam|psecure", re.IGNORECASE
)
POE_WRONG = re.compile(
    r"fault|deny|denied|overload|over[- ]?current|short|(?:over|under)volt|(?:voltage|current)[- ]too|controller-error|thermal",
    re.IGNORECASE,
)


def by_template(template: Template, columns: Sequence[str], *, poe: bool = False) -> Reader:
    """Return a reading of why ports are down: err-disabled with its cause, or, with `poe`, what is wrong with their power."""

    def reading(text: str) -> Found:
        rows = template.rows(text)
        every(rows, *NAME)
        said = {word(row, *NAME): " ".join(part for column in columns if (part := word(row, column))) for row in rows}
        if poe:
            return Found(reasons={name: poe_wrong(cause) for name, cause in said.items() if POE_WRONG.search(cause)})
        return Found(reasons={name: err_disabled(cause) for name, cause in said.items()})

    return reading


def protections(template: Template) -> Reader:
    """Return a reading of every port that is down with its cause: only a protection is a reason, a pulled cable is none."""

    def reading(text: str) -> Found:
        rows = template.rows(text)
        every(rows, *NAME)
        said = ((word(row, *NAME), word(row, "cause")) for row in rows)
        return Found(reasons={name: err_disabled(cause) for name, cause in said if PROTECTIONS.search(cause)})

    return reading


def err_disabled(cause: str) -> str:
    """Return how a port that a protection has shut is told: `err-disabled: bpduguard`."""
    text = " ".join(cause.split()).strip(" -()")[:80].lower()
    return "err-disabled" if not text or DISABLED_BY_DEVICE.fullmatch(text) else f"err-disabled: {text}"


def poe_wrong(cause: str) -> str:
    """Return how a port that gives no power is told: `poe: overload`."""
    return f"poe: {' '.join(cause.split())[:80].lower()}"


def named(ports: Sequence[PortStatus], why: Mapping[str, str]) -> tuple[PortStatus, ...]:
    """Put reasons to ports, which other commands write in a shorter form (`Gi1/0/1`). A reason that is there stays."""
    short = {_short(name): cause for name, cause in why.items()}
    return tuple(
        replace(port, reason=short[_short(port.name)])
        if port.reason in (None, "err-disabled") and _short(port.name) in short
        else port
        for port in ports
    )


def _short(name: str) -> str:
    """Return two letters and the numbers: `GigabitEthernet 1/0/1`, `Gi1/0/1` and `GE1/0/1` stay apart from `Te1/0/1`."""
    found = re.fullmatch(r"([A-Za-z-]*?)\s*(\d[\d/.:]*)", name.strip())
    if found is None:
        return name.strip().casefold()
    kind = found[1].casefold()
    return {"ge": "gi", "xge": "xg", "xgigabitethernet": "xg", "ten-gigabitethernet": "te", "eth": "et"}.get(
        kind, kind[:2]
    ) + found[2]


def poe_of_mikrotik(text: str) -> Found:
    """Read `interface ethernet poe monitor`: one column a port."""
    columns = {
        found[1]: found[2].split() for found in re.finditer(r"^\s*(name|poe-out-status):[ \t]*(\S[^\n]*)$", text, re.MULTILINE)
    }
    names, states = columns.get("name", []), columns.get("poe-out-status", [])
    if not names or len(names) != len(states):
        raise NotRead("no PoE states in the output")
    return Found(reasons={name: poe_wrong(state) for name, state in zip(names, states, strict=True) if POE_WRONG.search(state)})
