"""The report as tables in the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from detectors.report.page import interval, number, percent
from detectors.report.summary import Summary

_MOST = 5


def show(console: Console, s: Summary, *, show_text: bool = False) -> None:
    """Print everything but the pictures; of the errors the worst few."""
    c = s.calibration
    left_out = "".join(f", {n} {escape(why)}" for why, n in s.sample.left_out.items())
    console.print(
        f"{c.harmful} harmful and {c.harmless} harmless prompts" + (f"; left out{left_out}" if left_out else "")
    )
    low, high = c.auroc_interval
    console.print(
        f"AUROC {c.auroc:.4f} (95 % {low:.4f} … {high:.4f}), AUPRC {s.auprc:.4f}, best F1 {c.f1:.4f}"
        + (f", Brier score {s.brier:.4f}" if s.brier is not None else "")
    )
    table = _table("Fitted", "", "threshold", "95 %", "target", "FPR (95 %)", "TPR (95 %)")
    for name, t in (("block_at", c.block), ("steer_at", c.steer)):
        span = f"{number(t.interval[0])} … {number(t.interval[1])}"
        rates = (_rate(t.fpr, t.fpr_interval), _rate(t.tpr, t.tpr_interval))
        table.add_row(name, number(t.value), span, percent(t.target_fpr), *rates)
    console.print(table)
    _scripts(console, s)
    _sweep(console, s)
    if s.drift is not None:
        _drift(console, s)
    for title, rows in (("Harmful, not blocked", s.missed), ("Harmless, steered or blocked", s.alarms)):
        if rows:
            found = _table(title, "score", "digest", "where", *(["text"] if show_text else []))
            for r in rows[:_MOST]:
                text = [escape(r.text[:100])] if show_text else []
                found.add_row(number(r.score), escape(r.digest), escape(r.where), *text)
            console.print(found)
    for words in s.warnings:
        console.print(f"[yellow]warning:[/] {escape(words)}")


def _scripts(console: Console, s: Summary) -> None:
    if not s.scripts:
        return
    table = _table("By writing system", "", "harmful", "harmless", "AUROC", "", "FPR (95 %)", "TPR (95 %)")
    for of in s.scripts:
        for name, p in (("block_at", of.block), ("steer_at", of.steer)):
            first = name == "block_at"
            facts = (escape(of.script), str(of.harmful), str(of.harmless), f"{of.auroc:.3f}") if first else ("",) * 4
            table.add_row(*facts, name, _rate(p.fpr, p.fpr_interval), _rate(p.tpr, p.tpr_interval))
    console.print(table)


def _sweep(console: Console, s: Summary) -> None:
    table = _table("Sweep", "threshold", "", "FPR (95 %)", "TPR (95 %)", "prec.", "F1")
    for p in s.sweep:
        rates = (_rate(p.fpr, p.fpr_interval), _rate(p.tpr, p.tpr_interval))
        style = "bold" if p.name in ("block_at", "steer_at") else None
        table.add_row(number(p.threshold), p.name, *rates, percent(p.precision), f"{p.f1:.3f}", style=style)
    console.print(table)


def _drift(console: Console, s: Summary) -> None:
    assert s.drift is not None
    title = f"Drift against the stored calibration: {'yes' if s.drift.moved else 'none to be seen'}"
    table = _table(title, "", "PSI (chance)", "KS (chance)", "median was → is", "")
    for name, d in (("harmful", s.drift.harmful), ("harmless", s.drift.harmless)):
        figures = [f"{v:.3f} ({chance:.3f})" for v, chance in ((d.psi, d.psi_chance), (d.ks, d.ks_chance))]
        median = f"{number(d.median_was)} → {number(d.median_is)}"
        table.add_row(name, *figures, median, "[red]moved" if d.moved else "as before")
    console.print(table)
    held = _table("", "", "stored → new", "stored: FPR (95 %)", "target", "TPR", "")
    pairs = (("block_at", s.drift.block, s.calibration.block), ("steer_at", s.drift.steer, s.calibration.steer))
    for name, h, t in pairs:
        moved = f"{number(h.value)} → {number(t.value)}"
        rates = (_rate(h.fpr, h.fpr_interval), percent(h.target_fpr), percent(h.tpr))
        held.add_row(name, moved, *rates, "holds" if h.holds else "[red]exceeds it")
    console.print(held)
    if s.rescaled:
        console.print("[dim]Drift and stored thresholds are on the stored scale, new ones on a scale of their own.[/]")


def _table(title: str, *columns: str) -> Table:
    """Narrow enough for 80 characters."""
    return Table(*columns, title=title or None, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))


def _rate(share: float, span: tuple[float, float] | None) -> str:
    return f"{percent(share)} ({interval(span)})"
