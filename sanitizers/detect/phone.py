"""Presidio's phone recogniser, run only on windows around clusters of digits, each distinct window once.

The library behind it parses every candidate once for each of eight regions. Exact shortcuts: a window is left out for
a region where no run of its groups of digits can be a number (`numbering`); regions end with the first whose match
takes all the window's digits (a match from another region would be contained in it); and windows are remembered.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from phonenumbers import phonenumbermatcher, phonenumberutil

from sanitizers.detect.numbering import (
    REGIONS,
    Matcher,
    certain,
    possible,
    possible_abroad,
    possible_anywhere,
    runs_of_groups,
)
from sanitizers.detect.recogniser import Budget
from sanitizers.detect.span import Span

PHONE_SCORE = 0.4  # Presidio's
_LONGEST_WINDOW = 512
# A number as most are written, with nothing beside it that could make it something else.
_PLAIN = re.compile(r"[ \n,;:\"']?((?:\([0-9]{3}\) ?)?[0-9]{3,11}(?:[ .-][0-9]{3,5}){0,3})[ \n,;:.!?\"']?")
_SHORTEST = 4  # digits; the shortest valid numbers anywhere have four

# As in the library's candidate pattern: digits with up to four marks between them, led by brackets and plus signs.
_MARKS = f"[{phonenumberutil._VALID_PUNCTUATION}]"
_CORE = re.compile(rf"\d(?:{_MARKS}{{0,4}}\d)*", re.IGNORECASE)
_LEAD = re.compile(rf"(?:[(\[\uff08\uff3b{phonenumberutil._PLUS_CHARS}]{_MARKS}{{0,4}}){{0,2}}\Z", re.IGNORECASE)
_LEADS = re.compile(rf"[(\[\uff08\uff3b{phonenumberutil._PLUS_CHARS}]")
_LONGEST_DATE = 20  # characters; so long a stretch is always one candidate
_CLOCK = re.compile(r":[0-5]\d")  # behind a date and an hour it says that they are no number
_SIGNS = re.compile(r"[xX~\uff58\uff38\uff5e]")  # what changes how the digits around it are read
_EXTENSION = re.compile(phonenumberutil._EXTN_PATTERNS_FOR_MATCHING, re.UNICODE | re.IGNORECASE)
_MAY_EXTEND = re.compile(r"[^\W\d_]|[#,;\uff03]")


class Phones:
    """PHONE_NUMBER spans, the same as `PhoneRecognizer.analyze` gives after merging.

    The memo is keyed by a keyed digest, so that no number is kept in it.
    """

    def __init__(self, memo: int = 16_384) -> None:
        possible_anywhere()  # 0.1 s of compiling, better now than under the first request
        self._certain = [(region, pattern) for region in REGIONS if (pattern := certain(region))]
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
            behind = _CLOCK.match(text, end)
            if _is_date(text[start:end], behind is not None):
                continue
            after = behind.group() if behind else _neighbour(text[end : end + 1])
            window = _neighbour(text[max(before - 1, 0) : before]) + text[before:end] + after
            before -= before > 0
            for found in self._window(window):
                yield replace(found, start=before + found.start, end=before + found.end)

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
        plain = _PLAIN.fullmatch(window)
        if plain:
            digits = re.sub(r"[^0-9]", "", window)
            for region, pattern in self._certain:
                if pattern.match(digits):
                    yield Span(*plain.span(1), "PHONE_NUMBER", PHONE_SCORE, by=f"a valid phone number in {region}")
                    return
        regions = _candidates(window)
        count = sum(map(str.isdecimal, window)) if regions else 0
        for region in regions:
            for match in Matcher(window, region):
                yield Span(match.start, match.end, "PHONE_NUMBER", PHONE_SCORE, by=f"a valid phone number in {region}")
                if sum(map(str.isdecimal, match.raw_string)) == count:
                    return


def _candidates(window: str) -> Sequence[str]:
    """The regions where some run of the window's groups of digits may be a number."""
    if _SIGNS.search(window) or (_MAY_EXTEND.search(window) and _EXTENSION.search(window)):
        return REGIONS
    runs = set(runs_of_groups(window))
    if not all(digits.isascii() for digits, _ in runs) or any(led and possible_abroad(digits) for digits, led in runs):
        return REGIONS
    anywhere = possible_anywhere()
    home = {digits for digits, _ in runs if anywhere.match(digits)}
    return [region for region in REGIONS if any(map(possible(region).match, home))] if home else ()


def _is_date(core: str, clock: bool) -> bool:
    """Whether the library will take a stretch for a date; it then looks no further, in any region."""
    if len(core) > _LONGEST_DATE:
        return False
    return phonenumbermatcher._SLASH_SEPARATED_DATES.search(core) is not None or (
        clock and phonenumbermatcher._TIME_STAMPS.search(core) is not None
    )


def _neighbour(char: str) -> str:
    """One letter stands for all, so that the memo knows a window again: the library asks only whether it is one."""
    return "a" if char.isascii() and char.isalpha() else " " if char in ("\n", "\t") else char


def _lead(text: str, start: int) -> int:
    """Where brackets, plus signs and punctuation in front of the first digit begin."""
    if _LEADS.search(text, max(0, start - 10), start) is None:
        return start
    lead = _LEAD.search(text[max(0, start - 10) : start])
    return start - len(lead.group()) if lead else start


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """First digit and end of every stretch that could hold a number; overlong ones are cut at white space."""
    at = 0
    while (core := _CORE.search(text, at)) is not None:
        start, end = core.span()
        while (more := _EXTENSION.match(text, end)) is not None:
            # Its digits may run into the next number, and the # behind them be the label of a further extension.
            last = more.end() - more.group().endswith("#") - 1
            core = _CORE.match(text, last)
            end = core.end() if core else last + 1
        end += text.startswith("#", end)
        at = end
        while end - start > _LONGEST_WINDOW:
            cut = max(text.rfind(" ", start + 1, start + _LONGEST_WINDOW), start + _LONGEST_WINDOW // 2)
            yield start, cut
            start = cut
        if end - start >= _SHORTEST and sum(map(str.isdecimal, text[start:end])) >= _SHORTEST:
            yield start, end
