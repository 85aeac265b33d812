"""Fitting the map from score to probability, with scikit-learn (the extra `calibrate`)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from detectors.metrics import Floats
from detectors.probability import Probability
from guard.errors import ArtifactError, ConfigError

_MOST_POINTS = 200


def fit(
    harmful: Floats, harmless: Floats, kind: Literal["platt", "isotonic"], prevalence: float | None = None
) -> Probability:
    """Fit on labelled scores. `prevalence` is the share of harmful prompts in the traffic to come; None: the sample's.

    Platt's targets are smoothed as in his paper (1999), so that a separable sample does not make it a step. Raises
    `ConfigError` when scikit-learn is missing, ValueError for a prevalence outside (0, 1).
    """
    try:
        from sklearn.isotonic import IsotonicRegression
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise ConfigError("a probability map needs scikit-learn: pip install 'guardchain[calibrate]'") from None
    bad, good = len(harmful), len(harmless)
    share = bad / (bad + good) if prevalence is None else prevalence
    if not 0 < share < 1:
        raise ValueError("the prevalence must lie between 0 and 1")
    scores = np.concatenate([harmful, harmless])
    weights = np.concatenate([np.full(bad, share / bad), np.full(good, (1 - share) / good)]) * (bad + good)
    if kind == "isotonic":
        fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
        fitted.fit(scores, np.concatenate([np.ones(bad), np.zeros(good)]), sample_weight=weights)
        x, y = _thinned(np.asarray(fitted.X_thresholds_, float), np.asarray(fitted.y_thresholds_, float))
        return Probability(kind=kind, prevalence=share, scores=tuple(x.tolist()), values=tuple(y.tolist()))
    # Each row counts as a little of the other class too.
    high, low = (bad + 1) / (bad + 2), 1 / (good + 2)
    of_harm = np.concatenate([np.full(bad, high), np.full(good, low)])
    model = LogisticRegression(C=np.inf, max_iter=1000)
    model.fit(
        np.concatenate([scores, scores])[:, None],
        np.concatenate([np.ones(len(scores)), np.zeros(len(scores))]),
        sample_weight=np.concatenate([weights * of_harm, weights * (1 - of_harm)]),
    )
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope < 0:  # scores that rank the wrong way round say nothing; a falling map would say the opposite
        slope, intercept = 0.0, float(np.log(share / (1 - share)))
    return Probability(kind=kind, prevalence=share, slope=slope, intercept=intercept)


def held_out(
    harmful: Floats, harmless: Floats, kind: Literal["platt", "isotonic"], folds: int = 5
) -> tuple[Floats, Floats]:
    """The probability of every prompt by a map that was fitted without it, at the sample's own prevalence: what a
    reliability diagram may be drawn from. With fewer prompts of a class than `folds`, there are fewer folds.
    Raises `ArtifactError` when a class has one prompt."""
    folds = min(folds, len(harmful), len(harmless))
    if folds < 2:
        raise ArtifactError(
            f"a probability map needs two prompts of each class; the sample has {len(harmful)} harmful and "
            f"{len(harmless)} harmless"
        )
    out = np.empty(len(harmful)), np.empty(len(harmless))
    for k in range(folds):
        inside = [np.arange(len(side)) % folds == k for side in out]
        fitted = fit(harmful[~inside[0]], harmless[~inside[1]], kind)
        for side, scores, here in zip(out, (harmful, harmless), inside, strict=True):
            side[here] = [fitted.of(s) for s in scores[here]]
    return out


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    if len(x) <= _MOST_POINTS:
        return x, y
    kept = np.unique(np.linspace(0, len(x) - 1, _MOST_POINTS).round().astype(int))
    return x[kept], y[kept]
