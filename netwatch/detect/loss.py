"""How many lost echoes make a certain loss, and how much loss is too much (DIAGNOSIS 1.2, 1.5). Pure arithmetic."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, comb, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netwatch.detect.state import Policy

YEAR_S = 31_536_000.0
LOSS_FLOOR = 0.01  # nobody loses less than this for long; also the guess for a new device
LOSS_CAP = 0.5  # beyond it more echoes no longer help
LOSS_WEIGHT = 1 / 360  # about an hour of scheduled echoes at T = 10 s
WINDOW_ECHOES = 20  # scheduled echoes in one window of 1.5
BASELINE_WEIGHT = WINDOW_ECHOES / 60_480  # one window out of the seven days at T = 10 s
FALSE_DEGRADED_PER_DEVICE_YEAR = 0.01


def losses_needed(loss_ratio: float, policy: Policy) -> int:
    """Return n: so many echoes lost in a row happen by chance at most `false_down_per_device_year` times a year.

    n = ceil(ln(alpha * T / year) / ln p), p the device's own loss between 1 % and 50 % (DIAGNOSIS 1.2).
    """
    p = min(max(loss_ratio, LOSS_FLOOR), LOSS_CAP)
    return max(1, ceil(log(policy.false_down_per_device_year * policy.interval / YEAR_S) / log(p)))


def update(loss_ratio: float, *, lost: bool) -> float:
    """Move the exponential average of the loss by one scheduled echo sent while the device was up."""
    return loss_ratio + ((1.0 if lost else 0.0) - loss_ratio) * LOSS_WEIGHT


def update_baseline(baseline: float, lost: int) -> float:
    """Move the seven-day baseline by one window of 20 scheduled echoes, `lost` of which were lost.

    A slow average stands in for the median of DIAGNOSIS 1.5: it needs no history, and an hour of 50 % loss moves it by 0.3 %.
    """
    return min(LOSS_CAP, baseline + (lost / WINDOW_ECHOES - baseline) * BASELINE_WEIGHT)


@lru_cache(maxsize=4096)
def _bad_window(permille: int, interval: float) -> int:
    """Return k for a baseline in tenths of a percent: the smallest whose square stays within the false rate of a year."""
    p = permille / 1000
    windows = YEAR_S / (WINDOW_ECHOES * interval)
    for k in range(3, WINDOW_ECHOES + 1):
        tail = sum(comb(WINDOW_ECHOES, i) * p**i * (1 - p) ** (WINDOW_ECHOES - i) for i in range(k, WINDOW_ECHOES + 1))
        if windows * tail * tail <= FALSE_DEGRADED_PER_DEVICE_YEAR:
            return k
    return WINDOW_ECHOES


def bad_window(baseline: float, interval: float = 10.0) -> int:
    """Return k: a window of 20 scheduled echoes with at least k lost is bad for a device with this baseline (DIAGNOSIS 1.5)."""
    return _bad_window(ceil(min(max(baseline, 0.005), LOSS_CAP) * 1000 - 1e-9), interval)
