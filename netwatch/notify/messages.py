"""The texts of messages, Indonesian and English beside each other. Pure: a message is made of values, never of pieces of sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

WIB = ZoneInfo("Asia/Jakarta")
MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)
SIDES = {
    "data_center": ("sisi Data Center", "the data-centre side"),
    "site": ("sisi lokasi", "the site's side"),
    "provider": ("sisi penyedia", "the provider's side"),
    "monitor": ("sisi pemantau", "the monitor's side"),
    "unknown": ("sisi belum diketahui", "side not known yet"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """One text for people: a subject of one line and a body, in one language."""

    subject: str
    body: str


def wib(moment: datetime) -> str:
    """Show a moment as `24 November 2026 08.14 WIB`."""
    local = moment.astimezone(WIB)
    return f"{local.day} {MONTHS[local.month - 1]} {local.year} {local:%H.%M} WIB"


def render(payload: Mapping[str, Any], language: str) -> Message:
    """Make the text of an outbox payload (`kind` and its values) in `id` or `en`. An unknown kind is shown as it is."""
    kind = str(payload.get("kind"))
    text = TEXTS.get(kind, _plain)
    return text(_shown(payload, language), language)


def _shown(payload: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return the payload's values as a person reads them: moments in WIB, one line each, dashes for what is missing."""
    shown: dict[str, Any] = {}
    for key, value in payload.items():
        if key.endswith("_at") and isinstance(value, str):
            shown[key] = wib(datetime.fromisoformat(value))
        elif isinstance(value, list):
            shown[key] = ", ".join(str(item) for item in value) or "-"
        else:
            shown[key] = "-" if value is None else " ".join(str(value).split())
    side = SIDES.get(str(payload.get("side")), SIDES["unknown"])
    shown["side"] = side[1] if language == "en" else side[0]
    for name in ("step_label", "role_label", "action_label", "state_label", "cause"):
        shown[name] = shown.get(f"{name}_{language}", shown.get(f"{name}_id", "-"))
    return shown


def _opened(v: Mapping[str, Any], language: str) -> Message:
    if language == "en":
        return Message(
            f"{v['ticket']}: outage at {v['site_name']}",
            f"netwatch measured an outage at {v['site_name']} ({v['opd']}) since {v['occurred_at']}.\n"
            f"Proposed cause: {v['cause']}, {v['side']}.\nAffected: {v['affected']}.\n"
            f"Ticket {v['ticket']} waits in step {v['step_number']} ({v['step_label']}) until {v['due_at']}.",
        )
    return Message(
        f"{v['ticket']}: gangguan di {v['site_name']}",
        f"netwatch mengukur gangguan di {v['site_name']} ({v['opd']}) sejak {v['occurred_at']}.\n"
        f"Usulan penyebab: {v['cause']}, {v['side']}.\nTerdampak: {v['affected']}.\n"
        f"Tiket {v['ticket']} menunggu di langkah {v['step_number']} ({v['step_label']}) sampai {v['due_at']}.",
    )


def _step(v: Mapping[str, Any], language: str) -> Message:
    if language == "en":
        return Message(
            f"{v['ticket']}: step {v['step_number']}, {v['step_label']}",
            f"{v['action_label']} was recorded for ticket {v['ticket']} ({v['site_name']}).\n"
            f"It now waits in step {v['step_number']} ({v['step_label']}) for {v['role_label']} until {v['due_at']}.",
        )
    return Message(
        f"{v['ticket']}: langkah {v['step_number']}, {v['step_label']}",
        f"{v['action_label']} telah dicatat untuk tiket {v['ticket']} ({v['site_name']}).\n"
        f"Sekarang menunggu di langkah {v['step_number']} ({v['step_label']}), pelaksana {v['role_label']}, sampai {v['due_at']}.",
    )


def _closed(v: Mapping[str, Any], language: str) -> Message:
    if language == "en":
        return Message(
            f"{v['ticket']}: {v['state_label']}",
            f"Ticket {v['ticket']} ({v['site_name']}) ended as {v['state_label']} by {v['action_label']}.",
        )
    return Message(
        f"{v['ticket']}: {v['state_label']}",
        f"Tiket {v['ticket']} ({v['site_name']}) berakhir sebagai {v['state_label']} dengan tindakan {v['action_label']}.",
    )


def _recovered(v: Mapping[str, Any], language: str) -> Message:
    if language == "en":
        return Message(
            f"{v['ticket']}: {v['site_name']} answers again",
            f"{v['site_name']} answers again since {v['recovered_at']}. "
            f"Ticket {v['ticket']} stays open: people close it by the procedure.",
        )
    return Message(
        f"{v['ticket']}: {v['site_name']} menjawab lagi",
        f"{v['site_name']} menjawab lagi sejak {v['recovered_at']}. Tiket {v['ticket']} tetap terbuka: penutupannya mengikuti SOP.",
    )


def _down_again(v: Mapping[str, Any], language: str) -> Message:
    if language == "en":
        return Message(
            f"{v['ticket']}: {v['site_name']} is down again",
            f"{v['site_name']} is silent again since {v['down_at']}. It stays the same ticket, {v['ticket']}.",
        )
    return Message(
        f"{v['ticket']}: {v['site_name']} putus lagi",
        f"{v['site_name']} putus lagi sejak {v['down_at']}. Tetap tiket yang sama, {v['ticket']}.",
    )


def _late(v: Mapping[str, Any], language: str) -> Message:
    if language == "en":
        return Message(
            f"{v['ticket']}: step {v['step_number']} is late",
            f"Step {v['step_number']} ({v['step_label']}) of ticket {v['ticket']} ({v['site_name']}) was due {v['due_at']}. "
            f"It waits for {v['role_label']}.",
        )
    return Message(
        f"{v['ticket']}: langkah {v['step_number']} terlambat",
        f"Langkah {v['step_number']} ({v['step_label']}) tiket {v['ticket']} ({v['site_name']}) seharusnya selesai {v['due_at']}. "
        f"Menunggu {v['role_label']}.",
    )


def _reminder(v: Mapping[str, Any], language: str) -> Message:
    if language == "en":
        return Message(
            f"{v['ticket']}: step {v['step_number']} is due soon",
            f"Step {v['step_number']} ({v['step_label']}) of ticket {v['ticket']} ({v['site_name']}) is due {v['due_at']}.",
        )
    return Message(
        f"{v['ticket']}: langkah {v['step_number']} segera jatuh tempo",
        f"Langkah {v['step_number']} ({v['step_label']}) tiket {v['ticket']} ({v['site_name']}) jatuh tempo {v['due_at']}.",
    )


def _plain(v: Mapping[str, Any], language: str) -> Message:
    del language
    kind = str(v.get("kind", "netwatch"))
    return Message(f"netwatch: {kind}", "\n".join(f"{key}: {value}" for key, value in sorted(v.items())))


TEXTS: dict[str, Callable[[Mapping[str, Any], str], Message]] = {
    "ticket_opened": _opened,
    "ticket_step": _step,
    "ticket_closed": _closed,
    "recovered": _recovered,
    "down_again": _down_again,
    "step_late": _late,
    "step_reminder": _reminder,
}
