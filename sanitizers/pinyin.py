# ruff: noqa: SIM905  word lists read better as text
"""Chinese names in Latin letters, as addresses and answers in English write them."""

from __future__ import annotations

from collections.abc import Iterator

from sanitizers.names_list import EN_FAMILY, EN_GIVEN

# Characters that are read otherwise as family names.
_FAMILY = {
    "曾": "zeng", "单": "shan", "解": "xie", "仇": "qiu", "查": "zha", "区": "ou", "朴": "piao", "盖": "ge",
    "乐": "yue", "缪": "miao", "员": "yun", "翟": "zhai", "覃": "qin", "宓": "mi",
    "尉迟": "yuchi", "长孙": "zhangsun", "万俟": "moqi",
}  # fmt: skip
# Run together, some names are places, or words that English has.
_OTHERS = frozenset(
    """wuhan wuxi wuhu jilin jinan taiyuan taian tongling tonghua yilan yili luoyang luzhou lijiang lishui linyi xining
    xian peking teng lilin luxor jinju tulip tutu tuning lulu lumen luxe puma pupil tonga tongue ruin ruling jinx
    jinxing bingo pixel toga fuming elixir mimi yuan yuen wuyuan jixi yichun putin putian fujian
    mixin taiwan xiaomi mili muli quyu taiya yimu tuyu line mine""".split()
) | {name.lower() for name in EN_GIVEN | EN_FAMILY}
_SHORTEST = 4  # letters
_FAMILY_SHORTEST = 2


def latin(text: str, *, family: bool = False) -> str:
    """In pinyin, small letters without tones: `ouyang`, `xiaoming`, v for ü."""
    if family and text in _FAMILY:
        return _FAMILY[text]
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(text)).replace("ü", "v").casefold()


def romanised(made: tuple[str, str], was: tuple[str, str]) -> Iterator[tuple[str, str, bool]]:
    """Ways to write a Chinese stand-in (family and given name) in Latin letters, with the original likewise, and that
    they end at word edges: `Li Na`, `Na Li`, `lina`. Not `nali`: too many of those are words."""
    (family, given), (family_was, given_was) = ((latin(f, family=True), latin(g)) for f, g in (made, was))
    if len(family + given) < _SHORTEST:
        return
    for shape in ("{F} {G}", "{G} {F}", "{F}, {G}", "{A} {B}", "{B} {A}", "{F}-{G}"):
        yield _shaped(shape, family, given), _shaped(shape, family_was, given_was), True
    if len(family) < _FAMILY_SHORTEST:
        return  # E Lan is a name, elan a word
    yield f"{family} {given}", f"{family_was} {given_was}", True
    word, was_word = family + given, family_was + given_was
    if word not in _OTHERS:
        yield word, was_word, True
        yield word.capitalize(), was_word.capitalize(), True
    yield f"{family.capitalize()}{given.capitalize()}", f"{family_was.capitalize()}{given_was.capitalize()}", True


def _shaped(shape: str, family: str, given: str) -> str:
    upper, capital = (family.upper(), given.upper()), (family.capitalize(), given.capitalize())
    return shape.format(f=family, g=given, F=capital[0], G=capital[1], A=upper[0], B=upper[1])
