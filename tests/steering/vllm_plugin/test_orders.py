"""Orders of a request: what is read, what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steering.vllm_plugin.orders import NONE, Orders

orders = st.builds(
    Orders,
    strength=st.floats(0.001, 1.0),
    start=st.integers(-5, 1000),
    window=st.none() | st.integers(1, 50),
    artifact=st.sampled_from(["", "ab12"]),
)


@given(orders)
@settings(max_examples=50, deadline=None)
def test_they_travel_in_extra_args(found: Orders) -> None:
    assert Orders.of({"other": 1, **found.to_extra_args()}) == found


@pytest.mark.parametrize("extra", [None, {}, {"theirs": 5}])
def test_nothing_asked(extra: dict[str, Any] | None) -> None:
    assert Orders.of(extra) is NONE
    assert NONE.to_extra_args() == {}


@pytest.mark.parametrize(
    "extra",
    [
        {"guardchain_strength": value}
        for value in (math.nan, math.inf, -0.1, 1.0001, "1", True, None, [0.5], {"a": 1})
    ]
    + [
        {"guardchain_strength": 0.5, "guardchain_start": value} for value in (0.5, "1", True, 1 << 40)
    ]
    + [
        {"guardchain_strength": 0.5, "guardchain_window": value} for value in (0, -1, 2.5)
    ]
    + [
        {"guardchain_probe_from": 3},
        {"guardchain_probe_from": 0, "guardchain_probe_nonce": "x"},
        {"guardchain_probe_from": 3, "guardchain_probe_nonce": 7},
        {"guardchain_artifact": "x" * 500},
        {"guardchain_strenght": 0.5},
    ],
    ids=str,
)  # fmt: skip
def test_refused(extra: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Orders.of(extra)
    assert Orders.trusted(extra) is NONE


@pytest.mark.parametrize(("start", "tokens", "absolute"), [(0, 5, 0), (4, 5, 4), (-1, 5, 4), (-5, 5, 0), (-9, 5, 0)])
def test_a_negative_start_counts_from_the_end(start: int, tokens: int, absolute: int) -> None:
    found = Orders(strength=0.5, start=start).resolved(tokens, "digest")
    assert (found.start, found.artifact) == (absolute, "digest")
    # Also as a dict that is laid over the one that came.
    assert {**Orders(strength=0.5, start=start).to_extra_args(), **found.to_extra_args()} == found.to_extra_args()
