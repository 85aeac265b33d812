"""Which writing system a text is in: language in the small.

A model opens its answers in the prompt's language, so openings are searched, and scores calibrated, per script.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from detectors.unwrap import said_last


def script(text: str) -> str:
    """The writing system most letters of `text` belong to: `latin`, `cjk`, `hiragana`, `cyrillic`, ...; `` without any.

    Full-width and other styled letters count as the plain ones they stand for. Linear in `text`.
    """
    names: Counter[str] = Counter()
    for character, count in Counter(text).items():
        if name := _of(character):
            names[name] += count
    return names.most_common(1)[0][0] if names else ""


def script_of(messages: Sequence[Mapping[str, Any]]) -> str:
    """The script of what the user said last: in it the model will answer."""
    return script(said_last(messages))


@lru_cache(maxsize=1 << 14)
def _of(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)[0]
    return unicodedata.name(plain, "").split(" ", 1)[0].split("-", 1)[0].lower() if plain.isalpha() else ""
