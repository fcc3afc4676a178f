"""From one thing to ask to what was found: send, look for a refusal, read; on failure the next way, and a note at the end."""

from __future__ import annotations

from collections.abc import Callable

from netwatch.probe.ssh.commands import Ask
from netwatch.probe.ssh.found import Found
from netwatch.probe.ssh.logs import covered
from netwatch.probe.ssh.rows import NotRead, refusal
from netwatch.probe.ssh.wire import Part


def read_part(ask: Ask, send: Callable[[str], str]) -> Part:
    """Ask one thing. What cannot be read becomes a note; the text is kept in either case. Lets the errors of `send` through."""
    notes: list[str] = []
    raw: dict[str, str] = {}
    output: dict[str, str] = {}
    for command, reader in ask.ways:
        if command not in raw:
            raw[command] = send(command)
            output[command] = covered(raw[command])
        text = raw[command]
        refused = refusal(text)
        if refused is not None:
            notes.append(f"{ask.kind}: {command}: refused ({refused})")
            continue
        try:
            return Part(ask.kind, output, found=reader(text))
        except NotRead as error:
            notes.append(f"{ask.kind}: {command}: unparsable ({error})")
    return Part(ask.kind, output, notes=tuple(notes))


def nothing_known(kind: str) -> Part:
    """Return the part of something for which a platform has no command."""
    return Part(kind, {}, Found(), (f"{kind}: no command is known for it on this platform",))
