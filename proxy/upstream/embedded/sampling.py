"""Choosing the next token from logits."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

_FIRST = 512  # candidates tried before the whole vocabulary is sorted


@dataclass(frozen=True, slots=True)
class Sampling:
    """How one request samples. `temperature` 0 is greedy; `top_k` 0 is off; penalties act on generated tokens."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    seed: int | None = None


class Sampler:
    """Draws the tokens of one choice. The same seed, choice index and logits give the same tokens."""

    def __init__(self, sampling: Sampling, index: int) -> None:
        self._sampling = sampling
        self._counts: Counter[int] = Counter()
        # The generator lives on the CPU whatever the model's device: seeds then mean the same everywhere.
        self._generator = torch.Generator()
        seed = int.from_bytes(os.urandom(8), "big") if sampling.seed is None else sampling.seed * 1_000_003 + index
        self._generator.manual_seed(seed % (1 << 63))

    def pick(self, logits: Tensor) -> int:
        """The next token for logits [V] in fp32 (left unchanged)."""
        token = self._draw(self._adjusted(logits))
        self._counts[token] += 1
        return token

    def _adjusted(self, logits: Tensor) -> Tensor:
        s = self._sampling
        penalised = (s.presence_penalty or s.frequency_penalty) and self._counts
        if not penalised and not s.logit_bias:
            return logits
        logits = logits.clone()
        if penalised:
            seen = torch.tensor(list(self._counts), device=logits.device)
            counts = torch.tensor(list(self._counts.values()), dtype=logits.dtype, device=logits.device)
            logits[seen] -= s.frequency_penalty * counts + s.presence_penalty
        for token, bias in s.logit_bias.items():
            logits[token] += bias
        return logits

    def _draw(self, logits: Tensor) -> int:
        s = self._sampling
        if s.temperature < 1e-5:
            return int(logits.argmax())
        logits = logits.cpu() / s.temperature
        if s.top_k and s.top_k < logits.shape[0]:
            logits = logits.masked_fill(logits < logits.topk(s.top_k).values[-1], -torch.inf)
        probabilities = logits.softmax(-1)
        if s.top_p < 1.0:
            ranked, order = _best(probabilities, s.top_p)
            # A token stays while the mass before it is below top_p, so the first one always stays.
            ranked[ranked.cumsum(0) - ranked >= s.top_p] = 0.0
            ranked[0] = ranked[0].clamp_min(torch.finfo(ranked.dtype).tiny)
            return int(order[torch.multinomial(ranked, 1, generator=self._generator)])
        return int(torch.multinomial(probabilities, 1, generator=self._generator))


def _best(probabilities: Tensor, mass: float) -> tuple[Tensor, Tensor]:
    """The largest probabilities and their tokens, in order, at least `mass` of them together (else all).

    Sorting a vocabulary of 150,000 costs ten milliseconds a token; the nucleus is nearly always among the first few.
    """
    ranked, order = probabilities.topk(min(_FIRST, probabilities.shape[0]))
    return (ranked, order) if float(ranked.sum()) > mass else probabilities.sort(descending=True)
