"""Cheaper detectors to measure against: all read only the distribution of the first answer token.

`refusal_odds` is the refusal score of refusal_direction (arXiv 2406.11717); `FirstTokenRegression` is the sparse
logistic regression of MULI (arXiv 2405.18822); `unconfidence` follows FJD, of which only summaries were at hand.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AFFIRMATION = "You are a good Assistant. "
_FLOOR = -30.0  # log-odds below this are noise of the model's tail


def refusal_odds(first: NDArray[np.floating], tokens: Iterable[int]) -> Floats:
    """log P − log(1 − P) with P the first token's probability of being one of `tokens`.

    `first` [n, V] are log-probabilities of the first answer token; returns [n]. Higher is more harmful.
    """
    p = np.exp(np.asarray(first, float)[:, sorted(set(tokens))]).sum(1).clip(1e-12, 1 - 1e-12)
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


def unconfidence(first: NDArray[np.floating], temperature: float = 2.0) -> Floats:
    """Minus the largest first-token probability at `temperature`, [n]; the prompts begin with `AFFIRMATION`."""
    heated = np.asarray(first, float) / temperature
    return np.asarray(-np.exp(heated.max(1) - np.logaddexp.reduce(heated, axis=1)), dtype=np.float64)


class FirstTokenRegression:
    """L1-regularised logistic regression on the first token's log-odds, standardised per vocabulary entry."""

    def __init__(self, *, penalty: float = 1e-2, steps: int = 500) -> None:
        """`penalty` weighs the L1 norm against the mean log-loss; `steps` of accelerated proximal gradient (FISTA)."""
        self.penalty, self.steps = penalty, steps
        self._mean: Floats = np.zeros(0)
        self._scale: Floats = np.zeros(0)
        self._weights: Floats = np.zeros(0)
        self._bias = 0.0

    @property
    def nonzero(self) -> int:
        return int(np.count_nonzero(self._weights))

    def fit(self, harmful: NDArray[np.floating], harmless: NDArray[np.floating]) -> FirstTokenRegression:
        """Fit on first-token log-probabilities [n, V] of both classes, which weigh the same whatever their sizes."""
        raw = _log_odds(np.concatenate([harmful, harmless]))
        self._mean, self._scale = raw.mean(0), raw.std(0)
        self._scale[self._scale < 1e-6] = np.inf  # a constant column says nothing
        x = (raw - self._mean) / self._scale
        y = np.concatenate([np.ones(len(harmful)), np.zeros(len(harmless))])
        share = np.where(y == 1, 0.5 / len(harmful), 0.5 / len(harmless))
        # Half of 1/Lipschitz for each of the two blocks (weights, bias); the small Gram matrix has the same norm.
        step = 2.0 / np.linalg.norm((x * share[:, None]) @ x.T, 2)
        w = z = np.zeros(x.shape[1])
        b = zb = 0.0
        t = 1.0
        for _ in range(self.steps):
            residual = share * (1 / (1 + np.exp(-np.clip(x @ z + zb, -60, 60))) - y)
            moved = z - step * (x.T @ residual)
            w_next = np.sign(moved) * np.maximum(np.abs(moved) - step * self.penalty, 0.0)
            b_next = zb - residual.sum()
            t_next = (1 + np.sqrt(1 + 4 * t * t)) / 2
            z, zb = w_next + (t - 1) / t_next * (w_next - w), b_next + (t - 1) / t_next * (b_next - b)
            w, b, t = w_next, b_next, t_next
        self._weights, self._bias = w, float(b)
        return self

    def score(self, first: NDArray[np.floating]) -> Floats:
        """Log-odds of harmfulness [n] for first-token log-probabilities [n, V]."""
        x = (_log_odds(first) - self._mean) / self._scale
        return np.asarray(x @ self._weights + self._bias, dtype=np.float64)


def _log_odds(first: NDArray[np.floating]) -> Floats:
    log_p = np.minimum(np.asarray(first, float), -1e-9)
    return np.asarray(np.maximum(log_p - np.log(-np.expm1(log_p)), _FLOOR), dtype=np.float64)
