"""Write ``eval/calibration_prompts.jsonl``: prompts for building and calibrating probes, made of reserved and of long lines only.

``python -m recipes.tiny_chat.calibration``
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from . import lexicon_calibration as long
from .grammar import Group, Lang, expand, load_lines, normal, render

WANTED: list[tuple[Lang, Group, int]] = [
    ("en", "harm", 150),
    ("zh", "harm", 130),
    ("en", "easy", 150),
    ("zh", "easy", 130),
    ("en", "hard", 170),
    ("zh", "hard", 130),
]
LONG: list[tuple[Lang, Group, str, int]] = [
    ("en", "harm", long.HARM_EN, 14),
    ("zh", "harm", long.HARM_ZH, 6),
    ("en", "easy", long.EASY_EN, 20),
    ("zh", "easy", long.EASY_ZH, 6),
    ("en", "hard", long.HARD_EN, 32),
    ("zh", "hard", long.HARD_ZH, 8),
]
NAMES: dict[Group, str] = {"harm": "harmful", "easy": "harmless", "hard": "scary"}


def build(seed: int = 7) -> list[dict[str, object]]:
    """The rows: ``prompt``, ``lang``, ``kind`` (harmful, harmless, scary) and ``harmful``."""
    rng = random.Random(seed)
    seen: set[str] = set()
    rows: list[dict[str, object]] = []
    for lang, group, count in WANTED:
        lines = [line for line in load_lines() if line.reserved and (line.lang, line.group) == (lang, group)]
        made = 0
        while made < count:
            prompt = render(lines[made % len(lines)], rng, with_noise=rng.random() < 0.3)
            key = normal(prompt.text)
            if key in seen:
                lines.append(rng.choice(lines))
                lines.pop(made % len(lines))
                continue
            seen.add(key)
            made += 1
            rows.append(_row(prompt.text, lang, group))
    for lang, group, block, count in LONG:
        texts = dict.fromkeys(expand(line, rng) for _ in range(20) for line in block.splitlines())
        rows += [_row(text, lang, group) for text in list(texts)[:count]]
    return rows


def _row(text: str, lang: Lang, group: Group) -> dict[str, object]:
    return {"prompt": text, "lang": lang, "kind": NAMES[group], "harmful": group == "harm"}


def main() -> None:
    """Write the file."""
    path = Path(__file__).parent / "eval" / "calibration_prompts.jsonl"
    with path.open("w", encoding="utf-8") as handle:
        for row in build():
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
