"""Numbers with check digits, right and wrong by one digit, in sentences of either language."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.sanitize.scores import family
from sanitizers import Sanitizer

_CARRIERS = (
    "My number is {}, please check it.",
    "ref: {}",
    "Please use {} for the transfer and confirm by tomorrow.",
    "号码是{}，请核对。",
    "请把款项转到 {} 这个账号。",
)
_IDS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_REGIONS = ("110105", "310104", "440305", "510107", "330106", "420106")
_IBANS = {"DE": 18, "AT": 16, "BE": 12, "ES": 20, "PL": 24}
_NIF = "TRWAGMYFPDXBNJZSQVHLCKE"


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _card(rng: random.Random) -> str:
    body = rng.choice(("4", "51", "37", "6222", "6011"))
    body += _digits(rng, (14 if body == "37" else 15) - len(body))
    total = 0
    for i, char in enumerate(reversed(body)):
        digit = int(char) * (2 if i % 2 == 0 else 1)
        total += digit - 9 * (digit > 9)
    return body + str(-total % 10)


def _iban(rng: random.Random) -> str:
    land = rng.choice(sorted(_IBANS))
    body = _digits(rng, _IBANS[land])
    value = int(body + "".join(str(ord(c) - 55) for c in land) + "00")
    return f"{land}{98 - value % 97:02d}{body}"


def _resident(rng: random.Random) -> str:
    day = f"{rng.randint(1950, 2005)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    body = rng.choice(_REGIONS) + day + _digits(rng, 3)
    return body + "10X98765432"[sum(int(c) * (2 ** (17 - i) % 11) for i, c in enumerate(body)) % 11]


def _credit_code(rng: random.Random) -> str:
    organisation = "".join(rng.choice(_IDS[:22]) for _ in range(8))  # GB 11714 has a check digit of its own
    check = 11 - sum(int(c, 36) * w for c, w in zip(organisation, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    body = f"91{rng.choice(_REGIONS)}{organisation}{'X' if check == 10 else check % 11}"
    return body + _IDS[-sum(_IDS.index(c) * pow(3, i, 31) for i, c in enumerate(body)) % 31]


def _nif(rng: random.Random) -> str:
    number = rng.randint(10_000_000, 99_999_999)
    return f"{number}{_NIF[number % 23]}"


MAKERS: Mapping[str, Callable[[random.Random], str]] = {
    "CREDIT_CARD": _card,
    "IBAN_CODE": _iban,
    "CN_RESIDENT_ID": _resident,
    "CN_CREDIT_CODE": _credit_code,
    "ES_NIF": _nif,
}


@dataclass(frozen=True, slots=True)
class Checksummed:
    """Of `valid` and as many broken numbers of one type, how many were found as that type."""

    valid: int
    found_valid: int
    found_invalid: int

    @property
    def precision(self) -> float:
        found = self.found_valid + self.found_invalid
        return self.found_valid / found if found else 0.0

    @property
    def recall(self) -> float:
        return self.found_valid / self.valid


def checksummed(sanitizer: Sanitizer, looked_for: frozenset[str], count: int) -> Iterator[tuple[str, Checksummed]]:
    """Each type the sanitizer looks for, measured on `count` valid and `count` broken numbers."""
    for type_, make in MAKERS.items():
        if type_ not in looked_for:
            continue
        rng = random.Random(type_)
        found = {True: 0, False: 0}
        for i in range(count):
            value = make(rng)
            for valid, written in ((True, value), (False, _broken(value, rng))):
                text = _CARRIERS[i % len(_CARRIERS)].format(written)
                start = text.index(written)
                found[valid] += any(
                    family(f.type) == family(type_) and f.start < start + len(written) and start < f.end
                    for f in sanitizer.hide(text).findings
                )
        yield type_, Checksummed(count, found[True], found[False])


def _broken(value: str, rng: random.Random) -> str:
    """With one digit off, which every check digit in use notices."""
    places = [i for i, c in enumerate(value) if c.isdecimal() and i > 3]
    i = rng.choice(places)
    return value[:i] + str((int(value[i]) + rng.randint(1, 9)) % 10) + value[i + 1 :]
