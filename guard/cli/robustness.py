"""`guard probes robustness`: what known evasions do to the score, and what helps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guard.cli import outputs
from guard.cli.probing import load, progress, require_device, spread
from guard.files import require_whole, write_atomically

if TYPE_CHECKING:
    from detectors.robustness.wrappers import Wrapper


def robustness(
    model: Annotated[str, typer.Option(help="Model directory, hub id or bundled:<name>.")],
    probes: Annotated[str, typer.Option(help="A probe set, or bundled:<name>.")],
    rows: Annotated[
        list[Path] | None,
        typer.Option(help="JSONL with `prompt`, `harmful` and, where prepared, `zh` and `past`. May be given again."),
    ] = None,
    harmful: Annotated[Path | None, typer.Option(help="Harmful prompts, as for `guard probes eval`.")] = None,
    harmless: Annotated[Path | None, typer.Option(help="Their harmless counterpart.")] = None,
    templates: Annotated[
        Path | None, typer.Option(help="CSV of jailbreak templates (`text` or `prompt`), for one more wrapping.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Prompts per class, spread evenly; 0 takes all.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Write both tables as Markdown too.")] = None,
    dtype: Annotated[
        str, typer.Option(help="float32, bfloat16 or float16: the one the model is served in.")
    ] = "float32",
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, mps.")] = "cpu",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads for torch; 0 leaves its default.")] = 0,
) -> None:
    """Dress up harmful and harmless prompts in known ways; say what that does to scores, and which other views help."""
    from rich.console import Console
    from rich.table import Table

    from detectors.prefix_probing.artifact import ProbeSet
    from detectors.prefix_probing.probe import PrefixProbe
    from detectors.robustness import tables
    from detectors.robustness.measure import measure
    from detectors.robustness.wrappers import WRAPPERS
    from guard.assets import resolve

    outputs.require({"--out": out}, [*(rows or []), harmful, harmless, templates, probes])
    require_device(dtype, device)
    bad, good = _rows(rows or [], harmful, harmless)
    if limit:
        bad, good = spread(tuple(bad), limit), spread(tuple(good), limit)
    wrappers = [*WRAPPERS, *([read_templates(templates)] if templates is not None else [])]
    loaded = ProbeSet.load(resolve(probes, "probes"))
    probe = PrefixProbe(loaded, load(model, dtype, device, threads), cascade=False)
    with progress() as bar:
        task = bar.add_task("conversations", total=None)
        found = measure(probe, bad, good, wrappers, lambda done, all_: bar.update(task, completed=done, total=all_))
    c = probe.calibration
    head = (
        f"{len(bad)} harmful and {len(good)} harmless prompts; model {loaded.identity.name}, weights "
        f"{loaded.identity.weights}; steer_at {c.steer_at:.3f}, block_at {c.block_at:.3f}"
    )
    both = tables.effects(found), tables.defences(found)
    if out is not None:
        write_atomically(out, "\n".join([head + "\n", *map(tables.markdown, both)]))
    console = Console()
    console.print(head, soft_wrap=True)
    for columns, body in both:
        table = Table(*columns)
        for row in body:
            table.add_row(*row)
        console.print(table)
    if out is not None:
        typer.echo(f"wrote {out}")


def _rows(rows: list[Path], harmful: Path | None, harmless: Path | None) -> tuple[Any, Any]:
    from detectors.calibrate.sample import label
    from detectors.calibrate.sample import rows as read
    from detectors.prefix_probing import data
    from guard.errors import ArtifactError

    if (harmful is None) != (harmless is None):
        raise typer.BadParameter("--harmful and --harmless go together")
    sides: tuple[list[Any], list[Any]] = ([], [])
    for path in rows:
        for where, row in read(path):
            if not isinstance(row.get("prompt"), str) or not row["prompt"].strip():
                raise ArtifactError(f"{where}: no `prompt`")
            require_whole(row["prompt"], where)
            sides[0 if label(row, where) else 1].append(row)
    if harmful is not None and harmless is not None:
        found = data.load(harmful, harmless)
        for side, texts in zip(sides, (found.harmful, found.harmless), strict=True):
            side += [{"prompt": t} for t in texts]
    if not all(sides):
        raise typer.BadParameter("needs harmful and harmless prompts: --rows, or --harmful and --harmless")
    return sides


def read_templates(path: Path) -> Wrapper:
    """Raises `typer.BadParameter` for what is no table of templates: prompts would wrap one another unnoticed."""
    from detectors.prefix_probing import data
    from detectors.robustness.wrappers import PLACEHOLDER, templates
    from guard.files import read_text

    option = "--templates"
    if path.suffix.lower() not in (".csv", ".tsv"):
        raise typer.BadParameter(f"{path}: templates come as .csv or .tsv, with a column `text`", param_hint=option)
    rows = list(data.table(path, read_text(path)))
    if rows and "harmful" in rows[0][1]:
        raise typer.BadParameter(f"{path} holds labelled prompts (`harmful`), not templates", param_hint=option)
    texts = data.read(path, label=True)
    if not texts:
        raise typer.BadParameter(f"{path} holds no template", param_hint=option)
    if not any(PLACEHOLDER in text for text in texts):
        typer.echo(f"guard: no template of {path} holds {PLACEHOLDER}: prompts are put behind each", err=True)
    return templates(texts)
