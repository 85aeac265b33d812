"""Check digits and checksums that more than one recogniser asks for. Each takes a value's characters, bare."""

from __future__ import annotations

import zlib

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def luhn(digits: str) -> bool:
    """Luhn's formula (ISO/IEC 7812-1, annex B): cards, Canadian SIN, IMEI."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        digit = int(char)
        if index % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


def iban(value: str) -> bool:
    """ISO 7064 MOD 97-10 over an IBAN in upper case (ISO 13616-1)."""
    moved = value[4:] + value[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def weighted(digits: str, weights: tuple[int, ...], modulus: int) -> int:
    """The weighted sum of the digits, modulo."""
    return sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False)) % modulus


def isbn(value: str) -> bool:
    """The check digit of an ISBN-10 or ISBN-13, without hyphens (ISO 2108)."""
    if len(value) == 10:
        digits = [10 if c in "Xx" else int(c) for c in value]
        return sum((10 - i) * d for i, d in enumerate(digits)) % 11 == 0
    return weighted(value, (1, 3) * 6 + (1,), 10) == 0


def crc32_base62(token: str, checked: int) -> bool:
    """Whether the last six characters are the CRC-32 of the `checked` ones before them, in base 62 (GitHub, npm)."""
    body, check = token[-6 - checked : -6], token[-6:]
    number, made = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        made = _BASE62[digit] + made
    return made.rjust(6, "0") == check
