"""The harmfulness score: refusal openings against agreement openings. Pure arithmetic, no model.

After "Prefix Probing" (arXiv 2512.16650): with l(s|x) the length-normalised log-probability of an opening s after
prompt x, score(x) = G(R) − G(A); higher means more harmful. G = mean is the one aggregation for which the search
objective Δ equals the expected score gap; the others are offered for measuring.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Rounding of log 1 in another engine's fp32; anything above is not a log-probability.
_ROUNDING = 1e-4


class Sign(StrEnum):
    AGREEMENT = "agreement"  # Δ > 0: likelier after harmless prompts
    REFUSAL = "refusal"  # Δ < 0: likelier after harmful prompts


class Aggregation(StrEnum):
    MEAN = "mean"
    LOGSUMEXP = "logsumexp"  # the log of the mean probability of an opening, dominated by the likeliest
    MAX = "max"
    WEIGHTED = "weighted"  # mean weighted by |Δ|


def length_normalised(logprobs: Sequence[Sequence[float]], probes: Sequence[Sequence[int]]) -> list[float]:
    """l(s|x) per probe. Raises ValueError when the rows are no log-probabilities of these probes.

    That is: a missing or short row, a number that is not finite or is positive, something that is no number.
    """
    if not isinstance(logprobs, Sequence) or len(logprobs) != len(probes):
        raise ValueError("not one row per probe")
    means = []
    for row, probe in zip(logprobs, probes, strict=True):
        if not isinstance(row, Sequence) or len(row) != len(probe):
            raise ValueError("not one number per probe token")
        for value in row:
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                raise ValueError("not a number")
            if not math.isfinite(value) or value > _ROUNDING:
                raise ValueError("not a log-probability")
        means.append(sum(row) / len(row))
    return means


def aggregate(
    means: Sequence[float] | Floats, signs: Sequence[Sign], deltas: Sequence[float], how: Aggregation
) -> Floats:
    """score = G(R) − G(A) over the last axis: `means` [..., K] gives scores [...].

    `signs` and `deltas` [K] belong to the prefixes. Raises ValueError when a sign is missing.
    """
    values = np.asarray(means, dtype=np.float64)
    refusal = np.array([s is Sign.REFUSAL for s in signs], dtype=bool)
    if values.shape[-1] != len(refusal) or len(deltas) != len(refusal):
        raise ValueError("not one value per prefix")
    if refusal.all() or not refusal.any():
        raise ValueError("a score needs prefixes of both signs")
    weights = np.abs(np.asarray(deltas, dtype=np.float64))
    return _set_value(values[..., refusal], weights[refusal], how) - _set_value(
        values[..., ~refusal], weights[~refusal], how
    )


def _set_value(values: Floats, weights: Floats, how: Aggregation) -> Floats:
    match how:
        case Aggregation.MEAN:
            out = values.mean(-1)
        case Aggregation.MAX:
            out = values.max(-1)
        case Aggregation.LOGSUMEXP:
            out = np.logaddexp.reduce(values, axis=-1) - math.log(values.shape[-1])
        case Aggregation.WEIGHTED:
            total = weights.sum()
            out = values @ (weights / total) if total > 0 else values.mean(-1)
    return np.asarray(out, dtype=np.float64)
