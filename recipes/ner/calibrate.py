"""Scores that mean something: the share of finds with such a score that were right, on text never trained on."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from recipes.ner import generate_en, generate_zh
from recipes.ner.corpus import Chinese, English, registers
from recipes.ner.text import Example
from sanitizers.detect.ner_tagger import Tagger
from sanitizers.detect.ner_text import clear


def development(corpus: English | Chinese, count: int = 1200) -> list[Example]:
    """Held-out templates, corpora and running text."""
    rng = random.Random(77)
    if isinstance(corpus, English):
        own = registers("en", held=True)
        made = [generate_en.generate(rng, corpus.held_plain, own) for _ in range(count)]
        plain = [generate_en.negative(t, corpus.common) for t in corpus.held_plain[: count // 2]]
        return made + sources_sample(rng, corpus.kept, count) + plain
    own = registers("zh", held=True)
    made = [generate_zh.generate(rng, corpus.held_plain, own) for _ in range(count)]
    return made + [generate_zh.negative(t) for t in corpus.held_plain[: count // 2]]


def sources_sample(rng: random.Random, values: list[Example], count: int) -> list[Example]:
    """At most `count` of them."""
    return rng.sample(values, min(count, len(values)))


def judged(tagger: Tagger, examples: list[Example]) -> list[tuple[float, bool]]:
    """Score of every find that the annotation judges, and whether an entity is there (ends and type may differ)."""
    out = []
    for example in examples:
        for found in tagger.find(clear(example.text)):
            if found.label in example.unsaid or any(a < found.end and found.start < b for a, b in example.unknown):
                continue
            right = any(a < found.end and found.start < b for a, b, _ in example.spans)
            out.append((found.score, right))
    return out


def calibrate(tagger: Tagger, corpus: English | Chinese, bins: int = 8) -> dict[str, Any]:
    """`outside` and `calibration` of a tagger's config: isotonic over bins of equal count (pool adjacent violators)."""
    pairs = sorted(judged(tagger, development(corpus)))
    blocks: list[list[float]] = []  # mean raw score, mean right, count
    for part in np.array_split(np.array(pairs, float), bins):
        blocks.append([float(part[:, 0].mean()), float(part[:, 1].mean()), float(len(part))])
        while len(blocks) > 1 and blocks[-2][1] > blocks[-1][1]:
            (a, p, n), (b, q, m) = blocks[-2:]
            blocks[-2:] = [[(a * n + b * m) / (n + m), (p * n + q * m) / (n + m), n + m]]
    raw = [0.0, *(round(b[0], 4) for b in blocks), 1.0]
    right = [0.0, *(round(b[1], 4) for b in blocks), round(blocks[-1][1], 4)]
    return {"outside": tagger.config["outside"], "calibration": [raw, right]}
