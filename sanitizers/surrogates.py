# ruff: noqa: SIM905  word lists read better as text
"""Surrogates: values of the same kind and format that belong to nobody, by type.

Each kind says why its surrogates are nobody's: see the functions named here, and the table in docs/sanitise.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sanitizers import amounts, dates, emails
from sanitizers.cast import Cast
from sanitizers.draw import Draw
from sanitizers.numbers import DIGITS, LOWER, NUMBERS, UPPER, classes
from sanitizers.organisations import organisation
from sanitizers.places import address, place
from sanitizers.places_list import EN_BRANDS

DATES = frozenset("DATE_TIME DATE CN_DATE DATE_OF_BIRTH".split())
AMOUNTS = frozenset("AMOUNT MONEY CN_AMOUNT PERCENT".split())
ORGANISATIONS = frozenset("ORGANIZATION ORG".split())
PLACES = frozenset("LOCATION GPE LOC".split())
ADDRESSES = frozenset("ADDRESS STREET_ADDRESS CN_ADDRESS".split())
TITLES = frozenset("TITLE JOB_TITLE".split())
SECRETS = frozenset("SECRET API_KEY TOKEN JWT PASSWORD".split())
# Types whose values are words rather than numbers; names of which a single word is only meant with its capital.
WORDS = frozenset(("PERSON", "NRP", *ORGANISATIONS, *PLACES, *TITLES))

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_EXACT = frozenset(("PRIVATE_KEY", "CRYPTO", "URL", "CONNECTION_STRING", *SECRETS))
_TEXTUAL = frozenset(("EMAIL_ADDRESS", "HANDLE", "IP_ADDRESS", "CUSTOM", *WORDS, *ADDRESSES, *DATES, *AMOUNTS))
# Fewer free characters than this, and a surrogate would sooner or later match ordinary text on the way back.
_DISTINCT = 7
_JOBS = tuple("cartographer horologist arborist bookbinder lamplighter cooper farrier glazier luthier milliner".split())
_JOBS_ZH = ("制图师", "钟表匠", "装帧师", "制琴师", "测绘员", "标本师", "修复师", "养蜂人", "调香师", "灯塔看守")

# What a form must have to be shaped as its type: what is left of a find beside a stronger one has it not.
_WHOLE = {
    "EMAIL_ADDRESS": re.compile("@|%40"),
    "PHONE_NUMBER": re.compile(r"(?:\d\D*){7}"),
    "CN_MOBILE": re.compile(r"(?:\d\D*){11}"),
    "CN_LANDLINE": re.compile(r"(?:\d\D*){7}"),
    "CREDIT_CARD": re.compile(r"(?:\d\D*){12}"),
    "CN_BANK_CARD": re.compile(r"(?:\d\D*){12}"),
    "CN_RESIDENT_ID": re.compile(r"(?:\d\D*){17}"),
    "CN_CREDIT_CODE": re.compile(r"(?:[0-9A-Za-z][ -]*){18}"),
    "CN_PLATE": re.compile(r"[0-9A-Za-z]{5}"),
    "CN_PASSPORT": re.compile(r"\d{7}"),
    "CN_TRAVEL_PERMIT": re.compile(r"\d{7}"),
    "CN_QQ": re.compile(r"\d{5}"),
    "AGE": re.compile(r"\d"),
    "IBAN_CODE": re.compile(r"^[A-Za-z]{2}\d\d.{8}", re.DOTALL),
    "IP_ADDRESS": re.compile(r"\..*\.|:"),
    "MAC_ADDRESS": re.compile(r"(?:[0-9A-Fa-f][^0-9A-Fa-f]*){12}"),
    "CRYPTO": re.compile(r".{14}"),
    "PRIVATE_KEY": re.compile(r"^-----BEGIN "),
}


def normalise(type_: str, value: str) -> str:
    """The value behind its written form (folded text expected): digits for numbers, one case for names and e-mails."""
    if type_ in _EXACT:
        return value
    if type_ in _TEXTUAL:
        flat = " ".join(value.casefold().split())
        return flat.replace("%40", "@") if type_ == "EMAIL_ADDRESS" else flat
    bare = re.sub(r"[^0-9a-z\u4e00-\u9fff]", "", value.casefold())
    return bare or value.casefold()


_LUNAR = re.compile("[初廿]|[农阴]历")  # days of the Chinese calendar, which nobody shifts


def is_number(type_: str) -> bool:
    """Whether a type's values are numbers or codes, which are the same with other separators or none."""
    return type_ not in _TEXTUAL and type_ not in _EXACT and type_ not in ("AGE", "CN_WECHAT")


def tells(type_: str, form: str) -> bool:
    """Whether a find has anything to hide: `yesterday` and `10:30` are no dates."""
    if type_ not in DATES or dates.shift(form, 7) is not None:
        return True
    return sum(c.isdecimal() for c in form) > 6 or _LUNAR.search(form) is not None


def placeholder(type_: str, draw: Draw) -> str:
    """`[EMAIL_ADDRESS-4KX7QZ]`: says the kind, pretends nothing. 28 bits of the keyed hash make it one value's own."""
    return f"[{type_}-{draw.text('23456789BCDFGHJKLMNPQRSTVWXZ', 6)}]"


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the surrogates of one request: tenant's key, its cast of persons, and the days its dates move by."""

    key: bytes
    cast: Cast
    days: int = 0

    def make(self, type_: str, form: str, attempt: int = 0) -> str:
        """A surrogate for a written form (folded text); another one for every `attempt`, as after a collision."""
        draw = Draw(self.key, type_, normalise(type_, form), attempt)
        whole = _WHOLE.get(type_)
        if whole is not None and whole.search(form) is None:
            return _same_shape(type_, form, draw)
        if type_ == "EMAIL_ADDRESS":
            return emails.email(form, draw, self.key, self.cast, attempt)
        if type_ == "URL":
            return emails.url(form, draw, self.key, attempt)
        if type_ in ORGANISATIONS:
            return organisation(form, self.key, attempt)
        if type_ in PLACES:
            return place(form, self.key, attempt)
        if type_ in ADDRESSES:
            return address(form, self.key, attempt)
        if type_ in DATES:
            days = self.days if not attempt else dates.shift_days(self.key, 1000 + attempt)
            return dates.shift(form, days) or _same_shape(type_, form, draw)
        if type_ in AMOUNTS:
            return amounts.scale(form, amounts.factor(self.key), draw, attempt) or _same_shape(type_, form, draw)
        number = NUMBERS.get(type_)
        return number(form, draw) if number is not None else _OTHERS.get(type_, _same_shape)(type_, form, draw)


def offset(forms: Sequence[str], key: bytes, free: Callable[[str], bool]) -> int:
    """The days by which the dates of a request move: the tenant's offset, or the next one of his where a moved date
    would be one that the texts hold already."""
    first = dates.shift_days(key, 0)
    for attempt in range(20):
        days = dates.shift_days(key, attempt) if attempt else first
        if all((moved := dates.shift(form, days)) is None or free(moved) for form in forms):
            return days
    return first


def _title(type_: str, form: str, draw: Draw) -> str:
    made = draw.choice(_JOBS if form.isascii() else _JOBS_ZH)
    return made.upper() if form.isupper() else made if form.islower() else made.capitalize()


def _handle(type_: str, form: str, draw: Draw) -> str:
    return f"@{draw.choice(EN_BRANDS).lower()}_{1000 + draw.below(9000)}"


def _crypto(type_: str, form: str, draw: Draw) -> str:
    if form.startswith("0x"):
        return "0x" + draw.text("0123456789abcdef", len(form) - 2)
    head = 3 if form[:3].lower() == "bc1" else 1
    alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l" if head == 3 else _BASE58
    return form[:head] + draw.text(alphabet, len(form) - head)


_SECRET_HEAD = re.compile(
    r"sk-(?:ant-|proj-|svcacct-|or-v1-|live-)?|[spr]k_(?:live|test)_|gh[pousr]_|github_pat_|A(?:KIA|SIA|GPA|IDA|ROA)"
    r"|xox[abeoprs]-|xapp-|AIza|ya29\.|GOCSPX-|glpat-|npm_|pypi-|hf_|SG\.|dop_v1_|shpat_|LTAI|AKID|eyJ"
)


def _secret(type_: str, form: str, draw: Draw) -> str:
    head = _SECRET_HEAD.match(form)
    prefix = head.group() if head else ""
    alphabet = UPPER + DIGITS if form[len(prefix) :].isupper() else UPPER + LOWER + DIGITS
    length = min(max(len(form) - len(prefix), 20), 48)
    return prefix + "EXAMPLE" + draw.text(alphabet, length - 7)


def _connection(type_: str, form: str, draw: Draw) -> str:
    """`postgres://user:EXAMPLE...@db.example.com/db`: scheme kept."""
    scheme, found, _ = form.partition("://")
    if not found:
        return _secret(type_, form, draw)
    return f"{scheme}://user:EXAMPLE{draw.text(UPPER + LOWER + DIGITS, 13)}@{draw.text(LOWER, 6)}.example.com/db"


def _private_key(type_: str, form: str, draw: Draw) -> str:
    label = form[11 : form.find("-----", 11)]
    body = draw.text(UPPER + LOWER + DIGITS + "+/", 40)
    return f"-----BEGIN {label}-----\nEXAMPLE+{body}\n-----END {label}-----"


def _same_shape(type_: str, form: str, draw: Draw) -> str:
    if not any(c.isdecimal() for c in form) or sum(c.isalnum() and c.isascii() for c in form) < _DISTINCT:
        return placeholder(type_, draw)
    return classes(form, draw)


_OTHERS: dict[str, Callable[[str, str, Draw], str]] = {
    "CRYPTO": _crypto,
    "HANDLE": _handle,
    "PRIVATE_KEY": _private_key,
    "CONNECTION_STRING": _connection,
    **dict.fromkeys(SECRETS, _secret),
    **dict.fromkeys(TITLES, _title),
}
