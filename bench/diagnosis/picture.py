"""The table as a picture: one panel for each metric, one bar for each rule, a line where the level lies. SVG, written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from xml.sax.saxutils import escape

PANELS = (
    ("tickets_per_fault", "Tickets per fault (log scale; 1 is right)", 1.10),
    ("exact_recall", "Exact cause found", 0.80),
    ("domain", "Right domain (who has to act)", 0.88),
    ("place_precision", "Tickets at the right place", 0.98),
)
OURS, THEIRS, BOUND, LEVEL = "#1f6f54", "#b9b4a6", "#d9a441", "#a33a2c"
WIDTH, LABEL, BAR, GAP, HEAD = 760, 290, 16, 6, 44
SCALE_END = 60.0  # tickets per fault at the right edge


def picture(rows: Mapping[str, Mapping[str, float]], title: str) -> str:
    """Return the SVG text. Bars are drawn for every row; their values stand beside them."""
    panel = HEAD + len(rows) * (BAR + GAP)
    height = 60 + len(PANELS) * panel
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="30" font-size="16" font-weight="bold">{escape(title)}</text>',
    ]
    for index, (metric, name, level) in enumerate(PANELS):
        parts += _panel(metric, name, level, rows, 56 + index * panel)
    return "\n".join([*parts, "</svg>", ""])


def _panel(metric: str, name: str, level: float, rows: Mapping[str, Mapping[str, float]], top: int) -> Sequence[str]:
    room = WIDTH - LABEL - 80
    parts = [f'<text x="16" y="{top + 20}" font-weight="bold">{escape(name)}</text>']
    y = top + 30
    for row, figures in rows.items():
        value = figures[metric]
        long = room * _share(metric, value)
        colour = BOUND if row.startswith("ideal") else OURS if row.startswith("netwatch") else THEIRS
        parts += [
            f'<text x="{LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(row)}</text>',
            f'<rect x="{LABEL}" y="{y}" width="{long:.1f}" height="{BAR}" fill="{colour}"/>',
            f'<text x="{LABEL + long + 5:.1f}" y="{y + 12}">{value:.3g}</text>',
        ]
        y += BAR + GAP
    at = LABEL + room * _share(metric, level)
    parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top + 26}" y2="{y}" stroke="{LEVEL}" stroke-dasharray="3 3"/>')
    parts.append(f'<text x="{at + 3:.1f}" y="{top + 22}" fill="{LEVEL}">level {level:g}</text>')
    return parts


def _share(metric: str, value: float) -> float:
    if metric != "tickets_per_fault":
        return min(1.0, max(0.0, value))
    return min(1.0, max(0.01, log(max(value, 0.5) / 0.5) / log(SCALE_END / 0.5)))
