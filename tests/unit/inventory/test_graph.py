"""The graph, compared with networkx on random cities."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.inventory import graph as graph_module
from netwatch.inventory.document import load_inventory
from netwatch.inventory.graph import Graph
from netwatch.inventory.links import link_ids
from netwatch.inventory.model import Device, GroupKind, Inventory, RiskGroup, Role, Site, SiteKind, Status, Uplink

CITY = Path(__file__).parents[3] / "inventory.yaml"


def device(name: str, *above: str, site: str = "dc", status: Status = Status.ACTIVE) -> Device:
    ends = [(to, f"ge{n}") for n, to in enumerate(above)]
    uplinks = tuple(Uplink(link, name, to, port=port) for link, (to, port) in zip(link_ids(name, ends), ends, strict=True))
    return Device(name, site, Role.ROUTER, f"{name}.example", uplinks, status=status)


def inventory(*devices: Device, vantage: str = "v", groups: tuple[RiskGroup, ...] = ()) -> Inventory:
    sites = {name: Site(name, name, SiteKind.OFFICE) for name in {one.site for one in devices}}
    return Inventory(vantage, sites, {one.id: one for one in devices}, {group.id: group for group in groups})


@st.composite
def cities(draw: st.DrawFn) -> Inventory:
    """Any acyclic city: uplinks lead to earlier devices, the vantage is anywhere, some devices are not probed."""
    count = draw(st.integers(1, 14))
    names = [f"d{n}" for n in range(count)]
    devices = []
    for n, name in enumerate(names):
        above = draw(st.lists(st.sampled_from(names[:n]), max_size=3)) if n else []
        status = draw(st.sampled_from([Status.ACTIVE] * 6 + [Status.MAINTENANCE, Status.RETIRED]))
        devices.append(device(name, *above, status=status, site=draw(st.sampled_from(["x", "y"]))))
    return inventory(*draw(st.permutations(devices)), vantage=draw(st.sampled_from(names)))


def undirected(graph: Graph) -> nx.MultiGraph:
    reference = nx.MultiGraph()
    reference.add_nodes_from(name for names in graph.devices_of_site.values() for name in names)
    reference.add_edges_from((link.device, link.to, link.id) for link in graph.links.values())
    return reference


@given(cities())
@settings(max_examples=100, deadline=None)
def test_distance_and_bridges_are_those_of_networkx(city: Inventory) -> None:
    graph = Graph.of(city)
    reference = undirected(graph)
    if city.vantage not in reference:
        assert not graph.distance
        assert not graph.bridges
        return
    assert graph.distance == nx.single_source_shortest_path_length(reference, city.vantage)
    part = nx.Graph(reference.subgraph(nx.node_connected_component(reference, city.vantage)))
    cut = {frozenset(edge) for edge in nx.bridges(part)}
    expected = {
        link.id
        for link in graph.links.values()
        if frozenset((link.device, link.to)) in cut and reference.number_of_edges(link.device, link.to) == 1
    }
    assert graph.bridges == expected


@given(cities())
@settings(max_examples=100, deadline=None)
def test_ancestors_and_behind_are_two_sides_of_one_acyclic_graph(city: Inventory) -> None:
    graph = Graph.of(city)
    names = [name for names in graph.devices_of_site.values() for name in names]
    up = nx.DiGraph([(name, above) for name in names for above in graph.upstream(name)])
    up.add_nodes_from(names)
    assert nx.is_directed_acyclic_graph(up)
    down = {(name, below) for name in names for below in graph.downstream(name)}
    assert down == {(above, name) for name, above in up.edges}
    for name in names:
        assert graph.ancestors(name) == nx.descendants(up, name)
        assert graph.behind(name) == nx.ancestors(up, name)


@given(cities())
@settings(max_examples=100, deadline=None)
def test_every_device_with_a_path_has_the_vantage_above_it(city: Inventory) -> None:
    graph = Graph.of(city)
    for name in graph.distance:
        assert name == city.vantage or city.vantage in graph.ancestors(name)
    if city.vantage in graph.distance:
        assert graph.ancestors(city.vantage) == frozenset()


@given(cities())
@settings(max_examples=100, deadline=None)
def test_where_all_uplinks_lead_to_the_vantage_ancestors_are_what_the_uplinks_reach(city: Inventory) -> None:
    graph = Graph.of(city)
    roots = [name for names in graph.devices_of_site.values() for name in names if not graph.parents(name)]
    if roots != [city.vantage]:
        return
    up = nx.DiGraph([(link.device, link.to) for link in graph.links.values()])
    up.add_node(city.vantage)
    for name in graph.distance:
        assert graph.ancestors(name) == nx.descendants(up, name)


def test_a_dual_homed_device_has_both_ways_among_its_ancestors_and_no_bridge() -> None:
    graph = Graph.of(load_inventory(CITY))
    assert graph.ancestors("kel-tiban-sw") == {"kel-tiban-rtr", "hub-tiban-rtr", "dc-dist-1", "dc-dist-2", "dc-core"}
    assert "dc-dist-1/hub-tiban-rtr" not in graph.bridges
    assert "hub-tiban-rtr/kel-tiban-rtr" in graph.bridges
    assert graph.behind("hub-tiban-rtr") == {"kel-tiban-rtr", "kel-tiban-sw", "pkm-tiban-rtr", "pkm-tiban-sw"}


def test_two_links_to_the_same_device_are_no_bridges() -> None:
    graph = Graph.of(inventory(device("v"), device("a", "v", "v"), device("b", "a")))
    assert graph.bridges == {"a/b"}
    assert set(graph.links) == {"v:ge0/a", "v:ge1/a", "a/b"}
    assert graph.children["v"] == ("a",)


def test_a_vantage_below_the_core_turns_the_way_around() -> None:
    """The monitoring host may stand on a switch of its own below the core."""
    graph = Graph.of(inventory(device("core"), device("v", "core"), device("dist", "core"), device("a", "dist")))
    assert graph.distance == {"v": 0, "core": 1, "dist": 2, "a": 3}
    assert graph.ancestors("a") == {"dist", "core", "v"}
    assert graph.ancestors("core") == {"v"}
    assert graph.behind("core") == {"dist", "a"}
    assert graph.behind("v") == {"core", "dist", "a"}


def test_a_second_core_is_reached_through_the_devices_below_it() -> None:
    graph = Graph.of(inventory(device("v"), device("core-2"), device("x", "v", "core-2"), device("y", "v", "core-2")))
    assert graph.ancestors("core-2") == {"x", "y", "v"}
    assert graph.ancestors("x") == {"v"}
    assert graph.behind("x") == {"core-2"}


def test_devices_that_are_not_probed_are_not_in_the_graph() -> None:
    graph = Graph.of(
        inventory(device("v"), device("old", "v", status=Status.RETIRED), device("a", "old", "v"), device("b", "old"))
    )
    assert graph.distance == {"v": 0, "a": 1}
    assert [link.to for link in graph.parents("a")] == ["v"]
    assert graph.parents("b") == ()
    assert graph.devices_of_site["dc"] == ("v", "a", "b")


def test_members_of_a_risk_group_are_named_ones_those_of_its_sites_and_lower_ends_of_its_links() -> None:
    groups = (
        RiskGroup("pln", GroupKind.POWER, sites=("kec",), devices=("a",)),
        RiskGroup("fo", GroupKind.CABLE, links=("v/a", "a/b")),
        RiskGroup("old", GroupKind.POWER, devices=("gone",)),
    )
    graph = Graph.of(
        inventory(
            device("v"), device("a", "v"), device("b", "a", site="kec"), device("gone", "v", status=Status.RETIRED), groups=groups
        )
    )
    assert graph.members("pln") == {"a", "b"}
    assert graph.members("fo") == {"a", "b"}
    assert graph.members("old") == frozenset()
    assert graph.groups_of_device == {"a": ("pln",), "b": ("pln",)}
    assert graph.groups_of_link == {"v/a": ("fo",), "a/b": ("fo",)}
    assert graph.groups_of_device["v"] == ()
    assert graph.children["b"] == ()


def test_the_remembered_sets_stay_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_module, "REMEMBERED", 10)
    graph = Graph.of(inventory(device("v"), *(device(f"d{n}", "v") for n in range(100))))
    for n in range(100):
        assert graph.ancestors(f"d{n}") == {"v"}
    assert len(graph._sets) <= 10


def test_a_chain_of_twenty_thousand_devices_needs_no_recursion() -> None:
    chain = [device("v"), *(device(f"d{n}", f"d{n - 1}" if n else "v") for n in range(20_000))]
    graph = Graph.of(inventory(*chain))
    assert len(graph.bridges) == 20_000
    assert len(graph.ancestors("d19999")) == 20_000
