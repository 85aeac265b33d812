"""Engines: one interface over the bundled taggers, spaCy pipelines, transformers and GLiNER models."""

from __future__ import annotations

import importlib.util
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from guard.assets import PREFIX, resolve
from guard.errors import ArtifactError, ConfigError
from sanitizers.detect.span import Span


class Script(StrEnum):
    """The text an engine is for: lines with Chinese characters, everything else, or all."""

    CHINESE = "chinese"
    OTHER = "other"
    ANY = "any"


@dataclass(frozen=True)
class Model:
    """`path`: `bundled:ner-en`, `bundled:ner-zh`, a folder, or the name of an installed spaCy package.

    `labels` maps the model's labels to entity types, beyond the usual names. `script`: the text it gets; None asks the
    model (spaCy's language) and falls back to `any`. `labels` of GLiNER models are the labels that are asked for.
    """

    path: str
    labels: Mapping[str, str] = field(default_factory=dict)
    script: Script | None = None


class Engine(Protocol):
    """`window`: the most characters it takes at once."""

    script: Script
    window: int

    def find(self, text: str) -> Iterable[Span]:
        """Spans with their entity type, in any order."""
        ...


# What models call our types.
_LABELS: Mapping[str, str] = {
    **dict.fromkeys(("PERSON", "PER", "PS", "NAME", "B-PER"), "PERSON"),
    **dict.fromkeys(("ORGANIZATION", "ORG", "ORGANISATION", "COMPANY", "NT", "CORPORATION"), "ORGANIZATION"),
    **dict.fromkeys(("LOCATION", "LOC", "GPE", "FAC", "NS", "CITY", "COUNTRY"), "LOCATION"),
    **dict.fromkeys(("ADDRESS", "STREET_ADDRESS", "STREET"), "ADDRESS"),
    **dict.fromkeys(("TITLE", "JOB_TITLE", "JOBTITLE", "OCCUPATION", "POSITION"), "TITLE"),
    **dict.fromkeys(("DATE_TIME", "DATE", "TIME", "DATE_OF_BIRTH"), "DATE_TIME"),
}
# What GLiNER is asked for unless the config says otherwise.
_ASKED: Mapping[str, str] = {
    "person": "PERSON", "organization": "ORGANIZATION", "location": "LOCATION", "street address": "ADDRESS",
    "job title": "TITLE", "date": "DATE_TIME",
}  # fmt: skip
# GLiNER's scores are probabilities; what is below gets no chance against `min_score`.
_GLINER_LEAST = 0.3
# A model without scores of its own; spaCy's pipelines for news are right about as often.
_UNSCORED = 0.85


def _typed(label: str, own: Mapping[str, str]) -> str | None:
    return own.get(label) or _LABELS.get(label.upper().replace(" ", "_"))


class Bundled:
    """A tagger of ours, without spaCy: loading it takes milliseconds and nothing grows with the words it has seen."""

    window = 16_384

    def __init__(self, folder: Path, model: Model) -> None:
        from sanitizers.detect.ner_tagger import Tagger

        self._tagger = Tagger.load(folder)
        chinese = self._tagger.features.contextual
        self.script = model.script or (Script.CHINESE if chinese else Script.OTHER)

    def find(self, text: str) -> Iterable[Span]:
        return [Span(e.start, e.end, e.label, e.score) for e in self._tagger.find(text)]


class Spacy:
    """Any spaCy pipeline that sets `doc.ents`, by folder or package name."""

    window = 10_000

    def __init__(self, path: str, model: Model) -> None:
        import spacy

        try:
            self._nlp = spacy.load(path, exclude=["lemmatizer", "textcat"])
        except (OSError, ValueError) as error:
            raise ConfigError(f"ner: cannot load the spaCy pipeline {path!r}: {type(error).__name__}") from None
        self._labels = model.labels
        self._lock = threading.Lock()  # a vocabulary is shared by all calls and grows; spaCy does not guard it
        self.script = model.script or (Script.CHINESE if self._nlp.lang == "zh" else Script.OTHER)

    def find(self, text: str) -> Iterable[Span]:
        with self._lock, self._nlp.memory_zone():
            doc = self._nlp(text)
            scores = _span_scores(doc)
            return [
                Span(e.start_char, e.end_char, type_, scores.get((e.start, e.end), _UNSCORED))
                for e in doc.ents
                if (type_ := _typed(e.label_, self._labels)) is not None
            ]


def _span_scores(doc: Any) -> dict[tuple[int, int], float]:
    """Scores of span groups that hold some, by token offsets."""
    found: dict[tuple[int, int], float] = {}
    for group in doc.spans.values():
        scores = group.attrs.get("scores")
        if scores is not None:
            found.update(((s.start, s.end), float(score)) for s, score in zip(group, scores, strict=True))
    return found


class Transformers:
    """A token-classification model of `transformers` in a folder (BIO or plain labels)."""

    window = 1_200  # some 300 tokens of English, and no more than 512 of Chinese at one a character in two windows

    def __init__(self, folder: Path, model: Model) -> None:
        if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers")):
            raise ConfigError(
                f"ner: {str(folder)!r} is a transformers model; install it with `pip install 'guardchain[local]'`"
            )
        from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            network = AutoModelForTokenClassification.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(
                f"ner: cannot load the transformers model {str(folder)!r}: {type(error).__name__}"
            ) from None
        if not getattr(tokenizer, "is_fast", False):
            raise ConfigError(f"ner: the tokenizer of {str(folder)!r} gives no character offsets")
        longest = min(int(getattr(network.config, "max_position_embeddings", 512) or 512), 512)
        self.window = max(64, min(self.window, 2 * longest))
        self._pipe = pipeline(
            "token-classification", model=network, tokenizer=tokenizer, aggregation_strategy="simple",
            stride=min(32, longest // 4), device="cpu",
        )  # fmt: skip
        tokenizer.model_max_length = min(tokenizer.model_max_length, longest)
        self._labels = model.labels
        self._lock = threading.Lock()
        self.script = model.script or Script.ANY

    def find(self, text: str) -> Iterable[Span]:
        with self._lock:
            groups = self._pipe(text) if text.strip() else []
        return [
            Span(*whole_words(text, int(g["start"]), int(g["end"])), type_, float(g["score"]))
            for g in groups
            if (type_ := _typed(str(g["entity_group"]), self._labels)) is not None
        ]


_INSIDE = re.compile(r"[^\W\d_\u3040-\u30ff\u3400-\u9fff]")


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """`start` and `end` moved outwards to the ends of a word: models of word pieces may tag a part of one.

    Scripts without spaces between words stay as they are.
    """
    while start > 0 and _INSIDE.match(text, start) and _INSIDE.match(text, start - 1):
        start -= 1
    while end < len(text) and _INSIDE.match(text, end) and _INSIDE.match(text, end - 1):
        end += 1
    return start, end


_WORD = re.compile(r"\w+|[^\w\s]")


class Gliner:
    """A GLiNER model in a folder; needs the package `gliner`."""

    window = 1_200

    def __init__(self, folder: Path, model: Model) -> None:
        if importlib.util.find_spec("gliner") is None:
            raise ConfigError(f"ner: {str(folder)!r} is a GLiNER model; install it with `pip install gliner`")
        from gliner import GLiNER  # type: ignore[import-not-found,unused-ignore]

        try:
            self._model = GLiNER.from_pretrained(str(folder), local_files_only=True).eval()
        except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
            raise ConfigError(f"ner: cannot load the GLiNER model {str(folder)!r}: {type(error).__name__}") from None
        self._asked = dict(model.labels) or dict(_ASKED)
        self._longest = max(int(getattr(self._model.config, "max_len", 384) or 384), 2)
        self._lock = threading.Lock()
        self.script = model.script or Script.ANY

    def find(self, text: str) -> Iterable[Span]:
        found = []
        with self._lock:
            for start, end in self._parts(text):
                entities = self._model.predict_entities(text[start:end], list(self._asked), threshold=_GLINER_LEAST)
                found += [
                    Span(start + int(e["start"]), start + int(e["end"]), self._asked[e["label"]], float(e["score"]))
                    for e in entities
                ]
        return found

    def _parts(self, text: str) -> Iterator[tuple[int, int]]:
        """Of no more words than the model reads: what is beyond them it would drop without a word."""
        words = [m.span() for m in _WORD.finditer(text)]
        for first in range(0, len(words), self._longest):
            yield words[first][0], words[min(first + self._longest, len(words)) - 1][1]


_LOADED: dict[tuple[Any, ...], Engine] = {}
_LOCK = threading.Lock()


def engine(model: str | Model) -> Engine:
    """The engine for a model, loaded once a process. Raises `ConfigError` or `ArtifactError` when it cannot be."""
    model = model if isinstance(model, Model) else Model(model)
    key = (model.path, tuple(sorted(model.labels.items())), model.script)
    with _LOCK:
        found = _LOADED.get(key)
        if found is None:
            found = _LOADED[key] = _load(model)
        return found


def _load(model: Model) -> Engine:
    path = resolve(model.path, "model")
    folder = Path(path)
    if not folder.is_dir():
        if importlib.util.find_spec("spacy") is not None and _is_package(path):
            return Spacy(path, model)
        raise ConfigError(f"ner: {model.path!r} is no folder, no installed spaCy package and not bundled")
    if (folder / "config.cfg").exists():
        own = folder / "guardchain_ner"
        return Bundled(own, model) if own.is_dir() and not model.labels else Spacy(path, model)
    if (folder / "gliner_config.json").exists():
        return Gliner(folder, model)
    if _is_token_classifier(folder):
        return Transformers(folder, model)
    if model.path.startswith(PREFIX):
        raise ArtifactError(f"{model.path!r} is no NER pipeline")
    raise ConfigError(f"ner: {model.path!r} is no spaCy pipeline, GLiNER or transformers token-classification model")


def _is_package(name: str) -> bool:
    from spacy.util import is_package

    return bool(is_package(name))


def _is_token_classifier(folder: Path) -> bool:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return any(str(a).endswith("ForTokenClassification") for a in config.get("architectures") or ())
