"""What could have silenced one entry, each with its score (DIAGNOSIS 3.3, step 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from netwatch.diagnose import scores
from netwatch.diagnose.cause import CauseKind, Domain, Side
from netwatch.diagnose.entries import Entry, Feed, Silence, view_of
from netwatch.diagnose.scores import Reads, Row
from netwatch.diagnose.sides import OURS, domain_of, side_of
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import LinkKind, Site, SiteKind


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One explanation of one entry and ln of its weight."""

    kind: CauseKind
    element: str
    domain: Domain
    side: Side
    score: float


@dataclass(frozen=True, slots=True)
class Place:
    """What the devices of one site say."""

    site: Site
    devices: int
    answering: int
    silent: int
    on_battery: str | None  # the first device that hinted at a power loss
    restarted: int  # silent ones, once known
    kept_running: int


class Places:
    """Looks at each site once per diagnosis."""

    def __init__(self, silence: Silence) -> None:
        self._silence = silence
        self._known: dict[str, Place] = {}

    def of(self, device: str) -> Place:
        """Return the place a device stands in."""
        site = self._silence.graph.inventory.site_of(device)
        found = self._known.get(site.id)
        if found is None:
            found = self._known[site.id] = self._look(site)
        return found

    def _look(self, site: Site) -> Place:
        snapshot = self._silence.snapshot
        devices = self._silence.graph.devices_of_site.get(site.id, ())
        answering = silent = restarted = kept_running = 0
        on_battery: str | None = None
        for device in devices:
            view = view_of(snapshot, device)
            if view.on_battery and on_battery is None:
                on_battery = device
            if device in self._silence.silent:
                silent += 1
                restarted += view.rebooted is True
                kept_running += view.rebooted is False
            elif device in self._silence.alive:
                answering += 1
        return Place(site, len(devices), answering, silent, on_battery, restarted, kept_running)


def hypotheses(entry: Entry, silence: Silence, places: Places) -> list[Hypothesis]:
    """Return the hypotheses for one entry, best first."""
    graph = silence.graph
    place = places.of(entry.device)
    seen = likelihoods(entry, silence, place)
    found = [_made(CauseKind.DEVICE, entry.device, scores.DEVICE + seen[Row.DEVICE], graph)]
    if entry.feeds:
        cut = scores.LINK * len(entry.feeds) + seen[Row.CUT]
        found.append(_made(CauseKind.LINK, _likeliest_cut(entry.feeds).link.id, cut, graph))
    if len(entry.feeds) == 1 and entry.feeds[0].reads in (Reads.ADMIN, Reads.ERR_DISABLED):
        off = scores.CONFIGURATION + seen[Row.CONFIGURATION]
        found.append(_switched_off(entry.feeds[0], off, graph))
    # The monitor stands beside the vantage and runs: one more of that site that has power.
    powered = place.answering + (place.site.id == graph.inventory.devices[graph.inventory.vantage].site)
    prior = scores.SITE_POWER if place.site.kind is SiteKind.OFFICE else scores.SITE_POWER_BACKED
    dark = prior + scores.ANSWERS_IN_DARK_SITE * powered + seen[Row.POWER]
    found.append(_made(CauseKind.SITE_POWER, place.site.id, dark, graph))
    return sorted(found, key=lambda one: -one.score)


def likelihoods(entry: Entry, silence: Silence, place: Place) -> Mapping[Row, float]:
    """Return ln P(what is seen at an entry | a fault of this kind) for each kind: ports, power hint, restarts."""
    rebooted = view_of(silence.snapshot, entry.device).rebooted
    ports = tuple([(feed.link.kind, feed.reads) for feed in entry.feeds if feed.reads is not None])
    restarted, kept_running = place.restarted - (rebooted is True), place.kept_running - (rebooted is False)
    return _likelihoods(ports, place.on_battery is not None, rebooted, restarted, kept_running)


@lru_cache(maxsize=4096)  # a mass outage shows the same few pictures thousands of times
def _likelihoods(
    ports: tuple[tuple[LinkKind, Reads], ...],
    hinted: bool,  # noqa: FBT001 - facts, not switches
    rebooted: bool | None,  # noqa: FBT001
    restarted: int,
    kept_running: int,
) -> Mapping[Row, float]:
    found = {}
    for row in Row:
        total = sum(scores.PORT[kind][row][reading] for kind, reading in ports)
        total += scores.hint(row, seen=hinted) + scores.reset(row, rebooted)
        if restarted or kept_running:
            total += scores.other_resets(row, restarted=restarted, kept_running=kept_running)
        found[row] = total
    return found


def _made(kind: CauseKind, element: str, score: float, graph: Graph) -> Hypothesis:
    domain = domain_of(kind, element, graph)
    return Hypothesis(kind, element, domain, side_of(domain), score)


def _switched_off(feed: Feed, score: float, graph: Graph) -> Hypothesis:
    """Blame the port; one that is admin-down on a device of the dc_team needs no visit, so its side is the Data Center."""
    domain = domain_of(CauseKind.CONFIGURATION, feed.link.id, graph)
    ours = feed.reads is Reads.ADMIN and graph.inventory.site_of(feed.near).kind in OURS
    return Hypothesis(CauseKind.CONFIGURATION, feed.link.id, domain, Side.DATA_CENTER if ours else side_of(domain), score)


def _likeliest_cut(feeds: tuple[Feed, ...]) -> Feed:
    """Of several feeds name the one whose port says most that it is cut."""

    def cut(feed: Feed) -> float:
        return 0.0 if feed.reads is None else scores.PORT[feed.link.kind][Row.CUT][feed.reads]

    return max(feeds, key=lambda feed: (feed.reads in (Reads.DOWN, Reads.ADMIN, Reads.ERR_DISABLED), cut(feed)))
