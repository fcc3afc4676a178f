"""The levels to reach (issue and DIAGNOSIS 4), judged on the mean of the seeds, with a witness, at normal noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.diagnosis.baselines import BASELINES
from bench.diagnosis.metrics import Score
from bench.diagnosis.run import IDEAL, IDEAL_AFTER, NETWATCH, NETWATCH_AFTER, SMALL, SMALL_AFTER, Table

NEAR_IDEAL = 0.02
CALIBRATED = 0.1
ENOUGH = 50  # answers in a decile before its share says anything


@dataclass(frozen=True, slots=True)
class Level:
    """A figure that must be at most, or at least, so much."""

    row: str
    metric: str
    limit: float
    at_most: bool = False


LEVELS = (
    Level(NETWATCH, "tickets_per_fault", 1.10, at_most=True),
    Level(NETWATCH, "exact_recall", 0.80),
    Level(NETWATCH_AFTER, "exact_recall", 0.92),
    Level(NETWATCH, "domain", 0.88),
    Level(NETWATCH_AFTER, "domain", 0.97),
    Level(NETWATCH, "place_precision", 0.98),
    Level(NETWATCH, "place_recall", 0.99),
    Level(NETWATCH, "side", 0.985),
)
IDEALS = {NETWATCH: (IDEAL, SMALL), NETWATCH_AFTER: (IDEAL_AFTER, SMALL_AFTER)}
BEAT = (("tickets_per_fault", True), ("exact_recall", False), ("domain", False))  # on every seed


@dataclass(frozen=True, slots=True)
class Gate:
    """One judged figure. `limit` as text: what was asked for."""

    name: str
    figure: float
    limit: str
    passed: bool


def levels(tables: Mapping[int, Table]) -> Iterator[Gate]:
    """Yield the levels of the main table. One that is missed is still passed within 0.02 of the ideal observer, and says so."""
    for level in LEVELS:
        figure = mean([table.figures(level.row)[level.metric] for table in tables.values()])
        passed = figure <= level.limit if level.at_most else figure >= level.limit
        limit = f"{'<=' if level.at_most else '>='} {level.limit:g}"
        ideal, ours = IDEALS[level.row]
        if not passed and all(ideal in table.scores for table in tables.values()):
            bound = mean([table.figures(ideal)[level.metric] for table in tables.values()])
            near = mean([table.figures(ours)[level.metric] for table in tables.values()])
            passed = abs(bound - near) <= NEAR_IDEAL or (near < bound if level.at_most else near > bound)
            limit += f", or within {NEAR_IDEAL:g} of the ideal observer ({near:.3f} against {bound:.3f} where it can be computed)"
        yield Gate(f"{level.row}: {level.metric}", figure, limit, passed)


def beats_baselines(tables: Mapping[int, Table]) -> Iterator[Gate]:
    """Yield for each metric whether netwatch is better than every baseline on every seed: the smallest lead."""
    for metric, smaller in BEAT:
        leads = []
        for table in tables.values():
            ours = table.figures(NETWATCH)[metric]
            for name in BASELINES:
                theirs = table.figures(name)[metric]
                leads.append(theirs - ours if smaller else ours - theirs)
        yield Gate(f"lead over the best baseline on the worst seed: {metric}", min(leads), "> 0", min(leads) > 0)


def calibration(scores: Sequence[Score]) -> tuple[list[tuple[int, int, float, float]], Gate]:
    """Return (decile, answers, stated, right) for each decile, and the gate on the largest difference."""
    rows = []
    for decile in range(10):
        cells = [score.deciles[decile] for score in scores if decile in score.deciles]
        count = sum(int(cell[0]) for cell in cells)
        if count:
            rows.append((decile, count, sum(cell[2] for cell in cells) / count, sum(cell[1] for cell in cells) / count))
    worst = max((abs(stated - right) for _, count, stated, right in rows if count >= ENOUGH), default=0.0)
    return rows, Gate("confidence: stated against right, worst decile", worst, f"<= {CALIBRATED:g}", worst <= CALIBRATED)


def at_most(name: str, figure: float, limit: float) -> Gate:
    """Return a gate on a figure of a study."""
    return Gate(name, figure, f"<= {limit:g}", figure <= limit)


def mean(figures: Sequence[float]) -> float:
    """Return the arithmetic mean."""
    return sum(figures) / len(figures)
