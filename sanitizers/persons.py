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
    ORDINARY,
    ZH_FAMILY,
    ZH_FEMALE_MARKS,
    ZH_FRESH_FAMILY,
    ZH_FRESH_FAMILY_LONG,
    ZH_GIVEN_EITHER,
    ZH_GIVEN_FEMALE,
    ZH_GIVEN_MALE,
    ZH_MALE_MARKS,
)
from sanitizers.places_list import ZH_FOREIGN

ZH_TITLES = tuple(
    """先生 女士 小姐 太太 夫人 老师 医生 大夫 教授 博士 经理 总监 主任 律师 同学 师傅 警官 局长 院长 校长 处长 科长
    部长 书记 董事长 阿姨 总 工 姐 哥 叔""".split()
)
_FEMALE_TITLES = frozenset("女士 小姐 太太 夫人 阿姨 姐 mrs ms miss madam lady".split())
_MALE_TITLES = frozenset("先生 哥 叔 mr sir lord".split())
TITLE_BEFORE = re.compile(r"\b(?P<title>Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Madam|Lady|Lord|MR|MRS|MS|DR|PROF)\.?\s{1,2}$")
_TITLE_AFTER = re.compile("|".join(sorted(ZH_TITLES, key=lambda t: -len(t))))
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_HAN_PARTS = re.compile(r"[\u4e00-\u9fff]+(?:[·•・‧. ][\u4e00-\u9fff]+)+")
_NICK = "小老阿"
# Parts of a written name that are nobody's own.
_FIXED = frozenset(
    """van von de da di del della dos du der den ter bin ibn al el la le y mr mrs ms miss mx dr prof sir madam lady lord
    rev hon jr sr ii iii iv phd md esq""".split()
)
_FEMALE, _MALE = frozenset(EN_FEMALE), frozenset(EN_MALE)
_ZH_FAMILY = frozenset(ZH_FAMILY)
# Family names that are common words: never replaced where they stand alone.
_FAMILY_WORDS = frozenset(
    """Brown White Green Black Gray King Young Hill Baker Hall Cook Bell Price Rice Stone Wood Woods Long Rivers Field
    Fields Hunter Gardner Carpenter Butler Ward Park Lane West Day Bishop Knight Berry Rose Fox Wolf Bush Burns
    Banks Brooks Ford Grant Marsh Mills Case Major Sun Lee Page Sharp Short Small Best Noble Power Pope Chance
    Justice May Star Snow Winter Summer Summers Church House Moon""".split()
)
_SMALL = 4  # letters: shorter ones are mostly words
_ZH_GIVEN_WORDS = frozenset(
    """建国 国庆 文化 和平 胜利 建设 光明 明天 解放 卫国 爱国 国强 长江 黄河 海洋 天天
    明白 方方 平安 幸福 自强 高兴 大海 春天
    永远 文明 长城 东方 向阳 朝阳 立新 新民
    人民 国际 家宝 小心 小时 东西 安全 永久 志愿 文学 文字 文艺 思想 学习 学生 玉米""".split()
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a name as written: `kind` is given, family, initial or fixed (particles, titles, separators)."""

    text: str
    kind: str

    @property
    def own(self) -> bool:
        return self.kind in ("given", "family")


def split(form: str, *, title: bool = False) -> list[Part]:
    """A written name (folded text) as parts. `title`: the name stood behind Mr, Dr or the like."""
    if _HAN.fullmatch(form):
        return _split_chinese(form)
    if _HAN_PARTS.fullmatch(form):
        return _split_foreign(form)
    tokens = re.split(r"([\s,]+|(?<=[A-Za-zÀ-ÿ])-(?=[A-Za-zÀ-ÿ])|['’]s?(?=\s|$))", form)
    words = [i for i, t in enumerate(tokens) if i % 2 == 0 and t.strip(" -.") and _plain(t) not in _FIXED]
    # "Johnson, Alice": the family name comes first
    comma = next((i for i, t in enumerate(tokens) if "," in t), None)
    last = max((i for i in words if comma is None or i < comma), default=-1) if comma in range(len(tokens)) else -1
    family_at = last if comma is not None and any(i > (comma or 0) for i in words) else (words[-1] if words else -1)
    parts: list[Part] = []
    for index, token in enumerate(tokens):
        if not token:
            continue
        if index not in words:
            parts.append(Part(token, "fixed"))
        elif re.fullmatch(r"(?:[A-Za-z]\.?)+", token) and (len(token) == 1 or "." in token):
            parts.append(Part(token, "initial"))
        elif len(words) == 1:
            titled = title or any(_plain(t) in _FIXED for t in tokens[:index])
            family = titled or (token.capitalize() in EN_FAMILY and token.capitalize() not in EN_GIVEN)
            parts.append(Part(token, "family" if family else "given"))
        else:
            parts.append(Part(token, "family" if index == family_at else "given"))
    return parts


def _plain(token: str) -> str:
    return token.strip(".").casefold()


def _split_chinese(form: str) -> list[Part]:
    tail = next((t for t in ZH_TITLES if form.endswith(t) and _titled(form.removesuffix(t), t)), "")
    name = form.removesuffix(tail) if tail else form
    if len(name) == 2 and name[0] in _NICK and name[1] in _ZH_FAMILY:
        parts = [Part(name[0], "fixed"), Part(name[1], "family")]
    else:
        head = 2 if name[:2] in _ZH_FAMILY and len(name) > 1 else 1
        if name[:head] not in _ZH_FAMILY and len(name) == 2:
            head = 0  # a given name alone
        parts = [Part(name[:head], "family"), Part(name[head:], "given")]
    if tail:
        parts.append(Part(tail, "fixed"))
    return [part for part in parts if part.text]


def _titled(name: str, title: str) -> bool:
    """Whether `name` can stand in front of `title`: 总 and the like end names as well."""
    return bool(name) and (len(title) > 1 or name in _ZH_FAMILY)


def _split_foreign(form: str) -> list[Part]:
    """约翰·史密斯: the last part is the family's; 王 伟 has one separator and a Chinese family name."""
    tokens = re.split(r"([·•・‧. ])", form)
    if len(tokens) == 3 and tokens[1] == " " and tokens[0] in _ZH_FAMILY:
        return [Part(tokens[0], "family"), Part(" ", "fixed"), Part(tokens[2], "given")]
    kinds = ["fixed" if i % 2 else "family" if i == len(tokens) - 1 else "given" for i in range(len(tokens))]
    return [Part(t, f"foreign-{k}" if k != "fixed" else k) for t, k in zip(tokens, kinds, strict=True)]


def gender_of(parts: list[Part]) -> str:
    """`f` or `m` by the given names, empty where they do not tell."""
    for part in parts:
        if part.kind != "given":
            continue
        if _HAN.match(part.text):
            female = any(c in ZH_FEMALE_MARKS for c in part.text)
            male = any(c in ZH_MALE_MARKS for c in part.text)
        else:
            female, male = part.text.capitalize() in _FEMALE, part.text.capitalize() in _MALE
        if female != male:
            return "f" if female else "m"
    return ""


def title_at(text: str, start: int, end: int) -> tuple[bool, str]:
    """Whether a title stands in front of `text[start:end]`, and what a title in front or behind says of the gender."""
    before = TITLE_BEFORE.search(text[max(0, start - 8) : start])
    after = _TITLE_AFTER.match(text, end) if end < len(text) and text[end] > "\u2e80" else None
    word = before["title"].casefold() if before else after.group() if after else ""
    return before is not None, "f" if word in _FEMALE_TITLES else "m" if word in _MALE_TITLES else ""


def stands_alone(part: Part) -> bool:
    """Whether a part is distinctive enough to be replaced where it stands alone in a text."""
    if not part.own:
        return False
    if _HAN.match(part.text):
        return part.kind == "given" and len(part.text) == 2 and part.text not in _ZH_GIVEN_WORDS
    word = part.text.capitalize()
    return len(word) > 2 and word not in _FAMILY_WORDS and word not in EN_GIVEN_WORDS


def stands_alone_small(part: Part) -> bool:
    """Whether a part is replaced where it stands alone in small letters: `user='johnson'`, but not *the baker*."""
    return part.text.isascii() and len(part.text) >= _SMALL and part.text.lower() not in ORDINARY and stands_alone(part)


def called(family: str) -> list[tuple[str, str]]:
    """Ways to call a person by a Chinese family name, as what stands before and behind it: 张总, 小张."""
    return [("", title) for title in ZH_TITLES] + [("小", ""), ("老", "")] if len(family) < 3 else []


def draw_part(part: Part, key: bytes, attempt: int, gender: str = "") -> str:
    """The surrogate of one part, in the case of the original. `attempt` > 0 after a collision; `gender` is `f`, `m`
    or empty, for given names that do not tell it themselves."""
    if part.kind == "fixed":
        return part.text
    draw = Draw(key, f"PERSON/{part.kind}", part.text.casefold(), attempt)
    if part.kind == "initial":
        return "".join(_letter(c, draw) for c in part.text)
    if part.kind.startswith("foreign"):
        return draw.choice(ZH_FOREIGN) + (draw.choice(ZH_FOREIGN) if attempt >= 8 else "")
    gender = gender_of([part]) or gender
    if _HAN.match(part.text):
        return _draw_chinese(part, draw, attempt, gender)
    names = FRESH_FAMILY
    if part.kind == "given":
        names = FRESH_FEMALE if gender == "f" else FRESH_MALE if gender == "m" else FRESH_FEMALE + FRESH_MALE
    made = draw.choice(names)
    if attempt >= 8:  # the list runs dry in a text with very many names: double-barrelled ones last longer
        made += draw.choice(names).lower()
    return cased(part.text, made)


def _letter(c: str, draw: Draw) -> str:
    made = draw.choice("ABCDEFGHIJKLMNOPRSTVW")
    return made if c.isupper() else made.lower() if c.isalpha() else c


def cased(original: str, fresh: str) -> str:
    """`fresh` in upper, lower or title case, as `original` is."""
    if not fresh.isascii():
        return fresh
    if original.isupper() and len(original) > 1:
        return fresh.upper()
    return fresh.lower() if original.islower() else fresh[:1].upper() + fresh[1:]


def _draw_chinese(part: Part, draw: Draw, attempt: int, gender: str) -> str:
    if part.kind == "family":
        if len(part.text) > 1 or attempt >= 8:
            return draw.choice(ZH_FRESH_FAMILY_LONG)
        return draw.choice(ZH_FRESH_FAMILY)
    gendered = ZH_GIVEN_FEMALE if gender == "f" else ZH_GIVEN_MALE if gender == "m" else ()
    made = "".join(draw.choice(gendered + ZH_GIVEN_EITHER) for _ in part.text)
    return made + draw.choice(ZH_GIVEN_EITHER) if attempt >= 8 else made
