"""Spans: what a recogniser found, and the rule by which overlapping finds become one list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """One find: `text[start:end]` is a value of `type`.

    `score` lies in [0, 1]. `certain` says that a checksum or an unmistakable format (a key prefix, a PEM block)
    speaks for it, which outranks every score.
    """

    start: int
    end: int
    type: str
    score: float
    certain: bool = False

    def __len__(self) -> int:
        return self.end - self.start


def merge(spans: Iterable[Span]) -> list[Span]:
    """Resolve overlaps and return disjoint spans in text order.

    The stronger find wins whole, the weaker is dropped whole: certain before uncertain, then the higher score,
    then the longer, then the earlier, then the type's name (so that the result never depends on the input order).
    """
    ranked = sorted(set(spans), key=lambda s: (not s.certain, -s.score, s.start - s.end, s.start, s.type))
    if len(ranked) < 2:
        return ranked
    taken = _Taken()
    kept = [span for span in ranked if taken.claim(span.start, span.end)]
    return sorted(kept, key=lambda s: s.start)


class _Taken:
    """Disjoint intervals, kept in blocks of 64 characters so that 100,000 finds stay cheap."""

    def __init__(self) -> None:
        self._blocks: dict[int, list[tuple[int, int]]] = {}

    def claim(self, start: int, end: int) -> bool:
        blocks = range(start >> 6, ((end - 1) >> 6) + 1)
        for block in blocks:
            for a, b in self._blocks.get(block, ()):
                if start < b and a < end:
                    return False
        for block in blocks:
            self._blocks.setdefault(block, []).append((start, end))
        return True
