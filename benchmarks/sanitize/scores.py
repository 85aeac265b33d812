"""Scores: precision, recall and F1 per type, and what of the gold can still be read."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.sanitize.corpora import HANDLE, Corpus, Document, Gold
from guard.errors import CheckUnavailable
from sanitizers import Sanitizer
from sanitizers.hide import Replacement

# Types that name the same kind of thing: a find of one is right where the gold says another.
_FAMILIES: Mapping[str, str] = {
    "ADDRESS": "place",
    "LOCATION": "place",
    "PHONE_NUMBER": "phone",
    "CN_MOBILE": "phone",
    "CN_LANDLINE": "phone",
    "CREDIT_CARD": "card",
    "CN_BANK_CARD": "card",
    "DATE_TIME": "time",
    "DATE_OF_BIRTH": "time",
    "SECRET": "secret",
    "PASSWORD": "secret",
    "US_SSN": "ssn",
    "US_ITIN": "ssn",
}


def family(label: str) -> str:
    return _FAMILIES.get(label, label)


@dataclass(slots=True)
class Row:
    """Counts of one label. `exact` finds have the gold's borders, `partial` ones overlap it.

    `readable` of `characters` letters and digits of the gold are still there after hiding.
    """

    gold: int = 0
    recalled: int = 0
    recalled_exactly: int = 0
    found: int = 0
    right: int = 0
    right_exactly: int = 0
    characters: int = 0
    readable: int = 0

    def add(self, other: Row) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def leak(self) -> float | None:
        """Share of the gold's letters and digits that are still readable."""
        return self.readable / self.characters if self.characters else None

    def report(self) -> dict[str, float | int | None]:
        p, r = _ratio(self.right, self.found), _ratio(self.recalled, self.gold)
        pe, re_ = _ratio(self.right_exactly, self.found), _ratio(self.recalled_exactly, self.gold)
        return {
            "gold": self.gold,
            "found": self.found,
            "precision": p,
            "recall": r,
            "f1": _f1(p, r),
            "precision_exact": pe,
            "recall_exact": re_,
            "f1_exact": _f1(pe, re_),
            "leak": self.leak,
        }


@dataclass(slots=True)
class Result:
    """One corpus measured: counts by label, what leaked (for looking at, never printed), what was found in vain."""

    corpus: Corpus
    rows: dict[str, Row] = field(default_factory=lambda: defaultdict(Row))
    leaked: list[tuple[str, str, str]] = field(default_factory=list)  # label, value, text
    wrong: list[tuple[str, str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # texts that failed closed: nothing of them would have left

    def total(self, labels: Iterable[str] | None = None) -> Row:
        wanted = set(self.rows if labels is None else labels)
        made = Row()
        for label, row in self.rows.items():
            if label in wanted:
                made.add(row)
        return made

    def report(self, looked_for: frozenset[str]) -> dict[str, Any]:
        """`looked_for`: the types a sanitizer looks for; the others leak in full and are reported apart."""
        return {
            "language": self.corpus.language,
            "running": self.corpus.running,
            "trained": self.corpus.trained,
            "documents": len(self.corpus.documents),
            "refused": len(self.refused),
            "types": {label: row.report() for label, row in sorted(self.rows.items())},
            "leak": self.total(looked_for).leak,
            "leak_all_labels": self.total().leak,
        }


def measure(corpus: Corpus, sanitizer: Sanitizer) -> Result:
    """Hide every document on its own and compare what was replaced with the gold."""
    result = Result(corpus)
    for document in corpus.documents:
        try:
            replaced = sanitizer.hide(document.text).hiding.replaced
        except CheckUnavailable:
            result.refused.append(document.text)
        else:
            _judge(document, replaced, result)
    return result


def _judge(document: Document, replaced: Sequence[Replacement], result: Result) -> None:
    hidden = bytearray(len(document.text))
    for find in replaced:
        hidden[find.start : find.end] = b"\1" * (find.end - find.start)
    for gold in document.gold:
        if gold.neutral:
            continue
        row = result.rows[gold.label]
        row.gold += 1
        hits = [r for r in replaced if _overlap(r, gold)]
        same = [r for r in hits if family(r.type) == family(gold.label)]
        row.recalled += bool(same)
        row.recalled_exactly += any((r.start, r.end) == (gold.start, gold.end) for r in same)
        telling = [i for i in range(gold.start, gold.end) if document.text[i].isalnum()]
        row.characters += len(telling)
        left = sum(not hidden[i] for i in telling)
        row.readable += left
        if left:
            result.leaked.append((gold.label, document.text[gold.start : gold.end], document.text))
    known = {family(label): label for label in sorted(result.corpus.labels)}
    for find in replaced:
        near = [g for g in document.gold if _overlap(find, g)]
        same_kind = [g for g in near if family(g.label) == family(find.type)]
        if family(find.type) not in known or any(g.neutral or g.label == HANDLE for g in near):
            continue
        # Under the gold's own label where it has one: a postcode found as an address counts for addresses.
        label = same_kind[0].label if same_kind else known[family(find.type)]
        row = result.rows[label]
        row.found += 1
        row.right += bool(same_kind)
        row.right_exactly += any((g.start, g.end) == (find.start, find.end) for g in same_kind)
        if not same_kind:
            result.wrong.append((find.type, document.text[find.start : find.end], document.text))


def _overlap(find: Replacement, gold: Gold) -> bool:
    return find.start < gold.end and gold.start < find.end


_WORDS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W_\u3400-\u9fff\uf900-\ufaff]+")


@dataclass(slots=True)
class Touched:
    """Words (in Chinese, characters) of plain texts, and those that hiding touched, by type."""

    words: int = 0
    touched: int = 0
    by_type: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[str, str]] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.touched / self.words if self.words else 0.0


def touched(texts: Iterable[str], sanitizer: Sanitizer) -> Touched:
    result = Touched()
    for text in texts:
        replaced = sanitizer.hide(text).hiding.replaced
        for match in _WORDS.finditer(text):
            result.words += 1
            hit = next((r for r in replaced if r.start < match.end() and match.start() < r.end), None)
            if hit is not None:
                result.touched += 1
                result.by_type[hit.type] += 1
        result.examples += [(r.type, text[r.start : r.end]) for r in replaced]
    return result


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _f1(precision: float | None, recall: float | None) -> float | None:
    if precision is None or recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
