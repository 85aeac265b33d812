# ruff: noqa: SIM905  word lists read better as text
"""Identifiers of mainland China that Presidio does not know: resident ID and mobile number."""

from __future__ import annotations

import datetime
import re

from sanitizers.detect.recogniser import Rule, Rules

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"

# First two digits of the address code (GB/T 2260): provinces, regions, Hong Kong, Macau, Taiwan.
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)


def resident_id_check(first17: str) -> str:
    """The check character of a resident ID number: GB 11643-1999, ISO 7064 MOD 11-2."""
    return _CHECK[sum(w * int(d) for w, d in zip(_WEIGHTS, first17, strict=True)) % 11]


def is_resident_id(value: str) -> bool:
    """Whether `value` (separators allowed) has a known province, a real birth date and the right check character."""
    number = re.sub(r"[ -]", "", value).upper()
    if len(number) != 18 or number[:2] not in _PROVINCES:
        return False
    try:
        born = datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return 1880 <= born.year <= 2099 and number[17] == resident_id_check(number[:17])


_LONG = re.compile(r"\d{4}")

CHINA = Rules(
    (
        Rule(
            "CN_RESIDENT_ID",
            re.compile(
                r"(?<![0-9A-Za-z])[1-8][0-9]{5}[ -]?(?:18|19|20)[0-9]{2}[ -]?"
                r"[01][0-9][ -]?[0-3][0-9][ -]?[0-9]{3}[0-9Xx](?![0-9A-Za-z])"
            ),
            1.0,
            needs=_LONG,
            certain=True,
            accept=is_resident_id,
        ),
        Rule(
            "CN_MOBILE",
            re.compile(
                r"(?<![0-9A-Za-z+])(?<![0-9][.-])(?:\+?86[ -]?|0086[ -]?)?"
                r"1[3-9][0-9]([ -]?)[0-9]{4}\1[0-9]{4}(?![0-9A-Za-z])"
            ),
            0.8,
            needs=_LONG,
        ),
    )
)
