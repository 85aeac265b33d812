"""Sparse models of the first token find a planted signal and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from detectors import metrics
from detectors.first_token import best_classifier, classify, log_odds, regress, score, sparse
from detectors.prefix_probing.artifact import Linear
from guard.errors import ArtifactError


def first_tokens(n, shift, seed):
    """Log-probabilities of 50 tokens, with tokens 3 and 7 moved by `shift`."""
    logits = np.random.default_rng(seed).normal(0, 1, (n, 50))
    logits[:, [3, 7]] += [shift, -shift]
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def on(model, first):
    return score(model, first[:, list(model.tokens)])


def test_log_odds():
    p = np.array([0.5, 0.9, 1e-300, 1.0])
    assert log_odds(np.log(p))[:3] == pytest.approx([0.0, np.log(9), -30.0])
    assert np.isfinite(log_odds(np.log(p))).all()


def test_classifier_finds_the_sparse_signal():
    model = classify(first_tokens(150, 1.5, 1), first_tokens(300, -1.5, 2), 0.03)
    assert {3, 7} <= set(model.tokens)
    assert len(model.tokens) < 15
    bad, good = on(model, first_tokens(200, 1.5, 3)), on(model, first_tokens(200, -1.5, 4))
    assert metrics.auroc(bad, good) > 0.98
    assert np.mean(bad > 0) > 0.9
    assert np.mean(good > 0) < 0.1


def test_regression_recovers_a_linear_target():
    first = first_tokens(400, 0.5, 1)
    target = 2 * log_odds(first[:, 3]) - log_odds(first[:, 20]) + 5
    model = regress(first, target, 0.01)
    assert on(model, first) == pytest.approx(target, abs=0.25)
    weights = dict(zip(model.tokens, model.weights, strict=True))
    assert weights[3] == pytest.approx(2, abs=0.1)
    assert weights[20] == pytest.approx(-1, abs=0.1)


def test_silent_without_signal_and_deterministic():
    a, b = first_tokens(100, 0, 1), first_tokens(100, 0, 2)
    assert classify(a, b, 0.2).tokens == ()
    with pytest.raises(ArtifactError, match="says nothing"):
        sparse(lambda p: classify(a, b, p), 0.2)
    assert classify(a, b, 0.02) == classify(a, b, 0.02)


def test_sparse_bounds_the_tokens():
    a, b = first_tokens(100, 1, 1), first_tokens(100, -1, 2)
    wide = classify(a, b, 0.001)
    narrow = sparse(lambda p: classify(a, b, p), 0.001, most=5)
    assert 1 <= len(narrow.tokens) <= 5 < len(wide.tokens)


def test_best_classifier_learns_on_both_parts():
    train, held_out = ((first_tokens(80, 1, s), first_tokens(80, -1, s + 1)) for s in (1, 3))
    model = best_classifier(train, held_out)
    assert metrics.auroc(on(model, first_tokens(200, 1, 9)), on(model, first_tokens(200, -1, 10))) > 0.95


def test_score_needs_its_own_tokens_in_order():
    model = Linear(tokens=(4, 9), weights=(1.0, -2.0), bias=0.5)
    log_p = np.log([0.5, 0.9])
    assert score(model, log_p) == pytest.approx(0.5 - 2 * np.log(9))
    assert score(model, np.stack([log_p, log_p])).shape == (2,)
