"""Dates: all of them are moved by one number of days, so that differences and weekdays survive."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from sanitizers.draw import Draw

_MONTHS = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_CN = "〇零一二三四五六七八九十"
_CN_DAY = r"(?:[0-9]{1,2}|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九])"

# In this order: a longer way to write a date before what could be a part of it.
_DATE = re.compile(
    rf"""(?ix)
    (?P<cy>[0-9]{{4}}|[〇零一二三四五六七八九]{{4}})\s?年
      (?:\s?(?P<cm>{_CN_DAY})\s?月(?:\s?(?P<cd>{_CN_DAY})\s?(?P<ce>[日号]))?)?
    | (?P<nm>{_CN_DAY})\s?月\s?(?P<nd>{_CN_DAY})\s?(?P<ne>[日号])
    | (?<![0-9])(?P<iy>[12][0-9]{{3}})(?P<is>[-/.])(?P<im>[01]?[0-9])(?P=is)(?P<id>[0-3]?[0-9])(?![0-9])
    | (?<![0-9])(?P<ky>(?:19|20)[0-9]{{2}})(?P<km>[01][0-9])(?P<kd>[0-3][0-9])(?![0-9])
    | (?<![0-9])(?P<xa>[0-3]?[0-9])(?P<xs>[-/.])(?P<xb>[0-3]?[0-9])(?P=xs)(?P<xy>[0-9]{{4}}|[0-9]{{2}})(?![0-9])
    | \b(?P<em>{_MONTH})\s+(?P<ed>[0-3]?[0-9])(?P<eo>st|nd|rd|th)?(?![0-9])(?:(?P<ec>,?\s+)(?P<ey>[12][0-9]{{3}})\b)?
    | (?<![0-9])(?P<dd>[0-3]?[0-9])(?P<do>st|nd|rd|th)?(?P<dg>\s+(?:of\s+)?|-)(?P<dm>{_MONTH})
      (?:(?P<dc>,?\s+|-)(?P<dy>[12][0-9]{{3}})\b)?
    | \b(?P<mm>{_MONTH})(?P<mc>,?\s+(?:of\s+)?)(?P<my>[12][0-9]{{3}})\b
    | (?<![0-9])(?P<y>(?:1[89]|20)[0-9]{{2}})(?![0-9])
    """,
)
_NO_YEAR = 2024  # leap, for dates without a year


def shift_days(key: bytes, attempt: int) -> int:
    """The tenant's offset: whole weeks, half a year to two years either way, so that the year always changes too."""
    draw = Draw(key, "DATE_TIME/offset", "", attempt)
    return 7 * (27 + draw.below(78)) * draw.choice((1, -1))


def shift(form: str, days: int) -> str | None:
    """`form` with every date in it moved by `days`, in the format it has; None when there is none.

    Without a year, 29 February exists; a month alone moves as its 15th, a year as its 1 July. In 5/3/24 the month is
    first unless it cannot be; in 5.3.24 the day is.
    """
    found = False

    def move(match: re.Match[str]) -> str:
        nonlocal found
        try:
            made = _move(match, days)
        except (ValueError, OverflowError):
            return match.group()
        found = True
        return made

    made = _DATE.sub(move, form)
    return made if found else None


def ways(form: str) -> Iterator[str]:
    """The whole date `form` in the formats a model may choose instead, always the same ones in the same order."""
    day = _whole(form)
    if day is None:
        return
    month = _MONTHS[day.month - 1].capitalize()
    yield day.isoformat()
    yield f"{month} {day.day}, {day.year}"
    yield f"{month} {day.day}{_ordinal(day.day)}, {day.year}"
    yield f"{day.day} {month} {day.year}"
    yield f"{month[:3]} {day.day}, {day.year}"
    yield f"{day.day} {month[:3]} {day.year}"
    yield f"{day.year}年{day.month}月{day.day}日"
    yield f"{day.year:04d}/{day.month:02d}/{day.day:02d}"


def _whole(form: str) -> datetime.date | None:
    match = _DATE.fullmatch(form.strip())
    if match is None:
        return None
    try:
        got = _read(match)
    except ValueError:
        return None
    return got[0] if got[1] == "ymd" else None


def _read(match: re.Match[str]) -> tuple[datetime.date, str]:
    """The date, and which of year, month and day were said."""
    g = match.groupdict()
    if g["cy"]:
        year = int("".join(str(_numeral(c)) for c in g["cy"]))
        if not g["cm"]:
            return datetime.date(year, 7, 1), "y"
        day = _numeral(g["cd"]) if g["cd"] else 15
        return datetime.date(year, _numeral(g["cm"]), day), "ymd" if g["cd"] else "ym"
    if g["nm"]:
        return datetime.date(_NO_YEAR, _numeral(g["nm"]), _numeral(g["nd"])), "md"
    if g["iy"]:
        return datetime.date(int(g["iy"]), int(g["im"]), int(g["id"])), "ymd"
    if g["ky"]:
        return datetime.date(int(g["ky"]), int(g["km"]), int(g["kd"])), "ymd"
    if g["xa"]:
        a, b = int(g["xa"]), int(g["xb"])
        month, day = (b, a) if _day_first(g) else (a, b)
        return datetime.date(_century(g["xy"]), month, day), "ymd"
    for kind in ("e", "d"):
        if g[f"{kind}m"]:
            said = "ymd" if g[f"{kind}y"] else "md"
            return datetime.date(int(g[f"{kind}y"] or _NO_YEAR), _month(g[f"{kind}m"]), int(g[f"{kind}d"])), said
    if g["mm"]:
        return datetime.date(int(g["my"]), _month(g["mm"]), 15), "ym"
    return datetime.date(int(g["y"]), 7, 1), "y"


def _move(match: re.Match[str], days: int) -> str:
    moved = _read(match)[0] + datetime.timedelta(days)
    year, month, day = str(moved.year), moved.month, moved.day
    g = match.groupdict()
    if g["cy"]:
        spell = not g["cy"].isdecimal()
        made = ("".join(_CN[0 if c == "0" else int(c) + 1] for c in year) if spell else year) + "年"
        if g["cm"]:
            made += _like(month, g["cm"], g["cd"]) + "月"
        return made + (_like(day, g["cd"], g["cm"]) + g["ce"] if g["cd"] else "")
    if g["nm"]:
        return f"{_like(month, g['nm'], g['nd'])}月{_like(day, g['nd'], g['nm'])}{g['ne']}"
    if g["iy"]:
        return g["is"].join((year, _like(month, g["im"], g["id"]), _like(day, g["id"], g["im"])))
    if g["ky"]:
        return f"{moved:%Y%m%d}"
    if g["xa"]:
        a, b = (day, month) if _day_first(g) else (month, day)
        return g["xs"].join((_like(a, g["xa"], g["xb"]), _like(b, g["xb"], g["xa"]), year[-len(g["xy"]) :]))
    if g["em"]:
        tail = g["ec"] + year if g["ey"] else ""
        return f"{_named(month, g['em'])} {day}{_ordinal(day) if g['eo'] else ''}{tail}"
    if g["dm"]:
        tail = g["dc"] + year if g["dy"] else ""
        return f"{_like(day, g['dd'], None)}{_ordinal(day) if g['do'] else ''}{g['dg']}{_named(month, g['dm'])}{tail}"
    return f"{_named(month, g['mm'])}{g['mc']}{year}" if g["mm"] else year


def _day_first(g: dict[str, str | None]) -> bool:
    a, b = int(g["xa"] or 0), int(g["xb"] or 0)
    return a > 12 or (b <= 12 and g["xs"] == ".")


def _century(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= 40 else 2000)


def _numeral(text: str) -> int:
    """Up to 99, in Arabic or Chinese numerals."""
    if text.isdecimal():
        return int(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return 10 * (_CN.index(tens) - 1 if tens else 1) + (_CN.index(ones) - 1 if ones else 0)
    return max(0, _CN.index(text) - 1)


def _like(number: int, was: str, beside: str | None) -> str:
    """`number` in the numerals of `was`, padded where that or its neighbour was."""
    if was.isdecimal():
        padded = was[0] == "0" or (len(was) == 2 and (beside is None or len(beside) == 2))
        return f"{number:02d}" if padded and (beside is not None or was[0] == "0") else str(number)
    tens, ones = divmod(number, 10)
    if not tens:
        return _CN[ones + 1]
    return ("" if tens == 1 else _CN[tens + 1]) + "十" + (_CN[ones + 1] if ones else "")


def _month(name: str) -> int:
    return next(i for i, full in enumerate(_MONTHS, 1) if full.startswith(name[:3].lower()))


def _named(month: int, was: str) -> str:
    bare = was.rstrip(".")
    full = _MONTHS[month - 1]
    made = full if len(bare) > 4 or bare.lower() in _MONTHS else full[:3] + "." * was.endswith(".")
    return made.upper() if bare.isupper() else made if bare.islower() else made.capitalize()


def _ordinal(day: int) -> str:
    return "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
