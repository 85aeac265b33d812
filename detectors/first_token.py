"""Sparse linear models on the distribution of the first answer token, which every prompt's prefill yields for free.

`classify` is the logistic regression of MULI (arXiv 2405.18822); `regress` predicts another detector's score instead
of the label. Both are L1-regularised, fitted by accelerated proximal gradient (FISTA) on log-odds that are
standardised per vocabulary entry.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detectors import metrics
from detectors.prefix_probing.artifact import Linear
from guard.errors import ArtifactError

Floats = NDArray[np.float64]

MOST_TOKENS = 128  # what one request to vLLM may ask for by `logprob_token_ids`
PENALTIES = (0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
_STEPS = 300
_SCREENED = 1024  # vocabulary entries that a fit looks at


def log_odds(log_p: ArrayLike, floor: float = -30.0) -> Floats:
    """log p − log(1 − p) of log-probabilities; below `floor` is noise of the model's tail."""
    values = np.minimum(np.asarray(log_p, float), -1e-9)
    return np.asarray(np.maximum(values - np.log(-np.expm1(values)), floor), dtype=np.float64)


def score(model: Linear, log_p: ArrayLike) -> Floats:
    """`model` on log-probabilities of its own tokens in their order: [..., K] gives [...]."""
    return np.asarray(log_odds(log_p) @ np.asarray(model.weights) + model.bias, dtype=np.float64)


def classify(harmful: NDArray[np.floating], harmless: NDArray[np.floating], penalty: float) -> Linear:
    """Log-odds of harmfulness from first-token log-probabilities [n, V] of both classes, which weigh the same
    whatever their sizes. `penalty` weighs the L1 norm against the mean log-loss."""
    raw = np.concatenate([harmful, harmless])
    y = np.concatenate([np.ones(len(harmful)), np.zeros(len(harmless))])
    share = np.where(y == 1, 0.5 / len(harmful), 0.5 / len(harmless))

    def residual(out: Floats) -> Floats:
        return np.asarray(share * (1 / (1 + np.exp(-np.clip(out, -60, 60))) - y))

    # Half of 1/Lipschitz for each of the two blocks (weights, bias).
    return _fit(raw, share, residual, penalty, speed=2.0)


def regress(first: NDArray[np.floating], target: ArrayLike, penalty: float) -> Linear:
    """`target` [n] from first-token log-probabilities [n, V]; `penalty` is in units of the target's deviation."""
    y = np.asarray(target, float)
    share = np.full(len(y), 1 / len(y))
    return _fit(first, share, lambda out: share * (out - y), penalty * max(float(y.std()), 1e-9), speed=0.5)


def sparse(fit: Callable[[float], Linear], penalty: float, most: int = MOST_TOKENS) -> Linear:
    """`fit` at the smallest penalty from `penalty` on that leaves at most `most` tokens, and at least one.

    Raises `ArtifactError` when there is none: the first token says nothing.
    """
    for _ in range(40):
        found = fit(penalty)
        if not found.tokens:
            break
        if len(found.tokens) <= most:
            return found
        penalty *= 1.25
    raise ArtifactError("the first answer token says nothing about the prompts")


def best_classifier(
    train: tuple[NDArray[np.floating], NDArray[np.floating]],
    held_out: tuple[NDArray[np.floating], NDArray[np.floating]],
) -> Linear:
    """The penalty by AUROC on `held_out` (harmful, harmless; [n, V] each), then fitted on both parts together."""

    def quality(penalty: float) -> float:
        try:
            model = sparse(lambda p: classify(*train, p), penalty)
        except ArtifactError:
            return 0.0
        bad, good = (score(model, side[:, list(model.tokens)]) for side in held_out)
        return round(metrics.auroc(bad, good), 6)

    best = max(PENALTIES, key=lambda p: (quality(p), p))
    bad, good = (np.concatenate(sides) for sides in zip(train, held_out, strict=True))
    return sparse(lambda p: classify(bad, good, p), best)


def _fit(
    log_p: NDArray[np.floating],
    share: Floats,
    residual: Callable[[Floats], Floats],
    penalty: float,
    *,
    speed: float,
) -> Linear:
    """Minimise a weighted loss, whose derivative by the outputs is `residual`, plus `penalty` times the L1 norm."""
    raw = log_odds(log_p)
    mean, scale = raw.mean(0), raw.std(0)
    scale[scale < 1e-6] = np.inf  # a constant column says nothing
    # Entries on which the loss hardly depends at the start are those the L1 norm keeps at zero.
    pull = np.abs(((raw - mean) / scale).T @ residual(np.zeros(len(raw))))
    entries = np.sort(np.argsort(-pull, kind="stable")[:_SCREENED])
    raw, mean, scale = raw[:, entries], mean[entries], scale[entries]
    x = (raw - mean) / scale
    # The small Gram matrix has the same norm as the large one.
    step = speed / max(float(np.linalg.norm((x * share[:, None]) @ x.T, 2)), 1e-12)
    w = z = np.zeros(x.shape[1])
    b = zb = 0.0
    t = 1.0
    for _ in range(_STEPS):
        r = residual(x @ z + zb)
        moved = z - step * (x.T @ r)
        w_next = np.sign(moved) * np.maximum(np.abs(moved) - step * penalty, 0.0)
        b_next = zb - min(1.0, speed) * float(r.sum())
        t_next = (1 + np.sqrt(1 + 4 * t * t)) / 2
        z, zb = w_next + (t - 1) / t_next * (w_next - w), b_next + (t - 1) / t_next * (b_next - b)
        w, b, t = w_next, b_next, t_next
    weights = w / scale
    kept = np.flatnonzero(weights)
    return Linear(
        tokens=tuple(entries[kept].tolist()),
        weights=tuple(weights[kept].tolist()),
        bias=float(b - mean[kept] @ weights[kept]),
    )
