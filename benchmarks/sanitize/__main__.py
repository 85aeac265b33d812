"""`python -m benchmarks.sanitize [--data DIR] [--quick] [--json FILE] [--examples FILE]`."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.sanitize import corpora, obfuscation, speed
from benchmarks.sanitize.generated import checksummed
from benchmarks.sanitize.report import publish, show
from benchmarks.sanitize.scores import Result, Row, family, measure, touched
from guard.assets import resolve
from guard.errors import ConfigError
from sanitizers import Sanitizer, SanitizerOptions
from sanitizers.detect.ner import BUNDLED

_QUICK = 150
_PATIENCE = 300.0  # seconds for one text: a busy machine must not end the measurement


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sanitize", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with the development sets; without it the small set alone")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK} texts of each set, few repeats")
    parser.add_argument("--json", type=Path, help="write the whole report there")
    parser.add_argument("--publish", type=Path, help="put the figures between the markers of that Markdown page")
    parser.add_argument("--examples", type=Path, help="write what leaked and what was hidden in vain there (gold text)")
    parser.add_argument("--ner", action="append", help="NER model, as in guard.yaml; default: the bundled ones")
    parser.add_argument("--no-ner", action="store_true", help="recognisers alone")
    parser.add_argument("--no-speed", action="store_true", help="quality alone")
    wish = parser.parse_args()
    if wish.data is not None and not wish.data.is_dir():
        parser.error(f"--data: {wish.data} is not a folder; see benchmarks/README.md for what it should hold")
    console = Console(width=max(Console().width, 112))
    models = () if wish.no_ner else tuple(wish.ner or bundled())
    report, results = run(wish.data, models, quick=wish.quick, speeds=not wish.no_speed)
    show(report, console)
    if wish.json is not None:
        wish.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if wish.publish is not None:
        publish(report, wish.publish)
    if wish.examples is not None:
        wish.examples.write_text(_examples(results), "utf-8")


def bundled() -> list[str]:
    """The bundled NER models that are there."""
    found = []
    for name in BUNDLED:
        with contextlib.suppress(ConfigError):
            resolve(name, "model")
            found.append(name)
    return found


def run(
    data: Path | None, models: Sequence[str] = (), *, quick: bool = False, speeds: bool = True
) -> tuple[dict[str, Any], list[Result]]:
    """The report, and the results it was made from. `models`: NER models besides the recognisers."""
    limit = _QUICK if quick else None
    sets = [*corpora.small(), *corpora.chinese(limit=limit)]
    if data is not None:
        sets += corpora.english(data, limit)
    sanitizer = Sanitizer(SanitizerOptions(ner=models, seconds=_PATIENCE), key="benchmark")
    wanted = sanitizer.options.detector().types or frozenset()
    families = {family(label) for label in wanted - {"DATE_OF_BIRTH"}}  # one date of many
    labels = {g.label for s in sets for d in s.documents for g in d.gold}
    looked_for = frozenset(label for label in labels if family(label) in families)
    results = [measure(s, sanitizer) for s in sets]
    plain = {name: touched(texts, sanitizer) for name, texts in corpora.untouched(data, limit).items()}
    report: dict[str, Any] = {
        "machine": {"python": platform.python_version(), "cpu": _cpu(), "cores": os.cpu_count()},
        "ner": list(models),
        "corpora": {r.corpus.name: r.report(looked_for) for r in results},
        "types": {language: _by_type(results, language) for language in ("en", "zh")},
        "leak": {language: _leak(results, language, looked_for) for language in ("en", "zh")},
        "checksummed": {
            name: {"valid": c.valid, "precision": c.precision, "recall": c.recall}
            for name, c in checksummed(sanitizer, wanted, 50 if quick else 400)
        },
        "untouched": {
            name: {"words": t.words, "share": t.share, "by_type": dict(t.by_type.most_common())}
            for name, t in plain.items()
        },
    }
    if speeds:
        lines = [line for texts in plain_lines() for line in texts]
        report["speed"] = speed.measure(lines, models, rounds=5 if quick else 41).report()
        report["obfuscation"] = obfuscation.measure(lines)
    return report, results


def plain_lines() -> list[list[str]]:
    """The shipped texts without sensitive values, English ones."""
    return [[line for line in texts if line.isascii()] for texts in corpora.untouched(None).values()]


def _by_type(results: list[Result], language: str) -> dict[str, Any]:
    rows: dict[str, Row] = defaultdict(Row)
    for result in results:
        if result.corpus.language == language:
            for label, row in result.rows.items():
                rows[label].add(row)
    return {label: row.report() for label, row in sorted(rows.items())}


def _leak(results: list[Result], language: str, looked_for: frozenset[str]) -> dict[str, float | None]:
    """Over all running text of a language, over what the NER models learnt from, and over what templates made."""
    totals = {"running": Row(), "trained_on": Row(), "templates": Row()}
    for result in results:
        if result.corpus.language == language:
            kind = "trained_on" if result.corpus.trained else "running" if result.corpus.running else "templates"
            totals[kind].add(result.total(looked_for))
    return {kind: total.leak for kind, total in totals.items()}


def _examples(results: list[Result]) -> str:
    lines = []
    for result in results:
        for title, rows in (("readable", result.leaked), ("in vain", result.wrong)):
            for label, value, text in rows:
                lines.append(json.dumps([result.corpus.name, title, label, value, text[:300]], ensure_ascii=False))
    return "\n".join(lines) + "\n"


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
