"""A probe set measured on labelled prompts, side by side with the baselines, on one and the same model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors import metrics
from detectors.baselines import AFFIRMATION, FirstTokenRegression, refusal_odds, unconfidence
from detectors.prefix_probing.artifact import ProbeSet
from detectors.prefix_probing.construct import forbidden, measure, rendered
from detectors.prefix_probing.data import Prompts
from detectors.prefix_probing.score import Aggregation, Floats, Sign, aggregate
from detectors.scorers.forward import probe_tokens
from detectors.scorers.local import LocalScorer

_ROUNDS = 300


@dataclass(frozen=True, slots=True)
class Row:
    """One detector's figures. `tokens` is what it computes on top of the prompt, per request."""

    name: str
    auroc: float
    auroc_interval: tuple[float, float]
    auprc: float
    tpr_1: float
    tpr_5: float
    f1: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold of the probe set does on these prompts."""

    name: str
    threshold: float
    tpr: float
    fpr: float
    f1: float
    f1_interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`rows[0]` is the probe set as it is served; `points` are its calibrated thresholds."""

    rows: tuple[Row, ...]
    points: tuple[Point, ...]
    harmful: int
    harmless: int


def evaluate(
    scorer: LocalScorer,
    probes: ProbeSet,
    prompts: Prompts,
    *,
    train: Prompts | None = None,
    seed: int = 0,
    tick: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Measure on `prompts`, which should come from sources the probe set has never seen.

    The first-token regression learns on `train`; without it, it is cross-fitted on the two halves of `prompts`, an
    advantage over the probe that its name in the table mentions. Raises `ArtifactError` for another model's probe set.
    """
    probes.identity.require(scorer.identity, "probe set")
    tokens = [p.tokens for p in probes.prefixes]
    control = _random_openings(scorer, tokens, seed)
    signs, deltas = [p.sign for p in probes.prefixes], [p.delta for p in probes.prefixes]
    total, n_bad = len(prompts.harmful) + len(prompts.harmless), len(prompts.harmful)
    sides = []
    for texts, before in ((prompts.harmful, 0), (prompts.harmless, n_bad)):
        step = None if tick is None else (lambda n, b=before: tick(b + n, total))
        sides.append((measure(scorer, texts, [*tokens, *control], step), first_tokens(scorer, texts)))
    (bad, bad_first), (good, good_first) = sides
    k = len(tokens)

    def probe(how: Aggregation, at: slice) -> tuple[Floats, Floats]:
        return aggregate(bad[:, at], signs, deltas, how), aggregate(good[:, at], signs, deltas, how)

    served = probe(probes.aggregation, slice(k))
    extra = probe_tokens(tokens)
    rows = [_row(f"prefix probe, {probes.aggregation}", *served, extra)]
    rows += [
        _row(f"prefix probe, {how}", *probe(how, slice(k)), extra) for how in Aggregation if how != probes.aggregation
    ]
    refusals = {t[0] for t, s in zip(tokens, signs, strict=True) if s is Sign.REFUSAL}
    rows.append(
        _row("one-token refusal odds", refusal_odds(bad_first, refusals), refusal_odds(good_first, refusals), 0)
    )
    if train is None:
        name, scores = "first-token regression (cross-fitted here)", _cross_fitted(bad_first, good_first)
    else:
        lr = FirstTokenRegression().fit(first_tokens(scorer, train.harmful), first_tokens(scorer, train.harmless))
        name, scores = "first-token regression", (lr.score(bad_first), lr.score(good_first))
    rows.append(_row(name, *scores, 0))
    bad_heat, good_heat = (
        unconfidence(first_tokens(scorer, texts, AFFIRMATION)) for texts in (prompts.harmful, prompts.harmless)
    )
    lengths = [len(p) for p in rendered(scorer, [AFFIRMATION + t for t in (*prompts.harmful, *prompts.harmless)])]
    rows.append(_row("first-token confidence (FJD-like)", bad_heat, good_heat, round(float(np.mean(lengths)))))
    rows.append(_row("random openings (control)", *probe(Aggregation.MEAN, slice(k, None)), extra))
    calibration = probes.calibration
    points = [
        _point(name, at, *served)
        for name, at in (("steer_at", calibration.steer_at), ("block_at", calibration.block_at))
    ]
    return Evaluation(tuple(rows), tuple(points), n_bad, total - n_bad)


def first_tokens(scorer: LocalScorer, texts: Sequence[str], before: str = "") -> NDArray[np.float32]:
    """Log-probabilities of the first answer token after each text, with `before` put before it: [texts, V]."""
    return np.stack([scorer.first_token(tuple(p)) for p in rendered(scorer, [before + t for t in texts])])


def _cross_fitted(bad: NDArray[np.float32], good: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Each half scored by the regression that learned on the other."""
    out = np.empty(len(bad)), np.empty(len(good))
    for half in (0, 1):
        lr = FirstTokenRegression().fit(bad[1 - half :: 2], good[1 - half :: 2])
        out[0][half::2], out[1][half::2] = lr.score(bad[half::2]), lr.score(good[half::2])
    return out


def _random_openings(scorer: LocalScorer, tokens: Sequence[Sequence[int]], seed: int) -> list[list[int]]:
    """As many openings of the same lengths, of random allowed tokens."""
    rng = np.random.default_rng(seed)
    allowed = np.array(sorted(set(range(len(scorer.tokenizer))) - forbidden(scorer)))
    return [rng.choice(allowed, len(t)).tolist() for t in tokens]


def _row(name: str, bad: Floats, good: Floats, tokens: int) -> Row:
    return Row(
        name=name,
        auroc=metrics.auroc(bad, good),
        auroc_interval=metrics.bootstrap(bad, good, metrics.auroc, rounds=_ROUNDS),
        auprc=metrics.auprc(bad, good),
        tpr_1=metrics.tpr_at_fpr(bad, good, 0.01),
        tpr_5=metrics.tpr_at_fpr(bad, good, 0.05),
        f1=metrics.best_f1(bad, good)[1],
        tokens=tokens,
    )


def _point(name: str, at: float, bad: Floats, good: Floats) -> Point:
    return Point(
        name=name,
        threshold=at,
        tpr=metrics.share_at(bad, at),
        fpr=metrics.share_at(good, at),
        f1=metrics.f1_at(bad, good, at),
        f1_interval=metrics.bootstrap(bad, good, lambda p, n: metrics.f1_at(p, n, at), rounds=_ROUNDS),
    )
