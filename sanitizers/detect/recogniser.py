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

    `needs`: likewise, a cheap pattern. `accept` judges a match's text (group `value` when the pattern has one, else
    the whole match): a checksum, a stop list. `certain` is said of every accepted match.
    """

    type: str
    pattern: re.Pattern[str]
    score: float
    certain: bool = False
    gate: tuple[str, ...] = ()
    needs: re.Pattern[str] | None = None
    accept: Callable[[str], bool] | None = None


class Rules:
    """Own recognisers as a table of rules. Patterns must be linear: no nested or adjacent unbounded repeats."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules

    @property
    def types(self) -> frozenset[str]:
        return frozenset(rule.type for rule in self._rules)

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        for rule in self._rules:
            if rule.needs is not None and rule.needs.search(text) is None:
                continue
            if rule.gate and not any(word in text for word in rule.gate):
                continue
            budget.spend()
            group = "value" if "value" in rule.pattern.groupindex else 0
            for match in rule.pattern.finditer(text):
                if rule.accept is None or rule.accept(match.group(group)):
                    start, end = match.span(group)
                    yield Span(start, end, rule.type, rule.score, rule.certain)
