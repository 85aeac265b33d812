"""Strengths spread over the tokens of a step, whatever the chunks."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from steering.vllm_plugin.orders import Orders
from steering.vllm_plugin.runner_v1 import token_strengths


@given(
    start=st.integers(0, 40),
    window=st.none() | st.integers(1, 40),
    chunks=st.lists(st.integers(0, 15), min_size=1, max_size=6),
)
@settings(max_examples=100, deadline=None)
def test_chunks_do_not_matter(start: int, window: int | None, chunks: list[int]) -> None:
    orders = Orders(strength=0.5, start=start, window=window)
    found: list[float] = []
    for scheduled in chunks:
        found += token_strengths(orders, len(found), scheduled).tolist()
    end = float("inf") if window is None else start + window
    assert found == [0.5 if start <= position < end else 0.0 for position in range(sum(chunks))]
