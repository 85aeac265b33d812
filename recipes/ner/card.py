"""Write the data card of a pipeline from what `evaluate` measured.

``python -m recipes.ner.card --lang en|zh --results results.json --log OUT/log-en.jsonl --pipeline guard/assets/ner-en``
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_SETS = {
    "presidio_research": "presidio-research `synth_dataset_v2` (883 sentences of it; not in training, looked at while choosing settings)",
    "btc_e": "Broad Twitter Corpus, file e (tweets on one plane crash; not in training, but its figures were in view when weights and settings were chosen)",
    "wnut17_dev": "WNUT17 dev (comments on videos; not in training, but its figures were in view when weights and settings were chosen; other parts of the source taught the model)",
    "handwritten": "135 sentences written by hand (`recipes/ner/eval/zh.txt`; not in training, but errors on it guided the generator, so the figure is optimistic)",
    "unseen_templates": "texts of held-out templates",
}


def table(result: dict[str, Any]) -> str:
    """Scores by type as a Markdown table."""
    lines = ["| type | precision | recall | F1 | characters found | gold |", "|---|---|---|---|---|---|"]
    for label, row in result["types"].items():
        if row["gold"]:
            lines.append(
                f"| {label} | {row['precision']:.1%} | {row['recall']:.1%} | {row['f1']:.1%} | {row['found']:.1%} | {row['gold']} |"
            )
    return "\n".join(lines)


def card(lang: str, measured: dict[str, Any], size: float, tokens: int) -> str:
    """The whole card."""
    head = (HERE / f"card_{lang}.md").read_text(encoding="utf-8")
    parts = []
    for name, result in measured["sets"].items():
        parts.append(
            f"**{_SETS[name]}**: of the gold characters the model finds {result['found']:.1%}, the detector's rules alone "
            f"{result['found_by_rules']:.1%}, both together {result['found_by_both']:.1%}.\n\n{table(result)}\n"
        )
    return head.format(
        size=f"{size / 1e6:.1f}", ms=measured["ms_2kb"], fresh=measured["ms_2kb_fresh_words"], tokens=f"{tokens / 1e6:.1f}",
        touched=f"{measured['touched']:.2%}", clean=measured["clean_texts"], scores="\n".join(parts),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lang", choices=("en", "zh"), required=True)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True, help="the training log")
    parser.add_argument("--pipeline", type=Path, required=True)
    args = parser.parse_args()
    measured = json.loads(args.results.read_text(encoding="utf-8"))[args.lang]
    size = sum(f.stat().st_size for f in args.pipeline.rglob("*") if f.is_file() and f.suffix != ".md")
    tokens = sum(json.loads(line)["tokens"] for line in args.log.read_text(encoding="utf-8").splitlines())
    (args.pipeline / "README.md").write_text(card(args.lang, measured, size, tokens), encoding="utf-8")
    (args.pipeline / "results.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
