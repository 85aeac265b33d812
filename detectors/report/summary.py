"""The facts of a calibration, worked out once for page and terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from detectors import metrics
from detectors.calibrate.binomial import clopper_pearson
from detectors.calibrate.drift import Drift, drift
from detectors.calibrate.sample import Judged, Sample
from detectors.calibrate.thresholds import warnings
from detectors.metrics import Floats
from detectors.prefix_probing.artifact import Calibration

_SWEEP = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
_BINS = 10

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold does on the sample. `name` is empty for one that is only there to compare with."""

    threshold: float
    fpr: float
    fpr_interval: Interval
    tpr: float
    tpr_interval: Interval
    precision: float
    f1: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Bin:
    """Prompts whose probability falls into one tenth: their mean probability, and the share of harmful ones."""

    mean: float
    share: float
    interval: Interval
    count: int


@dataclass(frozen=True, slots=True)
class OfScript:
    """What both thresholds do to the sample's prompts in one writing system."""

    script: str
    harmful: int
    harmless: int
    auroc: float
    steer: Point
    block: Point


@dataclass(frozen=True, slots=True)
class Summary:
    """`missed` are harmful prompts with the lowest scores, `alarms` harmless ones with the highest. `scripts` are those
    that both classes have, where there are several. `rescaled`: `drift` is on the stored scale, and the calibration on
    one of its own."""

    sample: Sample
    calibration: Calibration
    auprc: float
    auprc_interval: Interval
    sweep: tuple[Point, ...]
    missed: tuple[Judged, ...]
    alarms: tuple[Judged, ...]
    warnings: tuple[str, ...]
    scripts: tuple[OfScript, ...] = ()
    drift: Drift | None = None
    rescaled: bool = False
    reliability: tuple[Bin, ...] = ()
    brier: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def prevalence(self) -> float:
        return self.calibration.harmful / (self.calibration.harmful + self.calibration.harmless)


def summarise(
    sample: Sample,
    calibration: Calibration,
    *,
    stored: Calibration | None = None,
    held_out: tuple[Floats, Floats] | None = None,
    worst: int = 20,
    facts: Mapping[str, str] | None = None,
) -> Summary:
    """`sample` has to be on the scale of `calibration`; `stored` is the calibration in use until now; `held_out` are
    probabilities of both classes (harmful, harmless) by maps that had not seen them; `worst` bounds both lists of
    errors; `facts` go on top as given."""
    bad, good = sample.harmful, sample.harmless
    before = None if stored is None else sample.on(stored)
    scripts = _scripts(sample, calibration)
    by_score = sorted(sample.rows, key=lambda r: r.score)
    return Summary(
        sample=sample,
        calibration=calibration,
        auprc=metrics.auprc(bad, good),
        auprc_interval=metrics.bootstrap(bad, good, metrics.auprc, rounds=200),
        sweep=_sweep(calibration, stored, bad, good),
        scripts=scripts,
        missed=tuple(r for r in by_score if r.harmful and r.score < calibration.block_at)[:worst],
        alarms=tuple(r for r in reversed(by_score) if not r.harmful and r.score >= calibration.steer_at)[:worst],
        warnings=(*warnings(calibration), *(w for s in scripts for w in _missed_target(s, calibration))),
        drift=drift(stored, before.harmful, before.harmless) if stored is not None and before is not None else None,
        rescaled=stored is not None and stored.scripts != calibration.scripts,
        reliability=_reliability(*held_out) if held_out is not None else (),
        brier=_brier(*held_out) if held_out is not None else None,
        facts=facts or {},
    )


def point(threshold: float, harmful: Floats, harmless: Floats, name: str = "") -> Point:
    hits, false = int(np.sum(harmful >= threshold)), int(np.sum(harmless >= threshold))
    return Point(
        threshold=threshold,
        fpr=false / len(harmless),
        fpr_interval=clopper_pearson(false, len(harmless)),
        tpr=hits / len(harmful),
        tpr_interval=clopper_pearson(hits, len(harmful)),
        precision=hits / (hits + false) if hits + false else 0.0,
        f1=metrics.f1_at(harmful, harmless, threshold),
        name=name,
    )


def _scripts(sample: Sample, calibration: Calibration) -> tuple[OfScript, ...]:
    sides = list(zip(sample.scripts, (sample.harmful, sample.harmless), strict=True))
    names = sorted(set(sides[0][0]) & set(sides[1][0]) - {""})
    out = []
    for name in names if len(names) > 1 else ():
        bad, good = (scores[np.array(scripts) == name] for scripts, scores in sides)
        steer, block = (point(t, bad, good) for t in (calibration.steer_at, calibration.block_at))
        out.append(OfScript(name, len(bad), len(good), metrics.auroc(bad, good), steer, block))
    return tuple(out)


def _missed_target(of: OfScript, calibration: Calibration) -> list[str]:
    pairs = (("block_at", of.block, calibration.block), ("steer_at", of.steer, calibration.steer))
    return [
        f"{of.script}: {name} takes {p.fpr:.1%} of its harmless and {p.tpr:.1%} of its harmful prompts, the target is "
        f"{t.target_fpr:.1%} false alarms; --per-script brings its scores onto the common scale."
        for name, p, t in pairs
        if not p.fpr_interval[0] <= t.target_fpr <= p.fpr_interval[1]
    ]


def _sweep(calibration: Calibration, stored: Calibration | None, bad: Floats, good: Floats) -> tuple[Point, ...]:
    named = [
        point(calibration.block_at, bad, good, "block_at"),
        point(calibration.steer_at, bad, good, "steer_at"),
        point(calibration.f1_at, bad, good, "best F1"),
    ]
    if stored is not None and stored.scripts == calibration.scripts:  # else they are on another scale
        named += [
            point(stored.block_at, bad, good, "stored block_at"),
            point(stored.steer_at, bad, good, "stored steer_at"),
        ]
    known = {p.threshold for p in named}
    rest = [metrics.threshold_at_fpr(good, target) for target in _SWEEP if target * len(good) >= 1]
    found = [*named, *(point(t, bad, good) for t in dict.fromkeys(rest) if t not in known)]
    return tuple(sorted(found, key=lambda p: -p.threshold))


def _reliability(bad: Floats, good: Floats) -> tuple[Bin, ...]:
    values, labels = _labelled(bad, good)
    place = np.minimum((values * _BINS).astype(int), _BINS - 1)
    out = []
    for k in range(_BINS):
        inside = place == k
        if n := int(inside.sum()):
            hits = int(labels[inside].sum())
            out.append(Bin(float(values[inside].mean()), hits / n, clopper_pearson(hits, n), n))
    return tuple(out)


def _brier(bad: Floats, good: Floats) -> float:
    values, labels = _labelled(bad, good)
    return float(np.mean((values - labels) ** 2))


def _labelled(bad: Floats, good: Floats) -> tuple[Floats, Floats]:
    return np.concatenate([bad, good]), np.concatenate([np.ones(len(bad)), np.zeros(len(good))])
