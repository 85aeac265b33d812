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

from recipes.ner import generate_en, generate_zh, sources
from recipes.ner.corpus import registers
from recipes.ner.text import Example, Spot

HERE = Path(__file__).parent
_MARKED = re.compile(r"<([PHOLATD]):([^<>]*)>")
_CODES = {
    "P": "PERSON",
    "H": "PERSON",
    "O": "ORGANIZATION",
    "L": "LOCATION",
    "A": "ADDRESS",
    "T": "TITLE",
    "D": "DATE_TIME",
}


def read_marked(path: Path) -> list[Example]:
    """Lines such as `<P:王芳>在<L:北京>`."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text, spans, at = "", [], 0
        for match in _MARKED.finditer(line):
            text += line[at : match.start()]
            spans.append((len(text), len(text) + len(match.group(2)), _CODES[match.group(1)]))
            text += match.group(2)
            at = match.end()
        if line:
            found.append(Example(text + line[at:], tuple(spans)))
    return found


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


Find = Callable[[str], Iterable[Spot]]


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
    """Median milliseconds of processor time for a text."""
    for text in texts:
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
    print(f"\n{name}: {result['texts']} texts, {result['found']} of gold characters found")
    for label, row in result["types"].items():
        print(
            f"  {label:13} P {row['precision']:.3f}  R {row['recall']:.3f}  F1 {row['f1']:.3f}  found {row['found']}  gold {row['gold']}"
        )


def report(lang: str, find: Find, data: Path) -> dict[str, Any]:
    """All measurements of one pipeline."""
    sets = english_sets(data) if lang == "en" else chinese_sets(data)
    out: dict[str, Any] = {}
    for name, examples in sets.items():
        out[name] = score(find, examples)
        show(f"{lang} {name}", out[name])
    clean = without_entities(lang, data)
    texts = chunks(e.text for e in sets["unseen_templates"])
    out["touched"], out["touched_texts"] = touched(find, clean), len(clean)
    out["ms_2kb"] = speed(find, texts)
    out["ms_2kb_first"] = None
    print(
        f"\n{lang}: {out['touched']:.4f} of words touched in {len(clean)} texts without entities; {out['ms_2kb']} ms for 2 KB"
    )
    return out


def pipeline(path: str) -> Find:
    """The finds of a pipeline on disk, as the sanitizer asks for them."""
    from sanitizers.detect.ner import engine

    loaded = engine(path)
    return lambda text: [(s.start, s.end, s.type) for s in loaded.find(text)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--en", default="bundled:ner-en")
    parser.add_argument("--zh", default="bundled:ner-zh")
    parser.add_argument("--lang", choices=("en", "zh", "both"), default="both")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    found = {
        lang: report(lang, pipeline(getattr(args, lang)), args.data)
        for lang in ("en", "zh")
        if args.lang in (lang, "both")
    }
    if args.out:
        args.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
