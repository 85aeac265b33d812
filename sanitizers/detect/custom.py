"""Recognisers of the operator's own: regexes and word lists as Presidio's registry YAML writes them.

A pattern is tried on hostile text before it is accepted, and at run time it stops when the request's time is over, so
no expression can hold a process up. The languages a recogniser names are not looked at: texts do not say theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import regex  # type: ignore[import-untyped]

from guard.errors import CheckUnavailable, ConfigError
from sanitizers.detect.library import is_pattern, load, recogniser_modules
from sanitizers.detect.recogniser import Budget, near, words
from sanitizers.detect.span import Span

# What a word beside a find adds to its score, and the least it makes it: Presidio's defaults.
_ADDED, _LEAST = 0.35, 0.4
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_KEYS = frozenset(("name", "entity", "patterns", "context", "deny_list", "deny_list_score", "score_thresholds"))
# What Presidio's form also knows and what changes nothing here.
_IGNORED = frozenset(
    ("supported_languages", "supported_language", "languages", "type", "enabled", "version", "country_code")
) | {"class_name"}
_SECONDS = 0.5  # of processor time one probe may take
_PROBE = 2000  # characters


class Custom:
    """One of Presidio's `PatternRecognizer`s: its patterns, validation and context, within the request's time.

    A value that passes the recogniser's own validation is certain. `thresholds` by type, or for `default`.
    """

    def __init__(self, recogniser: Any, thresholds: Mapping[str, float] | None = None) -> None:
        self._recogniser = recogniser
        self._type = str(recogniser.supported_entities[0])
        self._least = (thresholds or {}).get(self._type, (thresholds or {}).get("default", 0.0))
        self._context = words(*map(re.escape, recogniser.context)) if recogniser.context else None
        self._patterns = [
            (pattern.name, pattern.score, _compiled(recogniser.name, pattern.regex, recogniser.global_regex_flags))
            for pattern in recogniser.patterns
        ]

    @property
    def types(self) -> frozenset[str]:
        return frozenset((self._type,))

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        """Raises `CheckUnavailable("sanitize", "budget")` when a pattern takes longer than the budget lasts."""
        for name, score, pattern in self._patterns:
            budget.spend()
            try:
                for match in pattern.finditer(text, timeout=budget.left()):
                    span = self._judged(text, match.start(), match.end(), score, name)
                    if span is not None:
                        yield span
            except TimeoutError:
                raise CheckUnavailable("sanitize", "budget") from None

    def _judged(self, text: str, start: int, end: int, score: float, name: str) -> Span | None:
        value = text[start:end]
        if not value or self._recogniser.invalidate_result(value):
            return None
        valid = self._recogniser.validate_result(value)
        if valid is False:
            return None
        why = f"Detected by `{self._recogniser.name}` using pattern `{name}`"
        if valid:
            score = 1.0
        elif self._context is not None and near(self._context, text, start, end):
            score, why = min(1.0, max(score + _ADDED, _LEAST)), why + ", beside a word for it"
        if score <= 0 or score < self._least:
            return None
        return Span(start, end, self._type, score, certain=valid is True, by=why)


def custom(entries: Sequence[Mapping[str, Any] | str]) -> tuple[Custom, ...]:
    """Recognisers from entries in the form of Presidio's registry YAML.

    An entry is the name of a recogniser that Presidio ships, or a mapping: `name`, `entity` (or `supported_entity`),
    `patterns` of `regex` and `score`, `deny_list`, `context`. Raises `ConfigError` for what is none of these, for a
    regex that does not compile, and for one that takes too long on hostile text.
    """
    made = []
    for entry in entries:
        found = _predefined(entry, {}) if isinstance(entry, str) else _from_mapping(entry)
        made += [found] if found is not None else []
    return tuple(made)


def registry(path: str | Path) -> tuple[Custom, ...]:
    """The recognisers of a registry file of Presidio's: its custom ones, and its predefined ones that are enabled.

    Raises `ConfigError` as `custom`, and when the file cannot be read.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        content = YAML(typ="safe").load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"registry {path} cannot be read: {type(error).__name__}") from None
    except YAMLError:
        raise ConfigError(f"registry {path} is not YAML") from None
    entries = content.get("recognizers") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise ConfigError(f"registry {path} has no list of recognizers")
    return custom(entries)


def _from_mapping(entry: Mapping[str, Any]) -> Custom | None:
    name = str(entry.get("name", "?"))
    if not entry.get("enabled", True):
        return None
    if entry.get("type") == "predefined" or not any(
        map(entry.get, ("entity", "supported_entity", "patterns", "deny_list"))
    ):
        return _predefined(str(entry.get("class_name") or name), entry)
    values = {_singular(key): value for key, value in entry.items() if key not in _IGNORED and value is not None}
    if unknown := set(values) - _KEYS:
        raise ConfigError(f"recognizer {name!r}: unknown key {sorted(unknown)[0]!r}")
    type_ = values.get("entity")
    if not isinstance(type_, str) or _TYPE.fullmatch(type_) is None:
        raise ConfigError(f"recognizer {name!r}: entity must be letters, digits and _, at most 40")
    try:
        patterns = [
            load("Pattern")(str(p.get("name") or f"{name}-{i}"), str(p["regex"]), float(p["score"]))
            for i, p in enumerate(values.get("patterns") or (), 1)
        ]
        made = load("PatternRecognizer")(
            type_,
            name=name,
            patterns=patterns or None,
            deny_list=list(map(str, values.get("deny_list") or ())) or None,
            context=list(map(str, values.get("context") or ())),
            deny_list_score=float(values.get("deny_list_score", 1.0)),
        )
    except KeyError as error:
        raise ConfigError(f"recognizer {name!r}: a pattern has no {error.args[0]!r}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"recognizer {name!r}: {error}") from None
    return Custom(made, values.get("score_thresholds"))


def _singular(key: str) -> str:
    return "entity" if key in ("supported_entity", "supported_entities") else key


# Found by recognisers of our own, with the same patterns.
_BUILT_IN = frozenset(
    ("CreditCardRecognizer", "CryptoRecognizer", "EmailRecognizer", "IbanRecognizer", "IpRecognizer", "PhoneRecognizer")
) | frozenset(("MacAddressRecognizer", "UsSsnRecognizer", "UsItinRecognizer", "NhsRecognizer", "UrlRecognizer"))


def _predefined(name: str, entry: Mapping[str, Any]) -> Custom | None:
    if name in _BUILT_IN:
        return None
    if name not in recogniser_modules():
        raise ConfigError(f"Presidio has no recognizer named {name!r}")
    if not is_pattern(name):
        raise ConfigError(f"recognizer {name!r} works with a model: name the model under `ner`")
    made = load(name)()
    if entry.get("context"):
        made.context = list(map(str, entry["context"]))
    return Custom(made, entry.get("score_thresholds"))


def _compiled(name: str, expression: str, flags: int) -> Any:
    """Raises `ConfigError` when an expression does not compile, or takes too long on text made to hurt it."""
    try:
        pattern = regex.compile(expression, flags)
    except regex.error as error:
        raise ConfigError(f"recognizer {name!r}: regex does not compile: {error}") from None
    for probe in _probes(expression):
        try:
            for count, _ in enumerate(pattern.finditer(probe, timeout=_SECONDS)):
                if count > _PROBE:
                    break
        except TimeoutError:
            raise ConfigError(
                f"recognizer {name!r}: regex takes too long on hostile text; nested or neighbouring repeats of the "
                f"same characters, such as (a+)+, are the usual cause"
            ) from None
    return pattern


_CLASSES = {"d": "1", "w": "a", "s": " ", "S": "a", "D": "a", "W": "-", "n": "\n", "t": "\t"}


def _probes(expression: str) -> Iterator[str]:
    """Long runs of every character that an expression is likely to repeat, and of all of them in turn."""
    named = [_CLASSES.get(c, c) for c in re.findall(r"\\(.)", expression)]
    plain = re.findall(r"[^\W_]|[ @._:/,-]", re.sub(r"\\.|\(\?.", "", expression))
    chars = list(dict.fromkeys([*named, *plain, "a", "1", "A", " "]))[:40]
    literal = "".join(chars)
    tail = f"\x00{literal}"  # an engine that misses a character it needs would not even try
    for char in chars:
        yield char * _PROBE + tail
    yield literal * (_PROBE // len(literal)) + tail
    for run in re.findall(r"[A-Za-z0-9@._-]{2,}", expression)[:8]:
        yield run * (_PROBE // len(run)) + tail
