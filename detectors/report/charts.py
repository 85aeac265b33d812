"""The four pictures of a calibration."""

from __future__ import annotations

import numpy as np

from detectors.metrics import Floats
from detectors.report.summary import Summary
from detectors.report.svg import Plot

_BINS = 40
_CHORD = 24  # points that stand for a straight line where the axis bends it


def charts(summary: Summary) -> list[str]:
    """SVG elements: scores, ROC, precision and recall, and where there is a probability map its reliability."""
    out = [_scores(summary), _roc(summary), _precision_recall(summary)]
    return [*out, _reliability(summary)] if summary.reliability else out


def curve(harmful: Floats, harmless: Floats) -> tuple[Floats, Floats, Floats]:
    """(TPR, FPR, precision) at every distinct score from the highest down, ties taken together."""
    scores = np.concatenate([harmful, harmless])
    labels = np.concatenate([np.ones(len(harmful)), np.zeros(len(harmless))])
    order = np.argsort(-scores, kind="stable")
    scores, labels = scores[order], labels[order]
    last = np.append(scores[1:] != scores[:-1], True)
    hits, taken = np.cumsum(labels)[last], np.flatnonzero(last) + 1.0
    return hits / len(harmful), (taken - hits) / len(harmless), hits / taken


def traced(fpr: Floats, tpr: Floats, low: float) -> list[tuple[float, float]]:
    """The ROC through these points, from (0, 0) on, for a logarithmic axis that begins at `low`, left of every rate but
    0. Ties may raise both rates at once, by a chord (their order is a matter of chance), which such an axis bends."""
    out = [(0.0, 0.0)]
    for x, y in zip(fpr.tolist(), tpr.tolist(), strict=True):
        u, v = out[-1]
        if x > u and y > v:
            out += [(at, v + (y - v) * (at - u) / (x - u)) for at in np.geomspace(max(u, low), x, _CHORD)[:-1].tolist()]
        out.append((x, y))
    return out


def _scores(s: Summary) -> str:
    bad, good, c = s.sample.harmful, s.sample.harmless, s.calibration
    before = [p.threshold for p in s.sweep if p.name.startswith("stored")]  # may lie beyond all scores
    shown = [*before, c.steer_at, c.block_at, *(float(at) for side in (bad, good) for at in (side.min(), side.max()))]
    low, high = min(shown), max(shown)
    margin = (high - low) * 0.03 or 1.0
    low, high = low - margin, high + margin
    edges = np.linspace(low, high, _BINS + 1)
    a, b = (np.histogram(side, edges)[0] / len(side) for side in (good, bad))
    plot = Plot((low, high), (0.0, float(max(a.max(), b.max())) * 1.15), "score", "share of the class", "Scores")
    plot.bars(edges.tolist(), a.tolist(), "good")
    plot.bars(edges.tolist(), b.tolist(), "bad")
    for threshold in before:
        plot.rule(threshold, "rule old")
    # steer_at is never the greater: each label stands on its own side of both lines.
    plot.rule(c.steer_at, "rule", "steer_at", left=True)
    plot.rule(c.block_at, "rule", "block_at")
    return plot.svg()


def _roc(s: Summary) -> str:
    """With a logarithmic x axis: a proxy works at false-positive rates that a linear one hides in its left edge."""
    tpr, fpr, _ = curve(s.sample.harmful, s.sample.harmless)
    floor = min(0.001, 0.5 / len(s.sample.harmless))
    low, high = s.calibration.auroc_interval
    title = f"ROC: AUROC {s.calibration.auroc:.3f} ({low:.3f}–{high:.3f})"
    plot = Plot((floor, 1.0), (0.0, 1.0), "false-positive rate", "true-positive rate", title, log=True)
    chance = np.geomspace(floor, 1, 50)
    plot.line(zip(chance, chance, strict=True), "chance")
    plot.line(traced(fpr, tpr, floor), "curve")
    for name, t in (("block_at", s.calibration.block), ("steer_at", s.calibration.steer)):
        plot.mark(t.fpr, t.tpr, "at", name, left=t.fpr > 0.1)
    return plot.svg()


def _precision_recall(s: Summary) -> str:
    tpr, _, precision = curve(s.sample.harmful, s.sample.harmless)
    low, high = s.auprc_interval
    title = f"Precision and recall: AUPRC {s.auprc:.3f} ({low:.3f}–{high:.3f})"
    plot = Plot((0.0, 1.0), (0.0, 1.0), "recall", "precision", title)
    plot.line([(0, s.prevalence), (1, s.prevalence)], "chance")
    plot.line(zip(tpr, precision, strict=True), "curve")
    for p in s.sweep:
        if p.name in ("block_at", "steer_at"):
            plot.mark(p.tpr, p.precision, "at", p.name, left=p.tpr > 0.75)
    return plot.svg()


def _reliability(s: Summary) -> str:
    plot = Plot(
        (0.0, 1.0), (0.0, 1.0), "probability", "share harmful", f"Reliability, five-fold: Brier score {s.brier:.3f}"
    )
    plot.line([(0, 0), (1, 1)], "chance")
    for b in s.reliability:
        plot.span(b.mean, b.interval, "curve")
        plot.mark(b.mean, b.share, "at", str(b.count), left=b.mean > 0.85)
    return plot.svg()
