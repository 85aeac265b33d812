"""What is trained on, round by round: fresh generated text, corpora with exchanged names, running text as it is."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

from recipes.ner import generate_en, generate_zh, lexicon, sources, templates_en, templates_zh
from recipes.ner.gazetteers import folder
from recipes.ner.text import LABELS, Example
from sanitizers.detect.ner_features import unpack

# Every eighth template is never trained on.
_HELD = 8
# Never trained on either: a file of the Broad Twitter Corpus and the development file of WNUT17.
HELD_CORPORA = ("btc_e", "wnut17_dev")
# Of every corpus that is trained on, each twelfth sentence is kept for choosing settings and calibrating scores.
_KEPT = 12


def registers(lang: str, held: bool) -> dict[str, list[str]]:
    """The templates by register: those trained on, or those held out."""
    all_ = templates_en.ALL if lang == "en" else templates_zh.ALL
    return {name: [t for i, t in enumerate(lines) if (i % _HELD == 3) is held] for name, lines in all_.items()}


def _cut(text: str, longest: int = 500) -> str:
    """A random text's beginning, up to the end of a sentence."""
    if len(text) <= longest:
        return text
    end = max(text.rfind(mark, 0, longest) for mark in ("。", ". ", "！", "？", "\n"))
    return text[: end + 1 if end > 80 else longest]


class English:
    """`english.round(i)`: some 25,000 examples."""

    def __init__(self, data: Path, cache_file: Path, exclude: tuple[str, ...] = HELD_CORPORA) -> None:
        found = sources.corpora(data)
        taught = [rows for name, rows in found.items() if name not in exclude]
        self.gold = [e for rows in taught for i, e in enumerate(rows) if i % _KEPT]
        self.kept = [e for rows in taught for e in rows[::_KEPT]]
        plain = sources.plain_english(data)
        self.plain, self.held_plain = [t for i, t in enumerate(plain) if i % 10], plain[::10]
        words = unpack(lexicon.english(cache_file)["words"])
        self.common = frozenset(words[:15_000])

    def round(self, index: int, share: float = 1.0, gold: float | None = None) -> list[Example]:
        """`share` of the examples; `gold`: another share of those from the corpora."""
        rng = random.Random(1000 + index)
        own = registers("en", held=False)
        found = [generate_en.generate(rng, self.plain, own) for _ in range(int(9000 * share))]
        found += [self._varied(rng, e) for e in sources.sample(rng, self.gold, int(9000 * (gold or share)))]
        for text in rng.sample(self.plain, min(len(self.plain), int(6000 * share))):
            made = generate_en.rewritten(rng, _cut(text), self.common) if rng.random() < 0.5 else None
            made = made or generate_en.negative(_cut(text), self.common)
            dice = rng.random()
            found.append(
                generate_en.lowered(rng, made)
                if dice < 0.1
                else generate_en.headline(rng, made)
                if dice < 0.25
                else made
            )
        found += [generate_en.household(rng) for _ in range(int(600 * share))]
        return [generate_en.hashtagged(rng, e) if rng.random() < 0.06 else e for e in found]

    def unlabelled(self, count: int) -> list[Example]:
        """What a teacher is asked about: at most `count` texts that nobody annotated."""
        rng = random.Random(3)
        texts = [_cut(t) for t in rng.sample(self.plain, min(count, len(self.plain)))]
        return [Example(t, (), frozenset(LABELS)) for t in texts]

    @staticmethod
    def _varied(rng: random.Random, example: Example) -> Example:
        dice = rng.random()
        if dice < 0.5:
            return example
        return generate_en.exchanged(rng, example) if dice < 0.88 else generate_en.lowered(rng, example)


@cache
def _traditional() -> dict[int, str]:
    """Simplified to traditional characters, one for one (jionlp's list)."""
    path = folder("jionlp") / "dictionary/sim2tra_char.txt"
    pairs = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {ord(p[0]): p[1][0] for p in pairs if len(p) >= 2 and len(p[0]) == 1}


class Chinese:
    """`chinese.round(i)`: some 21,000 examples."""

    def __init__(self, data: Path) -> None:
        plain = sources.plain_chinese(data)
        self.plain, self.held_plain = [t for i, t in enumerate(plain) if i % 10], plain[::10]

    def round(self, index: int, share: float = 1.0) -> list[Example]:
        rng = random.Random(2000 + index)
        own = registers("zh", held=False)
        found = [generate_zh.generate(rng, self.plain, own) for _ in range(int(7000 * share))]
        found += [generate_zh.clauses(rng) for _ in range(int(8000 * share))]
        for text in sources.sample(rng, self.plain, int(6000 * share)):
            made = generate_zh.rewritten(rng, _cut(text, 150)) if rng.random() < 0.75 else None
            found.append(made or generate_zh.negative(_cut(text, 150)))
        return [generate_zh.traditional(e, _traditional()) if rng.random() < 0.05 else e for e in found]
