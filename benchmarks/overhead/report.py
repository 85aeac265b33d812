"""The report: JSON with every run, Markdown tables, PNG plots."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.overhead.measure import Result

NAMES = {
    "direct": "no proxy",
    "relay": "FastAPI + aiohttp relay",
    "off": "Guardchain, checks off",
    "patterns": "Guardchain, sanitise without names",
    "sanitize": "Guardchain, sanitise",
    "probe": "Guardchain, probe",
    "all": "Guardchain, sanitise + probe",
    "litellm": "LiteLLM, no guard",
    "litellm + presidio": "LiteLLM + Presidio guardrail",
    "portkey": "Portkey gateway, no guard",
    "nemo": "NeMo Guardrails, no rails",
}
"""What subjects are called in reports."""


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in _read("/proc/cpuinfo").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    packages = ("guardchain", "aiohttp", "fastapi", "uvicorn", "uvloop", "orjson", "numpy", "presidio-analyzer")
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "wrk": _first_line(["wrk", "-v"]),
        "node": _first_line(["node", "--version"]),
        **{name: version(name) for name in packages},
    }


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except OSError:
        return ""


def _first_line(command: Sequence[str]) -> str:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=10)  # noqa: S603
    except OSError:
        return ""
    return (
        (ran.stdout or ran.stderr)
        .split("\n", 1)[0]
        .removesuffix(" Copyright (C) 2012 Will Glozer")
        .removeprefix("wrk ")
        .strip()
    )


def document(results: Sequence[Result], asked: Mapping[str, Any], versions: Mapping[str, str]) -> dict[str, Any]:
    return {
        "machine": machine(),
        "asked": dict(asked),
        "versions": dict(versions),
        "results": [r.as_dict() for r in results],
    }


def markdown(results: Sequence[Result], found: Mapping[str, Any]) -> str:
    """One table for whole answers, one for streams, one for several workers; medians of the rounds."""
    m = found["machine"]
    versions = ", ".join(f"{NAMES.get(name, name)} {v}" for name, v in found["versions"].items() if v)
    lines = [
        "# What the proxy adds",
        "",
        f"Made by `python -m benchmarks.overhead {found['asked']['command']}`. {m['cpu']}, {m['cores']} cores, "
        f"Linux {m['kernel']}, Python {m['python']}, wrk {m['wrk']}. Medians of {found['asked']['rounds']} rounds in "
        "which the subjects took turns; every prompt was new to the subject. The subject ran on one core, load and "
        "provider on another; with two workers nothing was pinned.",
        "",
        f"Versions: {versions or 'none of others'}. Prompts of 16 KB are longer than the bundled model's context of "
        "2,048 tokens: there `probe` finds that out and scores nothing.",
        "",
    ]
    whole = [r for r in results if not r.cell.stream and r.cell.workers == 1]
    streamed = [r for r in results if r.cell.stream and r.cell.workers == 1]
    several = [r for r in results if r.cell.workers > 1]
    for title, rows, columns in (
        ("Whole answers", whole, _WHOLE),
        ("Streamed answers (40 pieces, 10 ms apart)", streamed, _STREAMED),
        ("Two workers", several, _WHOLE),
    ):
        if rows:
            lines += [f"## {title}", "", *_table(rows, columns), ""]
    doubtful = sum(r.doubtful for r in results)
    thrown = sum(r.disturbed for r in results)
    lines.append(f"Runs thrown away because the machine was disturbed: {thrown}; kept although it was: {doubtful}.")
    return "\n".join(lines) + "\n"


_WHOLE = [("req/s", "rate", "{:,.0f}"), ("p50 ms", "p50", "{:.2f}"), ("p95 ms", "p95", "{:.2f}"),
          ("p99 ms", "p99", "{:.2f}"), ("CPU ms/request", "cpu_ms", "{:.2f}"), ("MB", "rss_mb", "{:.0f}")]  # fmt: skip
_STREAMED = [("streams/s", "rate", "{:,.1f}"), ("first piece p50 ms", "first_p50", "{:.2f}"),
             ("p95", "first_p95", "{:.2f}"), ("p99", "first_p99", "{:.2f}"), ("gap p50 ms", "gap_p50", "{:.2f}"),
             ("p95", "gap_p95", "{:.2f}"), ("p99", "gap_p99", "{:.2f}"), ("CPU ms/stream", "cpu_ms", "{:.1f}"),
             ("MB", "rss_mb", "{:.0f}")]  # fmt: skip


def _table(rows: Sequence[Result], columns: Sequence[tuple[str, str, str]]) -> list[str]:
    titles = ["clients", "prompt", "subject", *(title for title, _, _ in columns)]
    lines = ["| " + " | ".join(titles) + " |", "|--:|--:|---|" + "--:|" * len(columns)]
    for row in rows:
        cell = row.cell
        if row.runs:
            found = ((form, row.median(name)) for _, name, form in columns)
            values = ["–" if value is None else form.format(value) for form, value in found]
        else:
            values = [f"failed: {row.error[:80]}", *[""] * (len(columns) - 1)]
        size = f"{cell.size / 1024:g} KB" if cell.size >= 1024 else f"{cell.size} B"
        lines.append(
            f"| {cell.connections} | {size} | {NAMES.get(cell.subject, cell.subject)} | {' | '.join(values)} |"
        )
    return lines


def plots(results: Sequence[Result], folder: Path) -> list[Path]:
    """Requests a second and latency for each load, gaps of streams. Empty where matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        return []
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    made = []
    for kind, stream, name, high, title in (
        ("rate", False, "rate", None, "requests a second"),
        ("latency", False, "p50", "p99", "latency in ms: p50, to p99"),
        ("first", True, "first_p50", "first_p99", "first piece of a stream in ms: p50, to p99"),
        ("gap", True, "gap_p50", "gap_p99", "gap between pieces of a stream in ms: p50, to p99"),
    ):
        rows = [r for r in results if r.cell.stream is stream and r.cell.workers == 1 and r.runs]
        loads = list(dict.fromkeys((r.cell.size, r.cell.connections) for r in rows))
        if not loads:
            continue
        sizes = list(dict.fromkeys(size for size, _ in loads))
        clients = list(dict.fromkeys(c for _, c in loads))
        figure, axes = plt.subplots(
            len(sizes), len(clients), figsize=(4.6 * len(clients), 3.4 * len(sizes)), squeeze=False
        )
        for i, size in enumerate(sizes):
            for j, count in enumerate(clients):
                axis = axes[i][j]
                here = [r for r in rows if (r.cell.size, r.cell.connections) == (size, count)][::-1]
                values = [r.median(name) or 0 for r in here]
                labels = [NAMES.get(r.cell.subject, r.cell.subject) for r in here]
                colours = ["#1f6f5c" if label.startswith("Guardchain") else "#9aa5b1" for label in labels]
                axis.barh(labels, values, color=colours)
                if high:
                    for y, r in enumerate(here):
                        axis.plot([r.median(name) or 0, r.median(high) or 0], [y, y], color="#333333", linewidth=1.2)
                axis.set_xscale("log")
                axis.set_title(f"{count} client{'s' * (count > 1)}, {size:,} characters", fontsize=9)
                axis.tick_params(labelsize=7)
                if j:
                    axis.set_yticklabels([])
        figure.suptitle(title)
        figure.tight_layout()
        path = folder / f"overhead-{kind}.png"
        figure.savefig(path, dpi=110)
        plt.close(figure)
        made.append(path)
    return made


def write(results: Sequence[Result], asked: Mapping[str, Any], versions: Mapping[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    found = document(results, asked, versions)
    (folder / "overhead.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    (folder / "overhead.md").write_text(markdown(results, found), "utf-8")
    plots(results, folder)
