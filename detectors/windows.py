"""A long prompt as overlapping windows of tokens, each a prompt of its own with the same frame around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

OVERLAP = 0.25  # of a window, with each neighbour: what is cut at an edge stands whole in the next one


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the text of a conversation with one user message: system prompts and headers."""

    head: list[int]
    tail: list[int]

    @classmethod
    def between(cls, one: Sequence[int], other: Sequence[int]) -> Frame:
        """From two renderings that differ in the text only."""
        head = common_prefix(one, other)
        tail = common_prefix(one[head:][::-1], other[head:][::-1])
        return cls(list(one[:head]), list(one[len(one) - tail :]))


def windows(prompt: Sequence[int], frame: Frame, *, size: int, most: int) -> list[list[int]]:
    """`prompt` cut behind and before what it shares with `frame`: windows of `size` tokens that overlap by a quarter
    and leave nothing out, spread evenly. Empty when one window would hold it all.

    More than `most` there never are: they grow instead, so that the tokens scored stay below about 4/3 of the prompt's
    plus `most` frames.
    """
    head = common_prefix(prompt, frame.head)
    tail = common_prefix(prompt[head:][::-1], frame.tail[::-1])
    text = prompt[head : len(prompt) - tail]
    if len(text) <= size:
        return []
    count = 1 + math.ceil((len(text) - size) / (size * (1 - OVERLAP)))
    if count > most:
        count = most
        size = math.ceil(len(text) / (1 + (most - 1) * (1 - OVERLAP)))
    if count == 1:
        return []
    starts = [(len(text) - size) * i // (count - 1) for i in range(count)]
    return [[*frame.head, *text[at : at + size], *frame.tail] for at in starts]


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """The number of leading tokens that `a` and `b` share."""
    n = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        n += 1
    return n
