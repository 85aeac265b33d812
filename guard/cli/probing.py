"""What the commands about models share: a model that scores, a choice of prompts, a progress bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from detectors.prefix_probing.data import Prompts
    from detectors.scorers.local import LocalScorer

_ROOM = 16  # tokens that a baseline may put before a prompt


def load(model: str, dtype: str, device: str, threads: int) -> LocalScorer:
    from detectors.scorers.local import LocalScorer
    from guard.assets import resolve

    if dtype not in ("float32", "bfloat16", "float16"):
        raise typer.BadParameter("must be float32, bfloat16 or float16", param_hint="--dtype")
    return LocalScorer.load(
        resolve(model, "model"),
        dtype=dtype,
        device=device,
        threads=threads or None,
    )


def fitting(scorer: LocalScorer, prompts: Prompts, longest: int) -> Prompts:
    """The prompts that the model can take with an opening of `longest` tokens behind them; says how many it cannot.

    Raises `ArtifactError` when a class has none left.
    """
    from detectors.prefix_probing.construct import rendered
    from detectors.prefix_probing.data import Prompts
    from guard.errors import ArtifactError

    def fits(text: str) -> bool:
        return scorer.fits(len(rendered(scorer, [text])[0]) + longest + _ROOM)

    left = Prompts(*(tuple(t for t in side if fits(t)) for side in (prompts.harmful, prompts.harmless)))
    harmful, harmless = (
        len(a) - len(b) for a, b in ((prompts.harmful, left.harmful), (prompts.harmless, left.harmless))
    )
    if not left.harmful or not left.harmless:
        raise ArtifactError("every prompt of a class is longer than the model's context")
    if harmful or harmless:
        typer.echo(
            f"left out {harmful} harmful and {harmless} harmless prompts that are longer than the model's context",
            err=True,
        )
    return left


def spread(texts: tuple[str, ...], most: int) -> tuple[str, ...]:
    """At most `most` texts, evenly spaced: files are often sorted by topic."""
    if len(texts) <= most:
        return texts
    return tuple(texts[i * len(texts) // most] for i in range(most))


def progress() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))


def choice(kind: Any, value: str, option: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise typer.BadParameter(f"must be one of {', '.join(kind)}", param_hint=option) from None
