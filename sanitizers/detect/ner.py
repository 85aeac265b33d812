"""Named entities by trained models: the bundled taggers, any spaCy pipeline, transformers or GLiNER model.

A text may mix languages: lines with Chinese characters go to the engines for Chinese, what is written in other scripts
to the others, without being told. Code, links, paths and identifiers are no language and are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from guard.errors import ConfigError
from sanitizers.detect.ner_engines import Engine, Model, Script, engine
from sanitizers.detect.ner_text import clear, identifiers
from sanitizers.detect.recogniser import Budget
from sanitizers.detect.span import Span

__all__ = ["BUNDLED", "NER_TYPES", "Model", "Ner", "Script", "engine"]

BUNDLED = ("bundled:ner-en", "bundled:ner-zh")
NER_TYPES = frozenset(("PERSON", "ORGANIZATION", "LOCATION", "ADDRESS", "TITLE", "DATE_TIME"))
# Statistics are never beyond doubt: what a checksum or an exact format says goes first.
_MOST = 0.99

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_WORDS = re.compile(r"[^\W\d_\u3400-\u9fff]{2}")
# Four words in a row in another script: running text of that language inside a Chinese line.
_FOREIGN = re.compile(r"(?:\b[^\W_\u3400-\u9fff]{1,40}[ ,.'’-]{1,3}){3}[^\W_\u3400-\u9fff]+[^\u3400-\u9fff\n]*")


@dataclass(frozen=True, slots=True)
class _Window:
    """`text[start:end]`, whose finds count where they begin within `[first, last)`."""

    start: int
    end: int
    first: int
    last: int


class Ner:
    """A recogniser over several engines. Loading is lazy and shared by all sanitizers of a process."""

    def __init__(self, models: Sequence[str | Model], wanted: frozenset[str] = NER_TYPES) -> None:
        self._models = tuple(m if isinstance(m, Model) else Model(m) for m in models)
        if unknown := {t for m in self._models for t in m.labels.values()} - NER_TYPES:
            raise ConfigError(
                f"ner: unknown type {sorted(unknown)[0]!r} in labels; known: {', '.join(sorted(NER_TYPES))}"
            )
        self._types = NER_TYPES & wanted

    @property
    def types(self) -> frozenset[str]:
        return self._types

    def load(self) -> None:
        """Load every model now. Raises `ConfigError` or `ArtifactError` for those that cannot be loaded."""
        for model in self._models:
            engine(model)

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        cleared = clear(text)
        named = identifiers(text)
        lines = list(_lines(cleared))
        for model in self._models:
            loaded = engine(model)
            for start, end in _stretches(lines, loaded.script):
                for span in self._windows(loaded, cleared, start, end, budget):
                    if span.type in self._types and not any(a < span.end and span.start < b for a, b in named):
                        yield replace(span, by=f"NER model {model.path}")

    def _windows(self, loaded: Engine, text: str, start: int, end: int, budget: Budget) -> Iterator[Span]:
        foreign = [m.span() for m in _FOREIGN.finditer(text, start, end)] if loaded.script is Script.CHINESE else []
        for window in _cut(text, start, end, loaded.window):
            budget.spend()
            for found in loaded.find(text[window.start : window.end]):
                span = _trimmed(text, window.start + found.start, window.start + found.end, found)
                if span is None or not window.first <= span.start < window.last:
                    continue
                han = _HAN.search(text, span.start, span.end) is not None
                if loaded.script is Script.OTHER and han:
                    continue
                if not han and any(a <= span.start and span.end <= b for a, b in foreign):
                    continue
                yield span


def _lines(text: str) -> Iterator[tuple[int, int, bool, bool]]:
    """Start and end of lines (line break included), and whether they hold Chinese characters and other words."""
    at = 0
    for line in text.splitlines(keepends=True):
        end = at + len(line)
        yield at, end, _HAN.search(line) is not None, _WORDS.search(line) is not None
        at = end


def _stretches(lines: Iterable[tuple[int, int, bool, bool]], script: Script) -> list[tuple[int, int]]:
    """What an engine for a script should read: lines of it, neighbours together (a cue may stand in the line above)."""
    found: list[tuple[int, int]] = []
    for start, end, han, words in lines:
        if script is not Script.ANY and not (han if script is Script.CHINESE else words):
            continue
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _cut(text: str, start: int, end: int, size: int) -> Iterator[_Window]:
    """Windows of at most `size` characters; each begins an eighth before the end of the last, at the end of a word."""
    at = first = start
    while True:
        stop = min(at + size, end)
        if stop < end:
            space = max(text.rfind(" ", at, stop), text.rfind("\n", at, stop))
            stop = space + 1 if space > at + size // 2 else stop
        if stop >= end:
            yield _Window(at, end, first, end)
            return
        yield _Window(at, stop, first, stop - size // 16)
        first = stop - size // 16
        at = stop - size // 8


_EDGE = " \t\n\r,;:!?\"'“”‘’《》「」【】<>*#|=、，。；：！？…"


# Longer ones are no name: taggers run on where the same words come again and again.
_LONGEST = 200
# What goes on beside a date in this way is an address of the network, or another number.
_GOES_ON = re.compile(r"[A-Za-z0-9]|[:._@/][A-Za-z0-9:]")
_CAME_BEFORE = re.compile(r"(?:[A-Za-z0-9]|[0-9][:._@/])\Z")


# Labels of forms, which taggers take for companies.
_LABELS = frozenset(
    ("ISBN", "ISSN", "IBAN", "BIC", "SWIFT", "DOI", "SSN", "IMEI", "VIN", "URL", "URI", "UUID", "PIN", "OTP")
)


def _trimmed(text: str, start: int, end: int, found: Span) -> Span | None:
    """Without marks at its edges; None when fewer than two characters, no letters, or a piece of a number are left.

    What is all digits is the rules' work: a model finds a year inside an amount.
    """
    while start < end and text[start] in _EDGE:
        start += 1
    while start < end and text[end - 1] in _EDGE:
        end -= 1
    if not 2 <= end - start <= _LONGEST or not any(c.isalpha() for c in text[start:end]) or text[start:end] in _LABELS:
        return None
    if found.type == "DATE_TIME" and (
        _GOES_ON.match(text, end) or _CAME_BEFORE.search(text[max(start - 2, 0) : start])
    ):
        return None
    return Span(start, end, found.type, min(found.score, _MOST))
