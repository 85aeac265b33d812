"""How far steering moves the model from what it would have said: on its own plain answers, token by token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from guard.errors import ArtifactError
from steering.hooks import Steerer
from steering.prompts import render

BATCH = 16


@dataclass(frozen=True, slots=True)
class Drift:
    """`perplexity`: of the plain answers under the steered model, over that under the plain one; 1 is no drift.
    `kl`: mean KL(plain ‖ steered) of the next token, in nats per token."""

    perplexity: float
    kl: float


class Reference:
    """Prompts and the plain model's own answers to them."""

    def __init__(self, model: Any, tokenizer: Any, prompts: Sequence[str], said: Sequence[Sequence[int]]) -> None:
        """`said` holds the answers' tokens. Raises `ArtifactError` when none has any."""
        self._model = model
        self._rows = [(render(tokenizer, p), list(ids)) for p, ids in zip(prompts, said, strict=True) if ids]
        self._rows.sort(key=lambda row: len(row[0]) + len(row[1]))
        if not self._rows:
            raise ArtifactError("the plain model says nothing to these prompts; there is nothing to measure")

    def drift(self, steerer: Steerer, strength: float) -> Drift:
        """Teacher-forced: the same tokens, read by the steered model."""
        tokens, loss, divergence = 0, 0.0, 0.0
        for at in range(0, len(self._rows), BATCH):
            rows = self._rows[at : at + BATCH]
            plain, steered = self._read(rows, None, 0.0), self._read(rows, steerer, strength)
            taken = torch.tensor([[t] for _, said in rows for t in said], device=plain.device)
            loss += float((plain.gather(-1, taken) - steered.gather(-1, taken)).sum())
            divergence += float((plain.exp() * (plain - steered)).sum())
            tokens += len(taken)
        return Drift(math.exp(min(loss / tokens, 700.0)), divergence / tokens)

    def _read(self, rows: Sequence[tuple[list[int], list[int]]], steerer: Steerer | None, strength: float) -> Tensor:
        """Log-probabilities where the answers' tokens stand, [tokens, vocabulary] in float32. Right padding: attention
        is causal, so what follows an answer changes nothing in it."""
        device = next(self._model.parameters()).device
        longest = max(len(p) + len(a) for p, a in rows)
        ids = torch.tensor([[*p, *a, *[a[-1]] * (longest - len(p) - len(a))] for p, a in rows], device=device)
        starts = torch.tensor([len(p) - 1 for p, _ in rows])
        steering = nullcontext() if steerer is None else steerer.strengths(torch.full((len(rows),), strength), starts)
        with steering, torch.no_grad():
            logits = self._model(input_ids=ids, use_cache=False).logits
        spoken = [logits[i, len(p) - 1 : len(p) + len(a) - 1] for i, (p, a) in enumerate(rows)]
        return torch.log_softmax(torch.cat(spoken).float(), -1)
