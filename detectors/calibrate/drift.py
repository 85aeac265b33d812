"""Has the traffic moved since the stored calibration? Score distributions against its quantiles, thresholds side by
side.

Two measures per class. The population stability index over the stored quantiles' bins: Σ (seen − expected) ·
ln(seen / expected). And the Kolmogorov-Smirnov distance at those quantiles, a lower bound of the true one. Both are
given with what chance alone reaches once in twenty times at these sample sizes: the usual rules of thumb (0.1, 0.25)
assume thousands of rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detectors import metrics
from detectors.calibrate.binomial import clopper_pearson
from detectors.metrics import Floats
from detectors.prefix_probing.artifact import Calibration

_NARROWEST = 0.05  # share of a bin, else one row more or less moves the index
_KS_5_PERCENT = 1.358


@dataclass(frozen=True, slots=True)
class Shift:
    """How far one class moved. `psi` and `ks` above their `chance` are more than luck."""

    psi: float
    psi_chance: float
    ks: float
    ks_chance: float
    median_was: float
    median_is: float

    @property
    def moved(self) -> bool:
        return self.psi > self.psi_chance or self.ks > self.ks_chance


@dataclass(frozen=True, slots=True)
class Holding:
    """What a stored threshold does on the new scores. `holds` while the interval of its rate reaches the target."""

    value: float
    target_fpr: float
    fpr: float
    fpr_interval: tuple[float, float]
    tpr: float

    @property
    def holds(self) -> bool:
        return self.fpr_interval[0] <= self.target_fpr


@dataclass(frozen=True, slots=True)
class Drift:
    harmful: Shift
    harmless: Shift
    steer: Holding
    block: Holding

    @property
    def moved(self) -> bool:
        return self.harmful.moved or self.harmless.moved or not (self.steer.holds and self.block.holds)


def drift(stored: Calibration, harmful: Floats, harmless: Floats) -> Drift:
    """`stored` against new scores of both classes."""

    def holding(value: float, target: float) -> Holding:
        hits = int(np.sum(harmless >= value))
        return Holding(
            value=value,
            target_fpr=target,
            fpr=hits / len(harmless),
            fpr_interval=clopper_pearson(hits, len(harmless)),
            tpr=metrics.share_at(harmful, value),
        )

    return Drift(
        harmful=shift(stored.quantiles["harmful"], stored.harmful, harmful),
        harmless=shift(stored.quantiles["harmless"], stored.harmless, harmless),
        steer=holding(stored.steer.value, stored.steer.target_fpr),
        block=holding(stored.block.value, stored.block.target_fpr),
    )


def shift(quantiles: Mapping[str, float], count: int, scores: Floats) -> Shift:
    """`scores` against the stored quantiles (share → score) of `count` scores."""
    known = sorted((float(q), value) for q, value in quantiles.items())
    inner = [(q, value) for q, value in known if 0 < q < 1]
    seen = [_reached(scores, q, value) for q, value in inner]
    cuts = [(0.0, 0.0)]
    for (q, _), reached in zip(inner, seen, strict=True):
        if q - cuts[-1][0] >= _NARROWEST - 1e-9 and 1 - q >= _NARROWEST - 1e-9:
            cuts.append((q, reached))
    expected, share = np.diff([*cuts, (1.0, 1.0)], axis=0).T
    # Half a row in every bin keeps the logarithm finite.
    share = (share * len(scores) + 0.5) / (len(scores) + 0.5 * len(share))
    noise = 1 / count + 1 / len(scores)
    return Shift(
        psi=float(np.sum((share - expected) * np.log(share / expected))),
        psi_chance=_chi_squared_95(len(expected) - 1) * noise,
        ks=max((abs(reached - q) for (q, _), reached in zip(inner, seen, strict=True)), default=0.0),
        ks_chance=_KS_5_PERCENT * math.sqrt(noise),
        median_was=float(np.interp(0.5, [q for q, _ in known], [value for _, value in known])),
        median_is=float(np.median(scores)),
    )


def _reached(scores: Floats, q: float, value: float) -> float:
    """The share of `scores` up to the stored quantile `value`. Of those that equal it so many count as bring that
    nearest to `q`: where scores tie, the stored ones do not say how many stood on either side."""
    return float(np.clip(q, np.mean(scores < value), np.mean(scores <= value)))


def _chi_squared_95(freedom: int) -> float:
    """The 95 % quantile (Wilson and Hilferty, 1931); times both samples' noise it is the index's without drift."""
    if freedom < 1:
        return 0.0
    part = 2 / (9 * freedom)
    return float(freedom * (1 - part + 1.6449 * math.sqrt(part)) ** 3)
