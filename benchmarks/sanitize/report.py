"""The whole run as one JSON object, and as tables to read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
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


BEGIN, END = "<!-- measured: python -m benchmarks.sanitize -->\n", "<!-- end of measured -->\n"
_LEAST = 10  # gold values; what few of them say is chance


def publish(report: Mapping[str, Any], page: Path) -> None:
    """Put the figures between the markers of a page. Raises `ValueError` when it has none."""
    head, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no markers for measured figures")
    page.write_text(f"{head}{BEGIN}\n{markdown(report)}\n{END}{tail}", "utf-8")


def markdown(report: Mapping[str, Any]) -> str:
    """The figures as Markdown: by set, by type (those with ten values and more), and what it costs."""
    machine = report["machine"]
    models = ", ".join(f"`{Path(name).name}`" for name in report["ner"]) or "none, rules alone"
    lines = [
        f"Default options; NER models: {models}. In %. Python {machine['python']}, one core of {machine['cpu']}.",
        "",
        "| texts | language | number | leak | persons: precision | recall |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in report["corpora"].items():
        person = row["types"].get("PERSON", {})
        cells = (percent(row["leak"]), percent(person.get("precision")), percent(person.get("recall")))
        kind = " (in training)" if row["trained"] else "" if row["running"] else " (from templates)"
        lines.append(f"| {name}{kind} | {row['language']} | {row['documents']} | {' | '.join(cells)} |")
    for language, shares in report["leak"].items():
        lines.append(f"| **running text not in training** | {language} | | **{percent(shares['running'])}** | | |")
    lines += [
        "",
        "| type | language | values | precision | recall | F1 | F1, exact borders | leak |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for language, types in report["types"].items():
        for label, row in types.items():
            if row["gold"] >= _LEAST:
                figures = (percent(row[key]) for key in ("precision", "recall", "f1", "f1_exact", "leak"))
                lines.append(f"| {label} | {language} | {row['gold']} | {' | '.join(figures)} |")
    sums = ", ".join(
        f"{label} {percent(row['precision'])} / {percent(row['recall'])}"
        for label, row in report["checksummed"].items()
    )
    touched = ", ".join(f"{name} {row['share'] * 100:.2f} %" for name, row in report["untouched"].items())
    lines += ["", f"Valid against broken numbers, precision / recall in %: {sums}.", ""]
    lines += [f"Words touched in texts without sensitive values: {touched}."]
    if speed := report.get("speed"):
        spent = ", ".join(f"{name.removeprefix('ner ')} {ms:.2f}" for name, ms in speed["ms_per_2kb"].items())
        ratio = speed["times_faster_than_presidio"]
        gap = speed["restore_gap_us"]
        lines += [
            "",
            f"Milliseconds of processor time for 2 KB, medians: {spent}. The same recognisers are "
            f"{ratio['with values']:.1f} times as fast as in Presidio's `AnalyzerEngine`, in text without values "
            f"{ratio['plain']:.1f} times. A restored chunk of four characters takes {gap['p50']:.1f} µs (p50), "
            f"{gap['p99']:.1f} µs (p99).",
        ]
    return "\n".join(lines) + "\n"


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f}"
