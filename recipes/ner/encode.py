"""Examples as arrays: features of tokens, and the tags that each token may have."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recipes.ner.text import LABELS, Example
from sanitizers.detect.ner_features import Features
from sanitizers.detect.ner_text import clear

TAGS = 1 + 4 * len(LABELS)


@dataclass
class Encoded:
    """`ids` [tokens, columns], `dense` [tokens, width] and `allowed` [tokens, tags], the last as bits of one integer.

    `taught` [tokens, 1 + labels]: what a teacher holds of each token (none, or a label); None without one.
    """

    ids: npt.NDArray[np.int32]
    dense: npt.NDArray[np.float16]
    allowed: npt.NDArray[np.int64]
    taught: npt.NDArray[np.float16] | None = None

    def __len__(self) -> int:
        return len(self.ids)


def _bits(labels: Sequence[str]) -> int:
    return sum(0b1111 << (1 + 4 * LABELS.index(label)) for label in labels)


_ANY = (1 << TAGS) - 1


def allowed(example: Example, tokens: Sequence[tuple[int, int, str]]) -> npt.NDArray[np.int64]:
    """By token, the tags that the annotation does not rule out."""
    out = np.full(len(tokens), 1 | _bits(sorted(example.unsaid)), np.int64)
    starts = np.array([t[0] for t in tokens])
    for start, end in example.unknown:
        out[np.searchsorted(starts, start) : np.searchsorted(starts, end)] = _ANY
    for start, end, label in example.spans:
        first, last = int(np.searchsorted(starts, start)), int(np.searchsorted(starts, end))
        if last <= first or tokens[first][0] != start or tokens[last - 1][1] != end:
            out[max(first - 1, 0) : last + 1] = _ANY  # a span that ends within a token
            continue
        base = 1 + 4 * LABELS.index(label)
        if last - first == 1:
            out[first] = 1 << (base + 3)
        else:
            out[first], out[first + 1 : last - 1], out[last - 1] = 1 << base, 1 << (base + 1), 1 << (base + 2)
    return out


Opinions = Callable[[Example, Sequence[tuple[int, int, str]]], "npt.NDArray[np.float16] | None"]


def encode(
    examples: Sequence[Example], features: Features, longest: int = 400, opinions: Opinions | None = None
) -> list[Encoded]:
    """Examples as arrays; longer ones are cut. `opinions`: what a teacher holds of an example's tokens."""
    found = []
    known: dict[str, int] = {}
    split = []
    for example in examples:
        tokens = features.split(clear(example.text))[:longest]
        if tokens:
            split.append((example, tokens))
    if not features.contextual:
        for _, tokens in split:
            for token in tokens:
                known.setdefault(token[2], len(known))
        ids, dense = features.encode(list(known))
        ids32, dense16 = ids.astype(np.int32), dense.astype(np.float16)
    for example, tokens in split:
        words = [t[2] for t in tokens]
        if features.contextual:
            own, more = features.encode(words)
            pair = own.astype(np.int32), more.astype(np.float16)
        else:
            rows = [known[w] for w in words]
            pair = ids32[rows], dense16[rows]
        taught = opinions(example, tokens) if opinions is not None else None
        found.append(Encoded(*pair, allowed(example, tokens), taught))
    return found


def batches(rows: Sequence[Encoded], size: int, rng: random.Random) -> Iterator[list[Encoded]]:
    """Batches of at most `size` tokens, padding included, of rows of about the same length."""
    order = sorted(rows, key=lambda r: (len(r), rng.random()))
    made: list[list[Encoded]] = [[]]
    for row in order:
        if made[-1] and len(row) * (len(made[-1]) + 1) > size:
            made.append([])
        made[-1].append(row)
    rng.shuffle(made)
    yield from made
