"""Values written one after the other without a separator, where check digits leave no doubt where each ends.

`姓名张三11010519491231002X13812345678` holds a resident ID and a mobile number; patterns that ask for a boundary see
neither. A run of digits (and IBANs) counts only when it is made up of known values from end to end, one of them with a
check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

from sanitizers.detect.checks import iban, luhn
from sanitizers.detect.china import is_resident_id, is_union_pay
from sanitizers.detect.identifiers import IBAN_LENGTHS
from sanitizers.detect.recogniser import Budget
from sanitizers.detect.span import Span

_RUN = re.compile(r"(?<![0-9A-Za-z])[0-9](?:[0-9]|(?<=[0-9]{17})[Xx](?![A-WYZa-wyz])){26,120}(?![0-9A-Za-z])")

_LONG = re.compile(r"[0-9A-Zx]{26}")  # both have this
_MIXED = re.compile(r"(?<![0-9A-Za-z])(?=[0-9A-Z]*[A-Z]{2}[0-9]{2})[0-9A-Z]{26,160}(?![0-9A-Za-z])")


def _is_card(value: str) -> bool:
    return (value[0] in "45" or value[:2] == "62") and len(set(value)) > 1 and luhn(value)


def _is_mobile(value: str) -> bool:
    return value[0] == "1" and value[1] in "3456789"


# Length, test, type, whether the test is a check digit's.
_KINDS: tuple[tuple[int, Callable[[str], bool], str, bool], ...] = (
    (18, is_resident_id, "CN_RESIDENT_ID", True),
    (19, lambda v: v[:2] == "62" and is_union_pay(v), "CN_BANK_CARD", True),
    (16, _is_card, "CREDIT_CARD", True),
    (11, _is_mobile, "CN_MOBILE", False),
)


class Glued:
    """Finds the values of such runs."""

    @property
    def types(self) -> frozenset[str]:
        return frozenset((*(type_ for _, _, type_, _ in _KINDS), "IBAN_CODE"))

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        if _LONG.search(text) is None:
            return
        for run in chain(_RUN.finditer(text), _MIXED.finditer(text)):
            budget.spend()
            parts = _split(run.group())
            if parts is None or not any(checked for _, _, checked in parts):
                continue
            at = run.start()
            for length, type_, checked in parts:
                yield Span(at, at + length, type_, 1.0, checked, "one of several values that fill a run")
                at += length


def _split(run: str) -> list[tuple[int, str, bool]] | None:
    """Lengths, types and checks of values that make up the whole run; None when none do."""
    ways: list[list[tuple[int, str, bool]] | None] = [None] * (len(run) + 1)
    ways[len(run)] = []
    for at in range(len(run) - 11, -1, -1):
        length = IBAN_LENGTHS.get(run[at : at + 2], 0)
        if (
            length
            and at + length <= len(run)
            and (rest := ways[at + length]) is not None
            and iban(run[at : at + length])
        ):
            ways[at] = [(length, "IBAN_CODE", True), *rest]
            continue
        for length, accept, type_, checked in _KINDS:
            rest = ways[at + length] if at + length <= len(run) else None
            value = run[at : at + length]
            if rest is not None and (checked or value.isdecimal()) and _fits(value, accept):
                ways[at] = [(length, type_, checked), *rest]
                break
    return ways[0]


def _fits(value: str, accept: Callable[[str], bool]) -> bool:
    return (value.isdecimal() or (len(value) == 18 and value[:17].isdecimal())) and accept(value)
