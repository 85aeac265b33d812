"""Phone numbers that a word or a country code names, whether or not libphonenumber calls them valid.

Numbering plans change, people leave prefixes out and mistype; what stands behind *Mobile:* is somebody's number.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from sanitizers.detect.recogniser import Rule, Rules

_FEWEST, _MOST = 7, 15  # digits; E.164 knows no more
# No separator may be empty: a run of digits is one group, and reading it takes linear time.
_SEPARATOR = r"(?:[ ]?[(][0-9]{1,5}[)][ ]?|[ ./-]{1,2})"
_DIGITS = rf"(?:[(][0-9]{{1,5}}[)][ -]?)?[0-9]{{1,15}}(?:{_SEPARATOR}[0-9]{{1,12}}){{0,6}}"
_EXTENSION = r"(?:[ ,]{0,2}(?:ext|extn|extension|x|#)[. :]{0,2}[0-9]{1,6})?"
_SEVEN = re.compile(r"[0-9](?:[^0-9]{0,3}[0-9]){6}")  # no number has fewer
_END = r"(?![0-9A-Za-z_]|[.,/:-][0-9])"
_OTHERS = re.compile(  # dates, IPv4 addresses
    r"(?:(?:19|20)[0-9]{2}[./-][01]?[0-9][./-][0-3]?[0-9]|[0-3]?[0-9][./-][0-3]?[0-9][./-](?:19|20)?[0-9]{2})(?![./-]?[0-9])"
    r"|[0-9]{1,3}(?:\.[0-9]{1,3}){3}\Z"
)
_EXTENDED = re.compile(r"(?i)[ ,]*(?:e?xt|x|#)")


def _digits(value: str) -> str:
    return re.sub(r"[^0-9]", "", _EXTENDED.split(value)[0])


def _is_number(value: str) -> bool:
    digits = _digits(value)
    return _FEWEST <= len(digits) <= _MOST and len(set(digits)) > 1 and _OTHERS.match(value) is None


def _is_linked(value: str) -> bool:
    return _is_number(unquote(value))


def _is_international(value: str) -> bool:
    """Nine to fifteen digits behind a plus sign that begin with a country's code."""
    digits = _digits(value)
    known = any(int(digits[:length]) in COUNTRY_CODE_TO_REGION_CODE for length in (1, 2, 3))
    return 9 <= len(digits) <= _MOST and digits[0] != "0" and known


# A name in a link's query that says phone: phone=, user_tel=, mobileNumber=, ...
_QUERY = r"[?&;][A-Za-z_.-]{0,20}?(?i:phone|tel|mobile|mob|cell|fax|msisdn|whatsapp|sms)(?i:[_-]?(?:no|num|number))?="
_SCHEMES = ("tel", "sms", "smsto", "callto", "facetime", "sip", "whatsapp")
_LINKED = r"(?P<value>(?:[+]|%2[Bb]|%28|[(])?[0-9](?:(?:[.()+-]|%2[089DdEe]){0,3}[0-9]){6,14})(?![0-9A-Za-z%])"
TELEPHONES = Rules(
    (
        Rule(
            "PHONE_NUMBER",
            re.compile(_QUERY + _LINKED),
            0.85,
            gate=("=",),
            accept=_is_linked,
            why="a number where a link says phone",
        ),
        Rule(
            "PHONE_NUMBER",
            re.compile(rf"(?<![A-Za-z])(?:(?:{'|'.join(_SCHEMES)}):(?://)?|wa\.me/){_LINKED}"),
            0.85,
            gate=(*(f"{scheme}:" for scheme in _SCHEMES), "wa.me/"),
            accept=_is_linked,
            why="a number in a link of its own",
        ),
        Rule(
            "PHONE_NUMBER",
            re.compile(
                r"(?<![A-Za-z0-9])(?i:(?:(?:(?:tele)?phone|tel|mobile|mob|cellphone|fax|whatsapp)"
                r"(?: ?(?:number|num|no|#))?(?: is)?[.:#)]{0,2}"
                r"|(?:cell|desk|office|home|work)(?: ?(?:phone|number|no))?(?: is ?|[.:#]{1,2})"
                r"|(?:call|dial|ring|reach|text|contact|answering|messages?|texts)"
                r"(?: (?:me|us|him|her|them))?(?: (?:at|on|under|to))?:?))"
                rf"(?:[ \t]{{0,3}}|(?<=:)[ \t]{{0,3}}\r?\n[ \t]{{0,3}})(?P<value>[+]?{_DIGITS}(?i:{_EXTENSION})){_END}"
            ),
            0.75,
            hints=(
                *("phone", "tel", "mob", "cell", "fax", "desk", "office", "home", "work", "whatsapp"),
                *("call", "dial", "ring", "reach", "text", "contact", "answering", "message"),
            ),
            needs=_SEVEN,
            reach=64,
            accept=_is_number,
            why="a number behind a word for a phone",
        ),
        Rule(
            "PHONE_NUMBER",
            re.compile(
                rf"(?<![0-9A-Za-z_+])(?P<value>[+]?{_DIGITS})[ ]?[-(,]?[ ]?"
                r"(?i:office|mobile|fax|desk|cell|home)(?![A-Za-z])"
            ),
            0.75,
            hints=("office", "mobile", "fax", "desk", "cell", "home"),
            needs=_SEVEN,
            reach=40,
            accept=_is_number,
            why="a number before a word for a phone",
        ),
        Rule(
            "PHONE_NUMBER",
            re.compile(rf"(?<![0-9A-Za-z_+=])[+]{_DIGITS}(?i:{_EXTENSION}){_END}"),
            0.6,
            gate=("+",),
            accept=_is_international,
            why="a country code and the length of a phone number",
        ),
    )
)
