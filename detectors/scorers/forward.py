"""Exact teacher-forced scoring of many short probes over one prompt's KV, in plain torch.

The prompt is computed once; the probes run as one right-padded batch over a copy-on-write view of its cache.
Right padding needs no mask: attention is causal, so what stands behind a token cannot reach it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

Model = Any  # a transformers causal LM
Cache = Any  # a transformers DynamicCache

# Layers that grow by rebinding `keys` and `values` to new tensors: a shallow copy of them is a private copy.
_REBINDING = (DynamicLayer, DynamicSlidingWindowLayer)


def fork(cache: Cache) -> Cache:
    """A private view of `cache`: writing to the view, cropping or repeating it leaves the original as it was.

    Costs no tensor copy for dynamic layers; any other kind of layer is copied whole.
    """
    twin = copy.copy(cache)
    twin.layers = [copy.copy(layer) if type(layer) in _REBINDING else copy.deepcopy(layer) for layer in cache.layers]
    return twin


@torch.inference_mode()
def prefill(model: Model, prompt: Sequence[int], cache: Cache | None = None) -> tuple[Cache, Tensor]:
    """Run `prompt` through the model behind `cache` (batch 1; it is extended in place), or from nothing.

    Returns the cache and the logits after the last token, shape [V], in the model's dtype.
    Raises ValueError for an empty prompt.
    """
    if not prompt:
        raise ValueError("a prompt needs at least one token")
    if cache is None:
        cache = DynamicCache(config=model.config)
    ids = torch.tensor([list(prompt)], device=model.device)
    out = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
    return cache, out.logits[0, -1]


@torch.inference_mode()
def probe_logprobs(
    model: Model, cache: Cache, last_logits: Tensor, probes: Sequence[Sequence[int]]
) -> list[list[float]]:
    """Log-probabilities of each probe's tokens directly after the prompt held in `cache`.

    `cache` holds exactly the prompt's P tokens with batch size 1 and is left unchanged. `last_logits` [V] are the
    logits after the prompt's last token: they give every probe's first token. A probe of L tokens costs L − 1 tokens
    of computation (its last token is predicted, never read). The log-softmax is fp32 whatever the model's dtype.
    Returns one list of L numbers ≤ 0 per probe. Raises ValueError for an empty probe.
    """
    if not probes:
        return []
    if any(len(p) == 0 for p in probes):
        raise ValueError("a probe needs at least one token")
    first = torch.log_softmax(last_logits.float(), dim=-1)
    rows = [[value] for value in first[[p[0] for p in probes]].tolist()]
    # Equal inputs are computed once: probes that differ in their last token only share a row.
    inputs = list(dict.fromkeys(tuple(p[:-1]) for p in probes if len(p) > 1))
    if not inputs:
        return _clamped(rows)
    width = max(map(len, inputs))
    ids = torch.tensor([[*row, *[row[-1]] * (width - len(row))] for row in inputs], device=model.device)
    view = fork(cache)
    if len(inputs) > 1:
        view.batch_repeat_interleave(len(inputs))
    logits = model(input_ids=ids, past_key_values=view, use_cache=True).logits
    row_of = {row: i for i, row in enumerate(inputs)}
    for values, probe in zip(rows, probes, strict=True):
        if len(probe) > 1:
            picked = logits[row_of[tuple(probe[:-1])], : len(probe) - 1].float()
            target = torch.tensor(probe[1:], device=picked.device).unsqueeze(-1)
            values += (picked.gather(-1, target).squeeze(-1) - picked.logsumexp(-1)).tolist()
    return _clamped(rows)


def probe_tokens(probes: Sequence[Sequence[int]]) -> int:
    """The tokens `probe_logprobs` sends through the model for `probes`, padding not counted."""
    return sum(map(len, {tuple(p[:-1]) for p in probes}))


def _clamped(rows: list[list[float]]) -> list[list[float]]:
    """Rounding can lift log 1 a hair above 0; NaN passes through for the caller to reject."""
    return [[0.0 if 0.0 < v < 1e-4 else v for v in row] for row in rows]
