"""Exact intervals against the binomial distribution itself."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.calibrate.binomial import clopper_pearson, needed


def at_most(hits, trials, p):
    return math.fsum(math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(hits + 1))


@settings(max_examples=60)
@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_ends_are_the_shares_that_make_the_count_unlikely(case):
    hits, trials = case
    low, high = clopper_pearson(hits, trials)
    assert 0 <= low <= hits / trials <= high <= 1
    assert low == 0 if hits == 0 else 1 - at_most(hits - 1, trials, low) == pytest.approx(0.025, rel=1e-6)
    assert high == 1 if hits == trials else at_most(hits, trials, high) == pytest.approx(0.025, rel=1e-6)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [  # Beta quantiles
        (0, 147, 0.0, 0.0247822),
        (1, 147, 0.000172216, 0.0373182),
        (5, 100, 0.0164319, 0.1128349),
        (3, 10_000, 6.18715e-05, 0.000876475),
        (500, 1000, 0.4685492, 0.5314508),
    ],
)
def test_known(hits, trials, low, high):
    assert clopper_pearson(hits, trials) == pytest.approx((low, high), rel=1e-5, abs=1e-9)


@pytest.mark.parametrize(("hits", "trials"), [(-1, 3), (4, 3), (0, 0)])
def test_nonsense(hits, trials):
    with pytest.raises(ValueError, match="share"):
        clopper_pearson(hits, trials)


@pytest.mark.parametrize("target", [0.2, 0.05, 0.01, 0.001])
def test_needed_is_enough_and_half_is_not(target):
    n = needed(target)
    assert clopper_pearson(int(target * n + 1e-9), n)[1] <= 2 * target
    assert clopper_pearson(int(target * n / 2), n // 2)[1] > 2 * target
