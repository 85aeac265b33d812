"""Which blocks get a key of their own; that the engine asks for them is shown in tests/vllm."""

from __future__ import annotations

import pytest

from steering.vllm_plugin.block_keys import extra_keys
from steering.vllm_plugin.orders import NONE, Orders

STEERED = Orders(strength=0.5, start=40, artifact="ab")


@pytest.mark.parametrize(
    ("orders", "end", "keyed"),
    [
        (NONE, 64, False),
        (Orders(strength=0.0, start=0), 64, False),
        (STEERED, 32, False),
        (STEERED, 40, False),  # ends before position 40
        (STEERED, 41, True),
        (STEERED, 64, True),
        (Orders(probe_from=40, nonce="n"), 32, False),
        (Orders(probe_from=40, nonce="n"), 39, False),
        (Orders(probe_from=40, nonce="n"), 40, True),  # holds row 39, which predicts the first probe token
        (Orders(probe_from=40, nonce="n"), 64, True),
    ],
)
def test_blocks_from_the_first_turned_token_on(orders: Orders, end: int, keyed: bool) -> None:
    assert bool(extra_keys(orders, end)) is keyed


def test_different_orders_never_share_a_key() -> None:
    others = [
        Orders(strength=0.6, start=40, artifact="ab"),
        Orders(strength=0.5, start=39, artifact="ab"),
        Orders(strength=0.5, start=40, artifact="cd"),
        Orders(strength=0.5, start=40, artifact="ab", window=1),
        Orders(strength=0.5, start=40, artifact="ab", window=2),
        Orders(strength=0.5, start=4, artifact="ab", window=2),
        Orders(probe_from=40, nonce="a"),
        Orders(probe_from=40, nonce="b"),
    ]
    keys = [tuple(extra_keys(o, 64)) for o in (STEERED, *others)]
    assert len(set(keys)) == len(keys)
    assert all(isinstance(tag, str) and isinstance(value, str) for key in keys for tag, value in key)
