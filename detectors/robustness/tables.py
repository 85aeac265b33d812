"""The measurement as rows of text, for terminal and documentation alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detectors.robustness.measure import Robustness

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]  # columns, rows


def effects(found: Robustness) -> Table:
    columns = (
        "wrapping",
        "harmful: shift",
        "harmless: shift",
        "AUROC",
        "vs plain",
        "TPR steer / block",
        "FPR steer / block",
    )
    rows: list[tuple[str, ...]] = [
        (
            e.name,
            f"{e.shift[0]:+.2f}",
            f"{e.shift[1]:+.2f}",
            f"{e.auroc:.3f}",
            f"{e.against_plain:.3f}",
            f"{e.tpr[0]:.0%} / {e.tpr[1]:.0%}",
            f"{e.fpr[0]:.0%} / {e.fpr[1]:.0%}",
        )
        for e in found.effects
    ]
    return columns, rows


def defences(found: Robustness) -> Table:
    """TPR / FPR at each defence's own threshold, one column a defence."""
    columns = ("wrapping", *(d.name.removeprefix("as served + ") for d in found.defences))
    names = [e.name for e in found.effects]
    rows = [(n, *(f"{d.tpr[n]:.0%} / {d.fpr[n]:.0%}" for d in found.defences)) for n in names]
    rows.append(("mean of the wrappings", *(f"{d.mean_tpr:.0%}" for d in found.defences)))
    rows.append(("threshold", *(f"{d.threshold:.2f}" for d in found.defences)))
    rows.append(("tokens", *(f"× {d.cost:.2f}" for d in found.defences)))
    return columns, rows


def markdown(table: Table) -> str:
    columns, rows = table
    return "\n".join(map(_line, [columns, ["---"] * len(columns), *rows])) + "\n"


def _line(cells: Iterable[str] | Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
