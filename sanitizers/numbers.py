"""Surrogates of numbers that name somebody: of the same format, and nobody's by a reserved range or a wrong check.

Each function takes the written form (folded text) and a draw, and says why its result is nobody's.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable

from sanitizers.detect.china import resident_id_check
from sanitizers.draw import Draw
from sanitizers.places_list import ZH_PLATES

DIGITS, UPPER, LOWER = string.digits, string.ascii_uppercase, string.ascii_lowercase
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def refill(form: str, digits: str) -> str:
    """`form` with its digits replaced by `digits`, one for one; what is too much is dropped, what is missing stays."""
    fresh = iter(digits)
    return "".join(next(fresh, c) if c.isdecimal() else c for c in form)


def digits_of(form: str) -> str:
    return "".join(c for c in form if c.isdecimal())


def classes(form: str, draw: Draw) -> str:
    """Every letter and digit replaced by one of its class; all else kept."""
    out = []
    for c in form:
        if c.isdecimal():
            out.append(draw.choice(DIGITS))
        elif c.isalpha() and c.isascii():
            out.append(draw.choice(UPPER if c.isupper() else LOWER))
        else:
            out.append(c)
    return "".join(out)


# Country code (or the trunk 0 with what tells the country by it) -> national prefixes kept free for drama, and the
# digits that follow. Sources: NANPA 555-01xx; Ofcom; ARCEP; Bundesnetzagentur; ACMA.
_DRAMA: dict[str, dict[str, tuple[str, int]]] = {
    "44": {"7": ("7700900", 3), "20": ("2079460", 3), "8": ("8081570", 3), "": ("1632960", 3)},
    "33": {"6": ("63998", 4), "7": ("63998", 4), "2": ("26191", 4), "3": ("35301", 4), "4": ("46571", 4),
           "5": ("53649", 4), "": ("19900", 4)},
    "49": {"69": ("6990009", 3), "40": ("4066969", 3), "221": ("2214710", 3), "89": ("8999998", 3),
           "": ("3023125", 3)},
    "61": {"2": ("25550", 4), "3": ("35550", 4), "7": ("75550", 4), "8": ("85550", 4), "": ("25550", 4)},
}  # fmt: skip


def phone(form: str, draw: Draw) -> str:
    """A number that regulators keep free for fiction, where there is one; else only the country or trunk is kept."""
    digits = digits_of(form)
    international = form.lstrip("( ").startswith("+") or digits.startswith("00")
    bare = digits.removeprefix("00") if international else digits
    if (len(bare) == 11 and bare[0] == "1") or (len(bare) == 10 and bare[0] in "23456789" and not international):
        area = f"{2 + draw.below(8)}{draw.choice('023456789')}{draw.below(10)}"
        made = f"{area}55501{draw.below(100):02d}"
        return refill(form, digits[: len(digits) - 10] + made)
    if international:
        country, national, trunk = bare[:2], bare[2:], ""
    else:
        country, national, trunk = _trunk_country(form, digits), bare.removeprefix("0"), "0"
    ranges = _DRAMA.get(country)
    if ranges is not None:
        if international and "(0)" in form:
            national, trunk = national.removeprefix("0"), "0"
        prefix, free = next(v for k, v in ranges.items() if national.startswith(k))
        if len(national) >= len(prefix) + free:
            fresh = prefix + draw.text(DIGITS, len(national) - len(prefix))
            return refill(form, digits[: len(digits) - len(national) - len(trunk)] + trunk + fresh)
    kept = 2 if international else 1 if digits[0] == "0" else 0
    return refill(form, digits[:kept] + draw.text(DIGITS, len(digits) - kept))


def _trunk_country(form: str, digits: str) -> str:
    if len(digits) == 11 and digits[0] == "0":
        return "44"
    if len(digits) == 10 and re.fullmatch(r"0\d([ .-]?\d\d){4}", form):
        return "33"
    return ""


def landline_china(form: str, draw: Draw) -> str:
    """Area code kept; no local number starts with 0, which asks for the trunk."""
    digits = digits_of(form)
    local = 8 if len(digits) > 10 and digits[0] == "0" else 7
    if len(digits) <= 8:
        local = len(digits)
    return refill(form, digits[: len(digits) - local] + "0" + draw.text(DIGITS, local - 1))


def mobile_china(form: str, draw: Draw) -> str:
    """Mobile numbers start with 13 to 19; no subscriber has one that starts with 12."""
    digits = digits_of(form)
    return refill(form, digits[: len(digits) - 11] + "12" + draw.text(DIGITS, 9))


def luhn_sum(digits: str) -> int:
    """The Luhn sum modulo 10 (ISO/IEC 7812-1 annex B); 0 for a valid number."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        number = int(digit)
        if index % 2:
            number = number * 2 - 9 if number > 4 else number * 2
        total += number
    return total % 10


def card(form: str, draw: Draw) -> str:
    """The first digit (the scheme) kept; the last is any but the one that passes Luhn."""
    count = len(digits_of(form))
    body = digits_of(form)[0] + draw.text(DIGITS, count - 2)
    right = (10 - luhn_sum(body + "0")) % 10
    return refill(form, body + str((right + 1 + draw.below(9)) % 10))


def iban(form: str, draw: Draw) -> str:
    """Country kept; check digits 00 are never issued (ISO 7064 gives 02 to 98)."""
    return form[:2] + "00" + classes(form[4:], draw)


def mac(form: str, draw: Draw) -> str:
    """Second-lowest bit of the first octet set: locally administered, no vendor's."""
    fresh = iter("02" + draw.text("0123456789abcdef", 10))
    made = "".join(next(fresh) if c.isalnum() else c for c in form)
    return made.upper() if any(c.isupper() for c in form) else made


def ip(form: str, draw: Draw) -> str:
    """Documentation and benchmark networks: RFC 5737, RFC 2544, RFC 3849."""
    address, slash, width = form.partition("/")
    if ":" in address:
        groups = ":".join(draw.text("0123456789abcdef", 4) for _ in range(4))
        return f"2001:db8::{groups}" + slash + width
    net = draw.choice(("192.0.2", "198.51.100", "203.0.113", f"198.{18 + draw.below(2)}.{draw.below(256)}"))
    return f"{net}.{1 + draw.below(254)}" + slash + width


def ssn(form: str, draw: Draw) -> str:
    """Area 000 is never issued."""
    return refill(form, f"000{1 + draw.below(99):02d}{1 + draw.below(9999):04d}"[: len(digits_of(form))])


def resident_id(form: str, draw: Draw) -> str:
    """A wrong check character (GB 11643). The digit that tells the sex keeps its parity."""
    bare = re.sub(r"[^0-9Xx]", "", form)
    area = draw.choice(("11", "31", "32", "33", "37", "42", "44", "51", "61"))
    area += f"{1 + draw.below(12):02d}{1 + draw.below(28):02d}"
    born = f"{1950 + draw.below(55)}{1 + draw.below(12):02d}{1 + draw.below(28):02d}"
    sex = int(bare[16]) % 2 if len(bare) == 18 and bare[16].isdecimal() else draw.below(2)
    first17 = area + born + f"{draw.below(100):02d}{2 * draw.below(5) + sex}"
    right = resident_id_check(first17)
    fresh = iter(first17 + draw.choice([c for c in DIGITS if c != right]))
    return re.sub(r"[0-9Xx]", lambda _: next(fresh, "0"), form)


def credit_code(form: str, draw: Draw) -> str:
    """Unified social credit code: registering body and kind kept, a wrong check character (GB 32100)."""
    bare = re.sub(r"[^0-9A-Za-z]", "", form).upper()
    first17 = bare[:2] + draw.text(DIGITS, 6) + draw.text(_USCC, 9)
    total = sum(w * max(0, _USCC.find(c)) for w, c in zip(_USCC_WEIGHTS, first17, strict=False))
    right = _USCC[(31 - total % 31) % 31]
    fresh = iter(first17 + draw.choice([c for c in _USCC if c != right]))
    return re.sub(r"[0-9A-Za-z]", lambda _: next(fresh, "0"), form)


def plate(form: str, draw: Draw) -> str:
    """Another province; the letters I and O never stand in a serial, so it starts with one of them."""
    head = form[0] if form[:1].isascii() else draw.choice([c for c in ZH_PLATES if c != form[0]])
    body = classes(form[1:], draw)
    at = next((i for i, c in enumerate(body) if i and c.isalnum()), None)
    return head + (body if at is None else body[:at] + draw.choice("IO") + body[at + 1 :])


def passport(form: str, draw: Draw) -> str:
    """Leading letters kept, the serial starts with 00. There is no check digit: it may be somebody's."""
    head = re.match(r"[A-Za-z]*", form)
    start = head.end() if head else 0
    return form[:start] + refill(form[start:], "00" + draw.text(DIGITS, max(0, len(digits_of(form)) - 2)))


def qq(form: str, draw: Draw) -> str:
    """No QQ number starts with 0."""
    return refill(form, "0" + draw.text(DIGITS, max(0, len(digits_of(form)) - 1)))


def wechat(form: str, draw: Draw) -> str:
    """`wxid_` kept; else a made-up name of the same length."""
    prefix = "wxid_" if form.lower().startswith("wxid_") else ""
    rest = max(len(form) - len(prefix), 6)
    return form[: len(prefix)] + draw.text(LOWER, 1) + draw.text(LOWER + DIGITS, rest - 1)


def age(form: str, draw: Draw) -> str:
    """Up to four years off, never the same."""
    years = int(digits_of(form) or 0)
    step = 1 + draw.below(4)
    made = str(years + step if years < 6 or draw.below(2) else years - step)
    return re.sub(r"[0-9]+", made, form, count=1)


NUMBERS: dict[str, Callable[[str, Draw], str]] = {
    "PHONE_NUMBER": phone,
    "CN_MOBILE": mobile_china,
    "CN_LANDLINE": landline_china,
    "CREDIT_CARD": card,
    "CN_BANK_CARD": card,
    "IBAN_CODE": iban,
    "IP_ADDRESS": ip,
    "MAC_ADDRESS": mac,
    "US_SSN": ssn,
    "US_ITIN": ssn,
    "CN_RESIDENT_ID": resident_id,
    "CN_CREDIT_CODE": credit_code,
    "CN_PLATE": plate,
    "CN_PASSPORT": passport,
    "CN_TRAVEL_PERMIT": passport,
    "CN_QQ": qq,
    "CN_WECHAT": wechat,
    "AGE": age,
}
