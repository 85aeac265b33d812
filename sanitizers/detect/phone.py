"""Presidio's phone recogniser, run only on windows around clusters of digits, each distinct window once.

The library behind it parses every candidate once for each of eight regions. Three exact shortcuts: a window is left
out for a region whose numbers have more digits than it holds; regions end with the first whose match takes all the
window's digits (a match from another region would be contained in it); and windows are remembered.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from phonenumbers import PhoneMetadata, phonenumberutil
from presidio_analyzer import predefined_recognizers as known

from sanitizers.detect.recogniser import Budget
from sanitizers.detect.span import Span

PHONE_SCORE = known.PhoneRecognizer.SCORE
_LONGEST_WINDOW = 512
_SHORTEST = 4  # digits; the shortest valid numbers anywhere have four

# All characters the library's candidate pattern can match besides digits: those its sources spell, in both cases.
_SOURCES = (
    phonenumberutil._VALID_PUNCTUATION,
    phonenumberutil._EXTN_PATTERNS_FOR_MATCHING,
    phonenumberutil._PLUS_CHARS,
    "([\uff08\uff3b)]\uff09\uff3d",
)
_INSIDE = "".join(
    sorted(
        {
            re.escape(c)
            for source in _SOURCES
            for char in source
            for c in (char, char.lower(), char.upper())
            if not c.isdecimal() and len(c) == 1
        }
    )
)
_CLUSTER = re.compile(rf"\d(?:(?:[{_INSIDE}]|[^\S\n\r]){{0,40}}\d)*")
_LEAD = re.compile(rf"(?:[{_INSIDE}]|[^\S\n\r]){{0,12}}\Z")
_FOREIGN = re.compile(r"[+\uff0b]|0[01]")  # a plus sign or an international prefix: digits of any country may follow


class Phones:
    """PHONE_NUMBER spans, the same as `PhoneRecognizer.analyze` gives after merging.

    The memo is keyed by a keyed digest, so that no number is kept in it.
    """

    def __init__(self, memo: int = 16_384) -> None:
        self._regions = tuple(
            (_fewest_digits(region), known.PhoneRecognizer(supported_regions=(region,)))
            for region in known.PhoneRecognizer.DEFAULT_SUPPORTED_REGIONS
        )
        self._memo: OrderedDict[bytes, tuple[Span, ...]] = OrderedDict()
        self._size = memo
        self._key = os.urandom(32)

    @property
    def types(self) -> frozenset[str]:
        return frozenset(("PHONE_NUMBER",))

    def find(self, text: str, budget: Budget, taken: Sequence[Span] = ()) -> Iterator[Span]:
        """`taken`: disjoint finds that outrank a phone number; windows inside one are skipped, they would lose."""
        covered = iter(sorted((s.start, s.end) for s in taken))
        span = next(covered, None)
        for start, end in _windows(text):
            while span is not None and span[1] <= start:
                span = next(covered, None)
            if span is not None and span[0] <= start and end <= span[1]:
                continue
            budget.spend()
            before = _lead(text, start)
            window = _neighbour(text[max(before - 1, 0) : before]) + text[before:end] + _neighbour(text[end : end + 1])
            before -= before > 0
            for found in self._window(window):
                yield Span(before + found.start, before + found.end, found.type, found.score)

    def _window(self, window: str) -> tuple[Span, ...]:
        digest = hashlib.blake2b(window.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
        found = self._memo.get(digest)
        if found is None:
            found = self._memo[digest] = tuple(self._parse(window))
            if len(self._memo) > self._size:
                with contextlib.suppress(KeyError):  # another thread was faster
                    self._memo.popitem(last=False)
        return found

    def _parse(self, window: str) -> Iterator[Span]:
        digits = "".join(c for c in window if c.isdecimal())
        foreign = _FOREIGN.search(window) is not None or "00" in digits or "01" in digits
        for shortest, recogniser in self._regions:
            if len(digits) < shortest and not foreign:
                continue
            for result in recogniser.analyze(window, ["PHONE_NUMBER"]):
                yield Span(result.start, result.end, "PHONE_NUMBER", result.score)
                if sum(c.isdecimal() for c in window[result.start : result.end]) == len(digits):
                    return


def _neighbour(char: str) -> str:
    """One letter stands for all, so that the memo knows a window again: the library asks only whether it is one."""
    return "a" if char.isascii() and char.isalpha() else " " if char in ("\n", "\t") else char


def _fewest_digits(region: str) -> int:
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.general_desc is None:
        return 0
    return min(metadata.general_desc.possible_length)


def _lead(text: str, start: int) -> int:
    """Where brackets, plus signs and punctuation in front of the first digit begin."""
    lead = _LEAD.search(text[max(0, start - 12) : start])
    return start - len(lead.group()) if lead else start


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """First and last digit of every cluster that could hold a number; overlong clusters are cut at white space."""
    for cluster in _CLUSTER.finditer(text):
        start, end = cluster.span()
        while end - start > _LONGEST_WINDOW:
            at = max(text.rfind(" ", start + 1, start + _LONGEST_WINDOW), start + _LONGEST_WINDOW // 2)
            yield start, at
            start = at
        if sum(c.isdecimal() for c in text[start:end]) >= _SHORTEST:
            yield start, end
