"""Plays the same events to netwatch, to the baselines and to the ideal observer, and keeps a score of each."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.diagnosis import faults, observe, truth
from bench.diagnosis.backbones import Backbone
from bench.diagnosis.baselines import BASELINES
from bench.diagnosis.generator import Noise, World, generate
from bench.diagnosis.ideal import Ideal
from bench.diagnosis.metrics import Score
from netwatch.diagnose.localise import localise

NETWATCH, NETWATCH_AFTER = "netwatch", "netwatch, after recovery"
IDEAL, IDEAL_AFTER = "ideal observer", "ideal observer, after recovery"
SMALL, SMALL_AFTER = "netwatch, same networks", "netwatch, same networks, after recovery"


@dataclass(slots=True)
class Table:
    """Scores by the name of the row, and the CPU seconds each spent thinking."""

    scores: dict[str, Score] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    domains: dict[str, Score] = field(default_factory=dict)  # of the ideal observer: its answers for the domain

    def score(self, row: str) -> Score:
        """Return the score of a row, an empty one at first."""
        return self.scores.setdefault(row, Score())

    def figures(self, row: str) -> dict[str, float]:
        """Return the columns of a row; the ideal observer decides for each metric apart."""
        found = dict(self.scores[row].figures)
        if row in self.domains:
            of_domain = self.domains[row].figures
            found["domain"] = max(found["domain"], of_domain["domain"])
            found["side"] = max(found["side"], of_domain["side"])
        return found


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play. `per_model`: events of each fault model on each network."""

    noise: Noise
    per_model: int = 6
    models: Sequence[str] = faults.MODELS
    witness: bool = True
    baselines: bool = True
    ideal_devices: int = 0  # networks of at most so many devices are small enough for the ideal observer


def play(table: Table, backbone: Backbone, seed: int, plan: Plan) -> World:
    """Build one network, play every event on it, and add to the scores. Deterministic by seed, name and plan."""
    rng = random.Random(f"{seed}/{backbone.name}/{plan.noise.name}")
    world = generate(backbone, plan.noise, rng)
    ideal = Ideal(world) if len(world.near) <= plan.ideal_devices else None
    for model in plan.models:
        for _ in range(plan.per_model):
            play_one(table, world, faults.draw(model, world, rng), rng, plan, ideal)
    return world


def play_one(table: Table, world: World, event: faults.Event, rng: random.Random, plan: Plan, ideal: Ideal | None = None) -> None:
    """Play one event to everybody."""
    seen = observe.observe(world, event, rng, witness=plan.witness)
    truths = truth.truths(world, event)
    for after in (False, True):
        snapshot = observe.snapshot(world, seen, after=after)
        started = time.process_time()
        causes = localise(snapshot)
        row = NETWATCH_AFTER if after else NETWATCH
        table.cpu_s[row] = table.cpu_s.get(row, 0.0) + time.process_time() - started
        table.score(row).add(truths, causes)
        if ideal is not None:
            exact, domain = ideal.answers(seen, after=after)
            name = IDEAL_AFTER if after else IDEAL
            table.score(name).add(truths, exact)
            table.domains.setdefault(name, Score()).add(truths, domain)
            table.score(SMALL_AFTER if after else SMALL).add(truths, causes)
        if plan.baselines and not after:
            for name, rule in BASELINES.items():
                table.score(name).add(truths, rule(snapshot))
