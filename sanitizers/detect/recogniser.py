"""The seam for recognisers: anything that finds spans in a text, in time that grows with the text."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
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

    `hints`: likewise, in lower case. `needs`: likewise, a cheap pattern. With `reach` that is one for a number (four
    digits at least, up to three other characters between any two or behind them), and a match begins and ends within so
    many characters of it: the rest of the text is not looked at. `accept` judges a match's text (group `value`
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
    reach: int = 0
    accept: Callable[[str], bool] | None = None
    context: re.Pattern[str] | None = None
    alone: float = 0.0
    why: str = ""


Stretches = list[tuple[int, int]]
_FOLLOW = 3
_NUMBERS = re.compile(r"[0-9](?:[^0-9]{0,3}[0-9]){3,}")
_memo = threading.local()


def numbers(text: str) -> Stretches:
    """Where four digits or more stand with at most three other characters between any two. The last text is remembered,
    since many recognisers ask about each."""
    if getattr(_memo, "text", None) is not text:
        _memo.found = [match.span() for match in _NUMBERS.finditer(text)]
        _memo.text = text
    found: Stretches = _memo.found
    return found


def forget() -> None:
    """Keep nothing of this thread's last text: what users write does not outlive its request."""
    _memo.text = _memo.found = None


def joined(stretches: Iterable[tuple[int, int]]) -> Stretches:
    """Stretches, in order of their starts, of which those that touch are one."""
    found: Stretches = []
    for start, end in stretches:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def around(needs: re.Pattern[str], text: str, reach: int, budget: Budget) -> Stretches:
    """Where in a text a match can lie that holds one of `needs`: disjoint stretches in order."""

    def near_by() -> Iterator[tuple[int, int]]:
        for start, end in numbers(text):
            budget.spend()
            for match in needs.finditer(text, start, end + _FOLLOW):
                yield max(0, match.start() - reach), min(len(text), match.end() + reach)

    return joined(near_by())


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
        whole = [(0, len(text))]
        near_by: dict[tuple[re.Pattern[str], int], Stretches] = {}
        for rule in self._rules:
            where = whole
            if rule.needs is not None:
                key = rule.needs, rule.reach
                if key not in near_by:
                    if rule.reach:
                        near_by[key] = around(rule.needs, text, rule.reach, budget)
                    else:
                        near_by[key] = whole if rule.needs.search(text) else []
                where = near_by[key]
                if not where:
                    continue
            if rule.gate and not any(word in text for word in rule.gate):
                continue
            if rule.hints and not any(word in lower for word in rule.hints):
                continue
            budget.spend()
            group = "value" if "value" in rule.pattern.groupindex else 0
            matches = (match for first, last in where for match in rule.pattern.finditer(text, first, last))
            for count, match in enumerate(matches, 1):
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
