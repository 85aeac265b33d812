"""What the commands about models share: a model that scores, a choice of prompts, a progress bar."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from guard.errors import ArtifactError, GuardError

if TYPE_CHECKING:
    from detectors.prefix_probing.data import Prompts
    from detectors.scorers.local import LocalScorer

_ROOM = 16  # tokens that a baseline may put before a prompt
MAX_SEED = 2**63 - 1
_NEEDED = {
    "config.json": ("config.json",),
    "tokenizer.json": ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "tokenizer_config.json"),
    "*.safetensors": ("*.safetensors", "*.bin"),
}
DTYPES = ("float32", "bfloat16", "float16")


def load(model: str, dtype: str, device: str, threads: int) -> LocalScorer:
    from detectors.scorers.local import LocalScorer
    from guard.assets import resolve

    require_device(dtype, device)
    path = resolve(model, "model")
    model_directory(path)
    with loading(model):
        return LocalScorer.load(path, dtype=dtype, device=device, threads=threads or None)


def require_device(dtype: str, device: str) -> None:
    """Raises `typer.BadParameter` for what is no such thing, or is not there."""
    if dtype not in DTYPES:
        raise typer.BadParameter(f"must be float32, bfloat16 or float16, not {dtype!r}", param_hint="--dtype")
    import torch

    try:
        known = torch.device(device)
        if known.type == "meta":  # holds no numbers
            raise ValueError
    except (RuntimeError, ValueError):
        raise typer.BadParameter(f"no device {device!r}: cpu, cuda, cuda:1, mps", param_hint="--device") from None
    try:
        torch.ones(1, device=known).item()
    except (RuntimeError, AssertionError, NotImplementedError, ImportError):
        count = torch.cuda.device_count()
        there = ", ".join(
            ["cpu", *(f"cuda:{n}" for n in range(count)), *(["mps"] if torch.backends.mps.is_available() else [])]
        )
        raise typer.BadParameter(
            f"{device!r} is not there, or this PyTorch cannot use it; there is: {there}", param_hint="--device"
        ) from None


def model_directory(
    reference: str, patterns: Sequence[str] = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.model")
) -> str:
    """The local directory of a model; a hub id is looked up in the hub's cache, and fetched if that is allowed.

    Raises `ArtifactError` saying what there is not.
    """
    root = Path(reference)
    if reference and root.is_dir():
        for what, names in _NEEDED.items():
            if not any(found for name in names for found in root.glob(name)):
                raise ArtifactError(f"{reference} is not a model directory: it holds no {what}")
        return reference
    if root.is_file():
        raise ArtifactError(f"no model at {reference}: it is a file; name the directory that holds config.json")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        return str(snapshot_download(reference, allow_patterns=list(patterns)))
    except HFValidationError:
        raise ArtifactError(f"no model at {reference!r}: there is no such directory, and it is no hub id") from None
    except (OSError, ValueError, RuntimeError) as error:
        offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
        hint = (
            "hub models come from the local cache alone while HF_HUB_OFFLINE is set"
            if offline
            else f"the hub did not give it either ({type(error).__name__})"
        )
        raise ArtifactError(f"no model at {reference!r}: there is no such directory, and {hint}") from None


@contextlib.contextmanager
def loading(model: str) -> Iterator[None]:
    """Libraries raise anything for a damaged model: raises `ArtifactError` in its place."""
    from transformers.utils import logging

    if not sys.stderr.isatty():
        logging.disable_progress_bar()
    try:
        yield
    except GuardError as error:
        raise ArtifactError(str(error).strip().splitlines()[0].rstrip(": ")) from None
    except ModuleNotFoundError:
        raise
    except Exception as error:
        why = (str(error).strip().splitlines() or [""])[0][:300]
        raise ArtifactError(f"cannot load model {model!r}: {type(error).__name__}: {why}") from None


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

    class Aside(Console):
        """Work goes on when nobody reads how far it is."""

        def on_broken_pipe(self) -> None:
            self.quiet = True

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Aside(stderr=True))


def choice(kind: Any, value: str, option: str, *more: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise typer.BadParameter(f"must be one of {', '.join([*kind, *more])}", param_hint=option) from None
