"""Folding: the text as recognisers should read it, with a way back to the offsets of the original."""

from __future__ import annotations

import re
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
_TABLE: dict[str, str] = {**dict.fromkeys(_INVISIBLE, ""), **_WIDE, "\u00a0": " ", "\u2011": "-", "\u2010": "-"}
_NEEDS = re.compile("[" + "".join(re.escape(c) for c in _TABLE) + "]")


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
    """Drop invisible characters and narrow full-width ones. Costs one regex scan when there are none."""
    if text.isascii() or _NEEDS.search(text) is None:
        return Folded(text)
    chars: list[str] = []
    offsets: list[int] = []
    for index, char in enumerate(text):
        narrow = _TABLE.get(char, char)
        if narrow:
            chars.append(narrow)
            offsets.append(index)
    return Folded("".join(chars), offsets)
