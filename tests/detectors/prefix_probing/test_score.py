"""The score as arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.prefix_probing.score import Aggregation, Sign, aggregate, length_normalised

R, A = Sign.REFUSAL, Sign.AGREEMENT
MEANS = [-1.0, -3.0, -2.0, -5.0]
SIGNS = [R, R, A, A]
DELTAS = [-3.0, -1.0, 1.0, 3.0]


@pytest.mark.parametrize(
    ("how", "value"),
    [
        (Aggregation.MEAN, -2.0 - -3.5),
        (Aggregation.MAX, -1.0 - -2.0),
        (
            Aggregation.LOGSUMEXP,
            math.log((math.exp(-1) + math.exp(-3)) / 2) - math.log((math.exp(-2) + math.exp(-5)) / 2),
        ),
        (Aggregation.WEIGHTED, (3 * -1.0 + -3.0) / 4 - (-2.0 + 3 * -5.0) / 4),
    ],
)
def test_aggregations(how, value):
    assert aggregate(MEANS, SIGNS, DELTAS, how) == pytest.approx(value)
    batch = aggregate(np.array([MEANS, MEANS]), SIGNS, DELTAS, how)
    assert batch.tolist() == pytest.approx([value, value])


@given(st.lists(st.floats(-50, 0), min_size=4, max_size=4), st.sampled_from(Aggregation))
def test_swapping_the_signs_negates(means, how):
    swapped = [A if s is R else R for s in SIGNS]
    one, other = aggregate(means, SIGNS, DELTAS, how), aggregate(means, swapped, DELTAS, how)
    assert one == pytest.approx(-other)


@pytest.mark.parametrize(("signs", "deltas"), [([R] * 4, DELTAS), ([A] * 4, DELTAS), (SIGNS[:3], DELTAS[:3])])
def test_refuses(signs, deltas):
    with pytest.raises(ValueError, match="prefix"):
        aggregate(MEANS, signs, deltas, Aggregation.MEAN)


def test_length_normalised():
    assert length_normalised([[-1.0, -3.0], [0.0], [5e-5]], [[1, 2], [3], [4]]) == pytest.approx([-2.0, 0.0, 5e-5])
