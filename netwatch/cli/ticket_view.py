"""Tickets as a person reads them in a terminal."""

from __future__ import annotations

from typing import Any

from netwatch.cli import output
from netwatch.cli.output import pick, when


def show_tickets(tickets: list[dict[str, Any]]) -> None:
    """Print one line per ticket."""
    heads = ("tiket", "langkah", "tempat", "pelaksana", "tenggat", "keadaan")
    if output.language() == "en":
        heads = ("ticket", "step", "site", "role", "due", "state")
    rows = []
    for ticket in tickets:
        step = ticket["step"]
        late = pick(" TERLAMBAT", " LATE") if step["overdue"] else ""
        state = pick("ditahan", "on hold") if ticket["hold"] else ticket["state"]
        rows.append(
            (ticket["id"], f"{step['number']} {step['label']}", ticket["site"], step["role"], when(step["due_at"]) + late, state)
        )
    output.table(heads, rows)
    if not rows:
        output.say("Tidak ada tiket.", "No tickets.")


def show_ticket(ticket: dict[str, Any]) -> None:
    """Print a ticket: where it stands, what is measured, what is there."""
    step = ticket["step"]
    output.line(f"{ticket['id']}  {ticket['state']}")
    attempt = f" ({pick('percobaan', 'attempt')} {step['attempt']})" if step["attempt"] > 1 else ""
    _pair("Langkah", "Step", f"{step['number']} {step['label']}{attempt}, {step['role']}")
    late = pick(" TERLAMBAT", " LATE") if step["overdue"] else ""
    _pair("Tenggat", "Due", when(step["due_at"]) + late)
    _pair("Tempat", "Site", f"{ticket['site']} ({ticket['opd'] or '-'})")
    for each in ticket["affected"]:
        _pair("Terdampak", "Affected", f"{each['device']} {each['state']} {pick('sejak', 'since')} {when(each['since'])}")
    incident = ticket["incident"]
    if incident:
        until = f" .. {when(incident['ended_at'])}" if incident["ended_at"] else ""
        _pair("Gangguan", "Incident", f"#{incident['id']} {incident['state']}, {when(incident['began_at'])}{until}")
        cause = incident["cause"]
        _pair("Usulan", "Proposal", f"{cause['kind']} {cause['element']}, {cause['side']} ({cause['confidence']:.0%})")
        for evidence in cause["evidence"]:
            _pair("  Bukti", "  Evidence", evidence if isinstance(evidence, str) else output.sentence(evidence))
    if ticket["hold"]:
        _pair(
            "Ditahan", "On hold", f"{ticket['hold']['reason']}, {pick('sampai', 'until')} {when(ticket['hold']['expected_end'])}"
        )
    for document in ticket["documents"]:
        _pair("Dokumen", "Document", f"{document['key']} ({document['state']})")
    _pair("Dibuka", "Opened", when(ticket["opened_at"]))
    if ticket["closed_at"]:
        _pair("Ditutup", "Closed", when(ticket["closed_at"]))


def show_actions(actions: list[dict[str, Any]]) -> None:
    """Print what may be done now, and for each action what is asked and what stands in the way."""
    for action in actions:
        output.line(f"{action['action']} -> {action['to']}  [{', '.join(action['roles'])}]  {action.get('label', '')}".rstrip())
        for field in action["fields"]:
            mark = "*" if field["required"] else " "
            choices = field.get("choices")
            extra = f" = {' | '.join(_choice(c) for c in choices)}" if choices else ""
            hint = f" ({pick('usulan', 'suggested')}: {field['suggested']})" if field.get("suggested") is not None else ""
            output.line(f"   {mark} {field['name']} ({field['type']}) {field['label']}{extra}{hint}")
        for document in action["documents"]:
            have = pick("ada", "there") if document["have"] else pick("belum ada", "missing")
            output.line(f"   {'*' if document['required'] else ' '} [{document['key']}] {have}")
        for reason in action["refused_because"]:
            text = reason if isinstance(reason, str) else output.sentence(reason)
            output.line(f"   ! {text}")
    if not actions:
        output.say("Tidak ada tindakan lagi.", "Nothing is left to do.")


def show_journal(entries: list[dict[str, Any]]) -> None:
    """Print one line per journal entry: what, by whom, written by whom."""
    for entry in entries:
        who = entry.get("performed_by") or "netwatch"
        typed = entry.get("recorded_by")
        by = who if typed in (None, who) else f"{who} ({pick('dicatat oleh', 'recorded by')} {typed})"
        move = f" {entry['step'] or '*'} -> {entry['to']}" if entry.get("to") else ""
        output.line(
            f"{entry['seq']:>6}  {when(entry.get('performed_at') or entry.get('recorded_at'))}  {_what(entry)}{move}  {by}"
        )


def _what(entry: dict[str, Any]) -> str:
    return str(entry.get("action") or entry.get("kind"))


def _choice(choice: Any) -> str:
    return str(choice.get("value")) if isinstance(choice, dict) else str(choice)


def _pair(indonesian: str, english: str, value: str) -> None:
    output.line(f"  {pick(indonesian, english) + ':':<12} {value}")
