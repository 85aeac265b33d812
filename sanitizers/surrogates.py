"""Surrogates: values of the same kind and format that belong to nobody.

Each kind says why its surrogates are nobody's: reserved ranges (RFC 2606 domains, RFC 5737 and RFC 3849 addresses,
555-01xx numbers, SSN area 000), or a check digit that is wrong on purpose (cards, IBAN, resident ID).
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable

from sanitizers.detect.china import resident_id_check
from sanitizers.draw import Draw
from sanitizers.names_list import FRESH_FAMILY, FRESH_FEMALE, FRESH_MALE

_UPPER, _LOWER, _DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_HEX = "0123456789abcdef"
_EXACT = frozenset(("SECRET", "PRIVATE_KEY", "CRYPTO", "URL"))
_TEXTUAL = frozenset(("PERSON", "EMAIL_ADDRESS", "IP_ADDRESS", "CUSTOM"))
# Fewer free characters than this, and a surrogate would sooner or later match ordinary text on the way back.
_DISTINCT = 7


# What a form must have to be shaped as its type: what is left of a find beside a stronger one has it not.
_WHOLE = {
    "EMAIL_ADDRESS": re.compile("@|%40"),
    "CN_MOBILE": re.compile(r"(?:\d\D*){11}"),
    "CREDIT_CARD": re.compile(r"(?:\d\D*){12}"),
    "CN_RESIDENT_ID": re.compile(r"(?:\d\D*){17}"),
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
    bare = re.sub(r"[^0-9a-z]", "", value.casefold())
    return bare or value.casefold()


def placeholder(type_: str, draw: Draw) -> str:
    """`[EMAIL_ADDRESS-4KX7QZ]`: says the kind, pretends nothing. 30 bits of the keyed hash make it one value's own."""
    return f"[{type_}-{draw.text('23456789BCDFGHJKLMNPQRSTVWXYZBCD'[:28], 6)}]"


def surrogate(type_: str, form: str, draw: Draw) -> str:
    """A surrogate for a written form (folded text). Persons are made part by part in `sanitizers.persons`."""
    whole = _WHOLE.get(type_)
    if whole is not None and whole.search(form) is None:
        return _same_shape(type_, form, draw)
    return _KINDS.get(type_, _same_shape)(type_, form, draw)


def _like_case(form: str, made: str) -> str:
    letters = [c for c in form if c.isalpha()]
    if letters and all(c.isupper() for c in letters):
        return made.upper()
    return made


def _refill(form: str, digits: str) -> str:
    """`form` with its digits replaced by `digits`, one for one."""
    fresh = iter(digits)
    return "".join(next(fresh) if c.isdecimal() else c for c in form)


def _count(form: str) -> int:
    return sum(c.isdecimal() for c in form)


def _email(type_: str, form: str, draw: Draw) -> str:
    given = draw.choice(FRESH_FEMALE + FRESH_MALE)
    local = f"{given}.{draw.choice(FRESH_FAMILY)}{10 + draw.below(90)}"
    if form == form.lower():
        local = local.lower()
    made = _like_case(form, f"{local}@example.{draw.choice(('com', 'org', 'net'))}")
    return made if "@" in form else made.replace("@", "%40")


def _phone(type_: str, form: str, draw: Draw) -> str:
    count = _count(form)
    digits = [c for c in form if c.isdecimal()]
    if count < _DISTINCT:
        return placeholder(type_, draw)
    nanp = count == 11 and digits[0] == "1"
    if nanp or (count == 10 and not form.startswith("+")):
        # 555-0100 to 555-0199 are kept free for fiction in every area of the North American plan.
        area = f"{2 + draw.below(8)}{draw.choice('023456789')}{draw.below(10)}"
        made = f"{area}55501{draw.below(100):02d}"
        return _refill(form, ("1" + made) if count == 11 else made)
    # Elsewhere no range is reserved everywhere: keep what names the country or trunk, draw the rest.
    kept = 2 if form.startswith("+") else 1 if digits[0] == "0" else 0
    return _refill(form, "".join(digits[:kept]) + draw.text(_DIGITS, count - kept))


def _cn_mobile(type_: str, form: str, draw: Draw) -> str:
    # Mobile numbers start with 13 to 19; no subscriber has one that starts with 12.
    count = _count(form)
    prefix = re.sub(r"\D", "", form)[: count - 11]
    return _refill(form, prefix + "12" + draw.text(_DIGITS, 9))


def luhn_sum(digits: str) -> int:
    """The Luhn sum modulo 10 (ISO/IEC 7812-1 annex B); 0 for a valid number."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        number = int(digit)
        if index % 2:
            number = number * 2 - 9 if number > 4 else number * 2
        total += number
    return total % 10


def _card(type_: str, form: str, draw: Draw) -> str:
    count = _count(form)
    first = next(c for c in form if c.isdecimal())
    body = first + draw.text(_DIGITS, count - 2)
    right = (10 - luhn_sum(body + "0")) % 10
    return _refill(form, body + str((right + 1 + draw.below(9)) % 10))  # any digit but the one that passes Luhn


def _iban(type_: str, form: str, draw: Draw) -> str:
    # Check digits 00 are never issued (ISO 7064 gives 02 to 98), so the account cannot exist.
    shape = _classes(form[4:], draw)
    return form[:2] + "00" + shape


def _classes(form: str, draw: Draw) -> str:
    """Every letter and digit replaced by one of its class; all else kept."""
    out = []
    for c in form:
        if c.isdecimal():
            out.append(draw.choice(_DIGITS))
        elif c.isalpha():
            out.append(draw.choice(_UPPER if c.isupper() else _LOWER))
        else:
            out.append(c)
    return "".join(out)


def _ip(type_: str, form: str, draw: Draw) -> str:
    address, slash, width = form.partition("/")
    if ":" in address:
        groups = ":".join(draw.text(_HEX, 4) for _ in range(4))
        return f"2001:db8::{groups}" + slash + width
    net = draw.choice(("192.0.2", "198.51.100", "203.0.113", f"198.{18 + draw.below(2)}.{draw.below(256)}"))
    return f"{net}.{1 + draw.below(254)}" + slash + width


def _mac(type_: str, form: str, draw: Draw) -> str:
    # Second-lowest bit of the first octet set: locally administered, no vendor's.
    fresh = iter("02" + draw.text(_HEX, 10))
    made = "".join(next(fresh) if c.isalnum() else c for c in form)
    return _like_case(form, made)


def _ssn(type_: str, form: str, draw: Draw) -> str:
    # Area 000 is never issued.
    return _refill(form, f"000{1 + draw.below(99):02d}{1 + draw.below(9999):04d}"[: _count(form)])


def _resident_id(type_: str, form: str, draw: Draw) -> str:
    area = (
        draw.choice(("11", "31", "32", "33", "37", "42", "44", "51", "61"))
        + f"{1 + draw.below(12):02d}{1 + draw.below(28):02d}"
    )
    born = f"{1950 + draw.below(55)}{1 + draw.below(12):02d}{1 + draw.below(28):02d}"
    first17 = area + born + f"{draw.below(1000):03d}"
    right = resident_id_check(first17)
    wrong = draw.choice([c for c in _DIGITS if c != right])
    fresh = iter(first17 + wrong)
    return re.sub(r"[0-9Xx]", lambda _: next(fresh), form)


def _crypto(type_: str, form: str, draw: Draw) -> str:
    head = 3 if form[:3].lower() == "bc1" else 1
    alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l" if head == 3 else _BASE58
    return form[:head] + draw.text(alphabet, len(form) - head)


def _url(type_: str, form: str, draw: Draw) -> str:
    scheme = re.match(r"(?i)(?:[a-z][a-z0-9+.-]*://)?", form)
    head = scheme.group() if scheme else ""
    word = draw.choice(FRESH_FAMILY).lower()
    tail = f"/{draw.text(_LOWER + _DIGITS, 8)}" if "/" in form[len(head) :] else ""
    return f"{head}{word}{10 + draw.below(90)}.example.{draw.choice(('com', 'org', 'net'))}{tail}"


_SECRET_HEAD = re.compile(
    r"sk-(?:ant-|proj-|svcacct-|or-v1-|live-)?|[spr]k_(?:live|test)_|gh[pousr]_|github_pat_|A(?:KIA|SIA|GPA|IDA|ROA)"
    r"|xox[abeoprs]-|xapp-|AIza|ya29\.|GOCSPX-|glpat-|npm_|pypi-|hf_|SG\.|dop_v1_|shpat_|eyJ"
)


def _secret(type_: str, form: str, draw: Draw) -> str:
    head = _SECRET_HEAD.match(form)
    prefix = head.group() if head else ""
    alphabet = _UPPER + _DIGITS if form[len(prefix) :].isupper() else _UPPER + _LOWER + _DIGITS
    length = min(max(len(form) - len(prefix), 20), 48)
    return prefix + "EXAMPLE" + draw.text(alphabet, length - 7)


def _private_key(type_: str, form: str, draw: Draw) -> str:
    label = form[11 : form.find("-----", 11)]
    body = draw.text(_UPPER + _LOWER + _DIGITS + "+/", 40)
    return f"-----BEGIN {label}-----\nEXAMPLE+{body}\n-----END {label}-----"


def _same_shape(type_: str, form: str, draw: Draw) -> str:
    if not any(c.isdecimal() for c in form) or sum(c.isalnum() and c.isascii() for c in form) < _DISTINCT:
        return placeholder(type_, draw)
    return _classes(form, draw)


_KINDS: dict[str, Callable[[str, str, Draw], str]] = {
    "EMAIL_ADDRESS": _email,
    "PHONE_NUMBER": _phone,
    "CN_MOBILE": _cn_mobile,
    "CREDIT_CARD": _card,
    "IBAN_CODE": _iban,
    "IP_ADDRESS": _ip,
    "MAC_ADDRESS": _mac,
    "US_SSN": _ssn,
    "US_ITIN": _ssn,
    "CN_RESIDENT_ID": _resident_id,
    "CRYPTO": _crypto,
    "URL": _url,
    "SECRET": _secret,
    "PRIVATE_KEY": _private_key,
}
