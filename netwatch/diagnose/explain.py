"""A verdict in words, Indonesian and English, built from codes only (DIAGNOSIS 3.5)."""

from __future__ import annotations

from collections.abc import Mapping

from netwatch.diagnose.cause import Alternative, Cause, CauseKind, Domain, Evidence, Side
from netwatch.diagnose.sentences import NEXT_CHECKS, SENTENCES
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import LinkKind

VERY_LIKELY = 0.85
PRESUMED = 0.60
CERTAINTY: Mapping[str, tuple[str, str]] = {
    "very_likely": ("sangat mungkin", "very likely"),
    "presumed": ("diduga", "presumably"),
    "possibly": ("kemungkinan", "possibly"),
}
SIDES: Mapping[Side, tuple[str, str]] = {
    Side.DATA_CENTER: ("Data Center", "Data Center"),
    Side.PROVIDER: ("penyedia", "provider"),
    Side.SITE: ("lokasi", "site"),
    Side.MONITOR: ("sistem pemantauan", "monitor"),
    Side.UNKNOWN: ("belum diketahui", "not known"),
}


class _Values(dict[str, object]):
    """Values of a sentence; one that is missing shows as a question mark instead of hiding the sentence."""

    def __missing__(self, key: str) -> str:
        return "?"


def sentence(evidence: Evidence, language: str) -> str:
    """Return the sentence of one piece of evidence in `id` or `en`; a code that nobody knows is shown as it is."""
    pair = SENTENCES.get(evidence.code)
    if pair is None:
        return " ".join([evidence.code, *(f"{name}={value}" for name, value in evidence.values.items())])
    return _pick(pair, language).format_map(_Values(evidence.values))


def certainty(confidence: float) -> str:
    """Return the key of the word of certainty. There is no word for certain: measured shares do not support one."""
    if confidence >= VERY_LIKELY:
        return "very_likely"
    return "presumed" if confidence >= PRESUMED else "possibly"


def location(cause: Cause, graph: Graph, language: str) -> str:
    """Return the sentence "Lokasi gangguan": on whose side, and where."""
    outside = _pick(("di luar Jaringan Data Center ({})", "outside the Data Center network ({})"), language)
    site = place_of(cause, graph)
    if cause.domain is Domain.MONITOR:
        return _pick(("pada sistem pemantauan", "in the monitoring system"), language)
    if cause.domain is Domain.AGENT:
        return _pick(("layanan jaringan berfungsi", "the network service works"), language)
    if cause.side is Side.UNKNOWN or cause.domain is Domain.UNKNOWN:
        return _pick(("belum dapat ditentukan", "not determined yet"), language)
    if cause.domain is Domain.DC:
        return _pick(("di dalam Jaringan Data Center", "inside the Data Center network"), language)
    if cause.domain is Domain.PROVIDER:
        provider = provider_of(cause, graph)
        return outside.format(
            _pick(("jaringan penyedia", "network of the provider"), language) + (f" {provider}" if provider else "")
        )
    if cause.domain is Domain.SITE_POWER:
        text = _pick(("listrik", "power at"), language) + f" {site}"
        if cause.kind is CauseKind.POWER_FEED:
            count = len({graph.inventory.site_of(device).id for device in cause.locus if device in graph.inventory.devices})
            text = _pick(("penyulang {}, {} lokasi", "power feed {}, {} sites"), language).format(cause.element, count)
        return outside.format(text)
    if cause.domain is Domain.SITE_UPLINK:
        return outside.format(_pick(("jalur akses", "access path of"), language) + f" {site}")
    return outside.format(_pick(("perangkat di", "devices at"), language) + f" {site}")


def hypothesis(kind: CauseKind, element: str, domain: Domain, evidence: tuple[Evidence, ...], language: str) -> str:
    """Return one hypothesis as a clause without its word of certainty."""
    if kind is CauseKind.CONFIGURATION:
        for one in evidence:
            if one.code in ("upstream_port_admin_down", "upstream_port_err_disabled"):
                return sentence(one, language)
        return _pick((f"port pada sambungan {element} dimatikan", f"the port of link {element} is switched off"), language)
    if domain is Domain.DC and kind in (CauseKind.DEVICE, CauseKind.LINK):
        noun = _pick(("perangkat", "device") if kind is CauseKind.DEVICE else ("sambungan", "link"), language)
        return _pick(
            (f"{noun} {element} di Data Center terganggu", f"{noun} {element} in the Data Center network has failed"), language
        )
    if domain is Domain.PROVIDER and kind in (CauseKind.DEVICE, CauseKind.LINK, CauseKind.PROVIDER):
        return _pick((f"gangguan jaringan penyedia di {element}", f"a fault in the provider's network at {element}"), language)
    return _pick(_CLAUSES[kind], language).format(element=element)


_CLAUSES: Mapping[CauseKind, tuple[str, str]] = {
    CauseKind.DEVICE: ("perangkat {element} tidak berfungsi", "device {element} has failed"),
    CauseKind.LINK: ("sambungan {element} putus", "the link {element} is cut"),
    CauseKind.SITE_POWER: ("listrik di lokasi padam", "there is no power at the site"),
    CauseKind.POWER_FEED: ("listrik di lokasi padam (penyulang {element})", "there is no power at the sites (feed {element})"),
    CauseKind.CABLE: ("kabel {element} putus", "the cable {element} is cut"),
    CauseKind.PROVIDER: ("gangguan jaringan penyedia di {element}", "a fault in the provider's network at {element}"),
    CauseKind.AGENT: (
        "{element} meneruskan lalu lintas tetapi tidak menjawab ICMP/SNMP",
        "{element} forwards traffic but does not answer ICMP/SNMP",
    ),
    CauseKind.MONITOR: (
        "sambungan server pemantau terputus; keadaan lokasi lain tidak diketahui",
        "the monitoring host is cut off; the state of the sites is not known",
    ),
    CauseKind.REDUNDANCY: ("jalur cadangan {element} putus", "the redundant path {element} is lost"),
    CauseKind.UNKNOWN: ("bukti belum cukup", "there is not enough evidence"),
}


def describe(cause: Cause, graph: Graph, language: str) -> str:
    """Return the words of the step-4 record: location, cause with its certainty, alternatives, evidence, next check."""
    word = _pick(CERTAINTY[certainty(cause.confidence)], language)
    clause = hypothesis(cause.kind, cause.element, cause.domain, cause.evidence, language)
    others = [hypothesis(one.kind, one.element, one.domain, cause.evidence, language) for one in cause.alternatives]
    heads = _pick(
        (
            "Lokasi gangguan: {}. Penyebab: {}{}. Bukti: {}. Pemeriksaan berikutnya: {}.",
            "Location: {}. Cause: {}{}. Evidence: {}. Next check: {}.",
        ),
        language,
    )
    other = _pick(("; kemungkinan lain: ", "; other possibilities: "), language) + ", ".join(others) if others else ""
    facts = "; ".join(sentence(one, language) for one in cause.evidence) or "-"
    return heads.format(location(cause, graph, language), f"{word} {clause}", other, facts, next_check(cause, graph, language))


def next_check(cause: Cause, graph: Graph, language: str) -> str:
    """Return the cheapest question that separates the first two hypotheses (DIAGNOSIS 3.3, "pemeriksaan berikutnya")."""
    code, element = _next_check(cause, graph)
    return _pick(NEXT_CHECKS[code], language).format(element=element)


def _next_check(cause: Cause, graph: Graph) -> tuple[str, str]:
    rivals: list[Cause | Alternative] = [cause, *cause.alternatives[:1]]
    kinds = {one.kind for one in rivals}
    names = {one.kind: one.element for one in reversed(rivals)}
    if CauseKind.MONITOR in kinds:
        return "look_from_elsewhere", cause.element
    if cause.kind is CauseKind.AGENT:
        return "look_at_agent", cause.element
    if any(one.code == "inventory_incomplete" for one in cause.evidence):
        return "complete_inventory", cause.element
    groups = kinds & {CauseKind.POWER_FEED, CauseKind.CABLE, CauseKind.PROVIDER}
    if groups:
        return "ask_owner", names[min(groups)]
    if CauseKind.CONFIGURATION in kinds:
        return "read_reason", names[CauseKind.CONFIGURATION]
    if CauseKind.SITE_POWER in kinds:
        return ("ask_lamps" if CauseKind.DEVICE in kinds else "ask_power"), cause.element
    if kinds & {CauseKind.LINK, CauseKind.REDUNDANCY}:
        link = names[CauseKind.LINK] if CauseKind.LINK in kinds else names[CauseKind.REDUNDANCY]
        circuit = link in graph.links and graph.links[link].kind is LinkKind.CIRCUIT
        return ("ask_provider" if circuit else "look_at_port"), link
    return "look_at_device", cause.element


def place_of(cause: Cause, graph: Graph) -> str:
    """Return the name of the site a cause is about: the element's own, else that of the first device of the locus."""
    inventory = graph.inventory
    if cause.element in inventory.sites:
        return inventory.sites[cause.element].name
    device = graph.links[cause.element].device if cause.element in graph.links else cause.element
    if device not in inventory.devices:
        device = min(cause.locus, default="")
    return inventory.site_of(device).name if device in inventory.devices else cause.element


def provider_of(cause: Cause, graph: Graph) -> str:
    """Return the provider's name where the inventory has one, else an empty text."""
    if cause.kind is CauseKind.PROVIDER:
        return cause.element
    if cause.element in graph.links:
        return graph.links[cause.element].provider or ""
    device = graph.inventory.devices.get(cause.element)
    return graph.inventory.sites[device.site].name if device is not None else ""


def _pick(pair: tuple[str, str], language: str) -> str:
    return pair[1] if language == "en" else pair[0]
