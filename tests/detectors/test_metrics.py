"""Metrics against brute force, and thresholds against their definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import metrics
from detectors.calibrate import calibrate
from guard.errors import ArtifactError

SCORES = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30)


@given(SCORES, SCORES)
def test_auroc_is_the_share_of_ordered_pairs(positive, negative):
    pairs = [1.0 if p > n else 0.5 if p == n else 0.0 for p in positive for n in negative]
    assert metrics.auroc(positive, negative) == pytest.approx(np.mean(pairs))
    assert metrics.auroc(negative, positive) == pytest.approx(1 - np.mean(pairs))


@given(SCORES, SCORES)
def test_auprc_is_the_sum_over_thresholds(positive, negative):
    area, before = 0.0, 0.0
    for t in sorted({*positive, *negative}, reverse=True):
        hits, false = sum(p >= t for p in positive), sum(n >= t for n in negative)
        recall = hits / len(positive)
        area, before = area + (recall - before) * hits / (hits + false), recall
    assert metrics.auprc(positive, negative) == pytest.approx(area)


@given(SCORES, st.floats(0, 1))
def test_threshold_is_the_smallest_that_keeps_the_rate(negative, fpr):
    t = metrics.threshold_at_fpr(negative, fpr)
    assert metrics.share_at(negative, t) <= fpr + 1e-9
    below = [n for n in negative if n < t]
    if below:
        assert metrics.share_at(negative, max(below)) > fpr


@given(SCORES, SCORES)
def test_best_f1(positive, negative):
    at, f1 = metrics.best_f1(positive, negative)
    assert metrics.f1_at(positive, negative, at) == pytest.approx(f1)
    assert f1 == pytest.approx(max(metrics.f1_at(positive, negative, t) for t in {*positive, *negative}))


@pytest.mark.parametrize(
    ("positive", "negative", "fpr", "tpr"),
    [([2, 3], [0, 1], 0.0, 1.0), ([0.5, 3], [0, 1], 0.0, 0.5), ([0.5, 3], [0, 1], 0.5, 1.0), ([0], [1], 0.01, 0.0)],
)
def test_tpr_at_fpr(positive, negative, fpr, tpr):
    assert metrics.tpr_at_fpr(positive, negative, fpr) == tpr


@pytest.mark.parametrize("call", [metrics.auroc, metrics.auprc, metrics.best_f1])
def test_empty_class(call):
    with pytest.raises(ValueError, match="both classes"):
        call([1.0], [])


@given(
    st.lists(st.floats(-9, 9), min_size=1, max_size=60),
    st.lists(st.floats(-9, 9), min_size=1, max_size=60),
    st.floats(0, 0.5),
    st.floats(0, 0.4),
)
def test_calibration_holds_its_targets(harmful, harmless, block, more):
    c = calibrate(harmful, harmless, block_fpr=block, steer_fpr=block + more, rounds=3)
    assert c.steer_at <= c.block_at
    assert c.block.fpr <= block + 1e-9
    assert c.steer.fpr <= block + more + 1e-9
    assert c.block.tpr == metrics.share_at(harmful, c.block_at) <= c.steer.tpr


def test_calibration_figures():
    rng = np.random.default_rng(0)
    c = calibrate(rng.normal(3, 1, 400), rng.normal(0, 1, 2000), seed=1)
    assert c.block_at == pytest.approx(2.33, abs=0.2)
    assert c.steer_at == pytest.approx(1.64, abs=0.15)
    assert c.block.interval[0] < c.block_at < c.block.interval[1]
    assert c.auroc_interval[0] < c.auroc < c.auroc_interval[1]
    assert (c.harmful, c.harmless) == (400, 2000)
    assert c == calibrate(*[np.random.default_rng(0).normal(3, 1, 400)], _second(), seed=1)


def _second():
    rng = np.random.default_rng(0)
    rng.normal(3, 1, 400)
    return rng.normal(0, 1, 2000)


@pytest.mark.parametrize(
    ("harmful", "harmless", "targets"),
    [
        ([], [1.0], {}),
        ([1.0], [], {}),
        ([1.0], [np.nan], {}),
        ([1.0], [0.0, 1e9], {}),  # the threshold would lie beyond what a probe set takes
        ([-4e11], [0.0], {}),
        ([1.0], [0.0], {"block_fpr": 0.2, "steer_fpr": 0.1}),
    ],
)
def test_calibration_refuses(harmful, harmless, targets):
    with pytest.raises(ArtifactError):
        calibrate(harmful, harmless, **targets)
