# ruff: noqa: SIM905  word lists read better as text
"""Fictional persons: a surrogate for each part of a name, so that every way of naming a person leads to one person."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sanitizers.draw import Draw
from sanitizers.names_list import (
    EN_FAMILY,
    EN_FEMALE,
    EN_GIVEN,
    EN_GIVEN_WORDS,
    EN_MALE,
    FRESH_FAMILY,
    FRESH_FEMALE,
    FRESH_MALE,
    ZH_FAMILY,
    ZH_FEMALE_MARKS,
    ZH_FRESH_FAMILY,
    ZH_FRESH_FAMILY_LONG,
    ZH_GIVEN_EITHER,
    ZH_GIVEN_FEMALE,
    ZH_GIVEN_MALE,
    ZH_MALE_MARKS,
)

ZH_TITLES = ("先生", "女士", "小姐", "老师", "医生", "教授", "经理", "同学")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_PARTICLES = frozenset(("van", "von", "de", "da", "di", "del", "bin", "al", "la", "le"))
_FEMALE, _MALE = frozenset(EN_FEMALE), frozenset(EN_MALE)
_ZH_FAMILY = frozenset(ZH_FAMILY)
# Family names that are common words: never replaced where they stand alone.
_FAMILY_WORDS = frozenset(
    """Brown White Green Black Gray King Young Hill Baker Hall Cook Bell Price Rice Stone Wood Woods Long Rivers Field
    Fields Hunter Gardner Carpenter Butler Ward Park Lane West Day Bishop Knight Berry Rose Fox Wolf Bush Burns
    Banks Brooks Ford Grant Marsh Mills Case Major Sun Lee Page Sharp Short Small Best Noble Power Pope Chance
    Justice May Star Snow Winter Summer Summers Church House Moon""".split()
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a name as written: `kind` is given, family, initial or fixed (particles, titles, separators)."""

    text: str
    kind: str


def split(form: str, *, title: bool = False) -> list[Part]:
    """A written name (folded text) as parts. `title`: the name stood behind Mr, Dr or the like."""
    if _HAN.fullmatch(form):
        return _split_chinese(form)
    tokens = re.split(r"([ ]+|(?<=[A-Za-zÀ-ÿ])-(?=[A-Za-zÀ-ÿ]))", form)
    words = [i for i, t in enumerate(tokens) if t.strip(" -") and t not in _PARTICLES]
    parts: list[Part] = []
    for index, token in enumerate(tokens):
        if index not in words:
            parts.append(Part(token, "fixed"))
        elif re.fullmatch(r"[A-Za-z]\.?", token):
            parts.append(Part(token, "initial"))
        elif len(words) == 1:
            family = title or (token.capitalize() in EN_FAMILY and token.capitalize() not in EN_GIVEN)
            parts.append(Part(token, "family" if family else "given"))
        else:
            parts.append(Part(token, "family" if index == words[-1] else "given"))
    return parts


def _split_chinese(form: str) -> list[Part]:
    tail = next((t for t in ZH_TITLES if form.endswith(t) and len(form) > len(t)), "")
    name = form.removesuffix(tail) if tail else form
    head = 2 if (name[:2] in _ZH_FAMILY and len(name) > 2) or (name in _ZH_FAMILY and len(name) == 2) else 1
    parts = [Part(name[:head], "family")]
    if name[head:]:
        parts.append(Part(name[head:], "given"))
    if tail:
        parts.append(Part(tail, "fixed"))
    return parts


def stands_alone(part: Part) -> bool:
    """Whether a part is distinctive enough to be replaced where it stands alone in a text."""
    word = part.text.capitalize()
    if part.kind not in ("given", "family") or _HAN.match(part.text):
        return False
    return len(word) > 2 and word not in _FAMILY_WORDS and word not in EN_GIVEN_WORDS


def draw_part(part: Part, key: bytes, attempt: int) -> str:
    """The surrogate of one part, in the case of the original. `attempt` > 0 after a collision."""
    if part.kind == "fixed":
        return part.text
    draw = Draw(key, f"PERSON/{part.kind}", part.text.casefold(), attempt)
    if part.kind == "initial":
        made = draw.choice("ABCDEFGHIJKLMNOPRSTVW") + part.text[1:]
        return made if part.text[0].isupper() else made.lower()
    if _HAN.match(part.text):
        return _draw_chinese(part, draw, attempt)
    if part.kind == "family":
        names: tuple[str, ...] = FRESH_FAMILY
    else:
        word = part.text.capitalize()
        names = FRESH_FEMALE if word in _FEMALE else FRESH_MALE if word in _MALE else FRESH_FEMALE + FRESH_MALE
    made = draw.choice(names)
    if attempt >= 8:  # the list runs dry in a text with very many names: double-barrelled ones last longer
        made += draw.choice(names).lower()
    if part.text.isupper():
        return made.upper()
    return made.lower() if part.text.islower() else made


def _draw_chinese(part: Part, draw: Draw, attempt: int) -> str:
    if part.kind == "family":
        if len(part.text) > 1 or attempt >= 8:
            return draw.choice(ZH_FRESH_FAMILY_LONG)
        return draw.choice(ZH_FRESH_FAMILY)
    female = any(c in ZH_FEMALE_MARKS for c in part.text)
    male = any(c in ZH_MALE_MARKS for c in part.text)
    gendered = ZH_GIVEN_FEMALE if female and not male else ZH_GIVEN_MALE if male and not female else ()
    return "".join(draw.choice(gendered + ZH_GIVEN_EITHER) for _ in part.text)
