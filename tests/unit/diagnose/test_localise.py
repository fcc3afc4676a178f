"""What failed, from one snapshot (DIAGNOSIS 2.3, 3.3, 3.4)."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.diagnose.cause import CauseKind, Domain, Side
from netwatch.diagnose.localise import localise, unreachable
from netwatch.diagnose.snapshot import DeviceView, Reach
from tests.unit.diagnose.town import NOW, SMALL, cable, feed_of, seen, town

GRAPH = town(SMALL)
A = {"a-rtr", "a-sw", "a-ap"}


def only(snapshot):
    causes = localise(snapshot)
    assert len(causes) == 1, causes
    return causes[0]


def codes(cause):
    return [one.code for one in cause.evidence]


def test_nothing_silent_is_no_cause():
    assert localise(seen(GRAPH)) == []


def test_an_empty_snapshot_is_no_cause():
    snapshot = seen(GRAPH, unknown=GRAPH.inventory.devices)
    assert localise(snapshot) == []
    assert unreachable(snapshot, []) == {}


def test_a_site_behind_a_dead_router_is_unreachable_not_down():
    snapshot = seen(GRAPH, down=A)
    cause = only(snapshot)
    assert cause.locus == {"a-rtr"}
    assert cause.affected == A
    assert cause.side is Side.SITE
    assert unreachable(snapshot, [cause]) == {"a-sw": "a-rtr", "a-ap": "a-rtr"}


def test_a_port_that_reads_down_points_at_the_link():
    cause = only(seen(GRAPH, down=A, ports={"dist:to-a-rtr": "down"}))
    assert (cause.kind, cause.element, cause.domain) == (CauseKind.SITE_POWER, "kec-a", Domain.SITE_POWER) or (
        cause.kind,
        cause.element,
        cause.domain,
    ) == (CauseKind.LINK, "dist/a-rtr", Domain.SITE_UPLINK)
    assert {one.kind for one in cause.alternatives} <= {CauseKind.LINK, CauseKind.SITE_POWER, CauseKind.DEVICE}
    assert "upstream_port_down" in codes(cause)


def test_one_device_of_the_office_that_answers_rules_out_its_power():
    graph = town("core dc\nx dc core\ny dc core\na-rtr kec-a x\na-ups kec-a y")
    cause = only(seen(graph, down={"a-rtr"}, ports={"x:to-a-rtr": "down"}))
    assert (cause.kind, cause.element) == (CauseKind.LINK, "x/a-rtr")
    assert "site_answers" in codes(cause)


def test_a_port_that_reads_up_points_at_the_device():
    cause = only(seen(GRAPH, down=A, ports={"dist:to-a-rtr": "up"}))
    assert (cause.kind, cause.element, cause.domain) == (CauseKind.DEVICE, "a-rtr", Domain.SITE_DEVICE)


def test_a_port_that_somebody_switched_off_is_configuration_and_needs_no_visit():
    cause = only(seen(GRAPH, down=A, ports={"dist:to-a-rtr": "admin"}))
    assert (cause.kind, cause.element) == (CauseKind.CONFIGURATION, "dist/a-rtr")
    assert (cause.side, cause.domain) == (Side.DATA_CENTER, Domain.SITE_UPLINK)


def test_an_err_disabled_port_is_configuration_on_the_side_of_its_link():
    cause = only(seen(GRAPH, down=A, ports={"dist:to-a-rtr": "err-disabled"}))
    assert (cause.kind, cause.side) == (CauseKind.CONFIGURATION, Side.SITE)


def test_a_battery_message_points_at_the_power_of_the_site():
    on_battery = DeviceView(Reach.SILENT, NOW, certain=True, on_battery=True)
    cause = only(seen(GRAPH, down=A, more={"a-sw": on_battery}))
    assert (cause.kind, cause.element, cause.domain) == (CauseKind.SITE_POWER, "kec-a", Domain.SITE_POWER)
    assert cause.confidence > 0.85


@pytest.mark.parametrize(
    ("device", "side", "domain"),
    [
        ("hub-a", Side.DATA_CENTER, Domain.DC),
        ("pop-1", Side.PROVIDER, Domain.PROVIDER),
        ("c-sw", Side.SITE, Domain.SITE_DEVICE),
    ],
)
def test_the_side_comes_from_whose_ground_the_element_stands_on(device, side, domain):
    down = {device} | GRAPH.behind(device)
    uplink = GRAPH.parents(device)[0]
    cause = only(seen(GRAPH, down=down, ports={f"{uplink.to}:{uplink.port}": "up"}))
    assert (cause.element, cause.side, cause.domain) == (device, side, domain)


def test_a_hundred_sites_behind_a_dead_distribution_switch_are_one_cause():
    lines = "core dc\ndist dc core\nother dc core\n" + "\n".join(f"s{i} kec-{i} dist" for i in range(100))
    graph = town(lines)
    snapshot = seen(graph, down={"dist"} | graph.behind("dist"))
    cause = only(snapshot)
    assert (cause.locus, cause.side, len(cause.affected)) == ({"dist"}, Side.DATA_CENTER, 101)
    assert len(unreachable(snapshot, [cause])) == 100


def test_two_separate_sites_are_two_causes():
    causes = localise(seen(GRAPH, down=A | {"c-rtr", "c-sw"}))
    assert sorted(sorted(cause.locus) for cause in causes) == [["a-rtr"], ["c-rtr"]]


def test_a_router_that_forwards_but_does_not_answer_is_an_agent_and_hides_nobody():
    snapshot = seen(GRAPH, down={"c-rtr"})
    cause = only(snapshot)
    assert (cause.kind, cause.element, cause.domain, cause.side) == (CauseKind.AGENT, "c-rtr", Domain.AGENT, Side.DATA_CENTER)
    assert unreachable(snapshot, [cause]) == {}


def test_a_dead_router_whose_port_is_down_is_no_agent_the_map_is_suspect():
    causes = localise(seen(GRAPH, down={"c-rtr"}, ports={"hub-a:to-c-rtr": "down"}))
    assert [cause.kind for cause in causes] != [CauseKind.AGENT]
    assert "inventory_edge_suspect" in codes(causes[0])


def test_a_device_that_answers_snmp_after_its_first_lost_echo_lives():
    lives = DeviceView(Reach.SILENT, NOW, certain=True, snmp=True, snmp_since_loss=True)
    assert only(seen(GRAPH, more={"a-ap": lives})).kind is CauseKind.AGENT
    stale = DeviceView(Reach.SILENT, NOW, certain=True, snmp=True)
    assert only(seen(GRAPH, more={"a-ap": stale})).kind is not CauseKind.AGENT


def test_a_dead_snmp_agent_is_noted_and_silences_nobody():
    cause = only(seen(GRAPH, more={"hub-a": DeviceView(Reach.ANSWERING, snmp=False)}))
    assert (cause.kind, cause.confidence) == (CauseKind.AGENT, 0.90)


def test_all_snmp_agents_silent_at_once_is_one_fault_of_the_monitors_access():
    dead = {name: DeviceView(Reach.ANSWERING, snmp=False) for name in ("dist", "hub-a", "pop-1", "a-rtr")}
    cause = only(seen(GRAPH, more=dead))
    assert cause.element == "core"
    assert codes(cause) == ["snmp_silent_many"]


# Shared risks


def test_three_offices_without_power_on_one_feed_are_one_feed():
    lines = "core dc\n" + "\n".join(f"r{i} kec-{i} core" for i in range(6))
    graph = town(lines, [feed_of("pln", "kec-0", "kec-1", "kec-2", "kec-3")])
    ports = {f"core:to-r{i}": "down" for i in range(4)}
    cause = only(seen(graph, down={"r0", "r1", "r2"}, ports={**ports, "core:to-r3": "up"}))
    assert (cause.kind, cause.element, cause.side) == (CauseKind.POWER_FEED, "pln", Side.SITE)
    assert cause.locus == {"r0", "r1", "r2"}
    assert cause.alternatives


def test_a_cut_duct_explains_its_links_and_no_others():
    lines = "core dc\n" + "\n".join(f"r{i} kec-{i} core" for i in range(6))
    graph = town(lines, [cable("duct", "core/r0", "core/r1", "core/r2")])
    ports = {f"core:to-r{i}": "down" for i in (0, 1, 2, 4)}
    causes = localise(seen(graph, down={"r0", "r1", "r2", "r4"}, ports=ports, since={"r4": 60}))
    assert next((cause.kind, cause.element) for cause in causes) == (CauseKind.CABLE, "duct")
    assert causes[0].domain is Domain.SITE_UPLINK
    assert causes[1].locus == {"r4"}


def test_a_neighbour_that_falls_silent_in_the_same_instant_was_forgotten_in_the_inventory_of_the_duct():
    lines = "core dc\n" + "\n".join(f"r{i} kec-{i} core" for i in range(6))
    ports = {f"core:to-r{i}": "down" for i in (0, 1, 4)}
    down = {"r0", "r1", "r4"}
    cause = only(seen(town(lines, [cable("duct", "core/r0", "core/r1")]), down=down, ports=ports))
    assert (cause.kind, cause.element, cause.locus) == (CauseKind.CABLE, "duct", down)
    assert "group_member_forgotten" in codes(cause)
    listed_elsewhere = town(lines, [cable("duct", "core/r0", "core/r1"), cable("other", "core/r4", "core/r5")])
    assert len(localise(seen(listed_elsewhere, down=down, ports=ports))) == 2


def test_one_line_of_a_duct_that_cuts_an_office_and_one_that_nobody_misses_are_the_duct():
    graph = town("core dc\nx dc core\ny dc core\na kec-a x y\nb kec-b x", [cable("duct", "x/a", "x/b")])
    ports = {"x:to-a": "down", "x:to-b": "down", "a:up-x": "down"}
    cause = only(seen(graph, down={"b"}, ports=ports))
    assert (cause.kind, cause.element, cause.locus) == (CauseKind.CABLE, "duct", {"b"})
    assert "group_links_down" in codes(cause)


def test_the_gateway_of_a_monitor_that_runs_is_not_without_power():
    cause = only(seen(GRAPH, down=GRAPH.inventory.devices, witness=False))
    assert (cause.kind, cause.element, cause.side) == (CauseKind.DEVICE, "core", Side.DATA_CENTER)


def test_a_group_does_not_explain_what_fell_silent_an_hour_earlier():
    lines = "core dc\n" + "\n".join(f"r{i} kec-{i} core" for i in range(4))
    graph = town(lines, [feed_of("pln", "kec-0", "kec-1", "kec-2")])
    ports = {f"core:to-r{i}": "down" for i in range(3)}
    causes = localise(seen(graph, down={"r0", "r1", "r2"}, ports=ports, since={"r0": 3600}))
    assert sorted(len(cause.locus) for cause in causes) == [1, 2]


def test_a_group_whose_other_members_answer_is_not_blamed():
    lines = "core dc\n" + "\n".join(f"r{i} kec-{i} core" for i in range(12))
    graph = town(lines, [feed_of("pln", *(f"kec-{i}" for i in range(12)))])
    assert all(cause.kind is not CauseKind.POWER_FEED for cause in localise(seen(graph, down={"r0", "r1"})))


def test_a_device_with_two_uplinks_in_one_duct_loses_the_duct():
    """While it lasts this looks like the power of the office; that the router did not restart gives the duct away."""
    graph = town("core dc\nx dc core\ny dc core\na kec-a x y", [cable("duct", "x/a", "y/a")])
    ports = {"x:to-a": "down", "y:to-a": "down"}
    assert only(seen(graph, down={"a"}, ports=ports)).kind is CauseKind.SITE_POWER
    cause = only(seen(graph, down={"a"}, ports=ports, more=restarted(False, "a")))
    assert (cause.kind, cause.element) == (CauseKind.CABLE, "duct")


def test_lost_redundancy_is_noted_while_everything_answers():
    graph = town("core dc\nx dc core\ny dc core\na kec-a x y")
    cause = only(seen(graph, ports={"x:to-a": "down"}))
    assert (cause.kind, cause.element, cause.affected) == (CauseKind.REDUNDANCY, "x/a", frozenset())
    assert localise(seen(graph, ports={"x:to-a": "down", "a:up-x": "up"})) == []


# After recovery


def restarted(value, *devices):
    return {name: DeviceView(Reach.SILENT, NOW - timedelta(seconds=30), certain=True, rebooted=value) for name in devices}


def test_restarts_of_the_whole_site_say_power_and_none_says_link():
    ports = {"dist:to-a-rtr": "down"}
    dark = only(seen(GRAPH, down=A, ports=ports, more=restarted(True, *A)))
    assert (dark.kind, dark.element) == (CauseKind.SITE_POWER, "kec-a")
    cut = only(seen(GRAPH, down=A, ports=ports, more=restarted(False, *A)))
    assert (cut.kind, cut.element) == (CauseKind.LINK, "dist/a-rtr")
    assert "site_rebooted" in codes(cut)
    only_router = {**restarted(True, "a-rtr"), **restarted(False, "a-sw", "a-ap")}
    assert only(seen(GRAPH, down=A, ports=ports, more=only_router)).kind is CauseKind.DEVICE


# Is it me?


@pytest.mark.parametrize(
    ("carrier", "witness", "kind", "side", "confidence"),
    [
        (False, None, CauseKind.MONITOR, Side.MONITOR, 0.97),
        (False, False, CauseKind.MONITOR, Side.MONITOR, 0.97),
        (True, True, CauseKind.MONITOR, Side.MONITOR, 0.95),
        (True, None, CauseKind.DEVICE, Side.DATA_CENTER, 0.70),
    ],
)
def test_when_nothing_answers_the_rings_decide(carrier, witness, kind, side, confidence):
    snapshot = seen(GRAPH, down=GRAPH.inventory.devices, carrier=carrier, witness=witness)
    cause = only(snapshot)
    assert (cause.kind, cause.element, cause.side, cause.confidence) == (kind, "core", side, confidence)
    if kind is CauseKind.MONITOR:
        assert unreachable(snapshot, [cause]) == {}
    else:
        assert cause.alternatives[0].kind is CauseKind.MONITOR


def test_a_blind_witness_means_the_first_hop_by_normal_localisation():
    cause = only(seen(GRAPH, down=GRAPH.inventory.devices, witness=False))
    assert cause.locus == {"core"}
    assert cause.side is Side.DATA_CENTER


def test_a_silent_first_hop_with_something_answering_beyond_forwards():
    cause = only(seen(GRAPH, down={"core"}))
    assert (cause.kind, cause.element) == (CauseKind.AGENT, "core")


def test_a_silent_core_behind_a_first_hop_that_answers_is_no_isolation():
    down = set(GRAPH.inventory.devices) - {"core"}
    cause = only(seen(GRAPH, down=down, carrier=None))
    assert (cause.locus, cause.side) == ({"dist"}, Side.DATA_CENTER)


# What is not known


def test_an_unknown_path_means_down_never_unreachable():
    """NAV #889: an incomplete map must not hide a fault."""
    snapshot = seen(GRAPH, down={"c-sw"}, unknown={"c-rtr"})
    cause = only(snapshot)
    assert cause.locus == {"c-sw"}
    assert (cause.side, cause.domain) == (Side.UNKNOWN, Domain.UNKNOWN)
    assert "path_unknown" in codes(cause)
    assert unreachable(snapshot, [cause]) == {}


def test_behind_a_device_with_an_unknown_path_nobody_is_unreachable():
    snapshot = seen(GRAPH, down={"a-sw", "a-ap"}, unsettled={"a-rtr"})
    cause = only(snapshot)
    assert cause.affected == {"a-sw", "a-ap"}
    assert unreachable(snapshot, [cause]) == {}


def test_one_unknown_way_of_two_is_an_unknown_path():
    graph = town("core dc\nx dc core\ny dc core\na kec-a x y\nb kec-a a")
    snapshot = seen(graph, down={"x", "a", "b"}, unknown={"y"})
    causes = localise(snapshot)
    assert frozenset().union(*(cause.affected for cause in causes)) == {"x", "a", "b"}
    assert unreachable(snapshot, causes) == {}


def test_an_unmeasured_router_that_others_are_reached_through_works():
    graph = town("core dc\nx dc core\na kec-a x\nb kec-b x")
    cause = only(seen(graph, down={"a"}, unknown={"x"}))
    assert cause.locus == {"a"}
    assert cause.side is Side.SITE


def test_a_device_without_a_path_is_a_cause_of_low_confidence():
    graph = town("core dc\na kec-a core\nlost kec-z\nlost-2 kec-z lost")
    cause = only(seen(graph, down={"lost", "lost-2"}))
    assert (cause.side, cause.confidence) == (Side.UNKNOWN, 0.30)
    assert "inventory_incomplete" in codes(cause)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_every_silent_device_is_in_exactly_one_cause(data):
    """Nothing is lost and nothing counted twice, whatever the network and whatever is silent."""
    count = data.draw(st.integers(1, 14))
    lines = ["core dc"]
    for i in range(count):
        above = data.draw(st.lists(st.integers(-1, i - 1), min_size=0, max_size=2, unique=True))
        site = data.draw(st.sampled_from(["dc", "hub", "pop", f"kec-{i}", f"kec-{i // 2}"]))
        ups = [("core" if j < 0 else f"d{j}") + data.draw(st.sampled_from(["", "~"])) for j in above]
        lines.append(" ".join([f"d{i}", site, *ups]))
    names = [line.split()[0] for line in lines]
    links = [f"{up.rstrip('~')}/{line.split()[0]}" for line in lines for up in line.split()[2:]]
    sites = sorted({line.split()[1] for line in lines})
    groups = [feed_of("pln", *data.draw(st.lists(st.sampled_from(sites), min_size=1, unique=True)))]
    if links:
        groups.append(cable("duct", *data.draw(st.lists(st.sampled_from(links), min_size=1, unique=True))))
    graph = town("\n".join(lines), groups)
    reach = {name: data.draw(st.sampled_from(["up", "down", "unknown", "unsettled"])) for name in names}
    ports = {
        f"{link.to}:{link.port}": data.draw(st.sampled_from(["up", "down", "admin", "err-disabled"]))
        for link in graph.links.values()
        if data.draw(st.booleans())
    }
    snapshot = seen(
        graph,
        down={name for name in names if reach[name] == "down"},
        unknown={name for name in names if reach[name] == "unknown"},
        unsettled={name for name in names if reach[name] == "unsettled"},
        ports=ports,
        carrier=data.draw(st.sampled_from([True, False, None])),
        witness=data.draw(st.sampled_from([True, False, None])),
        since={name: data.draw(st.sampled_from([5, 30, 400])) for name in names},
    )
    causes = localise(snapshot)
    assert causes == localise(snapshot)
    down = [name for name in names if reach[name] == "down"]
    felt = [cause for cause in causes if cause.kind is not CauseKind.REDUNDANCY]
    for name in down:
        assert sum(name in cause.affected for cause in felt) == 1, (name, causes)
    hidden = unreachable(snapshot, causes)
    for device, entry in hidden.items():
        assert reach[device] == "down"
        assert any(entry in cause.locus for cause in causes)
        assert entry in graph.ancestors(device) or len(graph.upstream(device)) > 1
        assert not any(device in cause.locus for cause in causes)
        for above in graph.upstream(device):
            assert reach[above] == "down"
    for cause in causes:
        assert 0 <= cause.confidence <= 1
        assert cause.locus
