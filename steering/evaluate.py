"""Greedy answers to prompts, plain or steered: what every measure of steering looks at."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch

from steering.hooks import Steerer
from steering.prompts import render
from steering.refusals import is_refusal


@dataclass(frozen=True, slots=True)
class Answer:
    """`ids`: the answer's tokens without the end; `repetition`: share of its token pairs that occurred before, 0 for
    an answer of fewer than two tokens."""

    text: str
    refused: bool
    repetition: float
    ids: tuple[int, ...]


def answers(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[str],
    *,
    steerer: Steerer | None = None,
    strength: float = 0.0,
    max_new_tokens: int = 32,
    batch: int = 64,
) -> list[Answer]:
    """Greedy answers to single user turns, steered from the last prompt token on, in the order of the prompts."""
    rendered = [render(tokenizer, p) for p in prompts]
    order = sorted(range(len(prompts)), key=lambda i: len(rendered[i]))
    found: dict[int, Answer] = {}
    for at in range(0, len(order), batch):
        rows = order[at : at + batch]
        for i, ids in zip(
            rows,
            _generate(model, tokenizer, [rendered[i] for i in rows], steerer, strength, max_new_tokens),
            strict=True,
        ):
            text = tokenizer.decode(ids, skip_special_tokens=True)
            found[i] = Answer(text, is_refusal(text), _repetition(ids), tuple(ids))
    return [found[i] for i in range(len(prompts))]


def _generate(
    model: Any, tokenizer: Any, rows: Sequence[Sequence[int]], steerer: Steerer | None, strength: float, limit: int
) -> list[list[int]]:
    """Left-padded, so that all rows go on at the same place; positions still count from each row's first token."""
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else (tokenizer.eos_token_id or 0)
    longest = max(len(r) for r in rows)
    device = next(model.parameters()).device
    ids = torch.tensor([[pad] * (longest - len(r)) + list(r) for r in rows], device=device)
    mask = torch.tensor([[0] * (longest - len(r)) + [1] * len(r) for r in rows], device=device)
    steering = (
        nullcontext()
        if steerer is None
        else steerer.strengths(torch.full((len(rows),), strength), torch.tensor([len(r) - 1 for r in rows]))
    )
    with steering, torch.no_grad():
        out = model.generate(
            input_ids=ids, attention_mask=mask, do_sample=False, num_beams=1, max_new_tokens=limit, pad_token_id=pad
        )
    ends = _ends(model, tokenizer)
    return [_until(row, ends) for row in out[:, longest:].tolist()]


def _ends(model: Any, tokenizer: Any) -> set[int]:
    configured = getattr(model.generation_config, "eos_token_id", None)
    ends = configured if isinstance(configured, list) else [configured]
    return {int(e) for e in [*ends, tokenizer.eos_token_id] if e is not None}


def _until(ids: Sequence[int], ends: set[int]) -> list[int]:
    for at, token in enumerate(ids):
        if token in ends:
            return list(ids[:at])
    return list(ids)


def _repetition(ids: Sequence[int]) -> float:
    pairs = list(pairwise(ids))
    return 1.0 - len(set(pairs)) / len(pairs) if pairs else 0.0
