# ruff: noqa: SIM905  word lists read better as text
"""Presidio's pattern recognisers without an NLP engine, run only where they can match.

Every pattern has an alphabet, the characters its matches consist of, and an anchor, a cheap expression that every
match contains. The recogniser is given the maximal runs of its alphabet around the anchors, with one character of
context on both sides for word boundaries, and so finds exactly what it would have found in the whole text.
The one deviation: runs longer than `LONGEST_RUN` characters are cut, because some of the patterns are quadratic there.
"""

from __future__ import annotations

import logging
import re
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import regex  # type: ignore[import-untyped]
import tldextract

from guard.errors import CheckUnavailable
from sanitizers.detect.library import load
from sanitizers.detect.recogniser import Budget
from sanitizers.detect.span import Span

LONGEST_RUN = 2048
_BATCH = 64  # runs; Presidio compares all results of a call with each other

# The bundled snapshot of the public suffix list only: no cache on disk, no request, ever.
_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, fallback_to_snapshot=True)

# Types whose Presidio recogniser gives score 1.0 only to a right check digit.
CHECKSUMMED = frozenset(
    "CREDIT_CARD CRYPTO IBAN_CODE UK_NHS ES_NIF ES_NIE IT_FISCAL_CODE FI_PERSONAL_IDENTITY_CODE KR_RRN".split()
)


class OfflineEmailRecognizer(load("EmailRecognizer")):  # type: ignore[misc]
    """Presidio's e-mail recogniser on the bundled suffix snapshot; its own would download the list."""

    def validate_result(self, pattern_text: str) -> bool:
        return bool(_SUFFIXES(pattern_text).fqdn)


class _Watch(logging.Filter):
    """Keeps matched text out of logs, and notices the time-outs that Presidio would pass over in silence."""

    def __init__(self) -> None:
        super().__init__()
        self._local = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        if "timed out" in str(record.msg):
            self._local.timed_out = True
        return False

    def check(self) -> None:
        if getattr(self._local, "timed_out", False):
            self._local.timed_out = False
            raise CheckUnavailable("sanitize", "budget")


_WATCH = _Watch()
logging.getLogger("presidio-analyzer").addFilter(_WATCH)


@dataclass(frozen=True, slots=True)
class Gate:
    """Where a recogniser can match: `anchor` occurs in every match, `alphabet` (a class body) spells every match.

    `run`: the fewest letters and digits in a row that a match contains. `numbered`: the anchor matches only inside a
    number, so that it is looked for there and nowhere else. `has`: one of these is in every text with a match.
    """

    recogniser: Any
    anchor: Any
    alphabet: str
    run: int = 0
    numbered: bool = False
    has: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        return str(self.recogniser.supported_entities[0])


def _gate(recogniser: Any, anchor: str, alphabet: str, flags: int = 0, run: int = 0, has: tuple[str, ...] = ()) -> Gate:
    return Gate(recogniser, regex.compile(anchor, flags), alphabet, run, has=has)


def _number(recogniser: Any, anchor: str, alphabet: str, flags: int = 0) -> Gate:
    return Gate(recogniser, regex.compile(anchor, flags), alphabet, numbered=True)


_I = regex.IGNORECASE
_ALNUM = "0-9A-Za-z\u017f\u212a"  # with the two characters that fold to s and k under IGNORECASE


def gates() -> tuple[Gate, ...]:
    """Fresh recogniser objects behind their gates. Recognisers of country packs are constructed for language `en`."""
    return (
        _gate(OfflineEmailRecognizer(), "@", r"!#$%&'*+\-/=?^_`{|}~\w.@", has=("@",)),
        _number(load("CreditCardRecognizer")(), r"\b[13-6]\d{3}[- ]?\d{3,4}[- ]?\d{3,4}[- ]?\d{3}", r"\d -"),
        _gate(load("IbanRecognizer")(), r"[A-Z]{2}[0-9]{2}[ -]?[A-Z0-9]{4}", "A-Z0-9 -"),
        _gate(load("CryptoRecognizer")(), r"(?:bc1|[13])[a-zA-HJ-NP-Z0-9]{25}", _ALNUM, _I, run=26),
        _gate(
            load("IpRecognizer")(),
            r"\d(?:\.\d{1,3}){2}\.\d|::|:(?:[0-9A-Fa-f]{1,4}:){5}",
            _ALNUM + r":.%/\w",
            has=("::", ".", ":"),
        ),
        _gate(
            load("MacAddressRecognizer")(),
            r"[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]|\.[0-9A-Fa-f]{4}\.",
            _ALNUM + ":.-",
        ),
        _number(
            load("UsSsnRecognizer")(), r"\b(?:\d{3}[- .]\d{2}[- .]\d{4}|\d{9}|\d{5}-\d{4}|\d{3}-\d{6})\b", r"\d .-"
        ),
        _number(load("UsItinRecognizer")(), r"\b9\d\d[- ]?\d\d[- ]?\d{4}\b", r"\d -"),
        _number(load("NhsRecognizer")(), r"\b\d{3}[- ]?\d{3}[- ]?\d{4}\b", r"\d -"),
        _number(load("UkNinoRecognizer")(), r"\d\d ?\d\d ?\d\d ?[a-d]", _ALNUM + " ", _I),
        _number(load("EsNifRecognizer")(supported_language="en"), r"\d{7}-?[A-Z]", _ALNUM + "-", _I),
        _number(load("EsNieRecognizer")(supported_language="en"), r"\d{7}-?[A-Z]", _ALNUM + "-", _I),
        _gate(
            load("ItFiscalCodeRecognizer")(supported_language="en"),
            r"[0-9LMNP-V]{2}[A-EHLMPR-T][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]",
            _ALNUM,
            _I,
            run=16,
        ),
        _number(
            load("FiPersonalIdentityCodeRecognizer")(supported_language="en"),
            r"\d{6}[-+ABCDEFYXWVU]\d{3}",
            r"\d" + _ALNUM + "+-",
            _I,
        ),
        _number(load("SgFinRecognizer")(), r"\d{7}[A-Z]", _ALNUM, _I),
        _number(load("KrRrnRecognizer")(supported_language="en"), r"\d{6}-?[1-4]\d{6}", r"\d-"),
        _gate(load("UrlRecognizer")(), r"\.[a-z]{2}", r"\S", _I),
    )


# At least four digits with no more than one other character between any two. The anchors of numbers ask for more of
# them, and for at most `_BEHIND` characters behind their last digit.
_NUMBERS = regex.compile(r"\d(?:\D?\d){3,}")
_BEHIND = 3
_WORDS = re.compile(r"\b\w{16,}")


class PresidioPatterns:
    """The gated recognisers of the wanted types; `types` None takes all."""

    def __init__(self, types: frozenset[str] | None = None, gated: Sequence[Gate] | None = None) -> None:
        chosen = gates() if gated is None else gated
        self._gates = tuple(gate for gate in chosen if types is None or gate.type in types)
        self._forward = {g.alphabet: regex.compile(f"[{g.alphabet}]*") for g in self._gates}
        self._backward = {g.alphabet: regex.compile(f"(?r)[{g.alphabet}]*") for g in self._gates}

    @property
    def types(self) -> frozenset[str]:
        return frozenset(gate.type for gate in self._gates)

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        whole = [(0, len(text))]
        numbers = [(match.start(), match.end() + _BEHIND) for match in _NUMBERS.finditer(text)]
        words = [match.span() for match in _WORDS.finditer(text)]
        for gate in self._gates:
            if gate.has and not any(part in text for part in gate.has):
                continue
            if gate.run:
                where = [(start, end) for start, end in words if end - start >= gate.run]
            else:
                where = numbers if gate.numbered else whole
            if where:
                yield from self._find(gate, text, where, budget)

    def _find(self, gate: Gate, text: str, where: Iterable[tuple[int, int]], budget: Budget) -> Iterator[Span]:
        """The runs are given to the recogniser some at a time, line by line: no pattern matches across lines."""
        runs = self._runs(gate, text, where)
        while batch := list(islice(runs, _BATCH)):
            budget.spend()
            starts, lines, at = [], [], 0
            for start, end in batch:
                line = text[max(start - 1, 0) : end + 1]
                starts.append(at)
                lines.append(line)
                at += len(line) + 1
            for result in gate.recogniser.analyze("\n".join(lines), [gate.type]):
                index = bisect_right(starts, result.start) - 1
                shift = max(batch[index][0] - 1, 0) - starts[index]
                certain = result.score >= 1.0 and gate.type in CHECKSUMMED
                why = result.analysis_explanation.textual_explanation
                yield Span(result.start + shift, result.end + shift, gate.type, result.score, certain, why)
            _WATCH.check()

    def _runs(self, gate: Gate, text: str, where: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """The runs around the anchors in some stretches of the text, disjoint and in order."""
        forward, backward = self._forward[gate.alphabet], self._backward[gate.alphabet]
        done = 0
        for first, last in where:
            while (hit := gate.anchor.search(text, max(done, first), last)) is not None:
                start = backward.match(text, max(done, hit.start() - LONGEST_RUN), hit.start()).start()
                end = forward.match(text, hit.end(), min(len(text), hit.end() + LONGEST_RUN)).end()
                if end - start > LONGEST_RUN:
                    start = max(start, hit.start() - LONGEST_RUN // 4)
                    end = min(end, hit.end() + LONGEST_RUN // 4)
                yield start, end
                done = max(end, hit.end())
