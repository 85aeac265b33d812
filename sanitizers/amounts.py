"""Amounts: all of a tenant's are scaled by one factor, so that which is more, and by how much, survives."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from sanitizers.draw import Draw

_NUMBER = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+")
_NUMERALS = re.compile(r"[一二三四五六七八九]|[壹贰叁肆伍陆柒捌玖]")
_PLAIN, _FORMAL = "一二三四五六七八九", "壹贰叁肆伍陆柒捌玖"
_WORDS = re.compile(r"\b(?:two|three|four|five|six|seven|eight|nine)\b", re.IGNORECASE)
_WORD = ("two", "three", "four", "five", "six", "seven", "eight", "nine")


def factor(key: bytes) -> Decimal:
    """The tenant's factor: 0.55 to 0.85 or 1.18 to 1.81, so that every amount changes and stays in scale."""
    draw = Draw(key, "AMOUNT/factor", "")
    return Decimal(55 + draw.below(31)) / 100 if draw.below(2) else Decimal(118 + draw.below(64)) / 100


def scale(form: str, times: Decimal, draw: Draw, attempt: int) -> str | None:
    """`form` with its numbers scaled, grouping, decimals and currency kept; None when there is no number in it.

    As many leading digits are exact as were, and one more. Numbers spelled out change their digits and keep their
    tens and thousands. `attempt` moves the last exact digit, after a collision.
    """
    if _NUMBER.search(form):
        return _NUMBER.sub(lambda m: _scaled(m.group(), times, attempt), form)
    if _NUMERALS.search(form):
        return _NUMERALS.sub(lambda m: draw.choice(_PLAIN if m.group() in _PLAIN else _FORMAL), form)
    if _WORDS.search(form):
        return _WORDS.sub(lambda m: _cased(m.group(), draw.choice(_WORD)), form)
    return None


def _scaled(text: str, times: Decimal, attempt: int) -> str:
    whole, point, fraction = text.replace(",", "").partition(".")
    exact = len((whole + fraction).strip("0")) + 1
    value = Decimal(f"{whole or 0}.{fraction or 0}") * times
    step = Decimal(1).scaleb(max(-len(fraction), value.adjusted() - exact + 1 if value else 0))
    value = (value / step).quantize(Decimal(1), ROUND_HALF_UP) * step + attempt * step
    made = f"{value:.{len(fraction)}f}"
    if "," in text:
        made = f"{Decimal(made):,.{len(fraction)}f}"
    return made if whole or not point else made.removeprefix("0")


def _cased(was: str, made: str) -> str:
    return made.upper() if was.isupper() else made.capitalize() if was[0].isupper() else made
