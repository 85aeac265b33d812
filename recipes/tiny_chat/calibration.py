"""Write ``eval/calibration_prompts.jsonl``: prompts for building and calibrating probes, made of reserved lines only.

``python -m recipes.tiny_chat.calibration``
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from .grammar import Group, Lang, load_lines, normal, render

WANTED: list[tuple[Lang, Group, int]] = [
    ("en", "harm", 110),
    ("zh", "harm", 90),
    ("en", "easy", 110),
    ("zh", "easy", 90),
    ("en", "hard", 60),
    ("zh", "hard", 40),
]


def build(seed: int = 7) -> list[dict[str, object]]:
    """The rows: ``prompt``, ``lang``, ``kind`` (harmful, harmless, scary) and ``harmful``."""
    rng = random.Random(seed)
    seen: set[str] = set()
    rows: list[dict[str, object]] = []
    names: dict[Group, str] = {"harm": "harmful", "easy": "harmless", "hard": "scary"}
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
            rows.append({"prompt": prompt.text, "lang": lang, "kind": names[group], "harmful": prompt.harmful})
    return rows


def main() -> None:
    """Write the file."""
    path = Path(__file__).parent / "eval" / "calibration_prompts.jsonl"
    with path.open("w", encoding="utf-8") as handle:
        for row in build():
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
