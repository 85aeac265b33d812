"""Folding: the text as recognisers should read it, with a way back to the offsets of the original."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# Zero-width and other invisible characters that split a value for a pattern but not for a reader.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a"
    "\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
_WIDE = {chr(c): chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F)}
# Chinese text uses these as punctuation: narrowing them would only change what a comma is.
for _mark in "，；：！？（）":
    _WIDE.pop(_mark)
# Spaces and hyphens that typesetting puts inside numbers; not the em dash, which stands between words.
_SPACES = dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f", " ")
_HYPHENS = dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63", "-")
# Digits of other scripts are digits for a reader, as are the mathematical letters that look like plain ones.
_DIGITS = {c: str(unicodedata.decimal(c)) for c in map(chr, range(0x80, 0x1FC00)) if c.isdecimal()}
_STYLED = {
    c: plain
    for c in map(chr, range(0x1D400, 0x1D6A6))
    if len(plain := unicodedata.normalize("NFKC", c)) == 1 and plain.isascii()
}
_TABLE: dict[str, str] = {
    **dict.fromkeys(_INVISIBLE, ""),
    **_SPACES,
    **_HYPHENS,
    **_DIGITS,
    **_STYLED,
    **_WIDE,
}
_FOLDED = frozenset(_TABLE)


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` is the folded text; `offsets[i]` the index in the original of folded character `i`, None if unchanged."""

    text: str
    offsets: Sequence[int] | None = None

    def start(self, index: int) -> int:
        """Where in the original a span that starts at folded `index` starts."""
        return index if self.offsets is None else self.offsets[index]

    def end(self, index: int) -> int:
        """Where in the original a span that ends before folded `index` ends: right behind its last character."""
        return index if self.offsets is None else self.offsets[index - 1] + 1


def fold(text: str) -> Folded:
    """Drop invisible characters and narrow full-width ones. Costs a look at each character when there are none."""
    if text.isascii() or _FOLDED.isdisjoint(text):  # a hundred times as fast as a pattern of these characters
        return Folded(text)
    chars: list[str] = []
    offsets: list[int] = []
    for index, char in enumerate(text):
        narrow = _TABLE.get(char, char)
        if narrow:
            chars.append(narrow)
            offsets.append(index)
    return Folded("".join(chars), offsets)
