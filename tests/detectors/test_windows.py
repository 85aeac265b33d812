"""Windows leave nothing out, overlap, keep their frame, and are bounded in number and cost."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.windows import OVERLAP, Frame, windows

FRAME = Frame([1, 2, 3], [8, 9])


def text(n):
    return list(range(100, 100 + n))


def cut(n, size, most):
    return windows([*FRAME.head, *text(n), *FRAME.tail], FRAME, size=size, most=most)


@given(st.integers(0, 3000), st.integers(32, 600), st.integers(2, 20))
def test_everything_is_seen_in_few_windows(n, size, most):
    pieces = cut(n, size, most)
    if n <= size:
        assert pieces == []
        return
    bodies = [p[3:-2] for p in pieces]
    assert all([*FRAME.head, *body, *FRAME.tail] == p for body, p in zip(bodies, pieces, strict=True))
    assert {t for body in bodies for t in body} == set(text(n))
    assert 2 <= len(pieces) <= most
    assert len({len(b) for b in bodies}) == 1
    assert len(bodies[0]) >= min(size, n)
    for a, b in itertools.pairwise(bodies):  # neighbours share a quarter (but for rounding)
        assert a[-1] - b[0] + 1 >= len(a) * OVERLAP - 1
    assert sum(map(len, bodies)) <= n / (1 - OVERLAP) + len(bodies[0]) + most


def test_a_sentence_at_an_edge_stands_whole_in_a_window():
    for start in range(0, 1000 - 60, 7):
        sentence = text(1000)[start : start + 60]
        assert any(set(sentence) <= set(piece) for piece in cut(1000, 256, 16))


@pytest.mark.parametrize(
    ("one", "other", "head", "tail"),
    [
        ([1, 2, 50, 8, 9], [1, 2, 51, 8, 9], [1, 2], [8, 9]),
        ([1, 50, 9], [1, 51, 52, 9], [1], [9]),
        ([50], [51], [], []),
    ],
)
def test_frame(one, other, head, tail):
    assert Frame.between(one, other) == Frame(head, tail)


def test_a_prompt_with_another_head_is_cut_too():
    """A turn that begins with an assistant message shares only a part of the frame's head."""
    pieces = windows([1, 2, 7, *text(100), 8, 9], FRAME, size=40, most=9)
    assert all(p[:3] == [1, 2, 3] and p[-2:] == [8, 9] for p in pieces)
    assert {7, *text(100)} <= {t for p in pieces for t in p}
