"""Turn examples into padded batches of similar length."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .corpus import Example
from .tokenizer import render_turns


@dataclass
class Encoded:
    """Token ids of one example; the answer starts at ``prompt``."""

    ids: list[int]
    prompt: int
    row: int  # row of the teacher's embedding, or -1
    kind: str


@dataclass
class Batch:
    """One padded batch (right padding; causal attention needs no mask)."""

    ids: torch.Tensor
    at: torch.Tensor  # flat positions whose next token is learnt
    target: torch.Tensor
    weight: torch.Tensor
    last: torch.Tensor  # flat positions of the last prompt token, for rows with an embedding
    row: torch.Tensor
    tokens: int


def encode(examples: list[Example], fast: Any, longest: int) -> list[Encoded]:
    """Tokenise; rows of teacher embeddings are numbered in the order of ``embed`` examples."""
    prompts = [render_turns(e.turns) for e in examples]
    answers = ["" if e.answer is None else e.answer + "<|im_end|>" for e in examples]
    left = fast(prompts, add_special_tokens=False)["input_ids"]
    right = fast(answers, add_special_tokens=False)["input_ids"]
    out: list[Encoded] = []
    row = 0
    for example, p, a in zip(examples, left, right, strict=True):
        here = -1
        if example.embed:
            here, row = row, row + 1
        if len(p) + len(a) <= longest:
            out.append(Encoded(p + a, len(p), here, example.kind))
    return out


def plan(data: list[Encoded], tokens: int, seed: int) -> list[list[int]]:
    """Batches of about ``tokens`` padded tokens, lengths alike, in random order; the same for the same seed."""
    rng = random.Random(seed)
    order = sorted(range(len(data)), key=lambda i: len(data[i].ids) + rng.random() * 12)
    out: list[list[int]] = []
    batch: list[int] = []
    widest = 0
    for i in order:
        widest = max(widest, len(data[i].ids))
        if batch and widest * (len(batch) + 1) > tokens:
            out.append(batch)
            batch, widest = [], len(data[i].ids)
        batch.append(i)
    if batch:
        out.append(batch)
    rng.shuffle(out)
    return out


def collate(
    data: list[Encoded], picks: list[int], pad: int, first: float, calm: float, drop: float, rng: random.Random
) -> Batch:
    """Pad a batch; ``drop`` is the share of prompt tokens replaced.

    ``first`` weighs the first answer token, which decides between answering and refusing; ``calm`` weighs it again where
    answering is right.
    """
    rows = [data[i] for i in picks]
    width = max(len(r.ids) for r in rows)
    ids = np.full((len(rows), width), pad, dtype=np.int64)
    at: list[int] = []
    target: list[int] = []
    weight: list[float] = []
    last: list[int] = []
    row: list[int] = []
    for b, r in enumerate(rows):
        ids[b, : len(r.ids)] = r.ids
        if drop and r.kind != "copy":
            for t in range(3, r.prompt - 4):
                if rng.random() < drop and ids[b, t] > 2:
                    ids[b, t] = pad
        n = len(r.ids) - r.prompt
        at += range(b * width + r.prompt - 1, b * width + r.prompt - 1 + n)
        target += r.ids[r.prompt :]
        opening = {"copy": 1.0, "harm": first}.get(r.kind, first * calm)
        weight += ([opening] + [1.0] * (n - 1)) if n else []
        if r.row >= 0:
            last.append(b * width + r.prompt - 1)
            row.append(r.row)
    return Batch(
        torch.from_numpy(ids),
        torch.tensor(at, dtype=torch.long),
        torch.tensor(target, dtype=torch.long),
        torch.tensor(weight, dtype=torch.float32),
        torch.tensor(last, dtype=torch.long),
        torch.tensor(row, dtype=torch.long),
        sum(len(r.ids) for r in rows),
    )
