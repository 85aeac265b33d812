"""Ranking metrics for labelled scores, numpy only. Higher scores mean the positive class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def auroc(positive: ArrayLike, negative: ArrayLike) -> float:
    """The probability that a positive scores above a negative, ties counted half (Mann-Whitney)."""
    return float(aurocs(np.asarray(positive, float)[:, None], np.asarray(negative, float)[:, None])[0])


def aurocs(positive: Floats, negative: Floats) -> Floats:
    """AUROC per column: `positive` [p, M] and `negative` [n, M] give [M]. Raises ValueError when a class is empty."""
    p, n = len(positive), len(negative)
    if not p or not n:
        raise ValueError("AUROC needs scores of both classes")
    order = np.sort(negative, axis=0)
    out = np.empty(positive.shape[1])
    for j in range(positive.shape[1]):
        below = np.searchsorted(order[:, j], positive[:, j], "left")
        up_to = np.searchsorted(order[:, j], positive[:, j], "right")
        out[j] = (below + up_to).sum() / (2.0 * p * n)
    return out


def auprc(positive: ArrayLike, negative: ArrayLike) -> float:
    """Average precision: the area under the precision-recall steps, tied scores taken together."""
    scores, labels = _joined(positive, negative)
    order = np.argsort(-scores, kind="stable")
    scores, labels = scores[order], labels[order]
    last_of_tie = np.append(scores[1:] != scores[:-1], True)
    hits = np.cumsum(labels)[last_of_tie]
    taken = np.flatnonzero(last_of_tie) + 1.0
    return float(np.sum(np.diff(hits, prepend=0.0) * hits / taken) / labels.sum())


def threshold_at_fpr(negative: ArrayLike, fpr: float) -> float:
    """The smallest threshold t for which at most the share `fpr` of the negatives scores ≥ t.

    With n negatives that is a hair above the (⌊fpr·n⌋ + 1)-th largest of them.
    """
    values = np.sort(np.asarray(negative, float))[::-1]
    if not len(values):
        raise ValueError("a threshold needs negative scores")
    allowed = int(np.floor(fpr * len(values) + 1e-9))
    if allowed >= len(values):
        return float(values[-1])
    return float(np.nextafter(values[allowed], np.inf))


def tpr_at_fpr(positive: ArrayLike, negative: ArrayLike, fpr: float) -> float:
    """The share of positives at or above the threshold that lets through at most `fpr` of the negatives."""
    return share_at(positive, threshold_at_fpr(negative, fpr))


def share_at(scores: ArrayLike, threshold: float) -> float:
    """The share of `scores` at or above `threshold`."""
    return float(np.mean(np.asarray(scores, float) >= threshold))


def f1_at(positive: ArrayLike, negative: ArrayLike, threshold: float) -> float:
    hits = float(np.sum(np.asarray(positive, float) >= threshold))
    false = float(np.sum(np.asarray(negative, float) >= threshold))
    total = hits + false + len(np.asarray(positive))
    return 2.0 * hits / total if total else 0.0


def best_f1(positive: ArrayLike, negative: ArrayLike) -> tuple[float, float]:
    """(threshold, F1) of the threshold with the highest F1; of equal ones the highest threshold."""
    scores, labels = _joined(positive, negative)
    order = np.argsort(-scores, kind="stable")
    scores, labels = scores[order], labels[order]
    last_of_tie = np.append(scores[1:] != scores[:-1], True)
    f1 = (2.0 * np.cumsum(labels) / (np.arange(1, len(labels) + 1) + labels.sum()))[last_of_tie]
    best = int(np.argmax(f1))
    return float(scores[last_of_tie][best]), float(f1[best])


def bootstrap(
    positive: ArrayLike,
    negative: ArrayLike,
    statistic: Callable[[Floats, Floats], float],
    *,
    rounds: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of `statistic(positive, negative)`, both classes resampled each by itself."""
    rng = np.random.default_rng(seed)
    p, n = np.asarray(positive, float), np.asarray(negative, float)
    values = [statistic(rng.choice(p, len(p)), rng.choice(n, len(n))) for _ in range(rounds)]
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _joined(positive: ArrayLike, negative: ArrayLike) -> tuple[Floats, Floats]:
    p, n = np.asarray(positive, float), np.asarray(negative, float)
    if not len(p) or not len(n):
        raise ValueError("the metric needs scores of both classes")
    return np.concatenate([p, n]), np.concatenate([np.ones(len(p)), np.zeros(len(n))])
