"""How often is netwatch right, beside five rules that others use and beside what nobody can beat?

    .venv/bin/python -m bench.diagnosis [--quick] [--seeds 1 2 3] [--noise normal clean harsh] [--write docs]

Exit 1 when a level is missed. Deterministic by seed, but for the times of the scale row. `--quick`: one seed, a few networks,
seconds. `--write`: JSON and picture into that folder. Needs the graphs of ../shared/topologies; without them only trees.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.diagnosis import gates, studies, table
from bench.diagnosis.backbones import TOPOLOGIES, Backbone, city_tree, provider_graphs
from bench.diagnosis.flap import flaps
from bench.diagnosis.gates import Gate
from bench.diagnosis.generator import NOISE
from bench.diagnosis.picture import picture
from bench.diagnosis.run import NETWATCH, NETWATCH_AFTER, Plan, Table, play
from bench.diagnosis.scale import scale

TREES = (100, 1000)
LARGE_TREE = 10_000
SILENT = (1_000, 10_000, 50_000, 250_000)
QUICK_SILENT = (1_000, 10_000)
IDEAL_DEVICES = 260
US_PER_SILENT = 10.0
LINEAR = 2.5  # us per silent device at the largest size against 10,000: caches cost something, quadratic would cost 25 times
TITLE = "Localisation, normal noise"


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="bench.diagnosis", description="The benchmark of localisation.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--noise", nargs="+", choices=list(NOISE), default=["normal", "clean", "harsh"])
    parser.add_argument("--trees", type=int, nargs="*", default=list(TREES), help="sizes of city trees, in sites")
    parser.add_argument("--topologies", type=Path, default=TOPOLOGIES, help="folder of GraphML files")
    parser.add_argument(
        "--graphs", choices=["all", "develop", "aside"], default="all", help="aside: every third, never developed on"
    )
    parser.add_argument("--per-model", type=int, default=6, help="events of each fault model on each network")
    parser.add_argument("--quick", action="store_true", help="one seed, four networks, small scale")
    parser.add_argument("--write", type=Path, help="folder for diagnosis-benchmark.json and .svg")
    parser.add_argument("--json", action="store_true", help="print the JSON instead of the tables")
    return parser.parse_args(given)


def backbones(options: argparse.Namespace) -> list[Backbone]:
    """Return the networks to build on: provider graphs, where there are any, and trees."""
    graphs = provider_graphs(options.topologies)
    if options.graphs != "all":
        graphs = [one for index, one in enumerate(graphs) if (index % 3 == 2) == (options.graphs == "aside")]
    if options.quick:
        graphs = graphs[:3]
    return [*graphs, *(city_tree(sites, random.Random(sites)) for sites in options.trees[: 1 if options.quick else None])]


def main_rows(options: argparse.Namespace, networks: Sequence[Backbone]) -> dict[str, dict[int, Table]]:
    """Play everything at every noise level; baselines and the ideal observer at the first one only."""
    found: dict[str, dict[int, Table]] = {}
    for index, noise in enumerate(options.noise[: 1 if options.quick else None]):
        plan = Plan(NOISE[noise], options.per_model, baselines=index == 0, ideal_devices=IDEAL_DEVICES if index == 0 else 0)
        for seed in options.seeds[: 1 if options.quick else None]:
            scores = found.setdefault(noise, {}).setdefault(seed, Table())
            for backbone in networks:
                play(scores, backbone, seed, plan)
            print(f"{noise}, seed {seed}: {scores.scores[NETWATCH].faults} faults", file=sys.stderr)
    return found


def large(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Play one event of each model on a tree of 10,000 sites."""
    found = Table()
    play(found, city_tree(LARGE_TREE, random.Random(LARGE_TREE)), options.seeds[0], Plan(NOISE["normal"], 2, baselines=False))
    return {row: found.figures(row) for row in (NETWATCH, NETWATCH_AFTER)}


def further(options: argparse.Namespace, networks: Sequence[Backbone]) -> tuple[dict[str, Any], list[Gate]]:
    """Run the studies and return them with their gates."""
    seed, quick = options.seeds[0], options.quick
    found: dict[str, Any] = {}
    judged = []
    found["office tickets per Data Center fault"] = centre = studies.office_tickets_per_fault(
        networks, seed, "data_center", 6 if quick else 15
    )
    judged.append(gates.at_most("office tickets per Data Center fault", centre[NETWATCH], 0.02))
    found["office tickets per provider fault"] = studies.office_tickets_per_fault(networks, seed, "provider", 4)
    found["monitor or Data Center"] = witness = studies.monitor_or_data_center(networks, seed, 4)
    judged.append(Gate("monitor or Data Center, with a witness", witness["with witness"], "= 1", witness["with witness"] == 1.0))
    flapping = flaps(networks, seed, 40 if quick else 236)
    found["flapping line"] = {
        "lines": flapping.lines,
        "tickets per line": flapping.tickets / flapping.lines,
        "if keyed by cause": flapping.by_cause / flapping.lines,
    }
    judged.append(gates.at_most("tickets per flapping line", flapping.tickets / flapping.lines, 1.05))
    if not quick:
        found["exact by wrong access lines"] = studies.wrong_edges(networks, seed, 2)
        found["exact by age of the samples"] = studies.old_samples(networks, seed, 2)
        found["tickets per quiet snapshot"] = {name: studies.quiet(networks, seed, NOISE[name], 4) for name in NOISE}
        found["tree of 10,000 sites"] = large(options)
    timings = list(scale(QUICK_SILENT if quick else SILENT, seed))
    found["scale"] = [
        {"case": one.case, "silent": one.silent, "causes": one.causes, "us per silent device": one.us_per_silent}
        for one in timings
    ]
    for case in dict.fromkeys(one.case for one in timings):
        costs = [one.us_per_silent for one in timings if one.case == case]
        judged.append(gates.at_most(f"us per silent device, {case}", max(costs), US_PER_SILENT))
        judged.append(gates.at_most(f"largest against 10,000 silent, {case}", costs[-1] / costs[1], LINEAR))
    return found, judged


def report(
    by_noise: Mapping[str, Mapping[int, Table]], found: Mapping[str, Any], judged: Sequence[Gate], rows: Sequence[Any]
) -> None:
    """Print the tables, the studies, the errors and the gates."""
    for noise, tables in by_noise.items():
        faults = sum(one.scores[NETWATCH].faults for one in tables.values())
        print(f"\n{noise} noise, {len(tables)} seeds, {faults} faults\n{table.main_table(table.means(tables))}")
    first = next(iter(by_noise.values()))
    print(f"\nExact recall (domain) by fault model\n{table.model_table(first, table.ROWS)}")
    for row in (NETWATCH, NETWATCH_AFTER):
        print(f"\nNot exact, {row}: " + "; ".join(f"{true} -> {said} {n}" for true, said, n in table.confusion(_of(first, row))))
    print("\nConfidence: decile, answers, stated, right")
    print("\n".join(f"  0.{decile}  {count:6}  {stated:.2f}  {right:.2f}" for decile, count, stated, right in rows))
    for name, value in found.items():
        print(f"\n{name}\n{json.dumps(table.rounded(value), indent=None)}")
    print(f"\n{table.gate_lines(judged)}")


def _of(tables: Mapping[int, Table], row: str) -> list[Any]:
    return [one.scores[row] for one in tables.values()]


def main() -> int:
    """Run everything; the exit code says whether the levels are reached."""
    options = arguments()
    networks = backbones(options)
    if not any(one.sites is None for one in networks):
        print(f"{options.topologies} holds no graphs: city trees only", file=sys.stderr)
    by_noise = main_rows(options, networks)
    first = next(iter(by_noise.values()))
    rows, calibrated = gates.calibration(_of(first, NETWATCH) + _of(first, NETWATCH_AFTER))
    found, more = further(options, networks)
    found["confidence"] = [{"decile": one[0], "answers": one[1], "stated": one[2], "right": one[3]} for one in rows]
    judged = [*gates.levels(first), *gates.beats_baselines(first), calibrated, *more]
    settings = {
        "seeds": list(first),
        "noise": list(by_noise),
        "networks": [one.name for one in networks],
        "events of each model on each network": options.per_model,
        "ideal observer on networks of at most": IDEAL_DEVICES,
    }
    data = table.to_json(settings, by_noise, judged, found)
    if options.write:
        (options.write / "diagnosis-benchmark.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        title = f"{TITLE}: {len(networks)} networks, {len(first)} seeds"
        (options.write / "diagnosis-benchmark.svg").write_text(picture(table.means(first), title), encoding="utf-8")
    if options.json:
        print(json.dumps(data, indent=1))
    else:
        report(by_noise, found, judged, rows)
    return 0 if data["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
