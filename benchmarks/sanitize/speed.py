"""Speed: against Presidio's engine with the same recognisers, of hiding as a whole, and of restoring a stream."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from sanitizers import Sanitizer, SanitizerOptions
from sanitizers.detect.phone import Phones
from sanitizers.detect.presidio import PresidioPatterns, gates
from sanitizers.detect.recogniser import Budget

_SIZE = 2048
_VALUES = (
    "Write to margaret.olufemi@brightwater-analytics.com.",
    "Call me on +44 20 7946 0958 after six.",
    "The card 4111 1111 1111 1111 was declined.",
    "My SSN is 536-22-1734.",
    "The host 10.24.8.31 does not answer.",
)


@dataclass(frozen=True, slots=True)
class Speeds:
    """Milliseconds for 2 KB of text, medians over rounds in which the candidates take turns."""

    patterns_ms: float
    presidio_ms: float
    hide_ms: float
    hide_known_ms: float
    restore_gap_us: dict[str, float]

    @property
    def ratio(self) -> float:
        return self.presidio_ms / self.patterns_ms

    def report(self) -> dict[str, Any]:
        return {
            "patterns_ms_per_2kb": self.patterns_ms,
            "presidio_ms_per_2kb": self.presidio_ms,
            "times_faster_than_presidio": self.ratio,
            "hide_ms_per_2kb": self.hide_ms,
            "hide_again_ms_per_2kb": self.hide_known_ms,
            "restore_gap_us": self.restore_gap_us,
        }


def texts(lines: Sequence[str], count: int, *, values: int = 3) -> list[str]:
    """`count` texts of 2 KB, put together from plain lines, with `values` sensitive values strewn in each."""
    rng = random.Random(7)
    made = []
    for _ in range(count):
        parts: list[str] = []
        while sum(map(len, parts)) + len(parts) < _SIZE - 150:
            parts.append(rng.choice(lines))
        for _ in range(values):
            parts.insert(rng.randrange(len(parts)), rng.choice(_VALUES))
        made.append(" ".join(parts))
    return made


def presidio() -> Callable[[str], object]:
    """Presidio's `AnalyzerEngine` with the recognisers that ours run behind gates, and no NLP engine."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer import predefined_recognizers as known
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    own = [gate.recogniser for gate in gates()]
    for recogniser in own:
        recogniser.supported_language = "en"
    nlp = NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
    registry = RecognizerRegistry([*own, known.PhoneRecognizer()], supported_languages=["en"])
    engine = AnalyzerEngine(registry, nlp)
    return lambda text: engine.analyze(text, "en")


def patterns() -> Callable[[str], object]:
    """The same recognisers behind gates, nothing remembered."""
    found, phones = PresidioPatterns(), Phones(memo=0)
    return lambda text: [*found.find(text, Budget(60)), *phones.find(text, Budget(60))]


def measure(lines: Sequence[str], rounds: int) -> Speeds:
    """Every round measures every candidate once, on a text of its own; garbage is collected in between."""
    afresh = Sanitizer(SanitizerOptions(remember=0), key="benchmark")
    remembering = Sanitizer(key="benchmark")
    candidates: dict[str, Callable[[str], object]] = {
        "patterns": patterns(),
        "presidio": presidio(),
        "hide": afresh.hide,
        "known": remembering.hide,
    }
    took: dict[str, list[float]] = {name: [] for name in candidates}
    for round_, text in enumerate(texts(lines, rounds + 2)):
        remembering.hide(text)
        for name, run in candidates.items():
            gc.collect()
            began = perf_counter()
            run(text)
            if round_ > 1:  # the first rounds load tables
                took[name].append((perf_counter() - began) * 1000)
    middle = {name: median(times) for name, times in took.items()}
    return Speeds(middle["patterns"], middle["presidio"], middle["hide"], middle["known"], restore_gaps(lines))


def restore_gaps(lines: Sequence[str], answers: int = 20) -> dict[str, float]:
    """Microseconds that `feed` takes for a chunk of four characters of an answer full of surrogates."""
    gaps = []
    sanitizer = Sanitizer(key="benchmark")
    for text in texts(lines, answers, values=8):
        hidden = sanitizer.hide(text)
        restorer = hidden.restorer()
        chunks = [hidden.text[i : i + 4] for i in range(0, len(hidden.text), 4)]
        for chunk in chunks:
            began = perf_counter()
            restorer.feed(chunk)
            gaps.append((perf_counter() - began) * 1e6)
        restorer.close()
    ranks = quantiles(gaps, n=100)
    return {"p50": ranks[49], "p99": ranks[98]}
