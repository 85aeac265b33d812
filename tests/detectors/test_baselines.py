"""The baselines are the formulas they claim to be."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.baselines import refusal_odds, unconfidence


def test_refusal_odds():
    first = np.log(np.array([[0.1, 0.2, 0.7], [0.5, 0.4, 0.1]]))
    assert refusal_odds(first, [0, 1, 1]) == pytest.approx([np.log(0.3 / 0.7), np.log(0.9 / 0.1)])
    assert np.isfinite(refusal_odds(np.log(np.array([[1.0, 1e-300]])), [0])).all()


def test_unconfidence():
    first = np.log(np.array([[0.9, 0.09, 0.01], [0.4, 0.3, 0.3]]))
    heated = np.sqrt(np.exp(first))
    assert unconfidence(first) == pytest.approx(-heated.max(1) / heated.sum(1))
    assert unconfidence(first, 1.0) == pytest.approx([-0.9, -0.4])
