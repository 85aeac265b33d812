"""The whole run as one JSON object, and as tables to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table


def show(report: Mapping[str, Any], console: Console) -> None:
    """Print a report made by `benchmarks.sanitize.__main__`."""
    leaks = Table("corpus", "language", "texts", "leak %", "persons: precision %", "recall %", title="Leaks")
    for name, corpus in report["corpora"].items():
        person = corpus["types"].get("PERSON", {})
        leaks.add_row(
            name,
            corpus["language"],
            str(corpus["documents"]),
            percent(corpus["leak"]),
            percent(person.get("precision")),
            percent(person.get("recall")),
        )
    console.print(leaks)
    columns = ("type", "gold", "found", "P %", "R %", "F1 %", "P exact", "R exact", "F1 exact", "leak %")
    for language, types in report["types"].items():
        table = Table(*columns, title=f"By type, {language}")
        for label, row in types.items():
            keys = ("precision", "recall", "f1", "precision_exact", "recall_exact", "f1_exact", "leak")
            table.add_row(label, str(row["gold"]), str(row["found"]), *(percent(row[key]) for key in keys))
        console.print(table)
    if report["checksummed"]:
        table = Table("type", "valid numbers", "precision %", "recall %", title="Check digits: valid against broken")
        for label, row in report["checksummed"].items():
            table.add_row(label, str(row["valid"]), percent(row["precision"]), percent(row["recall"]))
        console.print(table)
    table = Table("texts without sensitive values", "words", "touched %", "as", title="Over-masking")
    for name, row in report["untouched"].items():
        kinds = ", ".join(f"{kind} {count}" for kind, count in row["by_type"].items())
        table.add_row(name, str(row["words"]), f"{row['share'] * 100:.2f}", kinds)
    console.print(table)
    if speed := report.get("speed"):
        table = Table("speed, medians", "", title="Speed")
        for name, value in speed.items():
            shown = ", ".join(f"{k} {v:.2f}" for k, v in value.items())
            table.add_row(name, shown)
        console.print(table)
    if rows := report.get("obfuscation"):
        table = Table("candidates / ε", "word stays %", "it or one of 10 nearest %", "ms per 2 KB", title="Obfuscation")
        for name, row in rows.items():
            table.add_row(name, percent(row["same"]), percent(row["same_or_near"]), f"{row['ms_per_2kb']:.1f}")
        console.print(table)


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f}"
