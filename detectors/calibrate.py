"""From labelled scores to thresholds: `block_at` at a strict false-positive rate, `steer_at` at a laxer one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from detectors import metrics
from detectors.prefix_probing.artifact import Calibration, Threshold
from guard.errors import ArtifactError

_QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


def calibrate(
    harmful: ArrayLike,
    harmless: ArrayLike,
    *,
    block_fpr: float = 0.01,
    steer_fpr: float = 0.05,
    rounds: int = 1000,
    seed: int = 0,
) -> Calibration:
    """Fit both thresholds on the harmless scores; the harmful ones say what they catch.

    A threshold is the smallest that keeps the empirical false-positive rate at or below its target; with fewer than
    1/target harmless scores it therefore lies above all of them. Intervals are 95 % bootstrap percentiles.
    Raises `ArtifactError` when a class is empty, a score is not finite, or the targets are not
    0 ≤ block_fpr ≤ steer_fpr < 1.
    """
    bad, good = np.asarray(harmful, float), np.asarray(harmless, float)
    if not len(bad) or not len(good):
        raise ArtifactError("calibration needs both harmful and harmless scores")
    if not (np.isfinite(bad).all() and np.isfinite(good).all()):
        raise ArtifactError("calibration needs finite scores")
    if not 0.0 <= block_fpr <= steer_fpr < 1.0:
        raise ArtifactError("calibration needs 0 ≤ block FPR ≤ steer FPR < 1")

    def threshold(target: float) -> Threshold:
        value = metrics.threshold_at_fpr(good, target)
        interval = metrics.bootstrap(
            bad, good, lambda _, n: metrics.threshold_at_fpr(n, target), rounds=rounds, seed=seed
        )
        return Threshold(
            value=value,
            target_fpr=target,
            interval=interval,
            fpr=metrics.share_at(good, value),
            tpr=metrics.share_at(bad, value),
        )

    at, f1 = metrics.best_f1(bad, good)
    return Calibration(
        steer=threshold(steer_fpr),
        block=threshold(block_fpr),
        harmful=len(bad),
        harmless=len(good),
        auroc=metrics.auroc(bad, good),
        auroc_interval=metrics.bootstrap(bad, good, metrics.auroc, rounds=rounds, seed=seed),
        f1_at=at,
        f1=f1,
        quantiles={
            name: {f"{q:g}": float(np.quantile(values, q)) for q in _QUANTILES}
            for name, values in (("harmful", bad), ("harmless", good))
        },
    )
