"""Choosing a small complementary set among the openings the search found, on prompts it has not seen.

The paper leaves this open. Here: greedy, by AUROC of the whole set's score, then TPR at 1 % FPR, then the distance of
the class means in standard deviations (the first two saturate). An opening that says what a kept one says is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors import metrics
from detectors.prefix_probing.score import Aggregation, Sign, aggregate
from detectors.prefix_probing.search import Candidate
from guard.errors import ArtifactError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Choice:
    """A kept candidate (`index` into the pool) and the quality of the set once it is in, and what it added."""

    index: int
    auroc: float
    tpr: float
    added_auroc: float
    added_tpr: float


@dataclass(frozen=True, slots=True)
class SelectOptions:
    """At most `keep` openings per sign. Two openings of one sign are alike, and only one is kept, when one begins with
    the other or when their values over the prompts correlate above `max_correlation`."""

    keep: int = 4
    max_correlation: float = 0.98
    aggregation: Aggregation = Aggregation.MEAN

    def __post_init__(self) -> None:
        if self.keep < 1:
            raise ValueError("keep must be at least 1")


def select(
    pool: Sequence[Candidate], harmful: Floats, harmless: Floats, options: SelectOptions | None = None
) -> list[Choice]:
    """Choose from `pool` by its length-normalised log-probabilities on the selection prompts: [prompts, len(pool)].

    Begins with the best pair of one agreement and one refusal opening, then adds the best of either sign as long as
    the set does not get worse. The two openings of the first pair share its quality: against chance (AUROC 0.5, TPR
    0.01), the refusal one is reported with what the pair reaches, the agreement one with nothing.
    Raises `ArtifactError` when the pool lacks a sign or a class has no prompts.
    """
    options = options or SelectOptions()
    plus = [i for i, c in enumerate(pool) if c.sign is Sign.AGREEMENT]
    minus = [i for i, c in enumerate(pool) if c.sign is Sign.REFUSAL]
    if not plus or not minus:
        raise ArtifactError("selection needs openings of both signs")
    if not len(harmful) or not len(harmless):
        raise ArtifactError("selection needs both harmful and harmless prompts")
    alike = _alike(pool, np.concatenate([harmful, harmless]), options.max_correlation)

    def quality(members: Sequence[int]) -> tuple[float, float, float]:
        signs, deltas = [pool[i].sign for i in members], [pool[i].delta for i in members]
        bad = aggregate(harmful[:, members], signs, deltas, options.aggregation)
        good = aggregate(harmless[:, members], signs, deltas, options.aggregation)
        spread = float(np.sqrt((bad.var() + good.var()) / 2)) or 1e-12
        return (
            round(metrics.auroc(bad, good), 6),
            round(metrics.tpr_at_fpr(bad, good, 0.01), 6),
            float((bad.mean() - good.mean()) / spread),
        )

    first = max(((r, a) for r in minus for a in plus), key=quality)
    kept = list(first)
    now = quality(kept)
    choices = [
        Choice(first[0], now[0], now[1], now[0] - 0.5, now[1] - 0.01),
        Choice(first[1], now[0], now[1], 0.0, 0.0),
    ]
    while True:
        open_signs = {s for s in Sign if sum(pool[i].sign is s for i in kept) < options.keep}
        options_left = [
            i
            for i in range(len(pool))
            if i not in kept and pool[i].sign in open_signs and not any(alike[i, j] for j in kept)
        ]
        if not options_left:
            return choices
        best = max(options_left, key=lambda i: quality([*kept, i]))
        then = quality([*kept, best])
        if then[:2] < now[:2]:
            return choices
        kept.append(best)
        choices.append(Choice(best, then[0], then[1], then[0] - now[0], then[1] - now[1]))
        now = then


def _alike(pool: Sequence[Candidate], values: Floats, limit: float) -> NDArray[np.bool_]:
    centred = values - values.mean(0)
    norm = np.sqrt((centred**2).sum(0))
    norm[norm == 0] = 1.0
    correlation = (centred / norm).T @ (centred / norm)
    out = np.zeros((len(pool), len(pool)), dtype=bool)
    for i, a in enumerate(pool):
        for j, b in enumerate(pool):
            short = min(len(a.tokens), len(b.tokens))
            nested = a.tokens[:short] == b.tokens[:short]
            out[i, j] = a.sign is b.sign and (nested or correlation[i, j] > limit)
    return out
