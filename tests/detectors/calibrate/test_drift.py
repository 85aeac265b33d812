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


def test_stored_thresholds_are_judged_on_the_new_scores():
    found = drift(
        probe_set(steer_at=0.0, block_at=1.0).calibration, np.array([0.5, 2.0]), np.array([-1.0, 0.0, 0.5, 3.0])
    )
    assert (found.steer.fpr, found.steer.tpr, found.block.fpr, found.block.tpr) == (0.75, 1.0, 0.25, 0.5)
    assert found.block.fpr_interval[0] < 0.25 < found.block.fpr_interval[1]
