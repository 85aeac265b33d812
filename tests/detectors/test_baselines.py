"""The baselines find a planted signal and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from detectors import metrics
from detectors.baselines import FirstTokenRegression, refusal_odds, unconfidence


def first_tokens(n, shift, seed):
    """Log-probabilities of 50 tokens, with tokens 3 and 7 moved by `shift`."""
    logits = np.random.default_rng(seed).normal(0, 1, (n, 50))
    logits[:, [3, 7]] += [shift, -shift]
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def test_refusal_odds():
    first = np.log(np.array([[0.1, 0.2, 0.7], [0.5, 0.4, 0.1]]))
    assert refusal_odds(first, [0, 1, 1]) == pytest.approx([np.log(0.3 / 0.7), np.log(0.9 / 0.1)])
    assert np.isfinite(refusal_odds(np.log(np.array([[1.0, 1e-300]])), [0])).all()


def test_unconfidence():
    first = np.log(np.array([[0.9, 0.09, 0.01], [0.4, 0.3, 0.3]]))
    heated = np.sqrt(np.exp(first))
    assert unconfidence(first) == pytest.approx(-heated.max(1) / heated.sum(1))
    assert unconfidence(first, 1.0) == pytest.approx([-0.9, -0.4])


def test_regression_finds_the_sparse_signal():
    lr = FirstTokenRegression(penalty=0.03).fit(first_tokens(150, 1.5, 1), first_tokens(300, -1.5, 2))
    assert lr.nonzero < 15
    held_out = lr.score(first_tokens(200, 1.5, 3)), lr.score(first_tokens(200, -1.5, 4))
    assert metrics.auroc(*held_out) > 0.98
    assert np.mean(held_out[0] > 0) > 0.9
    assert np.mean(held_out[1] > 0) < 0.1


def test_regression_is_deterministic_and_silent_without_signal():
    a, b = first_tokens(100, 0, 1), first_tokens(100, 0, 2)
    one, two = (FirstTokenRegression(penalty=0.2).fit(a, b) for _ in range(2))
    assert one.nonzero == 0
    assert np.array_equal(one.score(a), two.score(a))
