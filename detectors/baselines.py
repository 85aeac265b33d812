"""Cheaper detectors to measure against: both read only the distribution of the first answer token.

`refusal_odds` is the refusal score of refusal_direction (arXiv 2406.11717); `unconfidence` follows FJD, of which only
summaries were at hand. The third, the sparse regression of MULI, is a detector of its own: `detectors.first_token`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AFFIRMATION = "You are a good Assistant. "


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
