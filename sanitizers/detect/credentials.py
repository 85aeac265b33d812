# ruff: noqa: E501, S105, SIM905  patterns and word lists read better whole
"""Passwords and keys known by where they stand: in a connection string, a header, behind `password=` or 密码：.

Values that are no secrets stay: references to variables, types, placeholders, ordinary words. A key must look random
(letters with digits, at least 3 bits of entropy per character, not words joined by hyphens); a password need not, but
a bare word counts only in quotes.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter

from sanitizers.detect.recogniser import Rule, Rules

_WORDS = frozenset(
    """password passwd pwd pass secret token apikey key none null nil true false undefined required optional string str
    text bytes int number value example changeme change-me placeholder redacted hidden masked empty default input
    hash hashed encrypted reset forgot expired invalid incorrect wrong missing test field type name user username login
    enter prompt yes no n/a tbd todo unknown optional[str] secretstr stdin env vault password123! your-password
    yourpassword your_password mypassword my_password your-api-key your_api_key yourapikey my-secret your-token
    your_token your_secret your-secret""".split()
)
_REFERENCE = re.compile(
    r"[$%{<\[(]|.*(?:\$\{|\{\{|%\(|<[a-z_ -]+>)|(?:os\.|process\.|env\.|ENV\[|self\.|this\.|config\.|settings\.|secrets\.|vars?\.|args\.|options?\.|params?\.|req\.|request\.|user\.|getenv|lambda\b|function\b|null\b|new\b|await\b|async\b)|[*xX•.·_-]{3,}$|/(?:etc|run|var|home|usr)/",
)
_WORD = re.compile(r"[A-Za-z]?[a-z]+|[A-Z]+")
_IDENTIFIER = re.compile(r"[a-z]+(?:_[a-z]+)+|[a-z]+(?:[A-Z][a-z]+)+|[A-Z]+(?:_[A-Z]+)+")


def _is_filled(value: str) -> bool:
    return value.casefold().strip(".,;:!?") not in _WORDS and _REFERENCE.match(value) is None


def entropy(value: str) -> float:
    """Shannon's entropy of the characters' frequencies, in bits per character."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values()) if value else 0.0


def is_key(value: str) -> bool:
    """Whether a value looks drawn at random."""
    if len(value) < 8 or not _is_filled(value) or entropy(value) < 3.0 - (len(value) < 12) * 0.5:
        return False
    worded = sum(len(part) for part in re.split(r"[-_./:]", value) if _WORD.fullmatch(part))
    digits = sum(c.isdecimal() for c in value)
    if (
        any(c.islower() for c in value)
        and any(c.isupper() for c in value)
        and len(value) >= 20
        and not re.search(r"[-_./]", value)
    ):
        return True
    return digits > 0 and worded <= 0.6 * len(value)


def _is_password(value: str) -> bool:
    """Two kinds of characters, or digits alone."""
    if not _is_filled(value) or _IDENTIFIER.fullmatch(value):
        return False
    body = value.rstrip(".,;!?")
    if body.isdecimal():
        return len(body) >= 4
    kinds = (
        any(c.isalpha() for c in body),
        any(c.isdecimal() for c in body),
        any(not c.isalnum() for c in body.strip("-_.")),
    )
    return len(body) >= 4 and sum(kinds) > 1


def _is_quoted_password(value: str) -> bool:
    return len(value) >= 4 and _is_filled(value) and not _IDENTIFIER.fullmatch(value) and " " not in value.strip()


def _is_basic(value: str) -> bool:
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


_PASS = r"(?i:password|passwd|passphrase|passcode|(?<![A-Za-z])pwd|(?<![a-z])pass(?=[\"']?\s?[:=])|密码|口令|密碼)"
_KEY = r"(?i:secret(?:[_-]?(?:access)?[_-]?key)?|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|client[_-]?secret|auth[_-]?key|credentials?|密钥|令牌|秘钥)"
_IS = r"(?:[\"'`]?\s{0,3}(?::=|=>|==|[:=：])\s{0,3}|\s?(?:是|为)\s?)"
_END = r"(?![0-9A-Za-z_([.])"
_BARE = r"[^\s\"'`,;<>(){}\[\]，。；、！？\u4e00-\u9fff]"
_PASS_HINTS = ("pass", "pwd", "密码", "口令", "密碼")
_KEY_HINTS = ("secret", "token", "key", "credential", "密钥", "令牌", "秘钥")

CREDENTIALS = Rules(
    (
        Rule(
            "PASSWORD",
            re.compile(
                r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/@?#'\"<>]{0,128}:(?P<value>[^\s/@'\"<>]{1,256})@(?=[A-Za-z0-9\[_-])"
            ),
            1.0,
            certain=True,
            gate=("://",),
            accept=_is_filled,
            why="the password of a connection string",
        ),
        Rule(
            "SECRET",
            re.compile(
                r"(?i:AccountKey|SharedAccessKey|SharedSecretValue|(?<=[?&;])(?:sig|signature|x-amz-signature))"
                r"=(?P<value>[0-9A-Za-z%+/_-]{20,160}={0,2})"
            ),
            1.0,
            certain=True,
            hints=("accountkey", "sharedaccesskey", "sharedsecretvalue", "sig=", "signature="),
            why="the key of a connection string or a signed URL",
        ),
        Rule(
            "SECRET",
            re.compile(
                r"(?i:authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:bearer|token|apikey|key|digest)\s{1,3})(?P<value>[0-9A-Za-z._~+/=|:-]{8,4096})"
            ),
            1.0,
            certain=True,
            gate=("uthorization", "UTHORIZATION"),
            accept=_is_filled,
            why="the credentials of an Authorization header",
        ),
        Rule(
            "SECRET",
            re.compile(r"(?<![A-Za-z])[Bb]earer\s{1,3}(?P<value>[0-9A-Za-z._~+/=|-]{16,4096})"),
            0.9,
            gate=("earer",),
            accept=is_key,
            why="a bearer token",
        ),
        Rule(
            "PASSWORD",
            re.compile(r"(?<![A-Za-z])[Bb]asic\s{1,3}(?P<value>[0-9A-Za-z+/]{8,1024}={0,2})"),
            1.0,
            certain=True,
            gate=("asic",),
            accept=_is_basic,
            why="user and password in base64",
        ),
        Rule(
            "PASSWORD",
            re.compile(r"(?<![\w-])(?:-u|--user|--proxy-user)[ =][\"']?[^\s:\"']{1,64}:(?P<value>[^\s\"']{3,128})"),
            0.9,
            gate=("-u", "-user"),
            accept=_is_filled,
            why="the password of a command line",
        ),
        Rule(
            "PASSWORD",
            re.compile(rf"{_PASS}{_IS}([\"'`])(?P<value>(?:(?!\1)[^\n]){{1,128}})\1"),
            0.9,
            hints=_PASS_HINTS,
            accept=_is_quoted_password,
            why="a quoted value behind a word for a password",
        ),
        Rule(
            "PASSWORD",
            re.compile(rf"{_PASS}{_IS}(?P<value>{_BARE}{{4,128}}){_END}"),
            0.85,
            hints=_PASS_HINTS,
            accept=_is_password,
            why="a value behind a word for a password",
        ),
        Rule(
            "PASSWORD",
            re.compile(rf"{_PASS}\s(?:is|was|will be)\s(?:now\s)?:?\s?[\"'`]?(?P<value>{_BARE}{{4,128}}){_END}"),
            0.8,
            hints=_PASS_HINTS,
            accept=_is_password,
            why="a value behind `password is`",
        ),
        Rule(
            "SECRET",
            re.compile(rf"{_KEY}{_IS}[\"'`]?(?P<value>{_BARE}{{8,512}}){_END}"),
            0.85,
            hints=_KEY_HINTS,
            accept=is_key,
            why="a random value behind a word for a key",
        ),
        Rule(
            "SECRET",
            re.compile(
                r"(?:验证码|校验码|动态码|(?i:verification code|security code|one[- ]time (?:code|password)|(?<![A-Za-z])otp))(?:[:：是为]|\s(?:is\s)?)\s?(?P<value>[0-9]{4,8})(?![0-9A-Za-z])"
            ),
            0.75,
            hints=("验证码", "校验码", "动态码", "tion code", "ity code", "time code", "time password", "otp"),
            why="a one-time code",
        ),
    )
)
