"""Measure pipelines on text they never saw.

``python -m recipes.ner.evaluate --data DIR [--en PATH] [--zh PATH] [--out FILE]``

Prints per type precision, recall and F1 (type and both ends right), the share of gold characters found whatever the
type, words touched in texts without entities, and milliseconds for 2 KB of text; writes all of it as JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from guard.assets import resolve
from recipes.ner import generate_en, generate_zh, sources
from recipes.ner.corpus import registers
from recipes.ner.text import Example, Spot, read_marked
from sanitizers.detect import Budget, Detector, DetectorOptions
from sanitizers.detect.ner import NER_TYPES, Ner
from sanitizers.detect.ner_tagger import Tagger

HERE = Path(__file__).parent
_PRESIDIO = {
    "PERSON": "PERSON", "STREET_ADDRESS": "ADDRESS", "GPE": "LOCATION", "ORGANIZATION": "ORGANIZATION", "DATE_TIME": "DATE_TIME",
}  # fmt: skip


def presidio_research(data: Path) -> list[Example]:
    """Presidio's generated sentences; what is no type of ours is left out of the judgement."""
    rows = json.loads((data / "pii/presidio_research/synth_dataset_v2_dev.json").read_text(encoding="utf-8"))
    found = []
    for row in rows:
        spans: list[Spot] = []
        unknown: list[tuple[int, int]] = []
        for s in row["spans"]:
            place = int(s["start_position"]), int(s["end_position"])
            if s["entity_type"] in _PRESIDIO:
                spans.append((*place, _PRESIDIO[s["entity_type"]]))
            else:
                unknown.append(place)
        found.append(Example(row["full_text"], tuple(sorted(spans)), frozenset(("TITLE",)), tuple(unknown)))
    return found


Find = Callable[[str], Iterable[Any]]


def score(find: Find, examples: Sequence[Example]) -> dict[str, Any]:
    """Precision, recall, F1 by type; `found`: share of gold characters inside any find; `any`: types told apart or not."""
    hit: Counter[str] = Counter()
    said: Counter[str] = Counter()
    gold: Counter[str] = Counter()
    characters = covered = 0
    by_type: dict[str, list[int]] = {}
    for example in examples:
        finds = [
            f for f in find(example.text)
            if not any(a < f[1] and f[0] < b for a, b in example.unknown) and (f[2] not in example.unsaid or any(a < f[1] and f[0] < b for a, b, _ in example.spans))
        ]  # fmt: skip
        wanted = set(example.spans)
        for f in finds:
            said[f[2]] += 1
            hit[f[2]] += f in wanted
        inside = {i for a, b, _ in finds for i in range(a, b)}
        for start, end, label in example.spans:
            gold[label] += 1
            own = [i for i in range(start, end) if not example.text[i].isspace()]
            characters += len(own)
            got = sum(i in inside for i in own)
            covered += got
            pair = by_type.setdefault(label, [0, 0])
            pair[0] += got
            pair[1] += len(own)
    table: dict[str, Any] = {}
    for label in sorted(gold | said):
        p = hit[label] / said[label] if said[label] else 0.0
        r = hit[label] / gold[label] if gold[label] else 0.0
        got, all_ = by_type.get(label, (0, 0))
        table[label] = {
            "precision": round(p, 4), "recall": round(r, 4), "f1": round(2 * p * r / (p + r), 4) if p + r else 0.0,
            "found": round(got / all_, 4) if all_ else None, "gold": gold[label], "said": said[label],
        }  # fmt: skip
    return {"types": table, "found": round(covered / characters, 4) if characters else None, "texts": len(examples)}


def touched(find: Find, texts: Sequence[str]) -> float:
    """Share of words (Chinese: characters) inside a find."""
    words = inside = 0
    for text in texts:
        finds = [(a, b) for a, b, _ in find(text)]
        for match in re.finditer(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+", text):
            words += 1
            inside += any(a < match.end() and match.start() < b for a, b in finds)
    return round(inside / max(words, 1), 5)


def speed(find: Find, texts: Sequence[str], repeats: int = 15) -> float:
    """Median milliseconds of processor time for a text; with more than one repeat, the first is not counted."""
    for text in texts if repeats > 1 else ():
        find(text)
    spent = []
    for _ in range(repeats):
        for text in texts:
            began = time.thread_time()
            list(find(text))
            spent.append(time.thread_time() - began)
    return round(statistics.median(spent) * 1e3, 2)


def chunks(texts: Iterable[str], size: int = 2048) -> list[str]:
    """Texts put together to `size` bytes each."""
    found, now = [], ""
    for text in texts:
        now += text + "\n"
        if len(raw := now.encode()) >= size:
            found.append(raw[:size].decode(errors="ignore"))
            now = ""
        if len(found) == 10:
            break
    return found


def english_sets(data: Path) -> dict[str, list[Example]]:
    """What the English pipeline is judged on."""
    rng = random.Random(5)
    corpora = sources.corpora(data)
    made = registers("en", held=True)
    plain = sources.plain_english(data)[::10]
    return {
        "presidio_research": presidio_research(data),
        "btc_e": corpora["btc_e"],
        "wnut17_dev": corpora["wnut17_dev"],
        "unseen_templates": [generate_en.generate(rng, plain, made) for _ in range(500)],
    }


def chinese_sets(data: Path) -> dict[str, list[Example]]:
    """What the Chinese pipeline is judged on."""
    rng = random.Random(5)
    made = registers("zh", held=True)
    plain = sources.plain_chinese(data)[::10]
    return {
        "handwritten": read_marked(HERE / "eval/zh.txt"),
        "unseen_templates": [generate_zh.generate(rng, plain, made) for _ in range(500)],
    }


_LOWER = re.compile(r"[.!?]\s+[A-Z]|^[A-Z]|\bI\b|\n\W*[A-Z]")


def without_entities(lang: str, data: Path) -> list[str]:
    """Held-out running text with nothing that might be a name."""
    if lang == "zh":
        own = [e.text for e in read_marked(HERE / "eval/zh.txt") if not e.spans]
        return own + [t for t in sources.plain_chinese(data)[::10] if not generate_zh.doubtful(t, [])][:400]
    return [t for t in sources.plain_english(data)[::10] if not re.search("[A-Z]", _LOWER.sub("", t))][:600]


def show(name: str, result: dict[str, Any]) -> None:
    found = ", ".join(
        f"{result[k]} {who}"
        for k, who in (("found", "by the model"), ("found_by_rules", "by rules"), ("found_by_both", "by both"))
    )
    print(f"\n{name}: {result['texts']} texts; gold characters found: {found}")
    for label, row in result["types"].items():
        print(
            f"  {label:13} P {row['precision']:.3f}  R {row['recall']:.3f}  F1 {row['f1']:.3f}  found {row['found']}  gold {row['gold']}"
        )


def report(lang: str, path: str, data: Path) -> dict[str, Any]:
    """All measurements of one pipeline: alone, as the sanitizer asks it; the rules of the detector alone; and both."""
    alone, rules, both = pipeline(path), detector(()), detector((path,))
    sets = english_sets(data) if lang == "en" else chinese_sets(data)
    out: dict[str, Any] = {"sets": {}}
    for name, examples in sets.items():
        result = score(alone, examples)
        result["found_by_rules"] = score(rules, examples)["found"]
        result["found_by_both"] = score(both, examples)["found"]
        show(f"{lang} {name}", result)
        out["sets"][name] = result
    clean = without_entities(lang, data)
    out["clean_texts"] = len(clean)
    out["touched"], out["touched_by_rules"] = touched(alone, clean), touched(rules, clean)
    texts = chunks(e.text for e in sets["unseen_templates"])
    out["ms_2kb"], out["ms_2kb_fresh_words"] = speed(alone, texts), fresh_words(path, texts)
    print(
        f"\n{lang}: {out['touched']:.4f} of words touched in {len(clean)} texts without entities (rules: {out['touched_by_rules']:.4f});"
    )
    print(f"{out['ms_2kb']} ms of processor time for 2 KB, {out['ms_2kb_fresh_words']} ms when every word is new")
    return out


def pipeline(path: str) -> Find:
    """The finds of a pipeline on disk, as the sanitizer asks for them."""
    ner = Ner((path,))
    return lambda text: [(s.start, s.end, s.type) for s in ner.find(text, Budget(60)) if s.score >= 0.5]


def detector(models: Sequence[str]) -> Find:
    """The finds of the whole detector, of our types."""
    whole = Detector(DetectorOptions(types=NER_TYPES, ner=models, remember=0, seconds=60))
    return lambda text: [(s.start, s.end, s.type) for s in whole.detect(text)]


def fresh_words(path: str, texts: Sequence[str]) -> float:
    """As `speed`, with nothing remembered of earlier texts."""
    folder = Path(resolve(path, "model")) / "guardchain_ner"
    return round(statistics.median(speed(Tagger.load(folder).find, [text], repeats=1) for text in texts), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--en", default="bundled:ner-en")
    parser.add_argument("--zh", default="bundled:ner-zh")
    parser.add_argument("--lang", choices=("en", "zh", "both"), default="both")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    found = {lang: report(lang, getattr(args, lang), args.data) for lang in ("en", "zh") if args.lang in (lang, "both")}
    if args.out:
        args.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
