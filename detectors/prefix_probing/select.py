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
    """At most `keep` openings per sign (one per script in any case); `aggregation` None chooses it too.

    Two openings of one sign are alike, and only one is kept, when one begins with the other or when their values over
    the prompts correlate above `max_correlation`. Openings are added while AUROC stays within `slack` of the best so
    far: on the few selection prompts smaller differences are noise, and more openings carry further.
    """

    keep: int = 4
    max_correlation: float = 0.98
    slack: float = 0.0
    aggregation: Aggregation | None = None

    def __post_init__(self) -> None:
        if self.keep < 1:
            raise ValueError("keep must be at least 1")


def select(
    pool: Sequence[Candidate],
    harmful: Floats,
    harmless: Floats,
    options: SelectOptions | None = None,
    scripts: tuple[Sequence[str], Sequence[str]] | None = None,
) -> tuple[Aggregation, list[Choice]]:
    """Choose from `pool` by its length-normalised log-probabilities on the selection prompts: [prompts, len(pool)].

    Begins with the best pair of one agreement and one refusal opening for every script of the pool, judged on the
    prompts in that script (`scripts`: harmful, harmless), then adds the best of either sign as long as the set does
    not get worse. What the first pairs reach together is reported with the first of them, against chance (AUROC 0.5,
    TPR 0.01). Without a fixed aggregation all are tried and the one that ends best is returned, `mean` when equal.
    Raises `ArtifactError` when the pool lacks a sign or a class has no prompts.
    """
    options = options or SelectOptions()
    if {c.sign for c in pool} != set(Sign):
        raise ArtifactError("selection needs openings of both signs")
    if not len(harmful) or not len(harmless):
        raise ArtifactError("selection needs both harmful and harmless prompts")
    alike = _alike(pool, np.concatenate([harmful, harmless]), options.max_correlation)
    results = [
        (how, _greedy(pool, harmful, harmless, how, options, alike, scripts))
        for how in ([options.aggregation] if options.aggregation else Aggregation)
    ]
    return max(results, key=lambda r: (r[1][-1].auroc, r[1][-1].tpr))


def _greedy(
    pool: Sequence[Candidate],
    harmful: Floats,
    harmless: Floats,
    how: Aggregation,
    options: SelectOptions,
    alike: NDArray[np.bool_],
    scripts: tuple[Sequence[str], Sequence[str]] | None,
) -> list[Choice]:
    def quality(members: Sequence[int], script: str | None = None) -> tuple[float, float, float]:
        signs, deltas = [pool[i].sign for i in members], [pool[i].delta for i in members]
        sides = []
        for values, kinds in zip((harmful, harmless), scripts or ((), ()), strict=True):
            if script and script in kinds:
                values = values[[k == script for k in kinds]]
            sides.append(aggregate(values[:, members], signs, deltas, how))
        bad, good = sides
        spread = float(np.sqrt((bad.var() + good.var()) / 2)) or 1e-12
        return (
            round(metrics.auroc(bad, good), 6),
            round(metrics.tpr_at_fpr(bad, good, 0.01), 6),
            float((bad.mean() - good.mean()) / spread),
        )

    kept: list[int] = []
    for script in sorted({c.script for c in pool}):
        minus, plus = (
            [i for i, c in enumerate(pool) if c.sign is sign and c.script == script and i not in kept]
            for sign in (Sign.REFUSAL, Sign.AGREEMENT)
        )
        pairs = ((r, a) for r in minus for a in plus if not any(alike[i, j] for i in (r, a) for j in kept))
        kept += max(pairs, key=lambda pair, script=script: quality(pair, script), default=())  # type: ignore[misc]
    if {pool[i].sign for i in kept} != set(Sign):  # no script has both
        kept = [next(i for i, c in enumerate(pool) if c.sign is sign) for sign in (Sign.REFUSAL, Sign.AGREEMENT)]
    now = quality(kept)
    choices = [Choice(i, now[0], now[1], 0.0, 0.0) for i in kept]
    choices[0] = Choice(kept[0], now[0], now[1], now[0] - 0.5, now[1] - 0.01)
    top = now[0]
    while True:
        open_signs = {s for s in Sign if sum(pool[i].sign is s for i in kept) < options.keep}
        left = [
            i
            for i in range(len(pool))
            if i not in kept and pool[i].sign in open_signs and not any(alike[i, j] for j in kept)
        ]
        if not left:
            return choices
        best = max(left, key=lambda i: quality([*kept, i]))
        then = quality([*kept, best])
        if then[0] < top - options.slack:
            return choices
        kept.append(best)
        choices.append(Choice(best, then[0], then[1], then[0] - now[0], then[1] - now[1]))
        now, top = then, max(top, then[0])


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
