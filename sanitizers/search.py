"""Searching texts for known values in all the ways they may be written: what replacing and verifying share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import ahocorasick

from sanitizers.detect.fold import Folded, fold
from sanitizers.encodings import base64_cores, base64_run, encoded, squeeze, unsqueezed
from sanitizers.names_list import EN_GIVEN_WORDS, ZH_NAME_WORDS
from sanitizers.restore import joins
from sanitizers.surrogates import ADDRESSES, AMOUNTS, DATES, WORDS, is_number

_LOOSE = frozenset(("PERSON", "ORGANIZATION", "CUSTOM"))
_BOUNDED = frozenset(("CUSTOM", "IP_ADDRESS")) | WORDS | AMOUNTS | DATES | ADDRESSES
_LONG_NUMBER = 9  # characters; shorter ones would be found in the neighbourhood of unrelated numbers
_LONG_NAME = 8
_BYTES = 6


@dataclass(frozen=True, slots=True)
class Needle:
    """One way a value may stand in a text.

    `encoding`: plain, one of `encodings.ENCODERS`, base64 (anywhere inside), or loose (a name's words with other or no
    separators); `part`: of a name; `bounded`: only between word edges; `exact`: upper and lower case matter.
    """

    type: str
    form: str
    text: str
    encoding: str = "plain"
    part: bool = False
    bounded: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """`text[start:end]` of the original (unfolded) text is `needle`."""

    start: int
    end: int
    needle: Needle


def needles(type_: str, form: str) -> Iterator[Needle]:
    """All ways to write a value (folded form)."""
    single = type_ in WORDS and form.isascii() and " " not in form
    if type_ == "PERSON" and single and form.capitalize() in EN_GIVEN_WORDS:
        return  # a name that is a word: hidden where its context gave it away, kept elsewhere
    if type_ == "PERSON" and form in ZH_NAME_WORDS:
        return
    if type_ == "AGE" or (form.isascii() and sum(c.isalnum() for c in form) < 3):
        return  # other 42s are other things
    # A short value inside a longer word or number is something else.
    bounded = len(form) < 8 or type_ in _BOUNDED
    yield Needle(type_, form, form, "plain", bounded=bounded, exact=single)
    if type_ in AMOUNTS or type_ in DATES:
        return  # a year in a URL is not worth a refusal
    for encoding, text in encoded(form):
        if len(text) > 1:
            yield Needle(type_, form, text, encoding, bounded=bounded, exact=single)
    if len(form) >= _BYTES or (not form.isascii() and len(form.encode("utf-8", "surrogatepass")) >= _BYTES):
        for core in base64_cores(form):
            yield Needle(type_, form, core, "base64", exact=True)


class Searcher:
    """One automaton over all needles; searching costs the length of the text."""

    def __init__(self, wanted: Iterable[Needle]) -> None:
        self._needles: dict[str, list[Needle]] = {}
        # Numbers are also searched for with all separators gone (4111.1111 for 4111 1111), names as well.
        self._bare: dict[str, Needle] = {}
        for needle in wanted:
            known = self._needles.setdefault(lower(needle.text), [])
            if needle not in known:
                known.append(needle)
            if needle.encoding == "plain" and not needle.part:
                self._loosely(needle)
        self._automaton = _automaton(self._needles)
        self._squeezed = _automaton(self._bare)

    def _loosely(self, needle: Needle) -> None:
        bare = squeeze(lower(needle.form))
        if is_number(needle.type):
            if len(bare) >= _LONG_NUMBER:
                self._bare.setdefault(bare, Needle(needle.type, needle.form, bare, "spaced"))
        elif _is_loose(needle) and len(bare) >= _LONG_NAME:
            self._bare.setdefault(bare, Needle(needle.type, needle.form, bare, "loose", bounded=True))

    def hits(self, text: str, folded: Folded | None = None) -> Iterator[Hit]:
        """Every occurrence that counts, overlapping ones included."""
        if self._automaton is None or not text:
            return
        folded = folded or fold(text)
        flat = folded.text
        low = lower(flat)
        for last, key in self._automaton.iter(low):
            end = last + 1
            start = end - len(key)
            for needle in self._needles[key]:
                if _counts(needle, flat, start, end):  # whole values come before parts
                    if needle.encoding == "base64":
                        start, end = base64_run(flat, start, end)
                    yield Hit(folded.start(start), folded.end(end), needle)
                    break
        if self._squeezed is not None:
            yield from self._spaced(folded, low)

    def _spaced(self, folded: Folded, low: str) -> Iterator[Hit]:
        bare = squeeze(low)
        back: Callable[[int], int] | None = None
        for last, key in self._squeezed.iter(bare):
            if back is None:
                back = unsqueezed(low)
            start, end = back(last + 1 - len(key)), back(last) + 1
            needle = self._bare[key]
            if _counts(needle, folded.text, start, end):
                yield Hit(folded.start(start), folded.end(end), needle)

    def any(self, text: str) -> bool:
        """Whether a value stands in the text; parts of names do not count."""
        return any(not hit.needle.part for hit in self.hits(text))


def _is_loose(needle: Needle) -> bool:
    """Whether a value is several words, which may stand with other separators or none."""
    return (needle.type in _LOOSE or needle.type in ADDRESSES) and len(needle.form.split()) > 1


def _automaton(words: Iterable[str]) -> Any:
    made = ahocorasick.Automaton()
    for word in words:
        made.add_word(word, word)
    if not len(made):
        return None
    made.make_automaton()
    return made


def _counts(needle: Needle, text: str, start: int, end: int) -> bool:
    if needle.bounded:
        if start and joins(text[start - 1], text[start]):
            return False
        if end < len(text) and joins(text[end - 1], text[end]):
            return False
    if needle.exact:
        found = text[start:end]
        if needle.encoding == "base64":
            return found == needle.text
        if found.islower():  # a name's part, where its small letters are asked for
            return needle.part and found == needle.text
        return found in (needle.text, needle.text.upper(), needle.text.capitalize())
    return True


def lower(text: str) -> str:
    """Lower case, character by character, so that offsets stay."""
    made = text.lower()
    if len(made) == len(text):
        return made
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)
