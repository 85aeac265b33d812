# ruff: noqa: E501, SIM905  patterns and word lists read better whole
"""Identifiers with check digits, or beside their words, that Presidio has not or sees only in one way of writing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sanitizers.detect.checks import iban, isbn, luhn, weighted
from sanitizers.detect.recogniser import Budget, Rule, Rules, near, words
from sanitizers.detect.span import Span


def _digits(value: str) -> str:
    return re.sub(r"\D", "", value)


# Lengths of IBANs by country (SWIFT registry).
IBAN_LENGTHS = {
    row[:2]: int(row[2:])
    for row in """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28
    EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27
    JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18
    NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28
    TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
    """.split()
}
_IBAN_START = re.compile(r"(?:(?<![0-9A-Za-z])|(?<=[Ii][Bb][Aa][Nn]))[A-Za-z]{2}[ -]?[0-9]{2}(?=[ .-]?[0-9A-Za-z]{2})")
_TWO = re.compile(r"[0-9]{2}")
_IBAN_MORE = re.compile(r"[ .-]?[0-9A-Za-z]")


class Ibans:
    """Finds IBANs in any case, with spaces, dots or hyphens between any groups; the country fixes where one ends."""

    @property
    def types(self) -> frozenset[str]:
        return frozenset(("IBAN_CODE",))

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        for count, digits in enumerate(_TWO.finditer(text), 1):
            if count % 1024 == 0:
                budget.spend()
            at = digits.start()
            start = _IBAN_START.match(text, max(0, at - 2)) or _IBAN_START.match(text, max(0, at - 3))
            if start is None or start.end() != digits.end():
                continue
            length = IBAN_LENGTHS.get(start.group()[:2].upper(), 0)
            bare = [c for c in start.group() if c.isalnum()]
            at = start.end()
            while len(bare) < length and (more := _IBAN_MORE.match(text, at)) is not None:
                bare.append(more.group()[-1])
                at = more.end()
            ends = not text[at : at + 1].isdecimal()  # letters may follow: what comes next was written without a space
            if length and len(bare) == length and ends and iban("".join(bare).upper()):
                yield Span(start.start(), at, "IBAN_CODE", 1.0, certain=True, by="length and check digits of an IBAN")


def _is_ssn(value: str) -> bool:
    digits = _digits(value)
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"


def _is_nir(value: str) -> bool:
    number = re.sub(r"[ .-]", "", value).upper().replace("2A", "19").replace("2B", "18")
    return number.isdecimal() and len(number) == 15 and 97 - int(number[:13]) % 97 == int(number[13:])


def _is_bsn(value: str) -> bool:
    digits = _digits(value).zfill(9)
    return digits != "0" * 9 and weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1), 11) == 0


def _is_cpf(value: str) -> bool:
    digits = _digits(value)
    first = weighted(digits, tuple(range(10, 1, -1)), 11)
    second = weighted(digits, tuple(range(11, 1, -1)), 11)
    return len(set(digits)) > 1 and digits[9:] == f"{(11 - first) % 11 % 10}{(11 - second) % 11 % 10}"


def _is_hong_kong_id(value: str) -> bool:
    bare = re.sub(r"[^0-9A-Z]", "", value.upper()).rjust(9)
    head = [36 if c == " " else int(c, 36) for c in bare[:8]]
    check = 10 if bare[8] == "A" else int(bare[8])
    return (sum(w * n for w, n in zip(range(9, 1, -1), head, strict=True)) + check) % 11 == 0


_TW_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def _is_taiwan_id(value: str) -> bool:
    code = 10 + _TW_LETTERS.index(value[0].upper())
    return weighted(f"{code}{value[1:]}", (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), 10) == 0


def _is_imei(value: str) -> bool:
    digits = _digits(value)
    return len(digits) == 15 and luhn(digits)


IDENTIFIERS = Rules(
    (
        Rule(
            "US_SSN",
            re.compile(r"(?<![0-9A-Za-z.-])[0-8][0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{4}(?![0-9A-Za-z]|[.-][0-9])"),
            0.85,
            hints=("ssn", "social security", "社会安全", "社安"),
            accept=_is_ssn,
            context=words("ssn", "social security", "社会安全号", "社安号"),
            why="nine digits",
        ),
        Rule(
            "CN_DRIVER_LICENSE",
            re.compile(
                r"(?:驾照|驾驶证)(?:号码?|编号)?(?:[:：是为]|\s){1,2}(?P<value>[0-9A-Za-z]{8,18})(?![0-9A-Za-z])"
            ),
            0.8,
            hints=("驾照", "驾驶证"),
            accept=lambda v: sum(map(str.isdecimal, v)) > 5,
            why="a number behind a word for a driving licence",
        ),
        Rule(
            "PASSPORT",
            re.compile(
                r"(?i:passport)(?: ?(?i:no|number|num|#))?\.?(?:[:#]| is)? ?(?P<value>[A-Z]{0,2}[0-9]{6,9}[A-Z]?)(?![0-9A-Za-z])"
            ),
            0.65,
            hints=("passport",),
            why="a number behind the word passport",
        ),
        Rule(
            "CRYPTO",
            re.compile(r"(?<![0-9A-Za-z])0x[0-9A-Fa-f]{40}(?![0-9A-Za-z])"),
            0.75,
            gate=("0x",),
            why="the form of an Ethereum address",
        ),
        Rule(
            "CA_SIN",
            re.compile(r"(?<![0-9A-Za-z.-])[1-79][0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{3}(?![0-9A-Za-z]|[.-][0-9])"),
            0.9,
            hints=("sin", "social insurance", "assurance sociale"),
            accept=lambda v: luhn(_digits(v)),
            context=words("sin", "social insurance", "assurance sociale"),
            why="the check digit of a Canadian social insurance number",
        ),
        Rule(
            "FR_NIR",
            re.compile(
                r"(?<![0-9A-Za-z])[12][ ]?[0-9]{2}[ ]?(?:0[1-9]|1[0-2]|[2-9][0-9])[ ]?(?:[0-9]{2}|2[ABab])[ ]?[0-9]{3}[ ]?[0-9]{3}[ ]?[0-9]{2}(?![0-9A-Za-z])"
            ),
            0.95,
            needs=re.compile(r"[0-9]{3} ?[0-9]{3} ?[0-9]{2}"),
            reach=40,
            accept=_is_nir,
            why="the key of a French social security number",
        ),
        Rule(
            "NL_BSN",
            re.compile(r"(?<![0-9A-Za-z])[0-9]{3}[. ]?[0-9]{3}[. ]?[0-9]{3}(?![0-9A-Za-z])"),
            0.9,
            hints=("bsn", "burgerservicenummer", "sofinummer"),
            accept=_is_bsn,
            context=words("bsn", "burgerservicenummer", "sofinummer"),
            why="the check digit of a Dutch citizen number",
        ),
        Rule(
            "BR_CPF",
            re.compile(r"(?<![0-9A-Za-z.])[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?![0-9A-Za-z])"),
            1.0,
            certain=True,
            accept=_is_cpf,
            why="both check digits of a Brazilian CPF",
        ),
        Rule(
            "HK_ID",
            re.compile(r"(?<![0-9A-Za-z])[A-Z]{1,2}[0-9]{6} ?[(（][0-9Aa][)）]"),
            0.95,
            needs=re.compile(r"[0-9]{6} ?[(（]"),
            reach=16,
            accept=_is_hong_kong_id,
            why="the check digit of a Hong Kong identity card",
        ),
        Rule(
            "TW_ID",
            re.compile(r"(?<![0-9A-Za-z])[A-Z][1289][0-9]{8}(?![0-9A-Za-z])"),
            0.75,
            needs=re.compile(r"[0-9]{9}"),
            reach=16,
            accept=_is_taiwan_id,
            why="the check digit of a Taiwan identity number",
        ),
        Rule(
            "IMEI",
            re.compile(r"(?<![0-9A-Za-z])[0-9]{2}[- ]?[0-9]{6}[- ]?[0-9]{6}[- ]?[0-9](?![0-9A-Za-z])"),
            0.9,
            hints=("imei", "串号"),
            accept=_is_imei,
            context=words("imei", "串号"),
            why="the check digit of a device number",
        ),
    )
)

_ISBN = re.compile(r"(?<![0-9A-Za-z])[0-9](?:[ -]?[0-9]){8}(?:[ -]?[0-9]){0,3}[ -]?[0-9Xx](?![0-9A-Za-z])")
_BOOK_WORDS = words("isbn", "isbn-10", "isbn-13")


def books(text: str) -> Iterator[tuple[int, int]]:
    """Where ISBNs stand, which a phone library takes for numbers: with a right check digit and beside that word."""
    if "isbn" in text.lower():
        for match in _ISBN.finditer(text):
            value = re.sub(r"[ -]", "", match.group())
            if len(value) in (10, 13) and (len(value) == 10 or value.isdecimal()) and isbn(value):
                start, end = match.span()
                if near(_BOOK_WORDS, text, start, end):
                    yield start, end
