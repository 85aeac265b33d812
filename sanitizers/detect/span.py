"""Spans: what a recogniser found, and the rule by which overlapping finds become one list."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Span:
    """One find: `text[start:end]` is a value of `type`.

    `score` lies in [0, 1]. `certain` says that a checksum or an unmistakable format (a key prefix, a PEM block)
    speaks for it, which outranks every score. `by` says what spoke for it, in words without the value.
    """

    start: int
    end: int
    type: str
    score: float
    certain: bool = False
    by: str = field(default="", compare=False)

    def __len__(self) -> int:
        return self.end - self.start


# Types whose values are words: a part of one may be a value of its own.
NAMES = frozenset(("PERSON", "ORGANIZATION", "LOCATION", "ADDRESS", "TITLE", "NRP", "HANDLE"))


def merge(spans: Iterable[Span], text: str | None = None) -> list[Span]:
    """Resolve overlaps and return disjoint spans in text order.

    1. A name inside a longer name goes: 新疆 in 新疆维吾尔自治区, a person in a street or a company called after him.
       A name that ends in the middle of a number, or begins there, ends before or begins behind it.
    2. The stronger find wins whole: certain before uncertain, then the higher score, then the longer, then the earlier,
       then the type's name (so that the result never depends on the input order).
    3. The weaker is dropped, but with `text` what sticks out of the winners is kept as a find of its own where it may
       still tell something (`_tells`): the rest of an address is not clear text because a number began in it.
    """
    whole = _outermost(_uncrossed(set(spans), text))
    ranked = sorted(whole, key=lambda s: (not s.certain, -s.score, s.start - s.end, s.start, s.type))
    if len(ranked) < 2:
        return ranked
    taken = Taken()
    kept = []
    for span in ranked:
        free = taken.free(span.start, span.end)
        if free == [(span.start, span.end)]:
            kept.append(span)
        else:
            free = [] if text is None else [cut for a, b in free if (cut := _tells(text, a, b, span.type))]
            kept += [Span(a, b, span.type, span.score, by=span.by) for a, b in free]
        for a, b in free:
            taken.claim(a, b)
    return sorted(kept, key=lambda s: s.start)


def _uncrossed(spans: set[Span], text: str | None) -> Iterator[Span]:
    """With names cut where a find that is no name crosses their border: `host 10` and `10.43.133.99`."""
    others = sorted((s.start, s.end) for s in spans if s.type not in NAMES)
    starts = [start for start, _ in others]
    reach = list(accumulate((end for _, end in others), max))
    for span in spans:
        start, end = span.start, span.end
        if span.type in NAMES and not span.certain and others:
            # Of those that begin before it the furthest; of those that begin in it the first to stick out.
            before = bisect_left(starts, start)
            if before and start < reach[before - 1] < end:
                start = reach[before - 1]
            inside = range(bisect_right(starts, start), bisect_left(starts, end))
            end = next((starts[i] for i in inside if others[i][1] > end), end)
            while text is not None and end < span.end and start < end and not text[end - 1].isalnum():
                end -= 1
        yield span if (start, end) == (span.start, span.end) else replace(span, start=start, end=end)


def _outermost(spans: Iterable[Span]) -> list[Span]:
    """Without names that lie inside a longer name."""
    kept: list[Span] = []
    first = reach = -1
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if span.type in NAMES and not span.certain:
            if span.end < reach or (span.end == reach and span.start > first):
                continue
            if span.end > reach:
                first, reach = span.start, span.end
        kept.append(span)
    return kept


_WORDY = NAMES | {"EMAIL_ADDRESS", "CUSTOM", "SECRET", "PASSWORD", "PRIVATE_KEY", "URL", "CRYPTO"}
_TELLING_DIGITS = 7


def _tells(text: str, start: int, end: int, type_: str) -> tuple[int, int] | None:
    """`text[start:end]` less punctuation at its edges, None when so little is left that it names nobody."""
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    count = sum(c.isalnum() for c in text[start:end])
    return (start, end) if count >= (2 if type_ in _WORDY else _TELLING_DIGITS) else None


class Taken:
    """Intervals, kept in blocks of 64 characters so that 100,000 finds stay cheap."""

    def __init__(self) -> None:
        self._blocks: dict[int, list[tuple[int, int]]] = {}

    def touches(self, start: int, end: int) -> bool:
        """Whether some of `[start, end)` is claimed."""
        blocks = range(start >> 6, ((end - 1) >> 6) + 1)
        return any(start < b and a < end for block in blocks for a, b in self._blocks.get(block, ()))

    def free(self, start: int, end: int) -> list[tuple[int, int]]:
        """What of `[start, end)` nobody has claimed, in order."""
        blocks = range(start >> 6, ((end - 1) >> 6) + 1)
        found = sorted({(a, b) for block in blocks for a, b in self._blocks.get(block, ()) if start < b and a < end})
        out, at = [], start
        for a, b in found:
            if at < a:
                out.append((at, a))
            at = max(at, b)
        if at < end:
            out.append((at, end))
        return out

    def claim(self, start: int, end: int) -> None:
        for block in range(start >> 6, ((end - 1) >> 6) + 1):
            self._blocks.setdefault(block, []).append((start, end))
