"""The benchmark as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.diagnosis.baselines import BASELINES
from bench.diagnosis.gates import Gate, mean
from bench.diagnosis.metrics import Score
from bench.diagnosis.run import IDEAL, IDEAL_AFTER, NETWATCH, NETWATCH_AFTER, SMALL, SMALL_AFTER, Table

SCHEMA = "netwatch.bench-diagnosis/1"
ROWS = (*BASELINES, NETWATCH, NETWATCH_AFTER, SMALL, SMALL_AFTER, IDEAL, IDEAL_AFTER)
COLUMNS = {
    "tickets_per_fault": "tickets/fault",
    "exact_precision": "exact P",
    "exact_recall": "exact R",
    "place_precision": "place P",
    "place_recall": "place R",
    "domain": "domain",
    "side": "side",
    "redundancy_found": "redundancy",
}


def means(tables: Mapping[int, Table]) -> dict[str, dict[str, float]]:
    """Return the mean over the seeds of every column of every row."""
    found = {}
    for row in ROWS:
        figures = [table.figures(row) for table in tables.values() if row in table.scores]
        if figures:
            found[row] = {column: mean([one[column] for one in figures]) for column in COLUMNS}
    return found


def main_table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Return the table with a line for each row."""
    width = max(len(row) for row in rows)
    lines = [" " * width + "".join(f"{name:>14}" for name in COLUMNS.values())]
    lines += [f"{row:{width}}" + "".join(f"{figures[column]:14.3f}" for column in COLUMNS) for row, figures in rows.items()]
    return "\n".join(lines)


def model_table(tables: Mapping[int, Table], rows: Sequence[str]) -> str:
    """Return exact recall (and domain) by fault model."""
    found = {row: by_model([table.scores[row] for table in tables.values() if row in table.scores]) for row in rows}
    found = {row: models for row, models in found.items() if models}
    names = list(next(iter(found.values())))
    width = max(len(row) for row in found)
    lines = [" " * width + "".join(f"{name:>14}" for name in names)]
    for row, models in found.items():
        lines.append(f"{row:{width}}" + "".join(f"{_pair(models.get(name)):>14}" for name in names))
    return "\n".join(lines)


def _pair(cell: tuple[float, float] | None) -> str:
    return "-" if cell is None else f"{cell[0]:.2f} ({cell[1]:.2f})"


def by_model(scores: Sequence[Score]) -> dict[str, tuple[float, float]]:
    """Return exact recall and domain of each fault model."""
    total: dict[str, list[int]] = {}
    for score in scores:
        for model, row in score.by_model.items():
            for index, value in enumerate(row):
                total.setdefault(model, [0, 0, 0])[index] += value
    return {model: (exact / faults, domain / faults) for model, (faults, exact, domain) in total.items()}


def confusion(scores: Sequence[Score], most: int = 12) -> list[tuple[str, str, int]]:
    """Return what was taken for what, most frequent first."""
    total: Counter[tuple[str, str]] = Counter()
    for score in scores:
        total.update(score.confusion)
    return [(*pair, count) for pair, count in total.most_common(most)]


def gate_lines(gates: Iterable[Gate]) -> str:
    """Return each gate with its figure."""
    return "\n".join(f"{'pass' if gate.passed else 'FAIL'}  {gate.name:62} {gate.figure:9.4f}  {gate.limit}" for gate in gates)


def to_json(
    settings: Mapping[str, Any], by_noise: Mapping[str, Mapping[int, Table]], gates: Sequence[Gate], studies: Mapping[str, Any]
) -> dict[str, Any]:
    """Return everything the benchmark found, rounded to what the number of events supports."""
    return {
        "schema": SCHEMA,
        "settings": dict(settings),
        "rows": {noise: rounded(means(tables)) for noise, tables in by_noise.items()},
        "by_seed": {
            noise: {
                str(seed): rounded({row: table.figures(row) for row in ROWS if row in table.scores})
                for seed, table in tables.items()
            }
            for noise, tables in by_noise.items()
        },
        "by_model": {
            noise: {
                row: {
                    model: [round(one, 4) for one in pair]
                    for model, pair in by_model([t.scores[row] for t in tables.values()]).items()
                }
                for row in ROWS
                if all(row in table.scores for table in tables.values())
            }
            for noise, tables in by_noise.items()
        },
        "studies": rounded(studies),
        "gates": [{"name": one.name, "figure": round(one.figure, 4), "limit": one.limit, "passed": one.passed} for one in gates],
        "passed": all(gate.passed for gate in gates),
    }


def rounded(value: Any) -> Any:
    """Round every figure to four digits; what is not a number is null."""
    if isinstance(value, float):
        return None if value != value else round(value, 4)
    if isinstance(value, Mapping):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return value
