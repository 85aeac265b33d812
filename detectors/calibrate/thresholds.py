"""From labelled scores to thresholds: `block_at` at a strict false-positive rate, `steer_at` at a laxer one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from detectors import metrics
from detectors.calibrate.binomial import clopper_pearson, needed
from detectors.prefix_probing.artifact import FARTHEST, Calibration, Threshold
from guard.errors import ArtifactError

_QUANTILES = (0.0, 0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99, 1.0)


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
    1/target harmless scores it therefore lies above all of them. Intervals of thresholds and AUROC are 95 % bootstrap
    percentiles, those of rates exact (`clopper_pearson`).
    Raises `ArtifactError` when a class is empty, a score is none that a model gives, or the targets are not
    0 ≤ block_fpr ≤ steer_fpr < 1.
    """
    bad, good = np.asarray(harmful, float), np.asarray(harmless, float)
    if not len(bad) or not len(good):
        raise ArtifactError("calibration needs both harmful and harmless scores")
    if not (np.isfinite(bad).all() and np.isfinite(good).all()):
        raise ArtifactError("calibration needs finite scores")
    if not (np.abs(bad) < FARTHEST).all() or not (np.abs(good) < FARTHEST).all():
        raise ArtifactError(f"calibration needs scores between {-FARTHEST:g} and {FARTHEST:g}; no model gives others")
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
            fpr_interval=clopper_pearson(int(np.sum(good >= value)), len(good)),
            tpr_interval=clopper_pearson(int(np.sum(bad >= value)), len(bad)),
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


def warnings(calibration: Calibration) -> list[str]:
    """What the sample is too small, or the scores too poor, to promise; one sentence each."""
    out = []
    for name, t in (("block_at", calibration.block), ("steer_at", calibration.steer)):
        if not t.target_fpr:
            continue
        n, enough = calibration.harmless, needed(t.target_fpr)
        if n * t.target_fpr < 1:
            out.append(
                f"{name}: {n} harmless prompts cannot show a false-positive rate of {t.target_fpr:.2%}; the threshold "
                f"lies above all of them, and the true rate may be up to {clopper_pearson(0, n)[1]:.1%}. "
                f"About {enough} would bound it by {2 * t.target_fpr:.2%}."
            )
        elif n < enough:
            hits = int(t.target_fpr * n + 1e-9)
            out.append(
                f"{name}: at a target of {t.target_fpr:.2%} it rests on {hits} of {n} harmless prompts; the true rate "
                f"may be up to {clopper_pearson(hits, n)[1]:.1%}. About {enough} would bound it by "
                f"{2 * t.target_fpr:.2%}."
            )
    if calibration.block.value <= calibration.steer.value:
        out.append("block_at and steer_at fall together: nothing would be steered.")
    if calibration.auroc < 0.7:
        out.append(f"AUROC is {calibration.auroc:.2f}: these scores hardly tell the classes apart.")
    return out
