"""A probe set measured on labelled prompts, side by side with the baselines, on one and the same model."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detectors import first_token, metrics
from detectors.baselines import AFFIRMATION, refusal_odds, unconfidence
from detectors.prefix_probing.artifact import Calibration, Gate, ProbeSet
from detectors.prefix_probing.construct import forbidden, rendered
from detectors.prefix_probing.data import Prompts
from detectors.prefix_probing.probe import MOST_GATED
from detectors.prefix_probing.score import Aggregation, Floats, Sign, aggregate, length_normalised
from detectors.scorers.forward import probe_tokens
from detectors.scorers.local import LocalScorer
from detectors.script import script

_ROUNDS = 300
_PENALTY = 0.03

First = NDArray[np.float32]
Pair = tuple[Floats, Floats]  # harmful, harmless


@dataclass(frozen=True, slots=True)
class Measured:
    """A detector's scores of both classes, and what it costs on top of the prompt: mean tokens and median milliseconds
    a request. `threshold` is the one it would be run with; None: it has none of its own. `aligned`: the scores are on
    the scale that the calibration brings all scripts onto."""

    name: str
    scores: Pair
    tokens: float
    milliseconds: float
    threshold: float | None = None
    aligned: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One detector's figures. `f1` is at its own threshold, or, without one, the best that any reaches on these very
    prompts (`own_threshold` False): an advantage. `aligned` is one too, over those that have no scale per script."""

    name: str
    auroc: float
    auroc_interval: tuple[float, float]
    auprc: float
    tpr_1: float
    tpr_5: float
    f1: float
    f1_interval: tuple[float, float]
    own_threshold: bool
    aligned: bool
    tokens: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold does on these prompts."""

    name: str
    threshold: float
    tpr: float
    fpr: float
    f1: float
    f1_interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class OfScript:
    """Prompts in one writing system as served: how many (harmful, harmless), and which share of each is steered (at or
    above steer_at) and blocked."""

    script: str
    count: tuple[int, int]
    auroc: float
    steered: tuple[float, float]
    blocked: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`rows[0]` is the probe set as it is served; behind each row that is aligned stands the same one unaligned.
    `points` are its calibrated thresholds, `scripts` what they do to prompts in each script that both classes have,
    `full` the share of each class (harmful, harmless) for which the probes had to run, `prefill_milliseconds` the
    median of a plain prompt."""

    rows: tuple[Row, ...]
    points: tuple[Point, ...]
    scripts: tuple[OfScript, ...]
    harmful: int
    harmless: int
    full: tuple[float, float]
    prefill_milliseconds: float


def evaluate(
    scorer: LocalScorer,
    probes: ProbeSet,
    prompts: Prompts,
    *,
    train: Prompts | None = None,
    others: Sequence[Measured] = (),
    seed: int = 0,
    tick: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Measure on `prompts`, which should come from sources the probe set has never seen.

    The first-token regression learns on `train`; without it, it is cross-fitted on the two halves of `prompts`, an
    advantage over the probe that its name in the table mentions. `others` are detectors measured elsewhere on the same
    prompts in the same order. Raises `ArtifactError` for another model's probe set.
    """
    probes.identity.require(scorer.identity, "probe set")
    probes.require_vocabulary(scorer.vocabulary_size)
    tokens = [p.tokens for p in probes.prefixes]
    control = _random_openings(scorer, tokens, seed)
    signs, deltas = [p.sign for p in probes.prefixes], [p.delta for p in probes.prefixes]
    total, n_bad = len(prompts.harmful) + len(prompts.harmless), len(prompts.harmful)
    sides = []
    for texts, before in ((prompts.harmful, 0), (prompts.harmless, n_bad)):
        step = None if tick is None else (lambda n, b=before: tick(b + n, total))
        sides.append(_watch(scorer, texts, tokens, control, step))
    bad, good = sides
    extra, k = float(probe_tokens(tokens)), len(tokens)
    probe_ms = float(np.median([*bad.probe_ms, *good.probe_ms]))
    prefill_ms = float(np.median([*bad.prefill_ms, *good.prefill_ms]))

    def probe(how: Aggregation, at: slice) -> Pair:
        return aggregate(bad.means[:, at], signs, deltas, how), aggregate(good.means[:, at], signs, deltas, how)

    raw, calibration = probe(probes.aggregation, slice(k)), probes.calibration

    def both(name: str, scores: Pair, by: Calibration, tokens: float = 0, ms: float = 0) -> list[Measured]:
        return _aligned(Measured(name, scores, tokens, ms), by, (bad.scripts, good.scripts))

    measured, full = both(f"prefix probe, {probes.aggregation}", raw, calibration, extra, probe_ms), (1.0, 1.0)
    if probes.gate is not None:
        gated, full, mean = _cascade(probes.gate, calibration, raw, (bad, good))
        ms = probe_ms if np.median(mean) else 0.0
        measured = [*both("cascade", gated, calibration, extra * float(mean.mean()), ms), *measured]
    measured += [
        Measured(f"prefix probe, {how}", probe(how, slice(k)), extra, probe_ms)
        for how in Aggregation
        if how != probes.aggregation
    ]
    if (own := probes.first_token) is not None:
        at = list(own.model.tokens)
        scores = first_token.score(own.model, bad.first[:, at]), first_token.score(own.model, good.first[:, at])
        measured += both("first_token_lr of the probe set", scores, own.calibration)
    name, scores = _regression(scorer, train, (bad.first, good.first))
    measured.append(Measured(name, scores, 0, 0))
    refusals = {t[0] for t, s in zip(tokens, signs, strict=True) if s is Sign.REFUSAL}
    odds = refusal_odds(bad.first, refusals), refusal_odds(good.first, refusals)
    measured.append(Measured("one-token refusal odds", odds, 0, 0))
    measured.append(_confidence(scorer, prompts))
    measured.append(Measured("random openings (control)", probe(Aggregation.MEAN, slice(k, None)), extra, probe_ms))
    points = [
        _point(name, at, *measured[0].scores)
        for name, at in (("steer_at", calibration.steer_at), ("block_at", calibration.block_at))
    ]
    rows = tuple(_row(m) for m in (*measured, *others))
    scripts = _scripts(measured[0].scores, (bad.scripts, good.scripts), (calibration.steer_at, calibration.block_at))
    return Evaluation(rows, tuple(points), scripts, n_bad, total - n_bad, full, prefill_ms)


def first_tokens(scorer: LocalScorer, texts: Sequence[str], before: str = "") -> First:
    """Log-probabilities of the first answer token after each text, with `before` put before it: [texts, V]."""
    return np.stack([scorer.first_token(tuple(p)) for p in rendered(scorer, [before + t for t in texts])])


@dataclass(frozen=True, slots=True)
class _Watched:
    """One class: l(s|x) of probes and control [n, 2K], first answer tokens [n, V]; script, tokens, times per prompt."""

    means: Floats
    first: First
    scripts: list[str]
    lengths: list[int]
    prefill_ms: list[float]
    probe_ms: list[float]


def _watch(
    scorer: LocalScorer,
    texts: Sequence[str],
    probes: Sequence[Sequence[int]],
    control: Sequence[Sequence[int]],
    tick: Callable[[int], None] | None,
) -> _Watched:
    means = np.empty((len(texts), len(probes) + len(control)))
    first = np.empty((len(texts), first_tokens(scorer, texts[:1]).shape[1]), dtype=np.float32)
    out = _Watched(means, first, [script(t) for t in texts], [], [], [])
    for i, prompt in enumerate(rendered(scorer, texts)):
        out.lengths.append(len(prompt))
        started = time.perf_counter()
        first[i] = scorer.first_token(tuple(prompt))
        filled = time.perf_counter()
        rows = scorer.score_now(tuple(prompt), probes).logprobs
        out.probe_ms.append((time.perf_counter() - filled) * 1000)
        out.prefill_ms.append((filled - started) * 1000)
        rows += scorer.score_now(tuple(prompt), control).logprobs
        means[i] = length_normalised(rows, [*probes, *control])
        if tick is not None:
            tick(i + 1)
    return out


def _aligned(m: Measured, by: Calibration, scripts: tuple[list[str], list[str]]) -> list[Measured]:
    """As it is served; and, where that moves scores of some script, as it would be without: so baselines are, which
    have no scale per script, and over prompts of several only these compare fairly. Its threshold is no longer on
    their scale."""
    bad, good = (by.aligned(scores, of) for scores, of in zip(m.scores, scripts, strict=True))
    moves = any(of.alignment.scores for of in by.scripts.values())
    served = replace(m, scores=(bad, good), threshold=by.f1_at, aligned=moves)
    return [served, replace(m, name=f"{m.name}, unaligned")] if moves else [served]


def _cascade(
    gate: Gate, calibration: Calibration, full: Pair, watched: tuple[_Watched, _Watched]
) -> tuple[Pair, tuple[float, float], Floats]:
    """The scores as served but for alignment, the share of each class that needed the probes, and for each prompt
    whether it did."""
    at = calibration.steer_at, calibration.block_at
    values, needed = [], []
    for score, side in zip(full, watched, strict=True):
        predicted = first_token.score(gate.model, side.first[:, list(gate.model.tokens)])
        align = [calibration.alignment(k) for k in side.scripts]
        settled = [gate.settles(float(v), *at, a) for v, a in zip(predicted, align, strict=True)]
        unsettled = np.array([n > MOST_GATED or not s for n, s in zip(side.lengths, settled, strict=True)])
        values.append(np.where(unsettled, score, predicted))
        needed.append(unsettled.astype(float))
    return (values[0], values[1]), (float(needed[0].mean()), float(needed[1].mean())), np.concatenate(needed)


def _regression(scorer: LocalScorer, train: Prompts | None, first: tuple[First, First]) -> tuple[str, Pair]:
    """MULI's regression, learned on `train` or, each half scored by what learned on the other, here."""
    bad, good = first

    def learned(harmful: First, harmless: First, scored: tuple[First, First]) -> Pair:
        model = first_token.classify(harmful, harmless, _PENALTY)
        a, b = (first_token.score(model, side[:, list(model.tokens)]) for side in scored)
        return a, b

    if train is not None:
        both = first_tokens(scorer, train.harmful), first_tokens(scorer, train.harmless)
        return "first-token regression", learned(*both, first)
    out = np.empty(len(bad)), np.empty(len(good))
    for half in (0, 1):
        scores = learned(bad[1 - half :: 2], good[1 - half :: 2], (bad[half::2], good[half::2]))
        out[0][half::2], out[1][half::2] = scores
    return "first-token regression (cross-fitted here)", out


def _confidence(scorer: LocalScorer, prompts: Prompts) -> Measured:
    """FJD's: another prompt, so nothing of the request's own can be shared."""
    scores, ms, tokens = [], [], []
    for texts in (prompts.harmful, prompts.harmless):
        values = []
        for prompt in rendered(scorer, [AFFIRMATION + t for t in texts]):
            started = time.perf_counter()
            values.append(scorer.first_token(tuple(prompt)))
            ms.append((time.perf_counter() - started) * 1000)
            tokens.append(len(prompt))
        scores.append(unconfidence(np.stack(values)))
    name = "first-token confidence (FJD-like)"
    return Measured(name, (scores[0], scores[1]), float(np.mean(tokens)), float(np.median(ms)))


def _random_openings(scorer: LocalScorer, tokens: Sequence[Sequence[int]], seed: int) -> list[list[int]]:
    """As many openings of the same lengths, of random allowed tokens."""
    rng = np.random.default_rng(seed)
    allowed = np.array(sorted(set(range(len(scorer.tokenizer))) - forbidden(scorer)))
    return [rng.choice(allowed, len(t)).tolist() for t in tokens]


def _row(m: Measured) -> Row:
    bad, good = m.scores
    at = metrics.best_f1(bad, good)[0] if m.threshold is None else m.threshold
    return Row(
        name=m.name,
        auroc=metrics.auroc(bad, good),
        auroc_interval=metrics.bootstrap(bad, good, metrics.auroc, rounds=_ROUNDS),
        auprc=metrics.auprc(bad, good),
        tpr_1=metrics.tpr_at_fpr(bad, good, 0.01),
        tpr_5=metrics.tpr_at_fpr(bad, good, 0.05),
        f1=metrics.f1_at(bad, good, at),
        f1_interval=metrics.bootstrap(bad, good, lambda p, n: metrics.f1_at(p, n, at), rounds=_ROUNDS),
        own_threshold=m.threshold is not None,
        aligned=m.aligned,
        tokens=m.tokens,
        milliseconds=m.milliseconds,
    )


def _scripts(scores: Pair, scripts: tuple[list[str], list[str]], at: tuple[float, float]) -> tuple[OfScript, ...]:
    out = []
    for name in sorted(set(scripts[0]) & set(scripts[1]) - {""}):
        bad, good = (s[np.array(side) == name] for s, side in zip(scores, scripts, strict=True))
        steered, blocked = ((metrics.share_at(bad, t), metrics.share_at(good, t)) for t in at)
        out.append(OfScript(name, (len(bad), len(good)), metrics.auroc(bad, good), steered, blocked))
    return tuple(out)


def _point(name: str, at: float, bad: Floats, good: Floats) -> Point:
    return Point(
        name=name,
        threshold=at,
        tpr=metrics.share_at(bad, at),
        fpr=metrics.share_at(good, at),
        f1=metrics.f1_at(bad, good, at),
        f1_interval=metrics.bootstrap(bad, good, lambda p, n: metrics.f1_at(p, n, at), rounds=_ROUNDS),
    )
