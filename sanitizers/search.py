# ruff: noqa: SIM905  word lists read better as text
"""Searching texts for known values in all the ways they may be written: what replacing and verifying share."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import ahocorasick

from sanitizers.detect.fold import Folded, fold
from sanitizers.names_list import EN_GIVEN_WORDS
from sanitizers.restore import joins

NUMERIC = frozenset(
    """PHONE_NUMBER CN_MOBILE CREDIT_CARD IBAN_CODE US_SSN US_ITIN UK_NHS CN_RESIDENT_ID MAC_ADDRESS ES_NIF ES_NIE
    KR_RRN""".split()
)
_SEPARATING = frozenset(" \t\u00a0-.()/_")
_SQUEEZE = {ord(c): None for c in _SEPARATING}
_LONG_NUMBER = 9  # characters; shorter ones would be found in the neighbourhood of unrelated numbers


@dataclass(frozen=True, slots=True)
class Needle:
    """One way a value may stand in a text.

    `encoding`: plain, url, json, base64 or compact; `part`: of a name; `spaced`: found with the separators gone.
    """

    type: str
    form: str
    text: str
    encoding: str = "plain"
    part: bool = False
    bounded: bool = False
    exact: bool = False
    spaced: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """`text[start:end]` of the original (unfolded) text is `needle`."""

    start: int
    end: int
    needle: Needle


def encode(text: str, encoding: str) -> str:
    """`text` in one of the needle encodings; compact drops the separators of a number."""
    if encoding == "url":
        return quote(text.encode("utf-8", "surrogatepass"), safe="")
    if encoding == "json":
        return json.dumps(text)[1:-1]
    if encoding == "base64":
        return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    if encoding == "compact":
        return _squeeze(text)
    return text


def needles(type_: str, form: str) -> Iterator[Needle]:
    """All ways to write a value (folded form)."""
    single = type_ == "PERSON" and form.isascii() and " " not in form
    if single and form.capitalize() in EN_GIVEN_WORDS:
        return  # a name that is a word: hidden where its context gave it away, kept elsewhere
    # A short value inside a longer word or number is something else.
    bounded = type_ in ("PERSON", "CUSTOM", "IP_ADDRESS") or len(form) < 8
    yield Needle(type_, form, form, "plain", bounded=bounded, exact=single)
    seen = {form}
    encodings = ["url", "json"]
    if len(form) >= 6:
        encodings.append("base64")
    if type_ in NUMERIC and sum(c.isalnum() for c in form) >= 8:
        encodings.append("compact")
    for encoding in encodings:
        text = encode(form, encoding)
        if encoding == "base64":
            text = text.rstrip("=")
        if text not in seen and len(text) > 1:
            seen.add(text)
            yield Needle(
                type_,
                form,
                text,
                encoding,
                bounded=bounded and encoding != "base64",
                exact=encoding == "base64" or single,
            )


class Searcher:
    """One automaton over all needles; searching costs the length of the text."""

    def __init__(self, wanted: Iterable[Needle]) -> None:
        self._needles: dict[str, list[Needle]] = {}
        for needle in wanted:
            key = lower(needle.text)
            known = self._needles.setdefault(key, [])
            if needle not in known:
                known.append(needle)
        # Numbers are also searched for with all separators gone: 4111.1111 for 4111 1111.
        self._numbers: dict[str, Needle] = {}
        for known in self._needles.values():
            for needle in known:
                bare = _squeeze(lower(needle.form))
                if needle.type in NUMERIC and len(bare) >= _LONG_NUMBER:
                    self._numbers.setdefault(bare, Needle(needle.type, needle.form, bare, spaced=True))
        self._automaton = _automaton(self._needles)
        self._squeezed = _automaton(self._numbers)

    def hits(self, text: str, folded: Folded | None = None) -> Iterator[Hit]:
        """Every occurrence that counts, overlapping ones included."""
        if self._automaton is None or not text:
            return
        folded = folded or fold(text)
        flat = folded.text
        for last, key in self._automaton.iter(lower(flat)):
            end = last + 1
            start = end - len(key)
            for needle in self._needles[key]:
                if _counts(needle, flat, start, end):
                    if needle.encoding == "base64":
                        end += len(flat[end : end + 2]) - len(flat[end : end + 2].lstrip("="))
                    yield Hit(folded.start(start), folded.end(end), needle)
                    break
        if self._squeezed is not None:
            yield from self._spaced(folded)

    def _spaced(self, folded: Folded) -> Iterator[Hit]:
        flat = lower(folded.text)
        bare = _squeeze(flat)
        offsets: list[int] | None = None
        for last, key in self._squeezed.iter(bare):
            if offsets is None:
                offsets = [i for i, c in enumerate(flat) if c not in _SEPARATING]
            start, end = offsets[last + 1 - len(key)], offsets[last] + 1
            yield Hit(folded.start(start), folded.end(end), self._numbers[key])

    def any(self, text: str) -> bool:
        return next(self.hits(text), None) is not None


def _automaton(words: Iterable[str]) -> Any:
    made = ahocorasick.Automaton()
    for word in words:
        made.add_word(word, word)
    if not len(made):
        return None
    made.make_automaton()
    return made


def _squeeze(text: str) -> str:
    return text.translate(_SQUEEZE)


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
        return found in (needle.text, needle.text.upper(), needle.text.capitalize()) and not found.islower()
    return True


def lower(text: str) -> str:
    """Lower case, character by character, so that offsets stay."""
    made = text.lower()
    if len(made) == len(text):
        return made
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)
