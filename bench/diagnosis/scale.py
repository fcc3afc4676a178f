"""How long one verdict takes when up to 250,000 devices are silent, in CPU time, and whether it stays linear."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.diagnosis import observe
from bench.diagnosis.backbones import city_tree
from bench.diagnosis.faults import Event, Fault, device_fault
from bench.diagnosis.generator import NOISE, World, generate
from netwatch.diagnose.cause import CauseKind
from netwatch.diagnose.localise import localise
from netwatch.diagnose.snapshot import Snapshot

DEVICES_PER_SITE = 3
REPEATS = 3


@dataclass(frozen=True, slots=True)
class Timing:
    """One verdict. `case`: `one root` or `every office`."""

    case: str
    devices: int
    silent: int
    causes: int
    cpu_s: float

    @property
    def us_per_silent(self) -> float:
        """Return microseconds for each silent device."""
        return self.cpu_s / self.silent * 1e6


def scale(sizes: Sequence[int], seed: int) -> Iterator[Timing]:
    """Yield timings for about so many silent devices: behind one dead node, and each office dark for itself."""
    for size in sizes:
        rng = random.Random(f"{seed}/{size}")
        world = generate(city_tree(size // DEVICES_PER_SITE, rng), NOISE["clean"], rng)
        root = next(name for name in world.near if name.startswith("n"))
        yield _time("one root", world, Event("device", (device_fault(root, power=True),)), rng)
        dark = frozenset(name for site in world.offices for name in world.devices_of[site])
        all_dark = Fault(CauseKind.POWER_FEED, "all", dark=dark, dark_sites=frozenset(world.offices))
        yield _time("every office", world, Event("feed", (all_dark,)), rng)
        del world
        gc.collect()


def _time(case: str, world: World, event: Event, rng: random.Random) -> Timing:
    seen = observe.observe(world, event, rng, witness=True)
    snapshot = observe.snapshot(world, seen, after=False)
    gc.collect()
    best, causes = min((_once(snapshot) for _ in range(REPEATS)), key=lambda one: one[0])
    return Timing(case, len(world.near), len(seen.silent), causes, best)


def _once(snapshot: Snapshot) -> tuple[float, int]:
    started = time.process_time()
    causes = localise(snapshot)
    return time.process_time() - started, len(causes)
