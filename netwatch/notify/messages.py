"""The texts of messages, Indonesian and English beside each other. Pure: made of values, never of pieces of sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

WIB = ZoneInfo("Asia/Jakarta")
MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip
SIDES = {  # side -> Indonesian, English
    "data_center": ("sisi Data Center", "the data-centre side"),
    "site": ("sisi lokasi", "the site's side"),
    "provider": ("sisi penyedia", "the provider's side"),
    "monitor": ("sisi pemantau", "the monitor's side"),
    "unknown": ("sisi belum diketahui", "side not known yet"),
}
IN_TWO_LANGUAGES = ("step_label", "role_label", "action_label", "state_label", "cause")  # payload keys that end in _id and _en

TEXTS: Mapping[str, Mapping[str, tuple[str, str]]] = {  # kind -> language -> subject, body
    "ticket_opened": {
        "id": (
            "{ticket}: gangguan di {site_name}",
            (
                "Gangguan di {site_name} ({opd}) sejak {occurred_at}.\nUsulan: {cause}; {side}.\nTerdampak: {affected}.\n"
                "Tiket {ticket} menunggu di langkah {step_number} ({step_label}) sampai {due_at}."
            ),
        ),
        "en": (
            "{ticket}: outage at {site_name}",
            (
                "Outage at {site_name} ({opd}) since {occurred_at}.\nProposed cause: {cause}; {side}.\nAffected: {affected}.\n"
                "Ticket {ticket} waits in step {step_number} ({step_label}) until {due_at}."
            ),
        ),
    },
    "ticket_step": {
        "id": (
            "{ticket}: langkah {step_number}, {step_label}",
            (
                "{action_label} telah dicatat untuk tiket {ticket} ({site_name}).\n"
                "Sekarang langkah {step_number} ({step_label}), pelaksana {role_label}, tenggat {due_at}."
            ),
        ),
        "en": (
            "{ticket}: step {step_number}, {step_label}",
            (
                "{action_label} was recorded for ticket {ticket} ({site_name}).\n"
                "It is now in step {step_number} ({step_label}), for {role_label}, due {due_at}."
            ),
        ),
    },
    "ticket_closed": {
        "id": ("{ticket}: {state_label}", "Tiket {ticket} ({site_name}) berakhir: {state_label} (tindakan: {action_label})."),
        "en": ("{ticket}: {state_label}", "Ticket {ticket} ({site_name}) has ended: {state_label} (action: {action_label})."),
    },
    "recovered": {
        "id": (
            "{ticket}: {site_name} menjawab lagi",
            "{site_name} menjawab lagi sejak {recovered_at}.\nTiket {ticket} tetap terbuka: penutupannya mengikuti SOP.",
        ),
        "en": (
            "{ticket}: {site_name} answers again",
            "{site_name} answers again since {recovered_at}.\nTicket {ticket} stays open: people close it by the procedure.",
        ),
    },
    "down_again": {
        "id": (
            "{ticket}: {site_name} putus lagi",
            "{site_name} putus lagi sejak {down_at}. Tetap tiket yang sama, {ticket}.",
        ),
        "en": (
            "{ticket}: {site_name} is down again",
            "{site_name} is silent again since {down_at}. It stays the same ticket, {ticket}.",
        ),
    },
    "report_joined": {
        "id": ("{ticket}: laporan OPD bergabung", "Laporan dari {site_name} ({opd}) bergabung dengan tiket {ticket}."),
        "en": ("{ticket}: an office's report joined", "A report from {site_name} ({opd}) joined ticket {ticket}."),
    },
    "step_reminder": {
        "id": (
            "{ticket}: langkah {step_number} segera jatuh tempo",
            "Langkah {step_number} ({step_label}) tiket {ticket} ({site_name}) jatuh tempo {due_at}.",
        ),
        "en": (
            "{ticket}: step {step_number} is due soon",
            "Step {step_number} ({step_label}) of ticket {ticket} ({site_name}) is due {due_at}.",
        ),
    },
    "step_late": {
        "id": (
            "{ticket}: langkah {step_number} terlambat",
            "Langkah {step_number} ({step_label}) tiket {ticket} ({site_name}) jatuh tempo {due_at}. Menunggu {role_label}.",
        ),
        "en": (
            "{ticket}: step {step_number} is late",
            "Step {step_number} ({step_label}) of ticket {ticket} ({site_name}) was due {due_at}. It waits for {role_label}.",
        ),
    },
    "many_late": {
        "id": (
            "netwatch: {count} langkah terlambat sekaligus",
            "{count} langkah menjadi terlambat pada saat yang sama ({tickets}). Periksa jam server sebelum menegur siapa pun.",
        ),
        "en": (
            "netwatch: {count} steps late at once",
            "{count} steps became late at the same moment ({tickets}). Look at the server's clock before anybody is blamed.",
        ),
    },
    "acknowledgement_over": {
        "id": (
            "gangguan #{incident}: masa tunda berakhir",
            "Gangguan #{incident} (tiket {ticket}) belum pulih; tanda diketahui oleh {by} sudah berakhir.",
        ),
        "en": (
            "incident #{incident}: the acknowledgement is over",
            "Incident #{incident} (ticket {ticket}) has not recovered; the acknowledgement by {by} has run out.",
        ),
    },
}


@dataclass(frozen=True, slots=True)
class Message:
    """One text for people: a subject of one line and a body, in one language."""

    subject: str
    body: str


class _Values(dict[str, str]):
    """Values of a text; one that is missing shows as a dash instead of hiding the message."""

    def __missing__(self, key: str) -> str:
        return "-"


def wib(moment: datetime) -> str:
    """Show a moment as `24 November 2026 08.14 WIB`."""
    local = moment.astimezone(WIB)
    return f"{local.day} {MONTHS[local.month - 1]} {local.year} {local:%H.%M} WIB"


def render(payload: Mapping[str, Any], language: str) -> Message:
    """Make the text of an outbox payload (`kind` and its values) in `id` or `en`. An unknown kind is shown as it is."""
    texts = TEXTS.get(str(payload.get("kind")))
    if texts is None:
        return Message(f"netwatch: {payload.get('kind')}", "\n".join(f"{key}: {value}" for key, value in sorted(payload.items())))
    subject, body = texts["en" if language == "en" else "id"]
    values = _Values({key: _shown(key, value) for key, value in payload.items()})
    pair = SIDES.get(str(payload.get("side")), SIDES["unknown"])
    values["side"] = pair[1] if language == "en" else pair[0]
    for name in IN_TWO_LANGUAGES:
        values[name] = values.get(f"{name}_{language}", values[f"{name}_id"])
    return Message(subject.format_map(values), body.format_map(values))


def _shown(key: str, value: Any) -> str:
    """Return a value as a person reads it: moments in WIB, lists with commas, one line, a dash for what is missing."""
    if value is None or value == []:
        return "-"
    if key.endswith("_at") and isinstance(value, str):
        return wib(datetime.fromisoformat(value))
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return " ".join(str(value).split())
