"""Where the networks of the benchmark come from: city trees of a wanted size, and graphs of real providers in GraphML."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

TOPOLOGIES = Path(__file__).resolve().parents[3] / "shared" / "topologies"
SITES_PER_TREE_NODE = 12
CHILDREN_PER_NODE = 6


@dataclass(frozen=True, slots=True)
class Backbone:
    """The nodes of a provider, numbered from 0, and their lines. `sites` is how many offices hang on a node; None: 2 to 4."""

    name: str
    nodes: int
    edges: tuple[tuple[int, int], ...]
    sites: int | None = None


def city_tree(sites: int, rng: random.Random) -> Backbone:
    """Make a tree of sites / 12 nodes (at least 3), each on an earlier node, about six on one; 12 offices on each."""
    nodes = max(3, round(sites / SITES_PER_TREE_NODE))
    edges = []
    for node in range(1, nodes):
        first = max(0, (node - 1) // CHILDREN_PER_NODE - 1)
        last = min(node - 1, (node - 1) // CHILDREN_PER_NODE + 1)
        edges.append((rng.randint(first, last), node))
    return Backbone(f"tree-{sites}", nodes, tuple(edges), SITES_PER_TREE_NODE)


def provider_graphs(folder: Path = TOPOLOGIES) -> list[Backbone]:
    """Return the graphs of a folder by name; none when it is not there."""
    return [read_graphml(path) for path in sorted(folder.glob("*.graphml"))]


def read_graphml(path: Path) -> Backbone:
    """Return the largest connected part of a graph without loops and parallel lines.

    The files are third-party data: a document type (and with it every entity) is refused with ValueError.
    """
    nodes: list[str] = []
    lines: list[tuple[str, str]] = []

    def element(name: str, attributes: dict[str, str]) -> None:
        if name == "node":
            nodes.append(attributes["id"])
        elif name == "edge":
            lines.append((attributes["source"], attributes["target"]))

    def refuse(*_: object) -> None:
        raise ValueError(f"{path.name}: a graph must not have a document type")

    parser = expat.ParserCreate()
    parser.StartElementHandler = element
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(path.read_bytes(), True)  # noqa: FBT003 - isfinal, by position only
    pairs = {(min(a, b), max(a, b)) for a, b in lines if a != b}
    part = _largest_part(nodes, pairs)
    number = {name: index for index, name in enumerate(part)}
    edges = sorted((number[a], number[b]) for a, b in pairs if a in number and b in number)
    return Backbone(path.stem, len(part), tuple(edges))


def _largest_part(nodes: list[str], pairs: set[tuple[str, str]]) -> list[str]:
    near: dict[str, list[str]] = {name: [] for name in nodes}
    for a, b in sorted(pairs):
        near[a].append(b)
        near[b].append(a)
    best: list[str] = []
    seen: set[str] = set()
    for start in nodes:
        if start in seen:
            continue
        part, waiting = [start], deque([start])
        seen.add(start)
        while waiting:
            for other in near[waiting.popleft()]:
                if other not in seen:
                    seen.add(other)
                    part.append(other)
                    waiting.append(other)
        best = max(best, part, key=len)
    return [name for name in nodes if name in set(best)]
