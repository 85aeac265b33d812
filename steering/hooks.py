"""Steering a transformers model: forward hooks on its decoder layers, strengths per row of the batch.

The hooks act on the true residual stream: in transformers a decoder layer returns the sum of residual and block
output, so what the hook sees is what the next layer reads. Works for every model whose decoder layers sit in one
`ModuleList` named `layers` (Llama, Mistral, Qwen2, Qwen3, Gemma and their kin).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from guard.errors import ArtifactError
from steering.artifact import Operator, Subspace
from steering.rotation import validate_strength


@dataclass(frozen=True, slots=True)
class _Active:
    """What the current `strengths` block asked for; all tensors are [rows]."""

    strength: Tensor
    start: Tensor
    window: int | None
    offset: Tensor | None


class Steerer:
    """Rotates a model's hidden states inside `with steerer.strengths(...)`, and only there.

    Outside of the block, in other threads, and for rows with strength 0 the model computes bit for bit what it
    computes without hooks. Raises `ArtifactError` when the subspace does not fit the model's layers or width.
    """

    def __init__(
        self, model: nn.Module, subspace: Subspace, *, operators: Mapping[int, Operator] | None = None
    ) -> None:
        """`operators` replaces the subspace's own rotation, layer by layer (controls, experiments)."""
        self._layers = decoder_layers(model)
        self.subspace = subspace
        width = _width(model)
        if width != subspace.width:
            raise ArtifactError(f"the subspace has width {subspace.width}, the model's hidden state {width}")
        missing = sorted(i for i in subspace.layers if i >= len(self._layers))
        if missing:
            raise ArtifactError(f"the subspace steers layer {missing[0]}, the model has {len(self._layers)} layers")
        device = next(model.parameters()).device
        self._operators: dict[int, Operator] = dict(subspace.rotations(device) if operators is None else operators)
        self._handles: list[RemovableHandle] = []
        self._local = threading.local()

    @property
    def installed(self) -> bool:
        return bool(self._handles)

    def install(self) -> Steerer:
        """Put the hooks in; a second call does nothing. Returns self."""
        if not self._handles:
            for i, operator in sorted(self._operators.items()):
                self._handles.append(self._layers[i].register_forward_hook(self._hook(operator), with_kwargs=True))
        return self

    def remove(self) -> None:
        """Take exactly our own hooks out again."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    @contextmanager
    def strengths(
        self, values: Tensor, start: Tensor | int = 0, *, offset: Tensor | int | None = None
    ) -> Iterator[None]:
        """Steer every forward pass of this thread inside the block.

        values [rows]: the strength of each row of the batch, in [0, 1]. start (int or [rows]): the first token
        position that is rotated; earlier ones stay untouched, so their KV can be shared with unsteered requests.
        The subspace's `window` may end the rotation again, that many tokens later.
        Positions are the model's own `position_ids`. With `offset` (int or [rows], the number of tokens already in
        the KV cache) they are counted from there instead: then the block must hold exactly one forward pass.
        Raises `ValueError` for strengths outside [0, 1] or NaN, wrong shapes, or hooks not installed;
        `RuntimeError` for a block inside a block, or a forward pass whose batch has another number of rows.
        """
        if not self._handles:
            raise ValueError("install() the hooks before steering: the request would run unsteered")
        if values.ndim != 1:
            raise ValueError(f"strengths must be [rows], not {list(values.shape)}")
        validate_strength(values)
        if getattr(self._local, "active", None) is not None:
            raise RuntimeError("strengths() blocks do not nest")
        active = _Active(
            values.float(), _rows(start, values, "start"), self.subspace.window, _optional_rows(offset, values)
        )
        # All rows at zero: leaving the hooks idle is exact and free.
        self._local.active = active if bool((values > 0).any()) else None
        try:
            yield
        finally:
            self._local.active = None

    def _hook(self, operator: Operator) -> Any:
        def hook(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
            active: _Active | None = getattr(self._local, "active", None)
            if active is None:
                return None
            if isinstance(output, tuple):  # models of older transformers return (hidden, ...)
                return (_steer(operator, output[0], active, kwargs), *output[1:])
            return _steer(operator, output, active, kwargs)

        return hook


def decoder_layers(model: nn.Module) -> nn.ModuleList:
    """The model's decoder layers. Raises `ArtifactError` when there is no single list named `layers`."""
    config = getattr(model, "config", None)
    if getattr(config, "is_encoder_decoder", False):
        raise ArtifactError(f"{type(model).__name__} is an encoder-decoder model; only decoders can be steered")
    decoder = getattr(model, "get_decoder", lambda: model)()
    layers = getattr(decoder, "layers", None)
    if not isinstance(layers, nn.ModuleList) or not len(layers):
        raise ArtifactError(f"{type(model).__name__} has no decoder layers where steering looks for them")
    return layers


def _width(model: nn.Module) -> int:
    embedding = getattr(model, "get_input_embeddings", lambda: None)()
    if not isinstance(embedding, nn.Embedding):
        raise ArtifactError(f"{type(model).__name__} has no token embedding to read the hidden size from")
    return int(embedding.embedding_dim)


def _steer(operator: Operator, hidden: Tensor, active: _Active, kwargs: Mapping[str, Any]) -> Tensor:
    """hidden [rows, tokens, d]. Tokens outside of the window and rows at strength 0 get strength 0, a no-op."""
    rows, tokens = hidden.shape[:2]
    if rows != active.strength.shape[0]:
        raise RuntimeError(f"{active.strength.shape[0]} strengths for a batch of {rows} rows")
    device = hidden.device
    positions = _positions(tokens, active.offset, kwargs, device)
    since = positions - active.start.to(device).unsqueeze(-1)
    mask = since >= 0 if active.window is None else (since >= 0) & (since < active.window)
    return operator(hidden, torch.where(mask, active.strength.to(device).unsqueeze(-1), 0.0))


def _positions(tokens: int, offset: Tensor | None, kwargs: Mapping[str, Any], device: torch.device) -> Tensor:
    """[rows or 1, tokens]"""
    if offset is not None:
        return offset.to(device).unsqueeze(-1) + torch.arange(tokens, device=device)
    found = kwargs.get("position_ids")
    if not isinstance(found, Tensor) or found.shape[-1] != tokens:
        raise RuntimeError("this model does not tell its layers the token positions; give `offset`")
    return found.to(device) if found.ndim == 2 else found.to(device).unsqueeze(0)


def _rows(value: Tensor | int, like: Tensor, what: str) -> Tensor:
    tensor = torch.as_tensor(value)
    if tensor.is_floating_point():
        raise ValueError(f"{what} must be whole numbers")
    if tensor.ndim == 0:
        tensor = tensor.expand(like.shape[0])
    if tensor.shape != like.shape:
        raise ValueError(f"{what} must be one number or [rows], not {list(tensor.shape)}")
    return tensor


def _optional_rows(value: Tensor | int | None, like: Tensor) -> Tensor | None:
    return None if value is None else _rows(value, like, "offset")
