"""Fitting safety subspaces: hidden states of safety-anchored prompts, SVD, orientation, choice of layers.

Follows the outline of CEE (arXiv 2504.13201): states at the last prompt token, rows of M; the top right singular
vectors of M span the subspace. What the paper's abstract leaves open is a parameter here: which prompts, centred
how (`Variant`), which rank, which layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor

from guard.errors import ArtifactError
from guard.model_identity import ModelIdentity
from steering.artifact import Gate, Layer, Subspace, Target
from steering.hooks import decoder_layers
from steering.prompts import render

Progress = Callable[[int, int], None]
"""(done, total) prompts."""


class Variant(StrEnum):
    """Where the rows of M are measured from."""

    UNCENTRED = "uncentred"  # from zero: keeps what all prompts have in common
    CONTRASTIVE = "contrastive"  # from the mean of the benign prompts: keeps what makes the safe ones differ


@dataclass(frozen=True, slots=True)
class Separability:
    """How well a layer tells safe from benign prompts: AUROC of the projection on the difference of means, each
    half of the prompts judged by a direction fitted on the other half."""

    layer: int
    auroc: float


@dataclass(frozen=True, slots=True)
class Fit:
    subspace: Subspace
    separability: tuple[Separability, ...]


def fit(
    model: Any,
    tokenizer: Any,
    *,
    identity: ModelIdentity,
    safe: Sequence[str],
    benign: Sequence[str],
    opposite: Sequence[str] = (),
    layers: Sequence[int] | None = None,
    rank: int = 4,
    variant: Variant = Variant.CONTRASTIVE,
    target: Target = Target.PROJECTION,
    gate: Gate | None = None,
    scale: float = 1.0,
    window: int | None = None,
    progress: Progress | None = None,
) -> Fit:
    """Fit a subspace per layer; `layers` None chooses by separability (`choose_layers`).

    `safe`: prompts in whose states the model is about to be safe (anchored variants from the bank, or prompts it
    refuses). `benign`: the origin of the contrastive variant. `opposite`: prompts it wrongly answers, the gate's
    other prototype (default: benign). Raises `ArtifactError` when there are too few prompts, or layers or ranks
    that do not exist.
    """
    if len(safe) < 2 or len(benign) < 2:
        raise ArtifactError("fitting needs at least two safe and two benign prompts")
    count = getattr(model.config, "num_hidden_layers", None)
    if count is not None and layers is not None:
        _require_layers(layers, count)  # before the work
    prompts = [*safe, *benign, *opposite]
    states = last_states(model, tokenizer, prompts, progress=progress)
    good, plain = states[: len(safe)], states[len(safe) : len(safe) + len(benign)]
    wrong = states[len(safe) + len(benign) :]
    report = separability(good, plain)
    chosen = choose_layers(report) if layers is None else sorted(set(layers))
    _require_layers(chosen, states.shape[1])
    made = {
        i: _layer(good[:, i], plain[:, i], wrong[:, i] if len(wrong) else plain[:, i], rank, variant) for i in chosen
    }
    fitted = {
        "variant": variant.value,
        "prompts": {"safe": len(safe), "benign": len(benign), "opposite": len(opposite)},
        "token": "last prompt token",
        "separability": {str(s.layer): round(s.auroc, 4) for s in report},
    }
    dtype = str(next(model.parameters()).dtype).removeprefix("torch.")
    subspace = Subspace(
        identity=identity, layers=made, target=target, scale=scale, window=window, gate=gate, dtype=dtype, fitted=fitted
    )
    return Fit(subspace, tuple(report))


def safe_basis(rows: Tensor, rank: int) -> Tensor:
    """Top right singular vectors of rows [m, d] as [rank, d], each turned towards the rows' mean (SVD leaves the
    sign open). Raises `ArtifactError` when the rows do not span `rank` directions."""
    values, vectors = torch.linalg.svd(rows.double(), full_matrices=False)[1:]
    if not 0 < rank <= int((values > values[0] * 1e-6).sum()):
        raise ArtifactError(f"rank {rank} is more than the prompts span")
    basis = vectors[:rank]
    signs = torch.where((rows.double() @ basis.T).sum(0) < 0, -1.0, 1.0)
    turned: Tensor = basis * signs.unsqueeze(-1)
    return turned.float().contiguous()


def last_states(
    model: Any, tokenizer: Any, prompts: Sequence[str], *, batch: int = 32, progress: Progress | None = None
) -> Tensor:
    """Residual stream after every decoder layer at the last prompt token: float32 [prompts, layers, d], on the CPU."""
    rendered = [render(tokenizer, p) for p in prompts]
    order = sorted(range(len(prompts)), key=lambda i: len(rendered[i]))
    out: Tensor | None = None
    done = 0
    for at in range(0, len(order), batch):
        rows = order[at : at + batch]
        states = _batch_states(model, [rendered[i] for i in rows])
        if out is None:
            out = torch.empty(len(prompts), *states.shape[1:])
        out[rows] = states
        done += len(rows)
        if progress is not None:
            progress(done, len(prompts))
    if out is None:
        raise ArtifactError("no prompts")
    return out


def separability(safe: Tensor, benign: Tensor) -> list[Separability]:
    """Per layer, from states [n, layers, d] and [m, layers, d]; see `Separability`."""
    report = []
    for i in range(safe.shape[1]):
        values = []
        for half in (0, 1):
            direction = safe[half::2, i].mean(0) - benign[half::2, i].mean(0)
            values.append(auroc(safe[1 - half :: 2, i] @ direction, benign[1 - half :: 2, i] @ direction))
        report.append(Separability(i, sum(values) / 2))
    return report


def choose_layers(report: Sequence[Separability], *, tolerance: float = 0.02) -> list[int]:
    """Layers within `tolerance` of the best, the last fifth left out (there the state already spells the next
    token, and turning it breaks text rather than intent)."""
    usable = report[: max(1, len(report) - math.ceil(len(report) / 5))]
    best = max(s.auroc for s in usable)
    return [s.layer for s in usable if s.auroc >= best - tolerance]


def auroc(positive: Tensor, negative: Tensor) -> float:
    """Probability that a positive score beats a negative one; ties count half."""
    difference = positive.double().unsqueeze(1) - negative.double().unsqueeze(0)
    return float(((difference > 0).double() + 0.5 * (difference == 0).double()).mean())


def _layer(safe: Tensor, benign: Tensor, opposite: Tensor, rank: int, variant: Variant) -> Layer:
    origin = benign.mean(0) if variant is Variant.CONTRASTIVE else torch.zeros_like(benign[0])
    rows = safe - origin
    return Layer(
        basis=safe_basis(rows, rank),
        centroid=rows.mean(0).contiguous(),
        safe=safe.mean(0).contiguous(),
        opposite=opposite.mean(0).contiguous(),
    )


def _batch_states(model: Any, rows: Sequence[Sequence[int]]) -> Tensor:
    """[rows, layers, d]. Right padding: attention is causal, so what follows the last prompt token changes nothing."""
    longest = max(len(r) for r in rows)
    device = next(model.parameters()).device
    ids = torch.tensor([[*r, *[r[-1]] * (longest - len(r))] for r in rows], device=device)
    last = torch.tensor([len(r) - 1 for r in rows], device=device)
    with _captured(model, last) as states, torch.no_grad():
        model(input_ids=ids, use_cache=False)
    return torch.stack(states, dim=1)


@contextmanager
def _captured(model: Any, last: Tensor) -> Iterator[list[Tensor]]:
    """What each layer returns, before any final norm (transformers' own `hidden_states` normalise the last one)."""
    states: list[Tensor] = []

    def hook(_module: Any, _args: Any, output: Any) -> None:
        hidden = output[0] if isinstance(output, tuple) else output
        states.append(hidden[torch.arange(len(last), device=hidden.device), last].float().cpu())

    handles = [layer.register_forward_hook(hook) for layer in decoder_layers(model)]
    try:
        yield states
    finally:
        for handle in handles:
            handle.remove()


def _require_layers(chosen: Sequence[int], count: int) -> None:
    beyond = [i for i in chosen if not 0 <= i < count]
    if beyond or not chosen:
        raise ArtifactError(f"layer {beyond[0] if beyond else '?'} does not exist; the model has {count}")
