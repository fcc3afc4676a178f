"""An agent without a socket: answers from a dictionary through the client protocol, so that thousands of odd ones can be read."""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from netwatch.clock import SystemClock
from netwatch.observation import SnmpReading
from netwatch.probe.snmp import Agent, SnmpError, SnmpReader
from netwatch.probe.snmp.client import Oid, Value

AGENT = Agent("sw", "192.0.2.1")
NUMBERS = ("2", "65", "66", "67", "70")


class TreeClient:
    """Answers like an agent that holds `tree` in this order. `refuse` may name what it does not bear."""

    def __init__(self, tree: Mapping[Oid, Value]) -> None:
        self.tree = dict(tree)
        self.names = list(self.tree)
        self.sorted = self.names == sorted(self.names)
        self.asked: list[tuple[str, list[Oid]]] = []
        self.refuse: Callable[[str, Sequence[Oid]], SnmpError | None] = lambda kind, oids: None

    def engine_of(self, agent: Agent) -> str:
        return "tree"

    def notes(self, agent: Agent) -> tuple[str, ...]:
        return ()

    async def get(self, agent: Agent, oids: Sequence[Oid]) -> Mapping[Oid, Value]:
        self._ask("get", oids)
        return {oid: self.tree.get(oid) for oid in oids}

    async def following(self, agent: Agent, oid: Oid, repetitions: int, *, under: Oid) -> Sequence[tuple[Oid, Value]]:
        self._ask("following", [oid])
        if self.sorted:
            at = bisect.bisect_right(self.names, oid)
        elif oid in self.tree:
            at = self.names.index(oid) + 1
        else:
            at = next((place for place, name in enumerate(self.names) if name > oid), len(self.names))
        return [(name, self.tree[name]) for name in self.names[at : at + repetitions]]

    def _ask(self, kind: str, oids: Sequence[Oid]) -> None:
        self.asked.append((kind, list(oids)))
        error = self.refuse(kind, oids)
        if error is not None:
            raise error

    def forget(self, device: str) -> None:
        pass

    def close(self) -> None:
        pass


def read(tree: Mapping[Oid, Value], names: Sequence[str] | None = None, *, power=True, neighbours=True) -> SnmpReading:
    """Read a tree once."""
    reader = SnmpReader(TreeClient(dict(sorted(tree.items()))), clock=SystemClock())
    return asyncio.run(reader.read(AGENT, names, power=power, neighbours=neighbours))


def load(file: Path) -> dict[Oid, Value]:
    """Read a recording into a tree, in the order of a MIB; masked octets are left out."""
    tree: dict[Oid, Value] = {}
    for line in file.read_text(encoding="latin-1").splitlines():
        if line.startswith("#"):
            continue
        name, _, rest = line.partition("|")
        tag, _, value = rest.partition("|")
        oid = tuple(map(int, name.split(".")))
        if tag in NUMBERS:
            tree[oid] = int(value)
        elif tag == "6" and value:
            tree[oid] = tuple(map(int, value.strip(".").split(".")))
        elif tag == "4":
            tree[oid] = value.encode("latin-1")
        elif tag == "4x" and "X" not in value:
            tree[oid] = bytes.fromhex(value)
    return dict(sorted(tree.items()))
