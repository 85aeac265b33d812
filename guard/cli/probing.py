"""What the commands about models share: a model that scores, a choice of prompts, a progress bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from detectors.scorers.local import LocalScorer


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
