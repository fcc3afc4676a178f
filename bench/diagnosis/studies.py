"""Questions of their own: tickets at offices for faults elsewhere, the witness, wrong lines in the inventory, old samples."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bench.diagnosis import faults, observe, truth
from bench.diagnosis.backbones import Backbone
from bench.diagnosis.baselines import BASELINES
from bench.diagnosis.generator import NOISE, Noise, World, generate
from bench.diagnosis.metrics import Score, office_tickets
from bench.diagnosis.run import NETWATCH
from netwatch.diagnose.cause import Cause
from netwatch.diagnose.localise import localise
from netwatch.diagnose.snapshot import DeviceView, Reach, Snapshot

RULES: Mapping[str, Callable[[Snapshot], list[Cause]]] = {NETWATCH: localise, **BASELINES}
SINGLE = ("device", "link", "site_power", "feed", "cable")
WRONG_EDGES = (0.0, 0.02, 0.05, 0.10, 0.20)
WAITS_S = (0, 5, 10)


def office_tickets_per_fault(backbones: Sequence[Backbone], seed: int, model: str, per_network: int) -> dict[str, float]:
    """Return for each rule how many tickets at offices a fault in the Data Center, or at the provider, makes on average."""
    count = 0
    tickets = dict.fromkeys(RULES, 0)
    for backbone in backbones:
        rng = random.Random(f"{seed}/{backbone.name}/{model}")
        world = generate(backbone, NOISE["normal"], rng)
        for _ in range(per_network):
            event = faults.draw("gateway" if model == "data_center" and rng.random() < 0.3 else model, world, rng)
            if not any(one.counted for one in truth.truths(world, event)):
                continue
            count += 1
            snapshot = observe.snapshot(world, observe.observe(world, event, rng, witness=True), after=False)
            for name, rule in RULES.items():
                tickets[name] += office_tickets(rule(snapshot))
    return {"faults": count, **{name: number / max(1, count) for name, number in tickets.items()}}


def monitor_or_data_center(backbones: Sequence[Backbone], seed: int, per_network: int) -> dict[str, float]:
    """Return the share of cases in which the side is right when nothing answers, with and without a witness."""
    found = {}
    for name, witness in (("with witness", True), ("without witness", False)):
        score = Score()
        for backbone in backbones:
            rng = random.Random(f"{seed}/{backbone.name}/monitor")
            world = generate(backbone, NOISE["normal"], rng)
            for model in ("monitor", "gateway"):
                for _ in range(per_network):
                    _score(score, world, faults.draw(model, world, rng), rng, witness=witness)
        found[name] = score.figures["side"]
    return found


def wrong_edges(backbones: Sequence[Backbone], seed: int, per_network: int) -> dict[str, dict[str, float]]:
    """Return exact recall of netwatch and of SCORE-like by the share of access lines that the inventory has wrong."""
    found = {}
    for share in WRONG_EDGES:
        noise = replace(NOISE["normal"], wrong_edge=share)
        ours, best = Score(), Score()
        for backbone in backbones:
            rng = random.Random(f"{seed}/{backbone.name}/edges")
            world = generate(backbone, noise, rng)
            for model in SINGLE:
                for _ in range(per_network):
                    event = faults.draw(model, world, rng)
                    snapshot = observe.snapshot(world, observe.observe(world, event, rng, witness=True), after=False)
                    truths = truth.truths(world, event)
                    ours.add(truths, localise(snapshot))
                    best.add(truths, BASELINES["SCORE-like"](snapshot))
        found[f"{share:.0%}"] = {
            "netwatch": ours.figures["exact_recall"],
            "netwatch place": ours.figures["place_recall"],
            "SCORE-like": best.figures["exact_recall"],
        }
    return found


def old_samples(backbones: Sequence[Backbone], seed: int, per_network: int) -> dict[str, dict[str, float]]:
    """Return exact recall when the verdict comes so long after the first `down`, without and with asking everybody again."""
    found: dict[str, dict[str, float]] = {}
    for wait in WAITS_S:
        old, fresh = Score(), Score()
        for backbone in backbones:
            rng = random.Random(f"{seed}/{backbone.name}/old")
            world = generate(backbone, NOISE["normal"], rng)
            for model in SINGLE:
                for _ in range(per_network):
                    event = faults.draw(model, world, rng)
                    snapshot = observe.snapshot(world, observe.observe(world, event, rng, witness=True), after=False)
                    truths = truth.truths(world, event)
                    fresh.add(truths, localise(snapshot))
                    old.add(truths, localise(without_asking(snapshot, wait)))
        found[f"{wait} s"] = {"old samples": old.figures["exact_recall"], "asked again": fresh.figures["exact_recall"]}
    return found


def without_asking(snapshot: Snapshot, wait_s: float) -> Snapshot:
    """Return what the last scheduled echoes say `wait_s` after the first device is down: the others still count as answering."""
    onsets = [view.since for view in snapshot.devices.values() if view.since is not None]
    if not onsets:
        return snapshot
    until = min(onsets) + timedelta(seconds=wait_s)
    views = {
        name: DeviceView(Reach.ANSWERING, snmp=True) if view.since is not None and view.since > until else view
        for name, view in snapshot.devices.items()
    }
    return Snapshot(snapshot.graph, snapshot.at, views, snapshot.ports, snapshot.vantage)


def quiet(backbones: Sequence[Backbone], seed: int, noise: Noise, per_network: int) -> float:
    """Return false tickets for each snapshot in which nothing is wrong."""
    score, count = Score(), 0
    for backbone in backbones:
        rng = random.Random(f"{seed}/{backbone.name}/quiet/{noise.name}")
        world = generate(backbone, noise, rng)
        for _ in range(per_network):
            count += 1
            _score(score, world, faults.Event("quiet", ()), rng, witness=True)
    return score.tickets / max(1, count)


def _score(score: Score, world: World, event: faults.Event, rng: random.Random, *, witness: bool) -> None:
    seen = observe.observe(world, event, rng, witness=witness)
    score.add(truth.truths(world, event), localise(observe.snapshot(world, seen, after=False)))
