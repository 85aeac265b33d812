"""The layers of a `transformers` cache: which kinds there are, what can be done with each, and how it is done."""

from __future__ import annotations

import copy
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import (
    DummyLayer,
    DynamicLayer,
    DynamicSlidingWindowLayer,
    LinearAttentionAndFullAttentionLayer,
    LinearAttentionAndSlidingWindowAttentionLayer,
    LinearAttentionCacheLayerMixin,
    LinearAttentionLayer,
)

Model = Any  # a transformers causal LM
Cache = Any  # a transformers DynamicCache

# Layers that grow by rebinding `keys` and `values` to new tensors: a shallow copy of them is a private copy.
_REBINDING = (DynamicLayer, DynamicSlidingWindowLayer)
_PLAIN = (DynamicLayer, DummyLayer)
# Others, such as those of sparse attention, keep more than `repeat` knows of, and only show it on long prompts.
_KNOWN = (
    *_REBINDING,
    DummyLayer,
    LinearAttentionLayer,
    LinearAttentionAndFullAttentionLayer,
    LinearAttentionAndSlidingWindowAttentionLayer,
)


def unknown(cache: Cache) -> set[str]:
    """The names of the kinds of layers that `fork` and `repeat` were not made for."""
    return {type(layer).__name__ for layer in cache.layers if type(layer) not in _KNOWN}


def recurrent(cache: Cache) -> bool:
    """Whether a layer keeps a state that new tokens overwrite (linear attention, state-space, short convolutions)."""
    return any(isinstance(layer, LinearAttentionCacheLayerMixin) for layer in cache.layers)


def croppable(cache: Cache) -> bool:
    """Whether tokens can be taken back: sliding windows forget what they slid past, recurrent states everything."""
    return all(type(layer) in _PLAIN for layer in cache.layers)


@torch.inference_mode()
def fork(cache: Cache) -> Cache:
    """A private view of `cache`: writing to the view, cropping or repeating it leaves the original as it was.

    Costs no tensor copy for dynamic layers; any other kind of layer is copied whole, for it writes in place.
    """
    twin = copy.copy(cache)
    twin.layers = [copy.copy(layer) if type(layer) in _REBINDING else copy.deepcopy(layer) for layer in cache.layers]
    return twin


def repeat(cache: Cache, n: int) -> None:
    """Make `n` rows of each row of a fork, next to each other."""
    for layer in cache.layers:
        # A layer of both kinds repeats its attention only, one of linear attention nothing.
        if isinstance(layer, LinearAttentionCacheLayerMixin):
            for states in (layer.conv_states, layer.recurrent_states):
                states.update({i: s.repeat_interleave(n, 0) for i, s in states.items() if s is not None})
        if hasattr(layer, "batch_repeat_interleave"):
            layer.batch_repeat_interleave(n)


def empty(model: Model) -> Cache:
    """A cache for `model` that holds nothing yet."""
    return DynamicCache(config=model.config)
