"""How soon is a dead device `down`, and how often is a living one called so? Beside the rules of five other systems.

    .venv/bin/python bench/detection.py [--days 30] [--bursts 500] [--seed 1] [--json]    exit 1 beyond a limit

Every rule listens to the same trace: one device whose packets are lost independently with probability p, and, where the column
says so, also in blackouts with exponential length. netwatch is the real `netwatch.detect.advance` with its real schedule; the
others are written down here from their documentation, with their defaults. Each figure comes twice: counted in the trace (Monte
Carlo), and by arithmetic where loss is independent. Rare events cannot be counted: there the arithmetic stands, and it is checked
by counting with confirm windows so short that false `down` are frequent.

Judged: netwatch is `down` sooner than every other rule on average and at worst, makes fewer than 1e-3 false `down` a device and
year at 1 to 20 % loss (arithmetic, and none counted), and the arithmetic is within a quarter of what is counted.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from netwatch.detect.loss import YEAR_S, losses_needed
from netwatch.detect.state import DeviceState, Event, Policy, State, advance, next_delay, silent_for
from netwatch.observation import Echo

DAY_S = 86_400.0
GATE_S = 180.0  # tickets.open_after
LOSSES = (0.01, 0.05, 0.10, 0.20, 0.30)
BURSTS = ((10, 5.0), (10, 20.0), (2, 60.0))  # blackouts a day, mean seconds; on top of 1 % loss
APART_S = 1800.0  # between two blackouts of the trace: longer than any rule remembers
FALSE_MAX = 1e-3
AGREE = 0.25
DEFAULTS = Policy()
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
_MASK = (1 << 64) - 1


class Trace:
    """Which packet of one device is answered: a pure function of the instant it is sent at, so that all rules see the same."""

    def __init__(self, seed: int, loss: float, dark: Sequence[tuple[float, float]] = ()) -> None:
        self._salt = seed * _MIX[0]
        self._below = int(loss * _MASK)
        self._starts = [start for start, _ in dark]
        self._ends = [end for _, end in dark]

    def answered(self, at: float) -> bool:
        """Tell whether an echo sent at this second is answered (SplitMix64 of the millisecond)."""
        if self._starts:
            index = bisect_right(self._starts, at) - 1
            if index >= 0 and at < self._ends[index]:
                return False
        z = (int(at * 1000) * _MIX[0] + self._salt) & _MASK
        z = ((z ^ (z >> 30)) * _MIX[1]) & _MASK
        z = ((z ^ (z >> 27)) * _MIX[2]) & _MASK
        return (z ^ (z >> 31)) >= self._below


@dataclass(frozen=True, slots=True)
class Checks:
    """A rule of checks: all packets of a check lost is a failure; `attempts` failures in a row, the later ones at `retry`."""

    name: str
    interval: float
    retry: float
    attempts: int
    packets: int
    source: str
    gap: float = 1.0  # seconds between the packets of a check

    def alarms(self, trace: Trace, start: float, until: float) -> Iterator[float]:
        """Yield the instants at which the device is called down; the next one only after it was up again."""
        at, failures = start, 0
        while at < until:
            failed = not any(trace.answered(at + number * self.gap) for number in range(self.packets))
            failures = failures + 1 if failed else 0
            if failures == self.attempts:
                yield at + (self.packets - 1) * self.gap + 1.0
            at += self.retry if 0 < failures < self.attempts else self.interval

    def by_arithmetic(self, loss: float) -> float:
        """Return false alarms a year under independent loss."""
        return YEAR_S / self.interval * loss ** (self.packets * self.attempts)


@dataclass(frozen=True, slots=True)
class Scrapes:
    """Prometheus: `probe_success == 0` at every scrape and every evaluation for so many seconds."""

    name: str
    interval: float
    pending: float
    source: str

    def alarms(self, trace: Trace, start: float, until: float) -> Iterator[float]:
        """Yield the instants at which the alert fires; evaluations come half a second after the scrapes."""
        at, since, firing = start, None, False
        while at < until:
            if trace.answered(at):
                since, firing = None, False
            else:
                now = at + 1.5
                since = now if since is None else since
                if not firing and now - since >= self.pending - 1e-6:
                    firing = True
                    yield now
            at += self.interval

    def by_arithmetic(self, loss: float) -> float:
        """Return false alarms a year under independent loss."""
        return YEAR_S / self.interval * loss ** (round(self.pending / self.interval) + 1)


@dataclass(frozen=True, slots=True)
class Netwatch:
    """The real state machine with its real schedule; with `gate`, the instant at which a ticket may open."""

    name: str
    policy: Policy = DEFAULTS
    gate: float = 0.0
    source: str = "netwatch.detect"

    @property
    def interval(self) -> float:
        """Return the seconds between scheduled echoes."""
        return self.policy.interval

    def alarms(self, trace: Trace, start: float, until: float) -> Iterator[float]:
        """Yield the instants at which the device becomes `down`, or passes the gate."""
        state, at, passed = DeviceState(state=State.UP), start, False
        while at < until:
            answered = trace.answered(at)
            scheduled = state.state is State.UP
            step = advance(state, Echo("x", at, 0.002 if answered else None, scheduled=scheduled), self.policy)
            state = step.state
            if self.gate:
                through = silent_for(state, at) >= self.gate
                if through and not passed:
                    yield at + self.policy.timeout
                passed = through or (passed and state.state is State.DOWN)
            elif step.event is Event.BECAME_DOWN:
                yield at + self.policy.timeout
            at += next_delay(state, self.policy, gate_passed=passed)

    def by_arithmetic(self, loss: float) -> float:
        """Return false `down` a year: scheduled echoes times the chance that all echoes of a verdict are lost (DIAGNOSIS 1.2)."""
        in_window = round(self.policy.confirm_window / self.policy.suspect_interval) + 1
        echoes = max(in_window, losses_needed(loss, self.policy))
        if self.gate:
            echoes += int((self.gate - self.policy.confirm_window) / self.policy.down_interval)
        return YEAR_S / self.policy.interval * loss**echoes


DOWN = Netwatch("netwatch down")
TICKET = Netwatch("netwatch ticket, gate 180 s", gate=GATE_S)
OTHERS: tuple[Checks | Scrapes, ...] = (
    Checks("Gatus, 3 x 60 s, 1 echo", 60, 60, 3, 1, "endpoints[].interval 60s, alerts[].failure-threshold 3"),
    Checks("Icinga 2, 1 min, 3 x 30 s, 5 packets", 60, 30, 3, 5, "generic-host of conf.d/templates.conf, hostalive"),
    Checks("Zabbix, max(#3)=0, 1 min, 3 packets", 60, 60, 3, 3, "template ICMP Ping, icmpping"),
    Checks("Nagios, 3 x 1 min, 5 packets", 60, 60, 3, 5, "check-host-alive, max_check_attempts 3"),
    Checks("Nagios sample template, 5 min, 10 x 1 min", 300, 60, 10, 5, "linux-server of objects/templates.cfg"),
    Scrapes("blackbox, scrape 15 s, for 1m", 15, 60, "prometheus.yml as shipped (15s)"),
    Scrapes("blackbox, scrape 1 min, for 5m", 60, 300, "global.scrape_interval 1m"),
)
RULES = (DOWN, TICKET, *OTHERS)


def false_by_loss(rule: Any, loss: float, days: float, seed: int) -> float:
    """Return false alarms a device and year, counted."""
    start = random.Random(f"{seed}/{rule.name}").uniform(0, rule.interval)
    return sum(1 for _ in rule.alarms(Trace(seed, loss), start, days * DAY_S)) * 365 / days


def false_by_bursts(rule: Any, per_day: int, mean_s: float, count: int, seed: int) -> float:
    """Return false alarms a device and year from blackouts, counted in a trace that has them closer together."""
    rng = random.Random(f"{seed}/{per_day}/{mean_s}")
    dark, at = [], APART_S
    for _ in range(count):
        at += rng.uniform(0, 300.0)
        dark.append((at, at + rng.expovariate(1 / mean_s)))
        at += APART_S
    alarms = sum(1 for _ in rule.alarms(Trace(seed, 0.01, dark), rng.uniform(0, rule.interval), at))
    return alarms / count * per_day * 365


def times_to_alarm(rule: Any, count: int, seed: int) -> tuple[float, float]:
    """Return mean and worst seconds from a device's death at a random instant to the alarm; no other loss."""
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        died = rng.uniform(2_000.0, 4_000.0)
        alarms = rule.alarms(Trace(seed, 0.0, [(died, died + DAY_S)]), rng.uniform(0, rule.interval), died + 7_200.0)
        found.append(next(alarms) - died)
    return sum(found) / count, max(found)


def checks_of_the_arithmetic(seed: int, days: float) -> list[dict[str, float]]:
    """Count where false `down` are frequent: short confirm windows, no floor of echoes but alpha's own."""
    found = []
    for loss, window in ((0.2, 4.0), (0.3, 5.0), (0.4, 7.0)):
        rule = Netwatch("short", replace_policy(window))
        counted = false_by_loss(rule, loss, days, seed)
        found.append({"loss": loss, "window_s": window, "counted": counted, "arithmetic": rule.by_arithmetic(loss)})
    return found


def replace_policy(window: float) -> Policy:
    """Return the defaults with another confirm window and no wish for rarity."""
    return replace(DEFAULTS, confirm_window=window, false_down_per_device_year=1e9)


def measure(days: float, bursts: int, outages: int, seed: int) -> list[dict[str, Any]]:
    """Return a row for each rule."""
    rows = []
    for rule in RULES:
        mean, worst = times_to_alarm(rule, outages, seed)
        rows.append(
            {
                "rule": rule.name,
                "source": rule.source,
                "mean_s": mean,
                "worst_s": worst,
                "counted": {f"{loss:.0%}": false_by_loss(rule, loss, days, seed) for loss in LOSSES},
                "arithmetic": {f"{loss:.0%}": rule.by_arithmetic(loss) for loss in LOSSES},
                "bursts": {f"{n}/day x {s:g} s": false_by_bursts(rule, n, s, bursts, seed) for n, s in BURSTS},
            }
        )
    return rows


def judge(rows: Sequence[dict[str, Any]], checks: Sequence[dict[str, float]]) -> list[tuple[str, float, str, bool]]:
    """Return (name, figure, limit, passed) for everything judged."""
    ours, others = rows[0], rows[2:]
    mean, worst = min(row["mean_s"] for row in others), min(row["worst_s"] for row in others)
    found = [
        ("mean seconds to down", ours["mean_s"], f"< {mean:.0f}, the soonest other", ours["mean_s"] < mean),
        ("worst seconds to down", ours["worst_s"], f"< {worst:.0f}, the soonest other", ours["worst_s"] < worst),
    ]
    for loss in LOSSES[:-1]:
        name = f"{loss:.0%}"
        false = max(ours["arithmetic"][name], ours["counted"][name])
        found.append((f"false down a device and year at {name} loss", false, f"< {FALSE_MAX:g}", false < FALSE_MAX))
    for one in checks:
        off = abs(one["counted"] / one["arithmetic"] - 1)
        name = f"arithmetic against counted, {one['loss']:.0%} loss, window {one['window_s']:g} s"
        found.append((name, off, f"<= {AGREE:g}", off <= AGREE))
    return found


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as text."""
    heads = [*(f"{loss:.0%}" for loss in LOSSES), *rows[0]["bursts"]]
    lines = [
        "False alarms a device and year: arithmetic for independent loss (counted in the trace), counted for blackouts",
        f"{'':42}" + "".join(f"{head:>18}" for head in heads) + f"{'mean s':>8}{'worst s':>8}",
    ]
    for row in rows:
        cells = [f"{row['arithmetic'][name]:.1e} ({row['counted'][name]:.0f})" for name in row["arithmetic"]]
        cells += [f"{value:.2f}" for value in row["bursts"].values()]
        lines.append(
            f"{row['rule']:42}" + "".join(f"{cell:>18}" for cell in cells) + f"{row['mean_s']:8.0f}{row['worst_s']:8.0f}"
        )
    return "\n".join(lines)


def main() -> int:
    """Measure and judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--bursts", type=int, default=500)
    parser.add_argument("--outages", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure(options.days, options.bursts, options.outages, options.seed)
    checks = checks_of_the_arithmetic(options.seed, 2 * options.days)
    judged = judge(rows, checks)
    ok = all(passed for *_, passed in judged)
    if options.json:
        print(json.dumps({"schema": "netwatch.bench-detection/1", "ok": ok, "rules": rows, "checks": checks}))
        return 0 if ok else 1
    print(table(rows))
    for name, figure, limit, passed in judged:
        print(f"{'pass' if passed else 'FAIL'}  {name:60} {figure:12.4g}  {limit}")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
