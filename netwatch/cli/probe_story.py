"""What a probe saw, as sentences: what was sent, what came back, what state that would make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from netwatch.detect.loss import LOSS_FLOOR, losses_needed
from netwatch.detect.state import Policy
from netwatch.errors import Reason
from netwatch.inventory.model import Device, Site
from netwatch.probe.ssh import reason_of

NOTES = {
    "no_ports_reported": ("Agen hidup, tetapi tidak melaporkan port apa pun.", "The agent is alive and reports no ports at all."),
    "several_ports": ("Beberapa port bernama {detail}.", "Several ports are called {detail}."),
    "port_absent": ("Port {detail} tidak terpasang.", "Port {detail} is not there."),
    "neighbours_partial": ("Tetangga tidak terbaca lengkap: {detail}.", "Neighbours were not read completely: {detail}."),
    "answers_from": ("Agen menjawab dari alamat lain: {detail}.", "The agent answers from another address: {detail}."),
}
LOG_LINES = 10  # of the device's own log; the document has more


def tell(device: Device, site: Site, document: dict[str, Any], policy: Policy) -> Iterator[Reason]:
    """Tell the story of one probe document, in both languages."""
    address = device.address
    yield _say(f"{device.id} ({address}), {site.name}", f"{device.id} ({address}), {site.name}")
    if "icmp" in document:
        yield from _echoes(document["icmp"], policy)
    if "snmp" in document:
        yield from _agent(document["snmp"])
    if "ssh" in document:
        yield from _shell(document["ssh"])


def _echoes(icmp: dict[str, Any], policy: Policy) -> Iterator[Reason]:
    if icmp["error"]:
        yield _say(f"ICMP: tidak diukur. {icmp['error']}", f"ICMP: not measured. {icmp['error']}")
        return
    sent, received, times = icmp["sent"], icmp["received"], icmp["rtt_seconds"]
    if times:
        milliseconds = " / ".join(f"{times[key] * 1000:.2f}" for key in ("min", "avg", "max"))
        yield _say(
            f"ICMP: {sent} dikirim, {received} dijawab, waktu min/rata-rata/maks {milliseconds} ms.",
            f"ICMP: {sent} sent, {received} answered, min/avg/max {milliseconds} ms.",
        )
    else:
        yield _say(f"ICMP: {sent} dikirim, tidak ada jawaban.", f"ICMP: {sent} sent, no answer.")
    if icmp["refused_by"]:
        yield _say(
            f"  Router {icmp['refused_by']} mengatakan tujuan tidak dapat dicapai.",
            f"  Router {icmp['refused_by']} says that the destination cannot be reached.",
        )
    if icmp["not_probed"]:
        reasons = ", ".join(sorted(set(icmp["not_probed"])))
        yield _say(
            f"  {len(icmp['not_probed'])} tidak terkirim dari komputer ini ({reasons}): itu bukan salah perangkat.",
            f"  {len(icmp['not_probed'])} did not leave this computer ({reasons}): that says nothing about the device.",
        )
    yield _verdict(icmp, policy)


def _verdict(icmp: dict[str, Any], policy: Policy) -> Reason:
    """Say what the daemon would make of these echoes."""
    sent, received = icmp["sent"], icmp["received"]
    if not sent:
        return _say(
            "  Keadaan: tidak diketahui, karena tidak ada yang terukur.", "  State: unknown, because nothing was measured."
        )
    if received == sent:
        return _say("  Keadaan: up.", "  State: up.")
    if received:
        return _say(
            f"  Keadaan: up, kehilangan {icmp['loss_ratio']:.0%}; bila berlanjut: degraded.",
            f"  State: up, losing {icmp['loss_ratio']:.0%}; degraded if it goes on.",
        )
    needed = losses_needed(LOSS_FLOOR, policy)
    seconds = f"{policy.confirm_window:g}"
    return _say(
        f"  Keadaan: suspect; down baru setelah paling sedikit {needed} echo hilang berturut-turut selama {seconds} s.",
        f"  State: suspect; down only after at least {needed} echoes lost in a row over {seconds} s.",
    )


def _agent(snmp: dict[str, Any]) -> Iterator[Reason]:
    if not snmp["answered"]:
        yield _say(f"SNMP: tidak terbaca ({snmp['error']}).", f"SNMP: not read ({snmp['error']}).")
        if str(snmp["error"]).startswith("timeout"):
            yield _say(
                "  Community salah, akses dibatasi, atau agen mati: ketiganya tampak sama. Bukan bukti perangkat mati.",
                "  Wrong community, access list or dead agent: all three look the same. No proof that the device is down.",
            )
        return
    system = snmp["system"]
    uptime = f"{system['uptime_seconds']:.0f} s" if system["uptime_seconds"] is not None else "-"
    yield _say(
        f"SNMP ({snmp['engine']}): {system['name'] or '-'}, {system['description'] or '-'}; agen hidup {uptime}.",
        f"SNMP ({snmp['engine']}): {system['name'] or '-'}, {system['description'] or '-'}; agent up for {uptime}.",
    )
    if snmp["error"]:
        yield _say(f"  Tidak lengkap: {snmp['error']}.", f"  Not complete: {snmp['error']}.")
    if snmp["ups"] is not None:
        battery = snmp["ups"]["on_battery"]
        yield _say(
            f"  UPS: {'memakai baterai' if battery else 'memakai listrik biasa'} ({snmp['ups']['source']}).",
            f"  UPS: {'on battery' if battery else 'not on battery'} ({snmp['ups']['source']}).",
        )
        yield from _ups_note(snmp["ups"].get("note"))
    yield from _ports(snmp["interfaces"])
    yield from _beside(one for one in snmp.get("neighbours") or () if one["protocol"] != "arp")
    for note in snmp.get("notes") or ():
        yield _note(note)


def _ups_note(note: str | None) -> Iterator[Reason]:
    if note == "bypass":
        yield _say(
            "  UPS bekerja di jalur bypass: peringatan, bukan listrik padam.",
            "  The UPS works in bypass: a warning, no power cut.",
        )
    elif note == "unconfirmed":
        yield _say(
            "  UPS menyebut baterai, tetapi tidak ada tanda kedua: bisa jadi cara kerjanya yang biasa.",
            "  The UPS says battery and no second sign agrees: it may be its normal way of working.",
        )


def _note(note: str) -> Reason:
    """Tell an oddity of an agent (`SnmpReading.notes`) in words."""
    code, _, detail = note.partition(":")
    indonesian, english = NOTES.get(code, ("Catatan: {note}.", "Note: {note}."))
    return _say(f"  {indonesian.format(detail=detail, note=note)}", f"  {english.format(detail=detail, note=note)}")


def _shell(ssh: dict[str, Any]) -> Iterator[Reason]:
    if not ssh["answered"]:
        why = reason_of(str(ssh["error"]))
        yield _say(f"SSH: tidak terbaca: {why.id}.", f"SSH: not read: {why.en}.")
        return
    yield _say(f"SSH ({ssh['platform']}): masuk berhasil.", f"SSH ({ssh['platform']}): logged in.")
    if ssh["error"]:
        why = reason_of(str(ssh["error"]))
        yield _say(f"  Tidak lengkap: {why.id}.", f"  Not complete: {why.en}.")
    if ssh["uptime_seconds"] is not None:
        reason = f" ({ssh['reboot_reason']})" if ssh["reboot_reason"] else ""
        yield _say(
            f"  Hidup {ssh['uptime_seconds']:.0f} s sejak dinyalakan{reason}.",
            f"  Up for {ssh['uptime_seconds']:.0f} s since it started{reason}.",
        )
    if ssh["interfaces"] or not ssh["error"]:
        yield from _ports(ssh["interfaces"])
    yield from _beside(ssh["neighbours"] or ())
    for line in (ssh["log_lines"] or ())[-LOG_LINES:]:
        yield _say(f"  log: {line}", f"  log: {line}")
    for note in ssh["notes"]:
        yield _say(f"  Tidak diketahui: {note}", f"  Not known: {note}")


def _beside(neighbours: Iterable[dict[str, Any]]) -> Iterator[Reason]:
    for one in neighbours:
        other = " ".join(str(one[key]) for key in ("device", "remote_port", "address", "chassis") if one[key])
        line = f"  {one['port'] or '?'} -- {other} ({one['protocol']})"
        yield _say(line, line)


def _ports(ports: list[dict[str, Any]] | None) -> Iterator[Reason]:
    """One line a port: admin/oper, and what is known beside it."""
    if not ports:
        yield _say("  Tidak ada port yang dilaporkan.", "  No ports were reported.")
        return
    for port in ports:
        more = [str(port[key]) for key in ("alias", "reason") if port.get(key)]
        line = f"  {port['name']}: {port['admin']}/{port['oper']}{' (' + ', '.join(more) + ')' if more else ''}"
        yield _say(line, line)


def _say(indonesian: str, english: str) -> Reason:
    return Reason("story", indonesian, english)
