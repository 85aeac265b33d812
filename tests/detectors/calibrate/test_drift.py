"""Drift is seen where there is some, and not where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.calibrate import calibrate
from detectors.calibrate.drift import drift, shift
from tests.detectors.support import probe_set

RNG = np.random.default_rng(3)


def scores(n, mean):
    return RNG.normal(mean, 1.0, n)


STORED = calibrate(scores(400, 2.0), scores(1500, 0.0), rounds=50)


@pytest.mark.parametrize(
    ("harmful", "harmless", "moved"),
    [
        (2.0, 0.0, (False, False, True, True)),
        (1.2, 0.0, (True, False, True, True)),
        (2.0, 0.8, (False, True, False, False)),
        (2.0, -0.8, (False, True, True, True)),  # fewer false alarms than promised break no promise
    ],
)
def test_which_part_moved(harmful, harmless, moved):
    found = drift(STORED, scores(300, harmful), scores(1000, harmless))
    assert (found.harmful.moved, found.harmless.moved, found.steer.holds, found.block.holds) == moved
    assert found.moved is not (moved == (False, False, True, True))


def test_chance_is_exceeded_about_once_in_twenty_times():
    seen = [shift(STORED.quantiles["harmless"], STORED.harmless, scores(200, 0.0)) for _ in range(300)]
    assert np.mean([s.psi > s.psi_chance for s in seen]) < 0.12
    assert np.mean([s.ks > s.ks_chance for s in seen]) < 0.12


def test_medians_and_few_quantiles():
    found = shift({"0": -2.0, "0.5": 1.0, "1": 4.0}, 10, np.array([3.0, 3.5, 3.9]))
    assert (found.median_was, found.median_is) == (1.0, 3.5)
    assert found.ks == pytest.approx(0.5)
    assert found.psi > 0
    assert shift({"0.5": 1.0}, 1, np.array([1.0])).moved is False


def test_ties_keep_the_index_finite():
    quantiles = {f"{q:g}": 0.0 for q in (0.1, 0.5, 0.9)}
    assert np.isfinite(shift(quantiles, 50, np.zeros(50)).psi)


@pytest.mark.parametrize(
    "sample",
    [
        np.zeros(200),
        RNG.integers(0, 2, 2000).astype(float),
        scores(5000, 0.0).round(),
        scores(20000, 0.0).round(1),
        np.append(np.zeros(500), scores(500, 3.0)),
        scores(25, 0.0),
        scores(20000, 0.0),
    ],
    ids=["one value", "two values", "whole numbers", "tenths", "half of it tied", "few", "no ties"],
)
def test_a_sample_has_not_moved_against_itself(sample):
    quantiles = calibrate(sample, sample, rounds=2).quantiles["harmless"]
    same, moved = (shift(quantiles, len(sample), at) for at in (sample, sample + 1.0))
    assert moved.moved and not same.moved


def test_tied_scores_of_the_same_traffic_have_not_moved():
    draws = [np.random.default_rng(n).normal(size=(2, 400)).round() for n in range(100)]
    found = [shift(calibrate(a, a, rounds=2).quantiles["harmless"], 400, b) for a, b in draws]
    assert np.mean([s.moved for s in found]) < 0.12


def test_stored_thresholds_are_judged_on_the_new_scores():
    found = drift(
        probe_set(steer_at=0.0, block_at=1.0).calibration, np.array([0.5, 2.0]), np.array([-1.0, 0.0, 0.5, 3.0])
    )
    assert (found.steer.fpr, found.steer.tpr, found.block.fpr, found.block.tpr) == (0.75, 1.0, 0.25, 0.5)
    assert found.block.fpr_interval[0] < 0.25 < found.block.fpr_interval[1]
