"""The evidence behind a verdict, as codes with values, in the order in which a person would tell it."""

from __future__ import annotations

from collections.abc import Sequence

from netwatch.diagnose.cause import Evidence
from netwatch.diagnose.entries import Entry, Feed, Silence, view_of
from netwatch.diagnose.groups import Shared
from netwatch.diagnose.hypotheses import Place, Places
from netwatch.diagnose.scores import Reads
from netwatch.inventory.model import SiteKind

FEEDS_SHOWN = 2
_PORT_CODES = {
    Reads.DOWN: "upstream_port_down",
    Reads.UP: "upstream_port_up",
    Reads.ADMIN: "upstream_port_admin_down",
    Reads.ERR_DISABLED: "upstream_port_err_disabled",
}


def entry_facts(entries: Sequence[Entry], silence: Silence, places: Places) -> tuple[Evidence, ...]:
    """Return the evidence for one entry, or for several of one site."""
    facts: list[Evidence] = []
    for entry in entries[:FEEDS_SHOWN]:
        facts += _neighbours(entry, silence)
    first = entries[0]
    silent = sum(1 + len(entry.behind) for entry in entries)
    if len(entries) > 1:
        facts.append(Evidence("silent_entries", {"count": len(entries)}))
    elif silent > 1:
        facts.append(Evidence("silent_behind", {"count": silent, "entry": first.device}))
    else:
        facts.append(Evidence("silent_alone", {"entry": first.device}))
    facts += _place(places.of(first.device))
    for entry in entries[:FEEDS_SHOWN]:
        facts += _device(entry, silence)
    return tuple(facts)


def group_facts(shared: Shared, silence: Silence, places: Places) -> tuple[Evidence, ...]:
    """Return the evidence for a group: its own, then that of its first entries."""
    group = shared.group.id
    facts = [
        Evidence(
            "group_silent",
            {"group": group, "silent": len(shared.entries), "answering": shared.answering, "seconds": round(shared.spread_s)},
        )
    ]
    if shared.links_down:
        facts.append(Evidence("group_links_down", {"group": group, "count": shared.links_down}))
    if shared.forgotten:
        facts.append(
            Evidence("group_member_forgotten", {"group": group, "count": len(shared.forgotten), "device": shared.forgotten[0]})
        )
    for entry in shared.entries[:FEEDS_SHOWN]:
        facts += [*_neighbours(entry, silence), *_device(entry, silence)]
    facts += _power(places.of(shared.entries[0].device))
    return tuple(facts)


def part_facts(part: Sequence[str], silence: Silence) -> tuple[Evidence, ...]:
    """Return why a part without an entry cannot be judged: an unmeasured neighbour, or no neighbour at all."""
    graph = silence.graph
    members = set(part)
    unmeasured = any(above not in members and above not in silence.alive for device in part for above in graph.upstream(device))
    first = part[0]
    facts = [Evidence("path_unknown" if unmeasured else "inventory_incomplete", {"device": first})]
    if len(part) > 1:
        facts.append(Evidence("silent_behind", {"count": len(part), "entry": first}))
    else:
        facts.append(Evidence("silent_alone", {"entry": first}))
    return tuple(facts)


def _neighbours(entry: Entry, silence: Silence) -> list[Evidence]:
    if not entry.feeds:
        return [Evidence("monitor_port_works", {})]
    facts = []
    if len(entry.feeds) > 1:
        facts.append(Evidence("uplinks_all_silent", {"device": entry.device, "count": len(entry.feeds)}))
    for feed in entry.feeds[:FEEDS_SHOWN]:
        code = "upstream_forwards" if feed.near in silence.agents else "upstream_answers"
        facts.append(Evidence(code, {"device": feed.near}))
        facts += _port(feed)
    return facts


def _port(feed: Feed) -> list[Evidence]:
    if feed.port is None:
        return []
    code = "upstream_port_unread" if feed.reads is None else _PORT_CODES[feed.reads]
    reason = None if feed.status is None else feed.status.reason
    return [Evidence(code, {"device": feed.near, "port": feed.port, "link": feed.link.id, "reason": reason})]


def _place(place: Place) -> list[Evidence]:
    values = {"site": place.site.name, "site_id": place.site.id}
    facts = []
    if place.answering:
        facts.append(Evidence("site_answers", {"count": place.answering, **values}))
    elif place.silent > 1 and place.silent == place.devices:
        facts.append(Evidence("site_all_silent", {"count": place.silent, **values}))
    return [*facts, *_power(place)]


def _power(place: Place) -> list[Evidence]:
    facts = []
    if place.on_battery is not None:
        facts.append(Evidence("on_battery", {"device": place.on_battery}))
    elif place.site.kind is SiteKind.OFFICE:
        facts.append(Evidence("no_power_hint", {"site": place.site.name}))
    known = place.restarted + place.kept_running
    if known > 1:
        facts.append(Evidence("site_rebooted", {"count": place.restarted, "total": known, "site": place.site.name}))
    return facts


def _device(entry: Entry, silence: Silence) -> list[Evidence]:
    view = view_of(silence.snapshot, entry.device)
    facts = []
    if view.refused_by is not None:
        facts.append(Evidence("refused_by", {"device": entry.device, "address": view.refused_by}))
    if view.rebooted is not None:
        facts.append(Evidence("rebooted" if view.rebooted else "not_rebooted", {"device": entry.device}))
    if entry.device in silence.edge_suspects:
        facts.append(Evidence("inventory_edge_suspect", {"device": entry.device}))
    return facts
