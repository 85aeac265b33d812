"""Exact teacher-forced scoring of many short probes over one prompt's KV, in plain torch.

The prompt is computed once. The probes are merged into a tree and run as one row over a copy-on-write view of the
prompt's cache, each token seeing the prompt and its own beginning only; where a model does not allow that, as one
right-padded batch over the repeated cache, token by token where layers keep a recurrent state.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor
from transformers.cache_utils import DynamicLayer

from detectors.scorers.layers import Cache, Model, empty, fork, recurrent, repeat


def run(model: Model, ids: Tensor, cache: Cache, **more: Any) -> Tensor:
    """Logits [rows, tokens, V] of `ids` [rows, tokens] behind `cache`, which is extended in place."""
    # Pure state-space models call it otherwise, and take no notice of the usual name.
    name = "cache_params" if "cache_params" in takes(model) else "past_key_values"
    return cast(Tensor, model(input_ids=ids, use_cache=True, **{name: cache}, **more).logits)


def takes(model: Model) -> set[str]:
    """The arguments that the model's forward names."""
    return set(inspect.signature(model.forward).parameters)


@torch.inference_mode()
def prefill(model: Model, prompt: Sequence[int], cache: Cache | None = None) -> tuple[Cache, Tensor]:
    """Run `prompt` through the model behind `cache` (batch 1; it is extended in place), or from nothing.

    Returns the cache and the logits after the last token, shape [V], in the model's dtype.
    Raises ValueError for an empty prompt.
    """
    if not prompt:
        raise ValueError("a prompt needs at least one token")
    if cache is None:
        cache = empty(model)
    logits = run(model, torch.tensor([list(prompt)], device=model.device), cache, logits_to_keep=1)
    return cache, logits[0, -1]


@torch.inference_mode()
def probe_logprobs(
    model: Model, cache: Cache, last_logits: Tensor, probes: Sequence[Sequence[int]]
) -> list[list[float]]:
    """Log-probabilities of each probe's tokens directly after the prompt held in `cache`.

    `cache` holds exactly the prompt's P tokens with batch size 1 and is left unchanged. `last_logits` [V] are the
    logits after the prompt's last token: they give every probe's first token. A probe of L tokens costs at most L − 1
    tokens of computation (its last token is predicted, never read). The log-softmax is fp32 whatever the dtype.
    Returns one list of L numbers ≤ 0 per probe. Raises ValueError for an empty probe.
    """
    if not probes:
        return []
    if any(len(p) == 0 for p in probes):
        raise ValueError("a probe needs at least one token")
    first = torch.log_softmax(last_logits.float(), dim=-1)
    rows = [[value] for value in first[[p[0] for p in probes]].tolist()]
    inputs = [tuple(p[:-1]) for p in probes]
    if any(inputs):
        tree = _Tree(inputs)
        logits = _tree_logits(model, cache, tree) if takes_a_tree(model, cache) else _batch_logits(model, cache, tree)
        values = logits.float()
        for row, path, probe in zip(rows, tree.paths, probes, strict=True):
            at = values[path]
            target = torch.tensor(probe[1:], device=at.device, dtype=torch.long).unsqueeze(-1)
            row += (at.gather(-1, target).squeeze(-1) - at.logsumexp(-1)).tolist()
    # Rounding can lift log 1 a hair above 0; NaN passes through for the caller to reject.
    return [[0.0 if 0.0 < v < 1e-4 else v for v in row] for row in rows]


def probe_tokens(probes: Sequence[Sequence[int]]) -> int:
    """The tokens `probe_logprobs` sends through the model for `probes`: shared beginnings count once, padding not."""
    return len({tuple(p[:n]) for p in probes for n in range(1, len(p))})


class _Tree:
    """Token sequences merged by their beginnings: one node per distinct beginning, parents before children."""

    def __init__(self, sequences: Sequence[tuple[int, ...]]) -> None:
        self.leaves = [s for s in dict.fromkeys(sequences) if s]
        index: dict[tuple[int, ...], int] = {}
        for s in self.leaves:
            for n in range(1, len(s) + 1):
                index.setdefault(s[:n], len(index))
        self.nodes = list(index)
        self.paths = [[index[s[:n]] for n in range(1, len(s) + 1)] for s in sequences]
        self.index = index


def takes_a_tree(model: Model, cache: Cache) -> bool:
    """Whether tokens can be given positions and visibility of their own: only with full attention in every layer (else
    the mask would have to differ by layer), that takes a dense mask, and positions as an argument (ALiBi reads them
    off a flat mask)."""
    config = model.config.get_text_config()
    kinds = getattr(config, "layer_types", None)
    windowed = any(
        getattr(config, k, None) is not None for k in ("sliding_window", "attention_chunk_size", "window_size")
    )
    return (
        (set(kinds) == {"full_attention"} if kinds else not windowed)
        and all(type(layer) is DynamicLayer for layer in cache.layers)
        and getattr(model.config, "_attn_implementation", None) in ("sdpa", "eager")
        and not getattr(config, "alibi", False)
        and "position_ids" in takes(model)
    )


def _tree_logits(model: Model, cache: Cache, tree: _Tree) -> Tensor:
    """Logits after every node, [nodes, V]: all probes as one row over one KV, each token seeing its own beginning."""
    past, n = cache.get_seq_length(), len(tree.nodes)
    device, dtype = model.device, model.dtype
    seen = torch.zeros(n, past + n, dtype=torch.bool)
    seen[:, :past] = True
    for i, node in enumerate(tree.nodes):
        seen[i, [past + tree.index[node[:k]] for k in range(1, len(node) + 1)]] = True
    mask = torch.zeros(1, 1, n, past + n, dtype=dtype).masked_fill_(~seen, torch.finfo(dtype).min).to(device)
    logits = run(
        model,
        torch.tensor([[node[-1] for node in tree.nodes]], device=device),
        fork(cache),
        attention_mask=mask,
        position_ids=torch.tensor([[past + len(node) - 1 for node in tree.nodes]], device=device),
    )
    return logits[0]


def _batch_logits(model: Model, cache: Cache, tree: _Tree) -> Tensor:
    """The same, with every distinct probe as a right-padded row over a repeated KV.

    Right padding needs no mask: what stands behind a token cannot reach it.
    """
    width = max(map(len, tree.leaves))
    ids = torch.tensor([[*s, *[s[-1]] * (width - len(s))] for s in tree.leaves], device=model.device)
    logits = rows_logits(model, cache, ids)
    at = {s[:n]: (i, n - 1) for i, s in enumerate(tree.leaves) for n in range(1, len(s) + 1)}
    rows, columns = zip(*[at[node] for node in tree.nodes], strict=True)
    return logits[list(rows), list(columns)]


def rows_logits(model: Model, cache: Cache, ids: Tensor) -> Tensor:
    """Logits [rows, tokens, V] of each row of `ids` by itself behind `cache` (batch 1), which stays as it was."""
    view = fork(cache)
    if len(ids) > 1:
        repeat(view, len(ids))
    if not recurrent(cache):
        return run(model, ids, view)
    # Several tokens at once start some recurrent layers (Mamba 1) from nothing; a step is what generation takes, too.
    return torch.cat([run(model, ids[:, at : at + 1], view) for at in range(ids.shape[1])], dim=1)
