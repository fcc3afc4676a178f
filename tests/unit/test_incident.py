"""The life of an incident (DIAGNOSIS 3.6): one per place, through everything."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.diagnose.cause import Alternative, Cause, CauseKind, Domain, Evidence, Side
from netwatch.incident import (
    CauseChanged,
    IncidentPolicy,
    IncidentState,
    Joined,
    Left,
    Merged,
    Opened,
    OutageView,
    Recovered,
    Reopened,
    Split,
    change_json,
    from_json,
    reconcile,
    to_json,
)

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
POLICY = IncidentPolicy()


def at(seconds):
    return T0 + timedelta(seconds=seconds)


def cause(locus, affected=(), kind=CauseKind.DEVICE, element=None, confidence=0.9):
    locus = frozenset(locus.split())
    affected = frozenset(affected.split() if affected else ()) | locus
    element = element or min(locus)
    return Cause(
        kind, element, Side.SITE, Domain.SITE_DEVICE, confidence, locus, affected, (Evidence("silent_alone", {"entry": element}),)
    )


def down(since=0, hidden_by=None):
    return OutageView(certain=True, silent=True, since=at(since), hidden_by=hidden_by)


def up(since):
    return OutageView(certain=False, silent=False, answered_at=at(since))


PENDING = OutageView(certain=False, silent=False)
SUSPECT = OutageView(certain=False, silent=True, since=T0)


class Hand:
    """The incidents in hand, as the monitor keeps them."""

    def __init__(self):
        self.known = {}

    def judge(self, now, causes, views, policy=POLICY, closed=()):
        changes = reconcile(tuple(self.known.values()), causes, views, at(now), policy, closed=closed)
        for change in changes:
            self.known[change.incident.key] = change.incident
        again = reconcile(tuple(self.known.values()), causes, views, at(now), policy, closed=closed)
        assert again == [], "the same input again changes nothing"
        return [type(change) for change in changes]

    def open(self):
        return [one for one in self.known.values() if one.state is IncidentState.OPEN]

    def one(self):
        (incident,) = self.known.values()
        return incident


def opened(views=None, the_cause=None):
    hand = Hand()
    hand.judge(30, [the_cause or cause("r", "s")], views or {"r": down(), "s": down(2, "r")})
    return hand


def test_a_certain_silence_opens_one_incident_with_its_whole_extent():
    hand = Hand()
    assert hand.judge(30, [cause("r", "s")], {"r": down(0), "s": down(2, "r")}) == [Opened]
    incident = hand.one()
    assert (incident.locus, incident.began_at, incident.state) == ({"r"}, at(0), IncidentState.OPEN)
    assert {name: (part.state, part.since) for name, part in incident.affected.items()} == {
        "r": ("down", at(0)),
        "s": ("unreachable", at(2)),
    }


def test_a_silence_that_is_not_certain_opens_nothing():
    assert Hand().judge(10, [cause("r")], {"r": SUSPECT}) == []


def test_a_silent_agent_or_lost_redundancy_opens_nothing_while_everything_answers():
    hand = Hand()
    assert hand.judge(10, [cause("r", kind=CauseKind.AGENT), cause("x/r", kind=CauseKind.REDUNDANCY)], {"r": up(0)}) == []


def test_a_late_victim_joins_and_an_early_survivor_leaves():
    hand = opened()
    assert hand.judge(40, [cause("r", "s t")], {"r": down(), "s": down(2, "r"), "t": down(9, "r")}) == [Joined]
    assert hand.one().affected["t"].since == at(9)
    assert hand.judge(60, [cause("r", "t")], {"r": down(), "s": up(55), "t": down(9, "r")}) == [Left]
    assert hand.one().affected["s"].until == at(55)


def test_a_new_cause_at_the_same_place_is_the_same_incident():
    hand = opened()
    key = hand.one().key
    link = cause("r", "s", CauseKind.LINK, "x/r", 0.7)
    assert hand.judge(40, [link], {"r": down(), "s": down(2, "r")}) == [CauseChanged]
    assert (hand.one().key, hand.one().cause) == (key, link)


def test_another_confidence_within_the_same_word_is_no_line_in_the_journal():
    hand = opened()
    assert hand.judge(40, [cause("r", "s", confidence=0.91)], {"r": down(), "s": down(2, "r")}) == []


def test_when_the_locus_answers_the_incident_has_recovered_at_its_first_answer():
    hand = opened()
    assert hand.judge(310, [], {"r": up(300), "s": PENDING}) == [Left, Recovered]
    assert (hand.one().state, hand.one().ended_at) == (IncidentState.RECOVERED, at(300))
    assert hand.judge(340, [], {"r": up(300), "s": up(330)}) == [Left]
    assert hand.one().ended_at == at(300)


def test_a_locus_of_two_has_recovered_when_the_last_one_has():
    both = cause("a b", kind=CauseKind.CABLE, element="duct")
    hand = opened({"a": down(), "b": down(3)}, both)
    assert hand.judge(200, [cause("b")], {"a": up(190), "b": down(3)}) == [Left, CauseChanged]
    assert len(hand.open()) == 1
    assert hand.judge(400, [], {"a": up(190), "b": up(390)}) == [Left, Recovered]
    assert hand.one().ended_at == at(390)


def test_the_same_place_within_half_an_hour_is_the_same_incident_again():
    hand = opened()
    hand.judge(310, [], {"r": up(300), "s": up(305)})
    assert hand.judge(1000, [cause("r", "s")], {"r": down(970), "s": down(972, "r")}) == [Reopened]
    incident = hand.one()
    assert (incident.reopened, incident.ended_at, incident.affected["r"].since) == (1, None, at(970))


def test_later_it_is_a_new_incident_that_names_the_earlier_one():
    hand = opened()
    first = hand.one().key
    hand.judge(310, [], {"r": up(300), "s": up(305)})
    assert hand.judge(300 + 1801 + 30, [cause("r")], {"r": down(300 + 1801), "s": up(305)}) == [Opened]
    assert hand.open()[0].follows == first


def test_an_incident_whose_ticket_has_ended_is_followed_not_reopened():
    hand = opened()
    first = hand.one().key
    hand.judge(310, [], {"r": up(300), "s": up(305)})
    assert hand.judge(400, [cause("r")], {"r": down(370), "s": up(305)}, closed=[first]) == [Opened]
    assert hand.open()[0].follows == first


def test_a_flapping_place_is_one_incident():
    hand, now = Hand(), 0
    for _ in range(6):
        hand.judge(now + 30, [cause("r", "s")], {"r": down(now), "s": down(now + 1, "r")})
        hand.judge(now + 100, [], {"r": up(now + 90), "s": up(now + 95)})
        now += 200
    assert hand.one().reopened == 5


# Recovery


def test_a_victim_that_stays_silent_after_the_boot_grace_is_its_own_linked_incident():
    hand = opened({"core": down(), "a": down(1, "core"), "b": down(2, "core")}, cause("core", "a b"))
    root = hand.one().key
    hand.judge(310, [], {"core": up(300), "a": PENDING, "b": PENDING})
    hand.judge(340, [], {"core": up(300), "a": up(330), "b": PENDING})
    silent = {"core": up(300), "a": up(330), "b": down(310)}
    assert hand.judge(400, [cause("b")], silent) == []
    assert hand.judge(481, [cause("b")], silent) == [Split, Left]
    (split,) = hand.open()
    assert (split.split_from, split.locus) == (root, {"b"})
    assert hand.known[root].affected["b"].until == at(300)


def test_in_the_seconds_in_which_the_core_returns_its_victims_open_nothing():
    """Icinga's recovery storm (#8324, PR 8506): the parent answers, the children still carry old results."""
    sites = [f"s{i}" for i in range(100)]
    hand = opened({"core": down(), **{s: down(1, "core") for s in sites}}, cause("core", " ".join(sites)))
    entries = [cause(s) for s in sites]
    assert hand.judge(301, entries, {"core": down(), **{s: down(1) for s in sites}}) == []
    assert hand.judge(311, entries, {"core": up(300), **{s: down(1) for s in sites}}) == [Left, Recovered]
    assert hand.judge(
        340, entries[:5], {"core": up(300), **{s: up(330) for s in sites[5:]}, **{s: down(1) for s in sites[:5]}}
    ) == [Left]
    assert hand.open() == []


def test_five_sites_that_boot_late_are_no_incident_and_a_broken_one_is_exactly_one():
    sites = [f"s{i}" for i in range(100)]
    hand = opened({"core": down(), **{s: down(1, "core") for s in sites}}, cause("core", " ".join(sites)))
    views = {"core": up(300), **dict.fromkeys(sites, PENDING)}
    hand.judge(311, [], views)
    for late, site in enumerate(sites[:5]):
        views[site] = down(315)
        hand.judge(340 + late, [cause(site)], views)
    for late, site in enumerate(sites[:5]):
        views[site] = up(330 + 30 * late)
        hand.judge(450 + late, [], views)
    views.update({s: up(320) for s in sites[5:99]})
    views["s99"] = down(316)
    hand.judge(480, [cause("s99")], views)
    assert [sorted(one.locus) for one in hand.open()] == [["s99"]]
    assert hand.open()[0].split_from is not None


def test_a_victim_of_a_half_healed_incident_waits_for_the_boot_grace_too():
    both = cause("a b", "a1 b1", CauseKind.CABLE, "duct")
    hand = opened({"a": down(), "b": down(), "a1": down(1, "a"), "b1": down(1, "b")}, both)
    views = {"a": up(300), "b": down(), "a1": down(1), "b1": down(1, "b")}
    hand.judge(310, [cause("b", "b1"), cause("a1")], views)
    assert len(hand.open()) == 1
    assert Split in hand.judge(490, [cause("b", "b1"), cause("a1")], views)
    assert sorted(sorted(one.locus) for one in hand.open()) == [["a", "b"], ["a1"]]


# One fault seen in pieces


def test_a_cause_that_swallows_open_incidents_merges_them_into_the_oldest():
    hand = Hand()
    hand.judge(30, [cause("a")], {"a": down(0)})
    hand.judge(33, [cause("a"), cause("b"), cause("c")], {"a": down(0), "b": down(3), "c": down(4)})
    assert len(hand.open()) == 3
    oldest = min(hand.open(), key=lambda one: one.began_at)
    group = cause("a b c", kind=CauseKind.POWER_FEED, element="pln")
    found = hand.judge(40, [group], {"a": down(0), "b": down(3), "c": down(4)})
    assert found == [Merged, Merged, Joined, CauseChanged]
    (survivor,) = hand.open()
    assert (survivor.key, survivor.locus) == (oldest.key, {"a", "b", "c"})
    merged = [one for one in hand.known.values() if one.state is IncidentState.MERGED]
    assert {one.merged_into for one in merged} == {oldest.key}


def test_sites_that_were_believed_a_moment_before_their_core_become_its_victims():
    hand = Hand()
    hand.judge(25, [cause("a"), cause("b")], {"a": down(0), "b": down(1)})
    views = {"core": down(2), "a": down(0, "core"), "b": down(1, "core")}
    hand.judge(27, [cause("core", "a b")], views)
    (incident,) = hand.open()
    assert incident.locus == {"core"}
    assert {name: part.state for name, part in incident.affected.items()} == {
        "core": "down",
        "a": "unreachable",
        "b": "unreachable",
    }


def test_a_fault_that_was_there_before_and_is_only_hidden_now_stays_its_own():
    """Anything behind a locus is not verifiable now; it is judged when the locus heals."""
    hand = Hand()
    hand.judge(30, [cause("a")], {"a": down(0)})
    views = {"core": down(5000), "a": down(0, "core"), "b": down(5001, "core")}
    assert hand.judge(5030, [cause("core", "a b")], views) == [Opened]
    assert sorted(sorted(one.affected) for one in hand.open()) == [["a"], ["b", "core"]]
    hand.judge(6010, [], {"core": up(6000), "a": PENDING, "b": PENDING})
    assert hand.judge(6200, [cause("a")], {"core": up(6000), "a": down(6005), "b": up(6020)}) == [Left]
    assert [sorted(one.locus) for one in hand.open()] == [["a"]]


def test_the_far_end_of_a_flapping_link_is_the_same_place():
    link = cause("r", kind=CauseKind.LINK, element="x:ge-0/0/1/r")
    hand = opened({"r": down()}, link)
    hand.judge(110, [], {"r": up(100)})
    assert hand.judge(230, [cause("x", "r")], {"x": down(200), "r": down(201, "x")}) == [Reopened]
    hand = opened({"r": down()}, link)
    hand.judge(110, [], {"r": up(100)})
    others = {"x": down(200), "r": down(201, "x"), "q": down(201, "x")}
    assert hand.judge(230, [cause("x", "r q")], others) == [Opened]


# The monitor itself


def test_the_monitors_own_trouble_takes_no_site_along_and_closes_nothing():
    hand = opened()
    monitor = Cause(
        CauseKind.MONITOR, "core", Side.MONITOR, Domain.MONITOR, 0.97, frozenset({"core"}), frozenset({"core", "r", "s", "z"})
    )
    views = {"core": down(100), "r": PENDING, "s": PENDING, "z": down(100)}
    assert hand.judge(130, [monitor], views) == [Opened]
    assert sorted(sorted(one.affected) for one in hand.open()) == [["core"], ["r", "s"]]
    assert hand.judge(700, [], {"core": up(690), "r": PENDING, "s": PENDING}) == [Left, Recovered]


def test_a_device_that_is_no_longer_watched_leaves():
    hand = opened()
    assert hand.judge(100, [cause("r")], {"r": down()}) == [Left]
    assert hand.judge(200, [], {}) == [Left, Recovered]


# JSON


def test_incidents_go_to_json_and_back_exactly():
    alternative = Alternative(CauseKind.LINK, "x/r", Side.SITE, Domain.SITE_UPLINK, 0.2)
    hand = opened(the_cause=replace(cause("r", "s"), alternatives=(alternative,)))
    hand.judge(310, [], {"r": up(300.25), "s": PENDING})
    incident = replace(hand.one(), id=7, ticket="NW-2026-000001", split_from="a", follows="b", reopened=2)
    assert from_json(json.loads(json.dumps(to_json(incident)))) == incident


def test_a_change_is_a_journal_line():
    changes = reconcile([], [cause("r")], {"r": down()}, at(30), POLICY)
    line = change_json(changes[0])
    assert (line["verb"], line["reason"]["code"]) == ("opened", "new_place")
    json.dumps(line)


# Properties

NAMES = ["a", "b", "c", "d", "e", "f"]


@st.composite
def moments(draw):
    """A snapshot's causes and views; every certain device is explained by exactly one cause, as `localise` promises."""
    views, owner = {}, {}
    entries = draw(st.lists(st.sampled_from(NAMES), unique=True))
    for name in NAMES:
        what = draw(st.sampled_from(["up", "down", "down", "pending", "suspect"]))
        if name in entries:
            what = "down"
        since = draw(st.sampled_from([0, 10, 100, 1000]))
        if what == "down" and name not in entries and not entries:
            what = "pending"
        if what == "down":
            owner[name] = name if name in entries else draw(st.sampled_from(sorted(entries)))
            views[name] = down(since, None if name in entries else owner[name])
        else:
            views[name] = {"up": up(since), "pending": PENDING, "suspect": SUSPECT}[what]
    groups = {entry: draw(st.integers(0, 2)) for entry in entries}
    causes = []
    for number in sorted(set(groups.values())):
        locus = [entry for entry in entries if groups[entry] == number]
        affected = [name for name, entry in owner.items() if entry in locus]
        kind = draw(st.sampled_from([CauseKind.DEVICE, CauseKind.CABLE, CauseKind.LINK]))
        element = {CauseKind.CABLE: f"g{number}", CauseKind.LINK: f"{draw(st.sampled_from(NAMES))}/{locus[0]}"}.get(kind)
        causes.append(cause(" ".join(locus), " ".join(affected), kind, element))
    return causes, views


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 600), moments()), min_size=1, max_size=7), st.sampled_from([0.0, 180.0]))
@pytest.mark.filterwarnings("error")
def test_no_two_open_incidents_overlap_and_nothing_is_lost(story, grace):
    """Whatever follows on whatever: places never overlap, every certain device has its incident, keys stay, twice is once."""
    policy = IncidentPolicy(boot_grace=grace)
    hand, now = Hand(), 1000
    for step, (causes, views) in story:
        now += step
        before = dict(hand.known)
        hand.judge(now, causes, views, policy)
        assert before.keys() <= hand.known.keys()
        seen = set()
        for one in hand.open():
            assert one.locus
            assert not one.locus & seen
            seen |= one.locus
            assert one.locus <= one.affected.keys()
            assert any(one.affected[name].until is None for name in one.locus)
        certain = {name for name, view in views.items() if view.certain}
        for name in certain:
            holders = [one.key for one in hand.open() if name in one.affected and one.affected[name].until is None]
            assert len(holders) <= 1
            if not holders:
                # Only while its entries wait for the boot grace behind a place that has just recovered.
                (mine,) = [one for one in causes if name in one.affected]
                waiting = {
                    victim
                    for one in hand.known.values()
                    if one.state is IncidentState.RECOVERED
                    for victim, part in one.affected.items()
                    if part.until is None
                }
                assert grace
                assert mine.locus <= waiting, (name, causes)
        for one in hand.known.values():
            assert (one.state is IncidentState.RECOVERED) <= (one.ended_at is not None)
            assert from_json(json.loads(json.dumps(to_json(one)))) == one
            for part in one.affected.values():
                assert part.until is None or part.until >= part.since
