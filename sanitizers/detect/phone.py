"""Presidio's phone recogniser, run only on windows around clusters of digits, each distinct window once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

from presidio_analyzer import predefined_recognizers as known

from sanitizers.detect.recogniser import Budget
from sanitizers.detect.span import Span

# Digits with at most 40 characters between them, the most that the label of an extension takes.
_CLUSTER = re.compile(r"\d(?:[^\d\n\r]{0,40}\d)*")
_BREAKS = re.compile(r"[^\d\s().\-+/x~－（）ext#;:,=]", re.IGNORECASE)
_SHORTEST = 4  # digits; the shortest valid numbers of the default regions are German ones of four
_LONGEST_WINDOW = 512
_LEAD = 12  # characters before the first digit that can belong to a number: brackets, plus signs, punctuation


class Phones:
    """PHONE_NUMBER spans, the same as `PhoneRecognizer.analyze` gives after merging.

    A memo of windows, keyed by a keyed digest so that no number is kept in it, spares known windows the eight
    regional parses.
    """

    def __init__(self, recogniser: Any = None, memo: int = 8192) -> None:
        self._recogniser = recogniser or known.PhoneRecognizer()
        self._regions: Sequence[str] = tuple(self._recogniser.supported_regions)
        self._memo: OrderedDict[bytes, tuple[Span, ...]] = OrderedDict()
        self._size = memo
        self._key = os.urandom(32)

    @property
    def types(self) -> frozenset[str]:
        return frozenset(("PHONE_NUMBER",))

    def find(self, text: str, budget: Budget, taken: Sequence[Span] = ()) -> Iterator[Span]:
        """`taken`: certain finds. Windows whose digits all lie in one are skipped: what they hold would lose anyway."""
        covered = iter(sorted((s.start, s.end) for s in taken))
        span = next(covered, None)
        for start, end in _windows(text):
            while span is not None and span[1] < end and span[1] <= start:
                span = next(covered, None)
            if span is not None and span[0] <= start and end <= span[1]:
                continue
            budget.spend()
            before, behind = max(start - _LEAD, 0), min(end + 2, len(text))
            for found in self._window(text[before:behind]):
                yield Span(before + found.start, before + found.end, found.type, found.score)

    def _window(self, window: str) -> tuple[Span, ...]:
        digest = hashlib.blake2b(window.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
        known_spans = self._memo.get(digest)
        if known_spans is not None:
            return known_spans
        found = tuple(
            Span(r.start, r.end, r.entity_type, r.score) for r in self._recogniser.analyze(window, ["PHONE_NUMBER"])
        )
        self._memo[digest] = found
        if len(self._memo) > self._size:
            with contextlib.suppress(KeyError):  # another thread was faster
                self._memo.popitem(last=False)
        return found


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """First and last digit of every cluster that could hold a number."""
    for cluster in _CLUSTER.finditer(text):
        start, end = cluster.span()
        while end - start > _LONGEST_WINDOW:
            # Cut where a letter or sign that no number contains stands; failing that, anywhere.
            cuts = [m.start() for m in _BREAKS.finditer(text, start + 1, start + _LONGEST_WINDOW)]
            at = cuts[-1] if cuts else start + _LONGEST_WINDOW
            yield from _enough(text, start, at)
            start = at
        yield from _enough(text, start, end)


def _enough(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if sum(c.isdecimal() for c in text[start:end]) >= _SHORTEST:
        yield start, end
