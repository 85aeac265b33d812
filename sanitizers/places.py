"""Other places of the same level, and addresses whose every part is another: 省, 市, 区, road, number, town, state."""

from __future__ import annotations

import re

from sanitizers.draw import Draw
from sanitizers.numbers import classes
from sanitizers.places_list import (
    EN_COUNTRIES,
    EN_COUNTRIES_FRESH,
    EN_STREETS,
    EN_TOWNS,
    US_STATES,
    ZH_CITIES,
    ZH_DISTRICTS,
    ZH_MUNICIPALITIES,
    ZH_PROVINCES,
    ZH_STREETS,
)

_HAN = re.compile(r"[\u4e00-\u9fff]")
_STATES = {short: full for full, short in US_STATES.items()}
_CODES = tuple(US_STATES.values())
_COUNTRIES = frozenset(EN_COUNTRIES)
_FULL_PROVINCES = {full: short for short, full in ZH_PROVINCES.items()}

# Words of an address that tell what a part is, and stay.
_KEPT = frozenset(
    """st street ave avenue rd road blvd boulevard dr drive ln lane way ct court pl place sq square ter terrace hwy
    highway pkwy parkway cir circle trl trail close crescent cres gardens grove hill mews row walk apt apartment suite
    ste unit floor fl room rm bldg building block house flat po box p.o n s e w ne nw se sw north south east west
    upper lower great new old the of and in at near on straße strasse str platz weg allee gasse rue place via calle
    avenida rua city town county province state district village upon river lake mount mt saint san santa los las
    el la le de du da del der den van""".split()  # noqa: SIM905
)
_GERMAN = re.compile(r"(straße|strasse|str\.|platz|weg|allee|gasse)$", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?|[0-9]+[A-Za-z]?")
_ZH_PART = re.compile(
    r"(?P<prov>" + "|".join(sorted((*_FULL_PROVINCES, *ZH_PROVINCES), key=lambda p: -len(p))) + r")(?P<ps>(?:省)?)"
    r"|(?P<muni>北京|上海|天津|重庆)(?P<us>市?)"
    r"|(?P<name>(?![号栋幢座楼层室单])[\u4e00-\u9fff]{1,10}?)(?P<suffix>特别行政区|自治州|自治县|自治旗|地区|新区|开发区|街道|胡同|大道|小区|花园|"
    r"公寓|大厦|广场|社区|[省市区县旗盟镇乡村路街巷弄里苑城园])"
    r"|(?P<number>[0-9]+|[一二三四五六七八九十]+(?=[号栋幢座楼层室单]))"
)
_COUNTED = "号栋幢座楼层室单元期组队弄巷"


def place(form: str, key: bytes, attempt: int) -> str:
    """Another place of the same level. Parts between commas are places of their own, so `Austin, TX` fits `Austin`."""
    if _HAN.search(form):
        return place_zh(form, key, attempt)
    return re.sub(r"[^,;/()]+", lambda m: _place_en(m.group(), key, attempt), form)


def _place_en(form: str, key: bytes, attempt: int) -> str:
    bare = form.strip()
    if not bare or not any(c.isalpha() for c in bare):
        return classes(form, Draw(key, "LOCATION/code", bare, attempt))
    draw = Draw(key, "LOCATION/place", bare.casefold(), attempt)
    title = " ".join(w.capitalize() for w in bare.split())
    if title in US_STATES:
        made = draw.choice([s for s in US_STATES if s != title])
    elif bare in _STATES:
        return form.replace(bare, draw.choice([c for c in _CODES if c != bare]))
    elif title in _COUNTRIES:
        made = draw.choice([c for c in EN_COUNTRIES_FRESH if c != title])
    else:
        made = _town(bare, key, attempt)
    if bare.isupper() and len(bare) > 1:
        made = made.upper()
    return form.replace(bare, made.lower() if bare.islower() else made, 1)


def _town(bare: str, key: bytes, attempt: int) -> str:
    """A town for the words that are the place's own; River, Lake, North and the like stay."""
    words = bare.split()
    own = [w for w in words if w.casefold().strip(".") not in _KEPT] or words
    draw = Draw(key, "LOCATION/town", " ".join(own).casefold(), attempt)
    made = draw.choice(EN_TOWNS)
    if attempt >= 6:
        made += f" {draw.choice(EN_STREETS)}"
    first = words.index(own[0])
    last = len(words) - words[::-1].index(own[-1])
    return " ".join((*words[:first], made, *words[last:]))


def place_zh(form: str, key: bytes, attempt: int) -> str:
    """As `place`, part by part down from the province. What has no suffix is a province, a municipality or a city."""
    made, at = [], 0
    for match in _ZH_PART.finditer(form):
        made += [form[at : match.start()], _zh_part(match, form, key, attempt)]
        at = match.end()
    rest = form[at:]
    if rest and _HAN.search(rest) and not (at and rest[0] in _COUNTED):
        rest = _fresh(rest, ZH_CITIES if not at else ZH_DISTRICTS, "city", key, attempt)
    return "".join(made) + rest


def _zh_part(match: re.Match[str], form: str, key: bytes, attempt: int) -> str:
    if prov := match["prov"]:
        short = _FULL_PROVINCES.get(prov, prov)
        other = _fresh(short, tuple(p for p in ZH_PROVINCES if p != short), "province", key, attempt, plain=True)
        return ZH_PROVINCES[other] if prov in _FULL_PROVINCES or match["ps"] else other
    if muni := match["muni"]:
        others = tuple(m for m in ZH_MUNICIPALITIES if m != muni)
        return _fresh(muni, others, "municipality", key, attempt, plain=True) + match["us"]
    if number := match["number"]:
        draw = Draw(key, "ADDRESS/number", number, attempt)
        if number.isdecimal():
            return draw.text("123456789", 1) + draw.text("0123456789", len(number) - 1)
        return "".join(draw.choice("一二三四五六七八九") if c != "十" else c for c in number)
    name, suffix = match["name"], match["suffix"]
    lists = {"市": ZH_CITIES, "自治州": ZH_CITIES, "地区": ZH_CITIES}
    streets = suffix in ("路", "街", "巷", "弄", "里", "大道", "胡同")
    names = ZH_STREETS if streets else lists.get(suffix, ZH_DISTRICTS)
    return _fresh(name, names, "city" if names is ZH_CITIES else suffix, key, attempt) + suffix


def _fresh(name: str, names: tuple[str, ...], level: str, key: bytes, attempt: int, *, plain: bool = False) -> str:
    draw = Draw(key, f"LOCATION/{level}", name, attempt)
    made = draw.choice(names)
    return made if plain or attempt < 6 else made + draw.choice(ZH_STREETS)


def address(form: str, key: bytes, attempt: int) -> str:
    """The same structure with other names and numbers; towns, states and countries as in `place`."""
    if _HAN.search(form):
        return place_zh(form, key, attempt)
    parts = re.split(r"([,;\n]+)", form)
    return "".join(p if i % 2 else _address_part(p, key, attempt, first=i == 0) for i, p in enumerate(parts))


def _address_part(part: str, key: bytes, attempt: int, *, first: bool) -> str:
    bare = part.strip()
    # "IL 62704": a state with its code
    match = re.fullmatch(r"([A-Z]{2})(\s+)([0-9-]+)", bare)
    if match and match[1] in _STATES:
        code = classes(match[3], Draw(key, "ADDRESS/number", match[3], attempt))
        return part.replace(bare, _place_en(match[1], key, attempt) + match[2] + code)
    if not first and bare and not any(c.isdecimal() for c in bare):
        return _place_en(part, key, attempt)
    return _WORD.sub(lambda m: _address_word(m.group(), key, attempt), part)


def _address_word(word: str, key: bytes, attempt: int) -> str:
    if word[0].isdecimal():
        made = classes(word, Draw(key, "ADDRESS/number", word.casefold(), attempt))
        return made if made[0] != "0" or word[0] == "0" else "7" + made[1:]
    if word.casefold().strip(".") in _KEPT or len(word) == 1 or re.match(r"(?i)[0-9]*(?:st|nd|rd|th)$", word):
        return word
    if word in _STATES:
        return _place_en(word, key, attempt)
    draw = Draw(key, "ADDRESS/street", word.casefold(), attempt)
    made = draw.choice(EN_STREETS) + (draw.choice(EN_STREETS).lower() if attempt >= 6 else "")
    if tail := _GERMAN.search(word):
        made += tail.group()
    return made.upper() if word.isupper() and len(word) > 1 else made.lower() if word.islower() else made
