"""Exact binomial intervals, without scipy."""

from __future__ import annotations

import math
from collections.abc import Callable


def clopper_pearson(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval for a share of which `hits` of `trials` were seen (Clopper and Pearson, 1934).

    Its upper end also bounds the false-positive rate of a threshold that was set on the very same `trials` scores
    just above the (hits + 1)-th highest: that rate is Beta(hits + 1, trials − hits) distributed whatever the scores'
    distribution. Raises ValueError unless 0 ≤ hits ≤ trials and trials > 0.
    """
    if not 0 <= hits <= trials or not trials:
        raise ValueError("a share needs 0 ≤ hits ≤ trials, and a trial")
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - _at_most(hits - 1, trials, p) - tail)
    high = 1.0 if hits == trials else _solve(lambda p: tail - _at_most(hits, trials, p))
    return low, high


def needed(target: float, factor: float = 2.0, level: float = 0.95) -> int:
    """How many scores bound the true rate of a threshold set at `target` by `factor` times that.

    Raises ValueError unless 0 < target < 1 and factor > 1.
    """
    if not 0 < target < 1 or factor <= 1:
        raise ValueError("needs 0 < target < 1 and factor > 1")

    def enough(n: int) -> bool:
        return clopper_pearson(int(target * n + 1e-9), n, level)[1] <= factor * target

    high = max(2, math.ceil(1 / target))
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > max(1, high // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _at_most(hits: int, trials: int, p: float) -> float:
    """P(X ≤ hits) of a binomial, summed from the largest term down the smaller side."""
    if p <= 0:
        return 1.0
    if p >= 1:
        return float(hits >= trials)
    if hits > trials * p:  # the other tail has the smaller terms
        return 1.0 - _at_most(trials - hits - 1, trials, 1 - p) if hits < trials else 1.0
    log_choose = math.lgamma(trials + 1) - math.lgamma(hits + 1) - math.lgamma(trials - hits + 1)
    term = math.exp(log_choose + hits * math.log(p) + (trials - hits) * math.log1p(-p))
    total = 0.0
    for k in range(hits, -1, -1):
        total += term
        if term < total * 1e-16:
            break
        term *= k / (trials - k + 1) * (1 - p) / p
    return min(1.0, total)


def _solve(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2
