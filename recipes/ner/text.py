"""Annotated text: a text, its spans, and what its annotation does not say."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LABELS = ("PERSON", "ORGANIZATION", "LOCATION", "ADDRESS", "TITLE", "DATE_TIME")
Spot = tuple[int, int, str]
# A maker of a value: (text, spans inside it). Most values are one span, some hold several, some none.
Value = tuple[str, list[Spot]]
Maker = Callable[[random.Random], Value]


@dataclass(frozen=True)
class Example:
    """`spans` are (start, end, label). Labels in `unsaid` were not annotated; stretches in `unknown` not at all."""

    text: str
    spans: tuple[Spot, ...]
    unsaid: frozenset[str] = field(default_factory=frozenset)
    unknown: tuple[tuple[int, int], ...] = ()


def save(path: Path, examples: Iterable[Example]) -> None:
    """One JSON object a line: text, spans, and what is unsaid."""
    with path.open("w", encoding="utf-8") as handle:
        for e in examples:
            row = {"text": e.text, "spans": e.spans, "unsaid": sorted(e.unsaid), "unknown": e.unknown}
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")


def load(path: Path) -> list[Example]:
    """What `save` wrote."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [
        Example(
            r["text"],
            tuple((a, b, label) for a, b, label in r["spans"]),
            frozenset(r.get("unsaid", ())),
            tuple((a, b) for a, b in r.get("unknown", ())),
        )
        for r in rows
    ]


_MARKED = re.compile(r"<([PHOLATD]):([^<>]*)>")
_CODES = {
    "P": "PERSON",
    "H": "PERSON",
    "O": "ORGANIZATION",
    "L": "LOCATION",
    "A": "ADDRESS",
    "T": "TITLE",
    "D": "DATE_TIME",
}


def read_marked(path: Path) -> list[Example]:
    """Lines such as `<P:王芳>在<L:北京>`."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text, spans, at = "", [], 0
        for match in _MARKED.finditer(line):
            text += line[at : match.start()]
            spans.append((len(text), len(text) + len(match.group(2)), _CODES[match.group(1)]))
            text += match.group(2)
            at = match.end()
        if line:
            found.append(Example(text + line[at:], tuple(spans)))
    return found


class Builder:
    """Collects pieces of text with the spans that lie in them."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._at = 0
        self.spans: list[Spot] = []

    def add(self, value: str | Value) -> Builder:
        text, spans = (value, []) if isinstance(value, str) else value
        self.spans += [(self._at + a, self._at + b, label) for a, b, label in spans]
        self._parts.append(text)
        self._at += len(text)
        return self

    def value(self) -> Value:
        return "".join(self._parts), self.spans


def whole(text: str, label: str) -> Value:
    """A value that is one span."""
    return text, [(0, len(text), label)]


_SLOT = re.compile(r"\{(\w+)\}")


def fill(template: str, makers: Mapping[str, Maker], rng: random.Random) -> Value:
    """Replace `{slot}` by what its maker makes; alternatives are written `[one|two|]`."""
    template = choose(template, rng)
    built = Builder()
    at = 0
    for match in _SLOT.finditer(template):
        built.add(template[at : match.start()]).add(makers[match.group(1)](rng))
        at = match.end()
    return built.add(template[at:]).value()


_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")


def choose(template: str, rng: random.Random) -> str:
    """Settle the alternatives of a template, innermost first."""
    while (match := _CHOICE.search(template)) is not None:
        template = template[: match.start()] + rng.choice(match.group(1).split("|")) + template[match.end() :]
    return template


def pick(rng: random.Random, values: Sequence[str], skew: float = 1.0) -> str:
    """One of `values`; `skew` above 1 prefers the earlier ones."""
    return values[int(len(values) * rng.random() ** skew)]


def recased(value: Value, how: str) -> Value:
    """The text in `lower` or `upper` case; spans stay, because only letters that keep the length change."""
    text, spans = value
    made = "".join(c2 if len(c2 := getattr(c, how)()) == 1 else c for c in text)
    return made, spans
