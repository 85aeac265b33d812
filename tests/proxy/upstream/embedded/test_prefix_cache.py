"""The prefix cache against a brute-force model of itself."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from proxy.upstream.embedded.kv import PromptState
from proxy.upstream.embedded.prefix_cache import PrefixCache

prompts = st.lists(st.integers(0, 2), min_size=1, max_size=6).map(tuple)


def state(tokens: tuple[int, ...]) -> PromptState:
    return PromptState(tokens, (), torch.zeros(1))


def shared(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


@given(st.lists(prompts, max_size=12), prompts)
def test_lookup_finds_the_longest_common_prefix(stored: list[tuple[int, ...]], wanted: tuple[int, ...]) -> None:
    cache = PrefixCache(10_000)
    for tokens in stored:
        cache.store(state(tokens))
    found, length = cache.lookup(wanted)
    assert length == max((shared(s, wanted) for s in stored), default=0)
    assert (found is None) == (length == 0)
    if found is not None:
        assert found.tokens[:length] == wanted[:length]


@given(st.lists(prompts, max_size=30), st.integers(0, 12))
def test_size_is_bounded_and_the_newest_stay(stored: list[tuple[int, ...]], capacity: int) -> None:
    cache = PrefixCache(capacity)
    for tokens in stored:
        cache.store(state(tokens))
    kept: list[tuple[int, ...]] = []
    for tokens in reversed(stored):
        if tokens not in kept and len(tokens) <= capacity:
            if sum(map(len, kept)) + len(tokens) > capacity:
                break
            kept.append(tokens)
    assert cache.tokens == sum(len(t) for t in kept) <= capacity
    assert len(cache) == len(kept)
    assert all(cache.lookup(t)[1] == len(t) for t in kept)


def test_use_keeps_a_prompt() -> None:
    cache = PrefixCache(4)
    cache.store(state((1, 1)))
    cache.store(state((2, 2)))
    cache.lookup((1, 1, 7))
    cache.store(state((3, 3)))
    assert cache.lookup((1, 1))[1] == 2
    assert cache.lookup((2, 2))[1] == 0
