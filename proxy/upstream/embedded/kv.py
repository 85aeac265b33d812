"""Attention state of prompts and of running batches, in the shape `transformers` models take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from detectors.scorers.forward import run, takes
from guard.errors import ArtifactError

Layers = tuple[tuple[Tensor, Tensor], ...]


@dataclass(frozen=True, slots=True)
class PromptState:
    """KV of P tokens: per layer keys and values [1, heads, P, head_dim], and the logits [V] (fp32) after the last.

    The tensors are shared and never written: every cache made of them grows by concatenation.
    """

    tokens: tuple[int, ...]
    layers: Layers
    last_logits: Tensor

    def cache(self, length: int | None = None) -> Any:
        """A `DynamicCache` over the first `length` tokens (all by default), safe to extend."""
        return cache_of(self.layers, len(self.tokens) if length is None else length)

    def before_last(self) -> PromptState:
        """Without the last token's KV. `last_logits` still are those after it."""
        length = len(self.tokens) - 1
        return PromptState(
            self.tokens[:-1], tuple((k[:, :, :length], v[:, :, :length]) for k, v in self.layers), self.last_logits
        )


def cache_of(layers: Layers, length: int) -> Any:
    cache = DynamicCache()
    if length:
        cache.layers = [_filled(DynamicLayer(), k[:, :, :length], v[:, :, :length]) for k, v in layers]
    return cache


def layers_of(cache: Any) -> Layers:
    """Keys and values of a cache, layer by layer."""
    return tuple((layer.keys, layer.values) for layer in cache.layers)


def _filled(layer: Any, keys: Tensor, values: Tensor) -> Any:
    layer.lazy_initialization(keys, values)
    layer.keys, layer.values = keys, values
    return layer


class _Slab(DynamicLayer):  # type: ignore[misc]
    """One layer's KV of a batch in a buffer with room to grow: a step writes one column instead of copying all."""

    def __init__(self, keys: Tensor, values: Tensor, room: int) -> None:
        super().__init__()
        self.lazy_initialization(keys, values)
        self._keys, self._values = _roomy(keys, room), _roomy(values, room)
        self.keys, self.values = self._keys[:, :, : keys.shape[2]], self._values[:, :, : values.shape[2]]

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        start = self.keys.shape[2]
        end = start + key_states.shape[2]
        if end > self._keys.shape[2]:
            self._keys, self._values = _roomy(self.keys, end), _roomy(self.values, end)
        self._keys[:, :, start:end] = key_states
        self._values[:, :, start:end] = value_states
        self.keys, self.values = self._keys[:, :, :end], self._values[:, :, :end]
        return self.keys, self.values


def _roomy(old: Tensor, room: int) -> Tensor:
    shape = list(old.shape)
    shape[2] += max(room, 64)
    new = torch.zeros(shape, dtype=old.dtype, device=old.device)
    new[:, :, : old.shape[2]] = old
    return new


class BatchState:
    """KV of B sequences of different lengths, right-aligned: row b holds `lengths[b]` tokens behind its padding.

    Padding is masked and positions are counted per row, so a row's results do not depend on its neighbours
    (beyond the rounding of batched matrix products).
    """

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self._cache: Any = None

    @property
    def width(self) -> int:
        return max(self.lengths, default=0)

    def join(self, state: PromptState, rows: int) -> None:
        """Add `rows` sequences that start as copies of `state`."""
        joining = [(k.expand(rows, -1, -1, -1), v.expand(rows, -1, -1, -1)) for k, v in state.layers]
        running = layers_of(self._cache) if self.lengths else None
        self.lengths += [len(state.tokens)] * rows
        width = self.width
        self._set(
            [
                tuple(
                    _right_aligned([part[i] for part in ((running[n], new) if running else (new,))], width)
                    for i in (0, 1)
                )
                for n, new in enumerate(joining)
            ]
        )

    def keep(self, rows: Sequence[int]) -> None:
        """Drop every row not named, and the columns nobody needs any more."""
        if len(rows) == len(self.lengths):
            return
        self.lengths = [self.lengths[r] for r in rows]
        if not rows:
            self._cache = None
            return
        index = torch.tensor(rows, device=self._cache.layers[0].keys.device)
        width = self.width
        self._set(
            [tuple(part[index][:, :, part.shape[2] - width :] for part in pair) for pair in layers_of(self._cache)]
        )

    def step(self, model: Any, tokens: Sequence[int]) -> Tensor:
        """Feed one token to each row; returns the next-token logits [B, V] in fp32."""
        device = self._cache.layers[0].keys.device
        positions = torch.tensor(self.lengths, device=device)[:, None]
        width = self.width + 1
        mask = None
        if min(self.lengths) < self.width:
            mask = (torch.arange(width, device=device)[None] >= (self.width - positions)).long()
        # ALiBi models take no positions: they count them off the mask.
        counted = {"position_ids": positions} if "position_ids" in takes(model) else {}
        ids = torch.tensor(tokens, device=device)[:, None]
        logits = run(model, ids, self._cache, attention_mask=mask, **counted)
        self.lengths = [n + 1 for n in self.lengths]
        return logits[:, -1].float()

    def _set(self, layers: Sequence[tuple[Tensor, ...]]) -> None:
        cache = DynamicCache()
        cache.layers = [_Slab(k, v, k.shape[2] // 4) for k, v in layers]
        self._cache = cache


def _right_aligned(parts: Sequence[Tensor], width: int) -> Tensor:
    first = parts[0]
    out = torch.zeros(
        (sum(p.shape[0] for p in parts), first.shape[1], width, first.shape[3]), dtype=first.dtype, device=first.device
    )
    row = 0
    for part in parts:
        out[row : row + part.shape[0], :, width - part.shape[2] :] = part
        row += part.shape[0]
    return out


@torch.inference_mode()
def check_batches(model: Any, name: str) -> None:
    """Let two prompts of different lengths take a step together. Raises `ArtifactError` when one of them comes out
    otherwise than by itself: not every architecture takes padding on the left."""
    size = model.get_input_embeddings().weight.shape[0]
    texts = [[(size // 2 + 31 * i) % size for i in range(n)] for n in (5, 18)]
    expected = [model(torch.tensor([t], device=model.device)).logits[0, -1].float().log_softmax(-1) for t in texts]
    try:
        batch = BatchState()
        for text in texts:
            cache = DynamicCache()
            last = run(model, torch.tensor([text[:-1]], device=model.device), cache)[0, -1].float()
            batch.join(PromptState(tuple(text[:-1]), layers_of(cache), last), 1)
        got = batch.step(model, [t[-1] for t in texts]).log_softmax(-1)
    except Exception as error:
        raise ArtifactError(f"{name} cannot generate for several requests at once ({type(error).__name__})") from error
    # Rounding moves all a little, wrong positions some a lot.
    noise = 2e-2 + 8 * torch.finfo(model.dtype).eps * float(got.abs().max())
    if not all(float((a - b).abs().mean()) <= noise for a, b in zip(got, expected, strict=True)):
        raise ArtifactError(f"{name} computes other numbers for a request beside others than by itself; use vLLM")
