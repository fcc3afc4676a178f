"""Text of a device to rows of a template; what does not fit is no evidence, never "no ports" and never "fine" (DEVICES.md 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]
OWN = Path(__file__).with_name("templates")
LONGEST_LINE = 2000  # characters: what a regular expression can cost grows with its square
BEGINNING = 12  # lines in which a device says that it does not take a command
REFUSED = re.compile(
    r"""^\s*(?:
      %+\ ?(?![A-Z0-9_]+-\d)[A-Za-z].*            # Cisco and its kin: % Invalid input, % CDP is not enabled; not %LINK-3-UPDOWN
    | (?:command\ )?error\s?[:.].*                # VRP, SmartAX
    | bad\ command\ name.* | expected\ end\ of\ command.* | no\ such\ item.* | syntax\ error.* | invalid\ (?:input|command).*
    | unknown\ (?:command|action|option).* | unrecogni[sz]ed\ command.* | ambiguous\ (?:command|input).* | incomplete\ command.*
    | command\ (?:parse\ error|fail|not\ found|authori[sz]ation\ failed).* | too\ many\ parameters.* | wrong\ parameter.*
    | available\ commands:.* | next\ possible\ completions:.* | not\ authori[sz]ed.*
    | (?:access|authori[sz]ation|permission)\ denied.*
    | (?:info\s*:\s*)?(?:global\ )?(?:lldp|cdp|poe)\b.*\b(?:not\ (?:enabled|running|supported|configured)|disabled)\b.*
    | (?:-?\w*sh|bash)\b[^\n]*:\ .*(?:not\ found|no\ such|denied).*
    )$""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)


class NotRead(ValueError):
    """A text in which nothing certain was found; the message says why, for a note."""


@dataclass(frozen=True, slots=True)
class Template:
    """One template: of ntc-templates under its own platform name, or ours."""

    platform: str
    command: str
    own: bool = False

    def rows(self, text: str) -> list[dict[str, Any]]:
        """Return the rows in a text. Raises NotRead when there are none: three different ends in the library (DEVICES.md 3)."""
        from ntc_templates.parse import parse_output

        try:
            cut = "\n".join(line[:LONGEST_LINE] for line in text.splitlines())
            rows = parse_output(self.platform, self.command, cut, template_dir=str(OWN) if self.own else None)
        except Exception as error:  # no template, a line that the template refuses, anything that a mangled text may wake
            raise NotRead(f"the output does not fit the template ({type(error).__name__})") from error
        if not rows or not all(isinstance(row, dict) for row in rows):
            raise NotRead("nothing was recognised in the output")
        return list(rows)


def refusal(text: str) -> str | None:
    """Return the line by which a device refuses a command or says that the feature is off; None when it does neither."""
    head = "\n".join(line[:200] for line in text[:20_000].splitlines()[:BEGINNING] if line.strip(" ^"))
    found = REFUSED.search(head)
    return found.group().strip()[:100] if found is not None else None


def word(row: Row, *names: str) -> str:
    """Return the first of some columns that holds something, as one text."""
    for name in names:
        value = row.get(name)
        text = " ".join(str(part) for part in value) if isinstance(value, list) else str(value or "")
        if text.strip():
            return " ".join(text.split())
    return ""


def matches(pattern: re.Pattern[str], text: str, most: int = 4096) -> Iterator[re.Match[str]]:
    """Return the matches of a pattern line by line: a bound on what one hostile line can cost."""
    for number, line in enumerate(text.splitlines()):
        if number >= most:
            return
        found = pattern.search(line[:500])
        if found is not None:
            yield found


def every(rows: Sequence[Row], *names: str) -> None:
    """Raise NotRead unless every row has a name: a template that lost one may have mixed two ports."""
    if not all(word(row, *names) for row in rows):
        raise NotRead("a row without a name")
