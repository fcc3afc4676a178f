"""What a device says of its own power supplies and boards: remarks for a person, not a state of anything."""

from __future__ import annotations

import re
from collections.abc import Sequence

from netwatch.probe.ssh.found import Found, Reader
from netwatch.probe.ssh.rows import Template, word

WELL = re.compile(r"(active_|standby_)?(normal|supply|ok|good|on|present|online|up|powered|linkandpower)", re.IGNORECASE)


def states(what: str, template: Template, name: Sequence[str], state: Sequence[str]) -> Reader:
    """Return a reading that remarks on every part whose state is not one of the words for well; an empty slot is none."""

    def read(text: str) -> Found:
        remarks = []
        for row in template.rows(text):
            said = [part for column in state if (part := word(row, column))]
            if said and not all(map(WELL.fullmatch, said)):
                which = " ".join(part for column in name if (part := word(row, column)))
                remarks.append(f"{what} {which}: {' '.join(said)}"[:120])
        return Found(remarks=tuple(remarks))

    return read
