"""Maps from score to probability: monotone, calibrated, small, and readable without scikit-learn."""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from detectors.calibrate.probability import fit, held_out
from detectors.probability import Probability
from guard.errors import ArtifactError, ConfigError

RNG = np.random.default_rng(0)
HARMFUL, HARMLESS = RNG.normal(2, 1, 600), RNG.normal(0, 1, 1400)
SCORES = st.lists(st.floats(-9, 9), min_size=1, max_size=30).map(np.array)


@pytest.mark.parametrize("kind", ["platt", "isotonic"])
def test_probabilities_are_what_they_say(kind):
    """Two normals of equal width: the truth is a logistic curve."""
    found = fit(HARMFUL, HARMLESS, kind)
    for score in (-1.0, 0.5, 1.0, 2.0, 3.0):
        truth = 1 / (1 + 1400 / 600 * np.exp(-(2 * score - 2)))
        assert found.of(score) == pytest.approx(truth, abs=0.08)
    assert len(found.scores) <= 200


@pytest.mark.parametrize("kind", ["platt", "isotonic"])
def test_prevalence(kind):
    rare = fit(HARMFUL, HARMLESS, kind, 0.01)
    assert rare.prevalence == 0.01
    assert 0 < rare.of(1.0) < 0.04 < 0.2 < fit(HARMFUL, HARMLESS, kind).of(1.0)


@settings(max_examples=25, deadline=None)
@given(SCORES, SCORES, st.sampled_from(["platt", "isotonic"]))
def test_monotone_whatever_the_scores(harmful, harmless, kind):
    found = fit(harmful, harmless, kind)
    values = [found.of(float(s)) for s in np.linspace(-12, 12, 60)]
    assert all(0 <= a <= b <= 1 for a, b in pairwise(values))
    assert Probability.model_validate_json(found.model_dump_json(), strict=True) == found


def test_platt_does_not_believe_a_separable_sample():
    found = fit(np.array([3.0, 4.0]), np.array([0.0, 1.0]), "platt")
    assert 0.05 < found.of(0.0) < found.of(4.0) < 0.95


def test_held_out_probabilities_are_not_flattered():
    bad, good = RNG.normal(0, 1, 50), RNG.normal(0, 1, 50)  # nothing to learn
    a, b = held_out(bad, good, "isotonic")
    seen = fit(bad, good, "isotonic")
    inside = np.mean([seen.of(s) for s in bad]) - np.mean([seen.of(s) for s in good])
    assert (a.mean() - b.mean()) < inside


@pytest.mark.parametrize(("bad", "good"), [(1, 5), (5, 1), (1, 1)])
def test_one_prompt_of_a_class_is_too_few(bad, good):
    with pytest.raises(ArtifactError, match=f"two prompts of each class; the sample has {bad} harmful and {good} harm"):
        held_out(np.arange(bad) + 1.0, np.arange(good) - 1.0, "platt")


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "isotonic"},
        {"kind": "isotonic", "scores": (0.0, 1.0), "values": (0.5,)},
        {"kind": "isotonic", "scores": (1.0, 0.0), "values": (0.1, 0.2)},
        {"kind": "isotonic", "scores": (0.0, 1.0), "values": (0.6, 0.2)},
        {"kind": "platt", "slope": -1.0},
        {"kind": "platt", "slope": float("nan")},
    ],
)
def test_stored_nonsense_is_refused(fields):
    with pytest.raises(ValidationError):
        Probability(prevalence=0.5, **fields)


def test_far_scores_do_not_overflow():
    found = Probability(kind="platt", prevalence=0.5, slope=5.0)
    assert (found.of(-1e6), found.of(0.0), found.of(1e6)) == (0.0, 0.5, 1.0)


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.isotonic", None)
    with pytest.raises(ConfigError, match="pip install"):
        fit(HARMFUL, HARMLESS, "platt")
