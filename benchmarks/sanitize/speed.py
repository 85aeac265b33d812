"""Speed: against Presidio's engine with the same recognisers, of hiding as a whole, and of restoring a stream."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import thread_time
from typing import Any

from sanitizers import Sanitizer, SanitizerOptions
from sanitizers.detect.ner import Ner
from sanitizers.detect.phone import Phones
from sanitizers.detect.presidio import PresidioPatterns, gates
from sanitizers.detect.recogniser import Budget

_SIZE = 2048
_CHINESE = (
    "王敏昨天在上海浦东新区见到了李建国，两人谈起华星科技有限公司去年的项目，"
    "说好下周三再去杭州。天气不错，大家都很高兴。\n"
)
_VALUES = (
    "Write to margaret.olufemi@brightwater-analytics.com.",
    "Call me on +44 20 7946 0958 after six.",
    "The card 4111 1111 1111 1111 was declined.",
    "My SSN is 536-22-1734.",
    "The host 10.24.8.31 does not answer.",
)


@dataclass(frozen=True, slots=True)
class Speeds:
    """Milliseconds of processor time for 2 KB of text, medians over rounds in which the candidates take turns.

    Processor time, because other work on the machine would otherwise count as ours. `plain` texts hold no value.
    """

    ms: Mapping[str, float]
    restore_gap_us: Mapping[str, float]

    @property
    def ratios(self) -> Mapping[str, float]:
        """How many times as long Presidio's engine takes as the same recognisers behind gates."""
        return {
            "with values": self.ms["presidio"] / self.ms["patterns"],
            "plain": self.ms["presidio, plain"] / self.ms["patterns, plain"],
        }

    def report(self) -> dict[str, Any]:
        return {
            "ms_per_2kb": dict(self.ms),
            "times_faster_than_presidio": dict(self.ratios),
            "restore_gap_us": dict(self.restore_gap_us),
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


def measure(lines: Sequence[str], models: Sequence[str] = (), *, rounds: int) -> Speeds:
    """Every round measures every candidate once, on texts of its own; garbage is collected in between, and then the
    candidate called once on the text of the round before: collecting sweeps the processor's caches, serving fills them.

    `models`: NER models; each is timed by itself on text of its script, and all take part in hiding.
    """
    afresh = Sanitizer(SanitizerOptions(remember=0, ner=models), key="benchmark")
    remembering = Sanitizer(SanitizerOptions(ner=models), key="benchmark")
    ours, theirs = patterns(), presidio()
    chinese = _CHINESE * (_SIZE // len(_CHINESE.encode()) + 1)
    took: dict[str, list[float]] = {}
    before: dict[str, str] = {}
    for round_, (text, plain) in enumerate(
        zip(texts(lines, rounds + 2), texts(lines, rounds + 2, values=0), strict=True)
    ):
        remembering.hide(text)
        candidates: list[tuple[str, Callable[[str], object], str]] = [
            ("patterns", ours, text),
            ("presidio", theirs, text),
            ("patterns, plain", ours, plain),
            ("presidio, plain", theirs, plain),
            ("hide", afresh.hide, text),
            ("hide again", remembering.hide, text),
            *((f"ner {m}", _tagger(m), f"{round_} {chinese if m.endswith('zh') else text}") for m in models),
        ]
        for name, run, body in candidates:
            gc.collect()
            run(before.get(name, body))
            before[name] = body
            began = thread_time()
            run(body)
            spent = (thread_time() - began) * 1000
            if round_ > 1:  # the first rounds load tables
                took.setdefault(name, []).append(spent)
    return Speeds({name: median(times) for name, times in took.items()}, restore_gaps(lines))


def _tagger(model: str) -> Callable[[str], object]:
    tagger = Ner([model])
    return lambda text: list(tagger.find(text, Budget(60)))


def restore_gaps(lines: Sequence[str], answers: int = 20) -> dict[str, float]:
    """Microseconds of processor time that `feed` takes for four characters of an answer full of surrogates."""
    gaps = []
    sanitizer = Sanitizer(key="benchmark")
    for text in texts(lines, answers, values=8):
        hidden = sanitizer.hide(text)
        restorer = hidden.restorer()
        chunks = [hidden.text[i : i + 4] for i in range(0, len(hidden.text), 4)]
        for chunk in chunks:
            began = thread_time()
            restorer.feed(chunk)
            gaps.append((thread_time() - began) * 1e6)
        restorer.close()
    ranks = quantiles(gaps, n=100)
    return {"p50": ranks[49], "p99": ranks[98]}
