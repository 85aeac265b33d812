"""What digits can be a valid phone number of a region, as one regular expression: a necessary condition.

libphonenumber parses every candidate once for every region, some 40 µs each. Most candidates are orders, dates and
amounts whose digits no numbering plan knows; a region's own patterns (its country code, national prefix and number
types out of the library's metadata) tell that in about one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    PhoneMetadata,
    PhoneNumberDesc,
    PhoneNumberMatch,
    PhoneNumberMatcher,
)

# Of Presidio's PhoneRecognizer (a test holds them against it).
REGIONS = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
LENIENCY = 1

_TYPES = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager"),
    *("uan", "voicemail"),
)
# Punctuation that changes nothing about a number's digits; letters, #, ~, commas and semicolons start extensions.
_PLAIN = re.compile(r"[0-9 ()\[\]./\u2010-\u2015\u00a0-]*", re.ASCII)
_PLAIN_FOREIGN = re.compile(r"[(\[ ]{0,2}\+[0-9 ()\[\]./\u2010-\u2015\u00a0-]*", re.ASCII)
_DIGITS = re.compile(r"\D+")
_TOKENS = re.compile(r"\d+|[+\uff0b]")
_NEVER = "(?!)"
_LONGEST = 24  # 17 digits, a country code, prefixes


def _plan(region: str) -> PhoneMetadata:
    plan = PhoneMetadata.metadata_for_region(region)
    assert plan is not None and plan.country_code is not None, region
    return plan


def _regions(calling_code: int) -> list[PhoneMetadata]:
    """The numbering plans behind a country code; numbers that belong to no country have one too (region 001)."""
    plans = []
    for region in COUNTRY_CODE_TO_REGION_CODE[calling_code]:
        plan = PhoneMetadata.metadata_for_region_or_calling_code(calling_code, region)
        plans += [plan] if plan is not None else []
    return plans


def _national(plans: list[PhoneMetadata]) -> str:
    """The patterns of all types of number of some numbering plans, cheapest test first."""
    general: list[str] = []
    patterns: list[str] = []
    for plan in plans:
        for into, names in ((general, ("general_desc",)), (patterns, _TYPES)):
            for name in names:
                desc: PhoneNumberDesc | None = getattr(plan, name)
                if desc is not None and desc.national_number_pattern not in (None, "NA", *into):
                    into.append(str(desc.national_number_pattern))
    return rf"(?=(?:{'|'.join(general)})\Z)(?:{'|'.join(patterns)})\Z"


def _formats(region: PhoneMetadata) -> tuple[str, str]:
    """Patterns of national numbers that may, and of those that must not, be written without the national prefix."""
    free: list[str] = []
    bound: list[str] = []
    for form in region.number_format:
        leading = form.leading_digits_pattern[-1] if form.leading_digits_pattern else ""
        rule = form.national_prefix_formatting_rule or ""
        needs = (
            bool(rule)
            and not form.national_prefix_optional_when_formatting
            and re.fullmatch(r"\(?\\1\)?", rule) is None
        )
        (bound if needs else free).append(rf"(?=(?:{leading}))(?:{form.pattern})\Z")
    return "|".join(free) or _NEVER, "|".join(bound) or _NEVER


@cache
def possible(region: str) -> re.Pattern[str]:
    """Matches all digits of a number that can be valid when dialled in `region`, written without a plus sign.

    They are a national number alone where its format allows that, or one behind the national prefix or the country
    code. Behind an international prefix, anything of at least four digits passes.
    """
    metadata = _plan(region)
    code = int(metadata.country_code or 0)
    national = _national(_regions(code))
    free, bound = _formats(_regions(code)[0])
    # Brazil's prefix captures the number behind the carrier code; here the number is matched on its own.
    prefix = re.sub(r"\(\\d\{[0-9,]+\}\)", "", metadata.national_prefix_for_parsing or _NEVER)
    bare = rf"(?=(?:{national}))(?:(?={prefix})|(?={free})|(?!{bound}))"
    led = rf"(?:{code}(?:{prefix})?|{prefix}){national}"
    return re.compile(rf"(?:{metadata.international_prefix})\d{{4,}}\Z|{bare}|{led}", re.ASCII)


@cache
def certain(region: str) -> re.Pattern[str] | None:
    """Matches digits that are valid, alone and without a prefix, beyond doubt; None where formats ask for prefixes.

    True of the region that the library asks first for its country code, when no format asks for a prefix: then neither
    another region nor the way of writing has a say.
    """
    metadata = _plan(region)
    code = int(metadata.country_code or 0)
    if COUNTRY_CODE_TO_REGION_CODE[code][0] != region or _formats(metadata)[1] != _NEVER:
        return None
    return re.compile(rf"(?!{metadata.national_prefix_for_parsing or _NEVER}){_national([metadata])}", re.ASCII)


@cache
def possible_anywhere() -> re.Pattern[str]:
    """Matches what `possible` matches for any of the regions."""
    return re.compile("|".join(f"(?:{possible(region).pattern})" for region in REGIONS), re.ASCII)


@cache
def _possible_abroad(code: int) -> re.Pattern[str] | None:
    """Likewise for the digits behind a plus sign and this country code; None where prefixes are rewritten."""
    plan = _regions(code)[0]
    if plan.national_prefix_transform_rule:
        return None
    return re.compile(rf"(?:{plan.national_prefix_for_parsing or ''})?{_national(_regions(code))}", re.ASCII)


def possible_abroad(digits: str) -> bool:
    """Whether digits behind a plus sign can be a valid number of some country."""
    for length in (1, 2, 3):
        code = int(digits[:length] or "0")
        if digits[0] != "0" and code in COUNTRY_CODE_TO_REGION_CODE:
            pattern = _possible_abroad(code)
            return pattern is None or pattern.match(digits[length:]) is not None
    return True  # an unknown code: the library reads the number once more, without the plus sign


class Matcher(PhoneNumberMatcher):
    """The library's matcher for one region, which does not parse what cannot be valid there."""

    def __init__(self, text: str, region: str) -> None:
        super().__init__(text, region, leniency=LENIENCY)
        self._possible = possible(region)

    def _parse_and_verify(self, candidate: str, offset: int) -> PhoneNumberMatch | None:
        if _PLAIN.fullmatch(candidate):
            if self._possible.match(_DIGITS.sub("", candidate)) is None:
                return None
        elif _PLAIN_FOREIGN.fullmatch(candidate):
            digits = _DIGITS.sub("", candidate)
            if not digits or not possible_abroad(digits):
                return None
        return super()._parse_and_verify(candidate, offset)


def runs_of_groups(window: str) -> Iterator[tuple[str, bool]]:
    """The digits of all runs of neighbouring groups of digits, and whether a plus sign stands before them.

    Every number in the window is one of them.
    """
    tokens = _TOKENS.findall(window)
    for first, token in enumerate(tokens):
        if not token[0].isdecimal():
            continue
        digits, foreign = "", first > 0 and not tokens[first - 1][0].isdecimal()
        for group in tokens[first:]:
            if group[0].isdecimal():
                digits += group
                if len(digits) > _LONGEST:
                    break
                yield digits, foreign
