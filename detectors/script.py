"""Which writing system a text is in: language in the small.

A model opens its answers in the prompt's language, so openings are searched, and scores calibrated, per script.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from detectors.messages import text_of

_SAYS = {"cjk": 4}  # letters of an alphabet that say what one character does


def script(text: str) -> str:
    """The writing system that says most of `text`: `latin`, `cjk`, `hiragana`, `cyrillic`, ...; `` without letters.

    Letters are counted, a Chinese character as four. Full-width and other styled ones count as the plain ones they
    stand for. Linear in `text`.
    """
    names: Counter[str] = Counter()
    for character, count in Counter(text).items():
        if name := _of(character):
            names[name] += count * _SAYS.get(name, 1)
    return names.most_common(1)[0][0] if names else ""


def script_of(messages: Sequence[Mapping[str, Any]]) -> str:
    """The script of what the user said, in which the model will answer; of all of it, so that a last "go on" hides
    nothing."""
    return script("\n".join(text_of(m) for m in messages if m.get("role") == "user"))


@lru_cache(maxsize=1 << 14)
def _of(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)[0]
    return unicodedata.name(plain, "").split(" ", 1)[0].split("-", 1)[0].lower() if plain.isalpha() else ""
