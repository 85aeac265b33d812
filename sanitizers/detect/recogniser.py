"""The seam for recognisers: anything that finds spans in a text, in time that grows with the text."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from guard.errors import CheckUnavailable
from sanitizers.detect.span import Span


class Budget:
    """Seconds that some work may take. It calls `spend` between units; past the limit it fails closed."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def cancel(self) -> None:
        """End it now, from any thread: nobody waits for the result any more."""
        self._ends = -math.inf

    def left(self) -> float:
        """Seconds that remain, at least a millisecond."""
        return max(self._ends - time.monotonic(), 0.001)

    def spend(self) -> None:
        """Raises `CheckUnavailable("sanitize", "budget")` once the time is over."""
        if time.monotonic() > self._ends:
            raise CheckUnavailable("sanitize", "budget")


class Recogniser(Protocol):
    """`types` names the entity types it may return, so that a policy can switch it off as a whole."""

    @property
    def types(self) -> frozenset[str]: ...

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        """Spans in `text`, in any order, possibly overlapping."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern with its type and score. `gate`: substrings of which every match, with its context, has one.

    `hints`: likewise, in lower case. `needs`: likewise, a cheap pattern. `accept` judges a match's text (group `value`
    when the pattern has one, else the whole match): a checksum, a stop list. `certain` is said of every accepted match.
    With `context`, a match far from these words scores `alone` (0: it is no find). `why` says in words what a match
    stands on.
    """

    type: str
    pattern: re.Pattern[str]
    score: float
    certain: bool = False
    gate: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    needs: re.Pattern[str] | None = None
    accept: Callable[[str], bool] | None = None
    context: re.Pattern[str] | None = None
    alone: float = 0.0
    why: str = ""


BEFORE, BEHIND = 48, 16  # characters in which words are context


def near(context: re.Pattern[str], text: str, start: int, end: int) -> bool:
    """Whether a context word stands shortly before `text[start:end]`, or close behind it."""
    return bool(context.search(text, max(0, start - BEFORE), start) or context.search(text, end, end + BEHIND))


def words(*choices: str) -> re.Pattern[str]:
    """A context pattern: Latin words as whole words in any case (a blank is also _ or -), others anywhere."""
    latin = [c.replace(" ", "[ _-]?") for c in choices if c.isascii()]
    parts = [rf"(?<![A-Za-z])(?:{'|'.join(latin)})s?(?![A-Za-z])"] if latin else []
    return re.compile("|".join([*parts, *(c for c in choices if not c.isascii())]), re.IGNORECASE)


class Rules:
    """Own recognisers as a table of rules. Patterns must be linear: no nested or adjacent unbounded repeats."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._hinted = any(rule.hints for rule in rules)

    @property
    def types(self) -> frozenset[str]:
        return frozenset(rule.type for rule in self._rules)

    def only(self, types: frozenset[str]) -> Rules:
        """The rules of these types."""
        return Rules(tuple(rule for rule in self._rules if rule.type in types))

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        lower = text.lower() if self._hinted else ""
        for rule in self._rules:
            if rule.needs is not None and rule.needs.search(text) is None:
                continue
            if rule.gate and not any(word in text for word in rule.gate):
                continue
            if rule.hints and not any(word in lower for word in rule.hints):
                continue
            budget.spend()
            group = "value" if "value" in rule.pattern.groupindex else 0
            for count, match in enumerate(rule.pattern.finditer(text), 1):
                if count % 1024 == 0:
                    budget.spend()
                if rule.accept is not None and not rule.accept(match.group(group)):
                    continue
                start, end = match.span(group)
                score, why = rule.score, rule.why
                if rule.context is not None:
                    if near(rule.context, text, start, end):
                        why += " beside a word for it"
                    else:
                        score = rule.alone
                if score > 0:
                    yield Span(start, end, rule.type, score, rule.certain, why or f"the form of {rule.type}")
