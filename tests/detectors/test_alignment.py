"""From one script's scores to the common scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.alignment import UNCHANGED, Alignment

SCORES = st.lists(st.floats(-50, 50), min_size=1, max_size=5, unique_by=lambda x: round(x, 2))


@pytest.mark.parametrize(
    ("score", "value"),
    [(-9.0, -7.0), (-1.0, 1.0), (0.0, 2.0), (0.5, 4.0), (1.0, 6.0), (2.0, 7.0), (5.0, 10.0)],
)
def test_linear_between_the_points_and_shifted_outside(score, value):
    align = Alignment(scores=(0.0, 1.0, 2.0), values=(2.0, 6.0, 7.0))
    assert align.of(score) == pytest.approx(value)
    assert align.of([[score]]).tolist() == [[pytest.approx(value)]]


def test_without_points_nothing_changes():
    assert UNCHANGED.of([-1.5, 3.25]).tolist() == [-1.5, 3.25]


@given(SCORES, SCORES, st.lists(st.floats(-100, 100), min_size=2))
def test_never_turns_an_order_round(a, b, raw):
    n = min(len(a), len(b))
    align = Alignment(scores=tuple(sorted(a[:n])), values=tuple(sorted(b[:n])))
    assert (np.diff(align.of(sorted(raw))) >= -1e-9).all()


@pytest.mark.parametrize(
    "points",
    [
        {"scores": (0.0,), "values": ()},
        {"scores": (0.0, 0.0), "values": (0.0, 1.0)},
        {"scores": (0.0, 1.0), "values": (1.0, 1.0)},
        {"scores": (1.0, 0.0), "values": (0.0, 1.0)},
        {"scores": (float("nan"),), "values": (0.0,)},
    ],
)
def test_refuses(points):
    with pytest.raises(ValueError, match=r"not|finite"):
        Alignment(**points)
